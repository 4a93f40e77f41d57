"""What people see of a transcript: nothing lost, nothing too long, nothing said taken for markup."""

from __future__ import annotations

import time
from datetime import UTC

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.chat_fakes import ANNA, FAMILY, ME, SENT_AT_S, job, note, transcript
from transcriber.chat import replies
from transcriber.chat.headings import link_to
from transcriber.chat.languages import language_code, language_name
from transcriber.chat.once import random_id
from transcriber.chat.replies import FilePart
from transcriber.chat.rich import CAPTION_UNITS, MESSAGE_UNITS, Builder, clean_name, head, units
from transcriber.chat.splitting import split, tail
from transcriber.chat.texts import Texts
from transcriber.chat.transcript_file import paragraphs
from transcriber.domain import ChatKind, Progress, Request, Rich, Segment, SpanKind, Transcript
from transcriber.errors import EngineDied, Gone, Refused

EN, RU = Texts("en", UTC), Texts("ru", UTC)

LETTERS = "абвгДЕЁxyz 😀👨‍👩‍👧é.!?…\n, "
words = st.text(alphabet=LETTERS, max_size=400)
long_texts = st.builds(
    lambda piece, n: piece * n, st.text(alphabet=LETTERS, min_size=1, max_size=60), st.integers(1, 900)
)


patient = settings(deadline=None)  # other work may hold up any one example


