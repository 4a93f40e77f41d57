"""Long texts in parts: nothing lost, nothing repeated, nothing too long, cut where a reader would pause."""

from __future__ import annotations

import time

from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.support.said import anything_long
from transcriber.chat.rich import MESSAGE_UNITS, is_inside_sign, units
from transcriber.chat.splitting import ends_sentence, opening, split, tail

patient = settings(deadline=None)  # other work may hold up any one example
limits = st.integers(2, 5000)


def letters(text: str) -> str:
    return "".join(text.split())


@patient
@given(anything_long, limits, limits)
@example("x" + "\u0301" * 5000, 10, 10)
@example("\ud83d" * 50, 3, 3)
@example("\n\n" * 50 + "a", 2, 2)
def test_splitting_loses_and_repeats_nothing_and_fits(text: str, first: int, limit: int) -> None:
    parts = split(text, first, limit)
    assert letters("".join(parts)) == letters(text)
    assert all(units(part) <= (limit if i else first) for i, part in enumerate(parts))
    assert all(part == part.strip() and part for part in parts)


@patient
@given(anything_long, limits, st.integers(1, 5))
def test_who_wants_only_so_many_parts_gets_the_first_of_them(text: str, limit: int, most: int) -> None:
    assert split(text, limit, limit, most) == split(text, limit, limit)[:most]


@patient
@given(anything_long, st.integers(4, 700))
@example("x" + "\u0301" * 5000, 100)
@example("👨‍👩‍👧‍👦" * 100, 50)
def test_the_tail_fits_and_is_the_end(text: str, limit: int) -> None:
    text = text.strip()
    end = tail(text, limit)
    assert units(end) <= limit
    assert text.endswith(end.removeprefix("… "))
    assert bool(end.removeprefix("… ").strip()) == bool(text)


@patient
@given(
    st.lists(st.sampled_from(["👨‍👩‍👧‍👦", "🇷🇺", "é", "я", "👍🏽", " "]), min_size=1, max_size=300),
    st.integers(20, 200),
)
def test_no_cut_goes_through_what_is_drawn_as_one_sign(signs: list[str], limit: int) -> None:
    text = "".join(signs).strip()
    at = 0
    for part in split(text, limit, limit):
        at = text.index(part, at)
        assert not is_inside_sign(text, at)
        at += len(part)
        assert not is_inside_sign(text, at)
    assert not is_inside_sign(text, len(text) - len(tail(text, limit).removeprefix("… ")))


def test_cuts_lie_at_paragraph_ends_then_at_sentence_ends_then_at_word_ends_then_anywhere() -> None:
    assert split("One. Two. Six.\n\nThree. Four. Five.", 22, 99) == ["One. Two. Six.", "Three. Four. Five."]
    assert split("One two three. Four five six.", 20, 99) == ["One two three.", "Four five six."]
    assert split("One two three four five", 15, 99) == ["One two three", "four five"]
    assert split("One two three four", 18, 99) == ["One two three four"]
    assert split("x" * 10, 4, 4) == ["xxxx", "xxxx", "xx"]
    assert split("😀" * 3, 3, 3) == ["😀", "😀", "😀"]
    assert split("He said “Go.” Then he left", 15, 99) == ["He said “Go.”", "Then he left"]
    assert split("今天很好。明天也很好。后天下雨", 12, 99) == ["今天很好。明天也很好。", "后天下雨"]


def test_a_sentence_end_too_early_gives_way_to_a_word_end() -> None:
    assert split("Hi. " + "word " * 10, 30, 99)[0] == "Hi. word word word word word"


def test_thousands_of_dots_are_split_in_no_time() -> None:
    began_s = time.perf_counter()
    parts = split("." * 400_000 + " end", MESSAGE_UNITS, MESSAGE_UNITS)
    assert len(parts) == 98
    assert time.perf_counter() - began_s < 2


def test_no_text_has_no_parts() -> None:
    assert split(" \n ", 10, 10) == []


def test_an_opening_may_begin_anywhere() -> None:
    assert opening("One. Two. Three.", 6, 5) == "Two."


def test_a_sentence_end_is_known_behind_quotes_and_in_other_scripts() -> None:
    assert all(ends_sentence(text) for text in ("So.", "“So?” ", "Да…", "好。", "(Yes!)", "कल।"))
    assert not any(ends_sentence(text) for text in ("So,", "", "12", "“So”"))
