"""Words as the search sees them: forms that are the same word, and words that only look alike."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.find import TABLES, by_forms, of_forms
from bench.forms import ENGLISH, OTHERS, RUSSIAN
from transcriber.storage import irregular_ru
from transcriber.storage.forms import stems_of
from transcriber.storage.query import marks, query
from transcriber.storage.words import folded, stem, stems, words


@pytest.mark.parametrize(
    "forms",
    [
        "встреча встречу встречи встрече встречей ВСТРЕЧАХ",
        "звонок звонка звонки звонков",
        "отец отца отцу отцы",
        "ёлка елка ёлки Ёлок",
        "самолёт самолетом самолёты",
        "красивый красивая красивого красивыми",
        "позвонить позвонил позвони позвоню позвонят",
        "время времени времена времён",
        "meeting meetings MEETING's",
        "call calls called calling",
        "city cities",
        "stop stopped stopping",
        "hope hopes hoped hoping",
        "cancel cancelled canceled",
        "bus buses",
        "don't don’t dont",
    ],
)
def test_the_forms_of_a_word_are_one_word(forms: str) -> None:
    assert len({stems(form) for form in forms.split()}) == 1


@pytest.mark.parametrize(
    "pair",
    ["кот который", "кот кит", "лес лось", "встреча встречный", "врач врать", "bus busy", "hop hope", "car care"],
)
def test_words_that_only_begin_alike_are_different(pair: str) -> None:
    one, other = pair.split()
    assert stems(one) != stems(other)


@pytest.mark.parametrize(
    ("table", "found", "amiss"),
    [("ru", 0.99, 0.02), ("en", 0.99, 0.02), ("everyday ru", 0.95, 0.04), ("everyday en", 0.99, 0.02)],
)
def test_the_figures_that_the_decision_rests_on(table: str, found: float, amiss: float) -> None:
    recall, others = of_forms(by_forms, *TABLES[table])
    assert recall > found
    assert others < amiss


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("день", "дня дни днями"),
        ("дети", "ребёнок ребёнка детям"),
        ("человеку", "люди людьми человек"),
        ("мать", "матери матерью"),
        ("иду", "идти шёл шла идёт"),
        ("придёт", "прийти приду пришла пришли"),
        ("написать", "напишу напишет написала"),
        ("могу", "может мог могли мочь"),
        ("хотеть", "хочу хочет хотел хотела"),
        ("взять", "возьму возьмёт взяла возьми"),
        ("смотрел", "смотреть смотрю смотрит"),
        ("отдохнуть", "отдохнул отдохнём отдохнула"),
        ("требовать", "требует требовал требую"),
        ("план", "планы плана планов плану"),
        ("копейка", "копеек копейки"),
        ("вернуться", "вернусь вернулась вернётся вернись"),
        ("go", "went gone goes going"),
        ("children", "child child's"),
        ("bought", "buy buying buys"),
        ("лучше", "хороший хорошая"),
    ],
)
def test_a_word_whose_root_changes_is_found_in_its_other_forms(typed: str, said: str) -> None:
    text = f"… {said}, и конец"
    assert [text[start:end] for start, end in marks(text, query(typed))] == said.split()


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("вела", "ведь"),
        ("прислал", "пришла пришёл"),
        ("рисовать", "рис"),
        ("дать", "да"),
        ("написать", "писать переписать"),
        ("могилу", "могу"),
        ("планета", "план"),
        ("совести", "вести"),
        ("go", "goal god"),
    ],
)
def test_no_other_word_is_taken_for_one_of_its_forms(typed: str, said: str) -> None:
    assert marks(said, query(typed)) == ()


def test_every_form_in_the_tables_leads_to_the_others() -> None:
    for line in irregular_ru.FORMS.strip().splitlines():
        forms = line.split()
        reached = {stem(form) for form in forms} - set(irregular_ru.NEVER.split())
        for form in forms:
            assert stems_of(form) >= reached, form


def test_a_word_is_letters_and_digits_whatever_stands_around_them() -> None:
    said = "«За́мок» — кто-то (25%); e-mail: foo_bar 🎙️ naïve, 2-й этаж…"
    assert list(words(said)) == ["замок", "кто", "то", "25", "e", "mail", "foo", "bar", "naïve", "2", "й", "этаж"]
    assert list(words("!?… 🎙️ — _ \x00 \udc80")) == []


def test_accents_that_are_characters_of_their_own_make_no_difference() -> None:
    assert folded("мои\u0306") == "мой"
    assert stems("е\u0308лка") == stems("елка")


def test_a_stem_once_released_changes_only_with_a_step_of_the_schema() -> None:
    # The index holds stems: with another stemmer it has to be made anew (storage/schema.py), then this is renewed.
    made = " ".join(map(stem, words(RUSSIAN + ENGLISH + OTHERS)))
    assert hashlib.sha256(made.encode()).hexdigest()[:16] == "b80d258743afed64"


@given(st.text(max_size=200))
def test_any_text_has_stems_that_are_tokens(text: str) -> None:
    for token in stems(text).split(" "):
        assert token == "" or token.isalnum()
        assert not any(letter.isspace() or letter in "\"'_-*" for letter in token)


@given(
    st.lists(st.sampled_from([*RUSSIAN.split(), *ENGLISH.split(), "Ё", "İ", "ﬁ", "ÀÉ", "й"]), min_size=1, max_size=8)
)
def test_every_word_of_a_text_is_marked_when_it_is_looked_for(said: list[str]) -> None:
    text = "… " + ", ".join(said)
    for word in said:
        assert word in [text[start:end] for start, end in marks(text, query(word))]


def test_marks_are_those_around_the_first() -> None:
    text = "нет " * 500 + "Встречу перенесли на завтра, встреча будет. " + "нет " * 500 + "встреча"
    assert [text[start:end] for start, end in marks(text, query("ВСТРЕЧИ, завтра!"))] == [
        "Встречу",
        "завтра",
        "встреча",
    ]
    assert marks("ничего похожего", query("встреча")) == ()