def utf16(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def spanned(rich: Rich) -> list[tuple[SpanKind, str]]:
    """What each span covers, cut out of the text as Telegram would: in UTF-16."""
    raw = rich.text.encode("utf-16-le")
    return [(s.kind, raw[s.offset * 2 : (s.offset + s.length) * 2].decode("utf-16-le")) for s in rich.spans]


def body(rich: Rich) -> str:
    return rich.text.partition("\n")[2]


def letters(text: str) -> str:
    return "".join(text.split())


@patient
@given(long_texts, st.integers(2, 5000), st.integers(2, 5000))
def test_splitting_loses_and_repeats_nothing_and_fits(text: str, first: int, limit: int) -> None:
    parts = split(text, first, limit)
    assert letters("".join(parts)) == letters(text)
    assert all(utf16(part) <= (limit if i else first) for i, part in enumerate(parts))
    assert all(part == part.strip() and part for part in parts)


@patient
@given(long_texts, st.integers(4, 700))
def test_the_tail_fits_and_is_the_end(text: str, limit: int) -> None:
    end = tail(text, limit)
    assert utf16(end) <= limit
    assert text.endswith(end.removeprefix("… "))


@given(words, st.integers(0, 500))
def test_heads_never_cut_a_character_in_two(text: str, limit: int) -> None:
    assert text.startswith(head(text, limit))
    assert utf16(head(text, limit)) <= limit
    assert units(text) == utf16(text)


def test_cuts_lie_at_sentence_ends_then_at_word_ends_then_anywhere() -> None:
    assert split("One two three. Four five six.", 20, 99) == ["One two three.", "Four five six."]
    assert split("One two three four five", 15, 99) == ["One two three", "four five"]
    assert split("One two three four", 18, 99) == ["One two three four"]
    assert split("x" * 10, 4, 4) == ["xxxx", "xxxx", "xx"]
    assert split("😀" * 3, 3, 3) == ["😀", "😀", "😀"]
    assert split("He said “Go.” Then he left", 15, 99) == ["He said “Go.”", "Then he left"]


def test_a_sentence_end_too_early_gives_way_to_a_word_end() -> None:
    assert split("Hi. " + "word " * 10, 30, 99)[0] == "Hi. word word word word word"


def test_thousands_of_dots_are_split_in_no_time() -> None:
    began_s = time.perf_counter()
    parts = split("." * 400_000 + " end", MESSAGE_UNITS, MESSAGE_UNITS)
    assert len(parts) == 98
    assert time.perf_counter() - began_s < 2


def test_no_text_has_no_parts() -> None:
    assert split(" \n ", 10, 10) == []


@patient
@given(long_texts, st.text(max_size=80), st.sampled_from([EN, RU]))
def test_no_private_part_is_over_the_limit_and_none_of_the_words_is_lost(text: str, name: str, texts: Texts) -> None:
    heard = transcript(text)
    parts = replies.private_parts(job(note(sender_name=name)), heard, texts)
    messages = [part for part in parts if isinstance(part, Rich)]
    files = [part for part in parts if isinstance(part, FilePart)]
    assert all(utf16(message.text) <= MESSAGE_UNITS for message in messages)
    assert all(utf16(file.caption.text) <= CAPTION_UNITS for file in files)
    if files:
        assert letters(heard.text) in letters(files[0].content.decode())
    elif heard.text:
        assert letters("".join(body(message) for message in messages)) == letters(heard.text)
    for rich in (*messages, *(file.caption for file in files)):
        spanned(rich)  # decodes: no span begins or ends inside a character
        assert all(s.offset + s.length <= utf16(rich.text) for s in rich.spans)


@patient
@given(long_texts)
def test_bare_parts_are_the_words_and_nothing_else(text: str) -> None:
    heard = transcript(text)
    parts = replies.bare_parts(job(), heard, EN)
    messages = [part for part in parts if isinstance(part, Rich)]
    if len(messages) == len(parts):
        assert letters("".join(message.text for message in messages)) == letters(heard.text)
        assert all(utf16(message.text) <= MESSAGE_UNITS for message in messages)
    else:
        [file] = parts
        assert isinstance(file, FilePart)
        assert utf16(file.caption.text) <= CAPTION_UNITS
        assert letters(heard.text).startswith(letters(file.caption.text.removesuffix(" …")))
        assert "Anna" not in file.content.decode() + file.name


def test_a_short_transcript_reads_like_this() -> None:
    [part] = replies.private_parts(job(), transcript("Call me back."), EN)
    assert isinstance(part, Rich)
    assert part.text == "🎙 Anna · 12 Jan 13:46 · 0:07 · #12\nCall me back."
    assert spanned(part) == [(SpanKind.BOLD, "Anna"), (SpanKind.LINK, "12 Jan 13:46")]
    assert part.spans[1].url == f"tg://openmessage?user_id={ANNA}&message_id=5"


def test_the_russian_heading_names_the_group_and_who_spoke() -> None:
    family = note(chat_id=FAMILY, chat_kind=ChatKind.GROUP, chat_title="Семья", sender_name="Анна")
    [part] = replies.private_parts(job(family), transcript("Привет."), RU)
    assert isinstance(part, Rich)
    assert part.text.splitlines()[0] == "🎙 Анна · Семья · 12 янв 13:46 · 0:07 · #12"
    assert spanned(part)[0] == (SpanKind.BOLD, "Анна · Семья")


@pytest.mark.parametrize(
    ("where", "link"),
    [
        ({"chat_id": FAMILY}, "https://t.me/c/1234567890/5"),
        ({"chat_id": FAMILY, "chat_username": "family"}, "https://t.me/family/5"),
        ({"chat_id": ANNA}, f"tg://openmessage?user_id={ANNA}&message_id=5"),
        ({"chat_id": ANNA, "chat_username": "anna"}, f"tg://openmessage?user_id={ANNA}&message_id=5"),
        ({"chat_id": -99}, "tg://openmessage?chat_id=99&message_id=5"),
        ({"chat_id": ME, "chat_kind": ChatKind.SAVED}, None),
    ],
)
def test_every_kind_of_chat_has_its_way_back_to_the_note(where: dict[str, object], link: str | None) -> None:
    assert link_to(note(**where)) == link


def test_the_first_line_is_the_same_in_progress_and_result_and_differs_between_notes_and_runs() -> None:
    def first(rich: object) -> str:
        assert isinstance(rich, Rich)
        return rich.text.splitlines()[0]

    this = job()
    lines = {
        first(replies.progress_message(this, Progress(1, 7, "so far"), EN)),
        first(replies.private_parts(this, transcript("Done.", probability=0.2), EN)[0]),
        first(replies.private_parts(this, transcript(), EN)[0]),
        first(replies.failed_message(this, Gone(), EN)),
        first(replies.cancelled_message(this, EN)),
        first(replies.private_parts(this, transcript("long. " * 5000), EN)[0]),
    }
    assert len(lines) == 1
    others = [job(id=13), job(run=2)]
    assert not lines & {first(replies.progress_message(other, Progress(1, 7, ""), EN)) for other in others}


def test_long_bodies_are_collapsed_and_short_ones_are_not() -> None:
    [short] = replies.private_parts(job(), transcript("x" * 600), EN)
    [long] = replies.private_parts(job(), transcript("x" * 601), EN)
    assert isinstance(short, Rich)
    assert isinstance(long, Rich)
    assert SpanKind.QUOTE not in {span.kind for span in short.spans}
    assert (SpanKind.QUOTE, "x" * 601) in spanned(long)


def test_later_parts_say_which_they_are() -> None:
    parts = replies.private_parts(job(), transcript("Sentence here. " * 600), EN)
    assert len(parts) == 3
    assert [part.text.splitlines()[0] for part in parts if isinstance(part, Rich)][1:] == [
        "🎙 #12 · 2/3",
        "🎙 #12 · 3/3",
    ]


def test_more_than_three_parts_become_a_file_with_its_first_lines_as_caption() -> None:
    pointer, file = replies.private_parts(job(), transcript("Sentence here. " * 2000), EN)
    assert isinstance(pointer, Rich)
    assert isinstance(file, FilePart)
    assert "4000 words" in pointer.text
    assert file.name == "Transcript 1970-01-12 13-46.txt"
    assert file.caption.text.splitlines()[0] == "🎙 #12 · 2/2"
    assert file.caption.text.endswith("Sentence here. …")
    assert file.content.decode().startswith("Anna · 12 Jan 1970 13:46 · 0:07 · en · #12\n\n[0:00] Sentence here.")


def test_a_file_is_made_of_a_short_transcript_when_asked_for() -> None:
    _, file = replies.private_parts(job(request=Request(as_file=True)), transcript("Short."), RU)
    assert isinstance(file, FilePart)
    assert file.caption.text == "🎙 #12 · 2/2\nShort."
    assert file.name.startswith("Расшифровка")


def test_paragraphs_end_at_pauses_and_at_sentences_once_long_enough() -> None:
    said = [Segment(0, 1, "One."), Segment(1, 2, "Two."), Segment(9, 10, ""), Segment(10, 11, " Three. ")]
    long = [Segment(11, 12, "x" * 400), Segment(12, 13, "end."), Segment(13, 14, "Next.")]
    assert paragraphs(tuple(said + long)) == [(0, "One. Two."), (10, "Three. " + "x" * 400 + " end."), (13, "Next.")]


def test_a_doubtful_language_is_named_with_the_way_to_correct_it() -> None:
    [sure] = replies.private_parts(job(), transcript("Да.", probability=0.9, language="ru"), RU)
    [doubtful] = replies.private_parts(job(), transcript("Так.", probability=0.4, language="uk"), RU)
    assert isinstance(sure, Rich)
    assert isinstance(doubtful, Rich)
    assert len(sure.text.splitlines()) == 2
    assert "украинский" in doubtful.text
    assert "/t 12 ru" in doubtful.text


def test_a_length_that_nobody_declared_is_said_once_it_is_measured() -> None:
    [part] = replies.private_parts(job(note(duration_s=0)), transcript("Hi."), EN)
    assert isinstance(part, Rich)
    assert part.text.splitlines()[1] == "Length: 0:07"


def test_silence_is_said_to_the_owner_and_to_nobody_else() -> None:
    [part] = replies.private_parts(job(), transcript(), EN)
    assert isinstance(part, Rich)
    assert part.text.endswith("\nNo speech in it.")
    assert replies.bare_parts(job(), transcript(" "), EN) == ()
    assert replies.caption(transcript()) is None


def test_captions_fit_or_are_none() -> None:
    assert replies.caption(transcript("Hi.")) == Rich("Hi.")
    assert replies.caption(transcript("😀" * 512)) is not None
    assert replies.caption(transcript("😀" * 513)) is None


def test_progress_shows_the_true_percent_and_the_end_of_the_text() -> None:
    shown = replies.progress_message(job(), Progress(21, 60, "First words. " * 200 + "Last words."), EN).text
    _, bar, so_far = shown.splitlines()
    assert bar == "▓▓▓▓░░░░░░░░ 35 %"
    assert so_far.startswith("… ")
    assert so_far.endswith("Last words.")


def test_failures_say_why_and_offer_another_try_only_where_it_could_help() -> None:
    assert "/retry 12" in replies.failed_message(job(), EngineDied(), EN).text
    assert "/retry" not in replies.failed_message(job(), Gone(), EN).text
    endless = replies.failed_message(job(), Refused(reason="x" * 9000), EN)
    assert utf16(endless.text) <= MESSAGE_UNITS


@pytest.mark.parametrize("texts", [EN, RU])
@pytest.mark.parametrize("n", [1, 2, 200])
def test_held_notes_fit_one_message_that_says_how_to_get_them(texts: Texts, n: int) -> None:
    name = "😀 Very long name of a person who likes long names"
    jobs = [
        job(note(chat_id=FAMILY, chat_kind=ChatKind.GROUP, sender_name=name, chat_title=name), id=i + 1)
        for i in range(n)
    ]
    told = replies.held_message(jobs, texts)
    assert utf16(told.text) <= MESSAGE_UNITS
    assert "/retry 1," in told.text
    assert ("175" in told.text) == (n == 200)


def test_the_year_is_said_only_when_it_is_another() -> None:
    old = job(created_at_s=SENT_AT_S + 3 * 365 * 86400)
    assert "12 Jan 1970 13:46" in replies.cancelled_message(old, EN).text


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Anna\n\tMaria", "Anna Maria"),
        ("\u202eevil\u202c", "evil"),
        ("A\u200bn\u200dn\ufeffa", "Anna"),
        ("\u3164\u2800", ""),
        ("x" * 100, "x" * 39 + "…"),
        ("😀" * 30, "😀" * 19 + "…"),
        ("  Анна ", "Анна"),
    ],
)
def test_names_of_others_are_made_harmless(name: str, shown: str) -> None:
    assert clean_name(name) == shown


