"""What people see of a transcript: nothing lost, nothing too long, nothing said taken for markup."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.support.chat_fakes import ANNA, FAMILY, ME, SENT_AT_S, job, note, transcript
from tests.support.said import anything, anything_long, check_sound, letters, spanned, transcripts, utf16
from transcriber.chat import replies
from transcriber.chat.headings import link_to
from transcriber.chat.languages import language_code, language_name
from transcriber.chat.once import random_id
from transcriber.chat.paragraphs import laid_out
from transcriber.chat.replies import FilePart, Part
from transcriber.chat.rich import CAPTION_UNITS, MESSAGE_UNITS
from transcriber.chat.subtitles import as_srt
from transcriber.chat.texts import Texts
from transcriber.domain import (
    ChatKind,
    FileFormat,
    Job,
    MediaKind,
    Progress,
    Request,
    Rich,
    Segment,
    SpanKind,
    Transcript,
)
from transcriber.errors import DownloadCut, EngineDied, Gone, Refused, Unreadable

EN, RU = Texts("en", UTC), Texts("ru", UTC)
both = st.sampled_from([EN, RU])
patient = settings(deadline=None)  # other work may hold up any one example

requests = st.builds(
    Request,
    model=st.none() | st.sampled_from(["small", "large-v3"]),
    translate=st.booleans(),
    as_file=st.none() | st.sampled_from(FileFormat),
)
notes = st.builds(
    note,
    chat_id=st.sampled_from([ANNA, FAMILY, -99, ME]),
    chat_kind=st.sampled_from(ChatKind),
    chat_title=anything,
    sender_id=st.none() | st.just(ANNA),
    sender_name=anything,
    outgoing=st.booleans(),
    kind=st.sampled_from(MediaKind),
    duration_s=st.floats(0, 9000),
)
jobs = st.builds(job, notes, request=requests, id=st.integers(1, 2**31), run=st.integers(1, 99))


def body(rich: Rich) -> str:
    return rich.text.partition("\n")[2]


def check_parts(parts: tuple[Part, ...]) -> tuple[list[Rich], FilePart | None]:
    """Telegram would take every one of them as it is; the messages, and the file if there is one."""
    messages = [part for part in parts if isinstance(part, Rich)]
    files = [part for part in parts if isinstance(part, FilePart)]
    for message in messages:
        check_sound(message, MESSAGE_UNITS)
    for file in files:
        check_sound(file.caption, CAPTION_UNITS)
    assert len(files) <= 1
    return messages, files[0] if files else None


def file_of(transcript: Transcript, file: FilePart) -> str:
    """What a file is to hold of what was said."""
    return as_srt(transcript) if file.name.endswith(".srt") else laid_out(transcript, EN)


@patient
@given(jobs, transcripts, both)
@example(job(), transcript("\0"), EN)
@example(job(), transcript("\ud800"), EN)
@example(job(request=Request(as_file=FileFormat.SRT)), transcript("\ud800"), EN)
def test_telegram_takes_every_private_message_as_it_is_and_no_word_is_lost(
    this: Job, heard: Transcript, texts: Texts
) -> None:
    messages, file = check_parts(replies.private_parts(this, heard, texts))
    said = letters(laid_out(heard, texts))
    if file:
        assert letters(file_of(heard, file)) in letters(file.content.decode())
        assert len(messages) == 1
    elif said:
        first, *further = messages
        whole = letters(body(first) + "".join(body(message) for message in further))
        assert whole.endswith(said)  # remarks stand before it
        assert len(messages) <= replies.MAX_PARTS
    else:
        assert texts("note.nothing_said") in messages[0].text


@patient
@given(anything_long, both)
@example("word " * 2440 + "word", EN)
def test_without_remarks_a_private_transcript_is_the_words_under_headings(text: str, texts: Texts) -> None:
    messages, file = check_parts(replies.private_parts(job(), transcript(text), texts))
    if file is None and letters(text):
        assert letters("".join(body(message) for message in messages)) == letters(text)


@patient
@given(jobs, transcripts, both)
@example(job(), transcript(" \0 \u2028"), EN)
@example(job(request=Request(as_file=FileFormat.SRT)), transcript("\ud800"), EN)
def test_bare_parts_are_the_words_and_nothing_else(this: Job, heard: Transcript, texts: Texts) -> None:
    messages, file = check_parts(replies.bare_parts(this, heard, texts))
    said = letters(laid_out(heard, texts))
    if file is None:
        assert letters("".join(message.text for message in messages)) == said
    else:
        assert messages == []
        assert letters(file.content.decode()) == letters(file_of(heard, file))
        assert said.startswith(letters(file.caption.text.removesuffix(" …")))


@patient
@given(anything_long)
def test_captions_fit_or_are_none(text: str) -> None:
    shown = replies.caption(transcript(text))
    if shown is None:
        assert not letters(text) or utf16(laid_out(transcript(text), EN)) > CAPTION_UNITS
    else:
        check_sound(shown, CAPTION_UNITS)
        assert letters(shown.text) == letters(text)


reals = st.floats(0, 1e6)


@patient
@given(jobs, st.builds(Progress, reals, reals, anything_long, reals, st.none() | reals), both)
def test_telegram_takes_every_progress_as_it_is(this: Job, progress: Progress, texts: Texts) -> None:
    shown = replies.progress_message(this, progress, texts)
    check_sound(shown, MESSAGE_UNITS)
    assert shown.text.partition("\n")[0] == replies.cancelled_message(this, texts).text.partition("\n")[0]


@patient
@given(jobs, anything_long, both)
@example(job(), "Привет, как дела? " * 225, EN)
def test_telegram_takes_every_failure_as_it_is(this: Job, reason: str, texts: Texts) -> None:
    check_sound(replies.failed_message(this, Refused(reason=reason), texts), MESSAGE_UNITS)
    check_sound(replies.cancelled_message(this, texts), MESSAGE_UNITS)


@patient
@given(st.lists(jobs, min_size=1, max_size=40), both)
def test_telegram_takes_every_list_of_held_notes_as_it_is(held: list[Job], texts: Texts) -> None:
    check_sound(replies.held_message(held, texts), MESSAGE_UNITS)


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
    assert file.content.decode().startswith("Anna · 12 Jan 1970 13:46 · 0:07 · en · #12\n\nSentence here.")


def test_a_file_is_made_of_a_short_transcript_when_asked_for() -> None:
    _, file = replies.private_parts(job(request=Request(as_file=FileFormat.TXT)), transcript("Short."), RU)
    assert isinstance(file, FilePart)
    assert file.caption.text == "🎙 #12 · 2/2\nShort."
    assert file.name.startswith("Расшифровка")


def test_a_long_recording_has_paragraphs_with_their_times() -> None:
    said = (Segment(0, 60, "First thing."), Segment(70, 120, "Second thing."), Segment(725.9, 730, "Last thing."))
    heard = Transcript(said, "en", 1.0, 800, "small", 1)
    [part] = replies.private_parts(job(), heard, EN)
    assert isinstance(part, Rich)
    assert body(part) == "0:00 First thing.\n\n1:10 Second thing.\n\n12:05 Last thing."
    [bare] = replies.bare_parts(job(), heard, EN)
    assert isinstance(bare, Rich)
    assert bare.text == body(part)
    _, file = replies.private_parts(job(request=Request(as_file=FileFormat.TXT)), heard, EN)
    assert isinstance(file, FilePart)
    assert file.content.decode().endswith(f"\n\n{body(part)}\n")


@pytest.mark.parametrize("texts", [EN, RU])
def test_subtitles_are_sent_when_asked_for(texts: Texts) -> None:
    heard = transcript("Hello.", "Привет.")
    wanted = job(request=Request(as_file=FileFormat.SRT))
    _, file = replies.private_parts(wanted, heard, texts)
    [bare] = replies.bare_parts(wanted, heard, texts)
    assert isinstance(file, FilePart)
    assert isinstance(bare, FilePart)
    assert file.name == f"{texts('note.file')} 1970-01-12 13-46.srt"
    assert file.content == bare.content == as_srt(heard).encode()
    assert body(file.caption) == bare.caption.text == "Hello. Привет."


def test_a_doubtful_language_is_named_with_the_way_to_correct_it() -> None:
    [sure] = replies.private_parts(job(), transcript("Да.", probability=0.9, language="ru"), RU)
    [doubtful] = replies.private_parts(job(), transcript("Так.", probability=0.4, language="uk"), RU)
    assert isinstance(sure, Rich)
    assert isinstance(doubtful, Rich)
    assert len(sure.text.splitlines()) == 2
    assert body(doubtful) == "Похоже, это украинский, но я не уверен. Если язык другой: /t 12 ru\nТак."


def test_correcting_the_language_of_a_translation_asks_for_a_translation_again() -> None:
    asked = job(request=Request(translate=True))
    [doubtful] = replies.private_parts(asked, transcript("Yes.", probability=0.4, language="uk"), EN)
    assert isinstance(doubtful, Rich)
    assert "/t 12 ru translate" in doubtful.text


def remarks(request: Request, heard: Transcript, texts: Texts) -> list[str]:
    [part] = replies.private_parts(job(request=request), heard, texts)
    assert isinstance(part, Rich)
    return part.text.splitlines()[1:-1]


def test_a_translation_is_marked_as_one() -> None:
    request = Request(translate=True)
    assert remarks(request, transcript("Hi.", language="ru"), RU) == ["Перевод: русский → английский"]
    assert remarks(request, transcript("Hi.", language="ru"), EN) == ["Translation: Russian → English"]
    assert remarks(request, transcript("Hi.", language="en"), EN) == [], "there was nothing to translate"
    assert remarks(Request(), transcript("Привет.", language="ru"), EN) == []


def test_a_model_asked_for_by_hand_is_named_as_the_one_that_did_it() -> None:
    heard = replace(transcript("Hi."), model="large-v3")
    assert remarks(Request(), heard, EN) == []
    assert remarks(Request(model="large-v3"), heard, EN) == ["Model: large-v3"]
    assert remarks(Request(model="large-v3", translate=True), replace(heard, language="ru"), RU) == [
        "Перевод: русский → английский · Модель: large-v3"
    ]


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


def test_a_short_text_may_be_a_caption() -> None:
    assert replies.caption(transcript("Hi.")) == Rich("Hi.")
    assert replies.caption(transcript("😀" * 512)) is not None
    assert replies.caption(transcript("😀" * 513)) is None
    assert replies.caption(transcript(" \0 ")) is None


def test_progress_shows_the_true_percent_the_times_and_the_end_of_the_text() -> None:
    far = Progress(21, 60, "First words. " * 200 + "Last words.", 12.9, 36.9)
    _, bar, so_far = replies.progress_message(job(), far, EN).text.splitlines()
    assert bar == "▓▓▓░░░░░░░ 35 % · ⏱ 0:12 of ~0:40"
    assert so_far.startswith("… ")
    assert so_far.endswith("Last words.")
    _, bar, _ = replies.progress_message(job(), far, RU).text.splitlines()
    assert bar == "▓▓▓░░░░░░░ 35 % · ⏱ 0:12 из ~0:40"


@pytest.mark.parametrize(
    ("elapsed_s", "expected_s", "shown"),
    [
        (0.9, None, "░░░░░░░░░░ 0 %"),
        (5, None, "░░░░░░░░░░ 0 % · ⏱ 0:05"),
        (3, 6.1, "░░░░░░░░░░ 0 % · ⏱ 0:03 of ~0:07"),
        (5, 14.9, "░░░░░░░░░░ 0 % · ⏱ 0:05 of ~0:15"),
        (5, 15.1, "░░░░░░░░░░ 0 % · ⏱ 0:05 of ~0:20"),
        (5, 35, "░░░░░░░░░░ 0 % · ⏱ 0:05 of ~0:35"),
        (5, 119, "░░░░░░░░░░ 0 % · ⏱ 0:05 of ~2:00"),
        (5, 301, "░░░░░░░░░░ 0 % · ⏱ 0:05 of ~5:15"),
        (5, 4000, "░░░░░░░░░░ 0 % · ⏱ 0:05 of ~1:07:00"),
    ],
)
def test_times_are_as_exact_as_they_are_known(elapsed_s: float, expected_s: float | None, shown: str) -> None:
    progress = Progress(0, 60, "", elapsed_s, expected_s)
    assert replies.progress_message(job(), progress, EN).text.splitlines()[1] == shown


def test_failures_say_why_and_offer_another_try_only_where_it_could_help() -> None:
    assert "/retry 12" in replies.failed_message(job(), EngineDied(), EN).text
    assert "/retry" not in replies.failed_message(job(), Gone(), EN).text
    assert "/retry 12" in replies.failed_message(job(), DownloadCut(received=1, declared=2), EN).text
    assert "/retry" not in replies.failed_message(job(), Unreadable("truncated"), EN).text
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
    assert ("/retry 1," in told.text) == ("/retry all" in told.text) == (n > 1)
    assert "/retry 1" in told.text
    assert ("175" in told.text) == (n == 200)


def test_the_year_is_said_only_when_it_is_another() -> None:
    old = job(created_at_s=SENT_AT_S + 3 * 365 * 86400)
    assert "12 Jan 1970 13:46" in replies.cancelled_message(old, EN).text


def test_somebody_without_a_visible_name_is_called_so() -> None:
    assert "No name" in replies.cancelled_message(job(note(sender_name="\u200b")), EN).text


def test_what_was_said_is_never_read_as_markup() -> None:
    said = "**bold** [link](https://example.org) <b>x</b> `code`"
    [part] = replies.bare_parts(job(), transcript(said), EN)
    assert part == Rich(said)


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