@given(st.text())
def test_a_cleaned_name_is_one_short_visible_line(name: str) -> None:
    shown = clean_name(name)
    assert units(shown) <= 40
    assert len(shown.splitlines()) <= 1
    assert shown == shown.strip()


def test_somebody_without_a_visible_name_is_called_so() -> None:
    assert "No name" in replies.cancelled_message(job(note(sender_name="\u200b")), EN).text


def test_what_was_said_is_never_read_as_markup() -> None:
    said = "**bold** [link](https://example.org) <b>x</b> `code`"
    [part] = replies.bare_parts(job(), transcript(said), EN)
    assert part == Rich(said)


@given(st.lists(st.tuples(st.text(alphabet=LETTERS, max_size=9), st.sampled_from([None, *SpanKind])), max_size=9))
def test_built_spans_cover_exactly_their_piece(pieces: list[tuple[str, SpanKind | None]]) -> None:
    builder = Builder()
    for text, kind in pieces:
        builder.add(text, kind)
    assert spanned(builder.rich()) == [(kind, text) for text, kind in pieces if kind and text]
    shifted = Builder().add("😀").append(builder.rich()).rich()
    assert spanned(shifted) == spanned(builder.rich())


def test_random_ids_are_stable_signed_64_bit_and_differ_in_every_part_of_the_name() -> None:
    first = random_id(1, 2, 3, "private", run=1, part=0)
    others = {
        random_id(9, 2, 3, "private"),
        random_id(1, 9, 3, "private"),
        random_id(1, 2, 9, "private"),
        random_id(1, 2, 3, "reply"),
        random_id(1, 2, 3, "private", run=2),
        random_id(1, 2, 3, "private", part=1),
    }
    assert first == random_id(1, 2, 3, "private")
    assert len(others | {first}) == 7
    assert all(-(2**63) <= number < 2**63 and number for number in others)


def test_languages_are_known_by_code_and_by_name_in_both_languages() -> None:
    assert [language_code(w) for w in ("ru", "RU", "Russian", "русский", "en-US", "yue")] == [
        "ru",
        "ru",
        "ru",
        "ru",
        "en",
        "yue",
    ]
    assert language_code("klingon") is None
    assert language_name("uk", "ru") == "украинский"
    assert language_name("uk", "en") == "Ukrainian"
    assert language_name("xx", "en") == "xx"


def test_a_measured_transcript_keeps_every_word_in_its_file() -> None:
    heard = Transcript((Segment(0, 1, "a"), Segment(3725, 3726, "b")), "en", 1.0, 3726, "small", 1)
    _, file = replies.private_parts(job(request=Request(as_file=True)), heard, EN)
    assert isinstance(file, FilePart)
    assert file.content.decode().endswith("[0:00] a\n\n[1:02:05] b\n")
