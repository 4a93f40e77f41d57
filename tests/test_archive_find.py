"""The archive as the owner uses it: found again whatever form a word is in, read in order, forgotten for good."""

from __future__ import annotations

import asyncio
import random
import resource
import sqlite3
import statistics
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bench.find import MB, resident_bytes, searches, time_of, transcripts, write_older
from bench.forms import RUSSIAN
from tests.support.clock import FakeClock
from tests.support.values import a_job, a_note, a_transcript
from transcriber.domain import Note, Segment, Transcript
from transcriber.errors import StoreUnavailable
from transcriber.protocols import Archive
from transcriber.storage.archive import SqliteArchive, open_archive
from transcriber.storage.database import Database
from transcriber.storage.store import open_store

T = TypeVar("T")

KEY = "small|auto|transcribe"
SENT_AT_S = 1_700_000_000.0


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "stenogram.db"


@pytest.fixture
async def archive(path: Path) -> AsyncIterator[SqliteArchive]:
    async with open_archive(path) as archive:
        yield archive


def sent(number: int, **known: object) -> Note:
    """The later the higher its number."""
    return a_note(number, **{"sent_at_s": SENT_AT_S + number, **known})


async def said(archive: Archive, *texts: str) -> None:
    for number, text in enumerate(texts, 1):
        await archive.put(sent(number), a_transcript(text), KEY)


async def found(archive: Archive, typed: str, **how: int) -> list[str]:
    _, page = await archive.find(typed, **how)
    return [each.text for each in page]


# --- finding ---


async def test_a_word_is_found_in_any_form_newest_first(archive: Archive) -> None:
    await said(
        archive, "Встреча в пять", "Никуда не иду", "Я помню про ВСТРЕЧУ!", "Two meetings", "The meeting is over"
    )
    assert await found(archive, "встречи") == ["Я помню про ВСТРЕЧУ!", "Встреча в пять"]
    assert await found(archive, "Meeting") == ["The meeting is over", "Two meetings"]
    total, [newest, _] = await archive.find("встреча")
    assert (total, newest.note) == (2, sent(3))
    assert [newest.text[start:end] for start, end in newest.marks] == ["ВСТРЕЧУ"]


async def test_all_words_have_to_be_there_in_any_order(archive: Archive) -> None:
    await said(archive, "Врач в пять", "Врач завтра в пять", "Завтра")
    assert await found(archive, "завтра врачу") == ["Врач завтра в пять"]
    assert await found(archive, "врач, в пять") == ["Врач завтра в пять", "Врач в пять"]


async def test_yo_and_ye_are_one_letter(archive: Archive) -> None:
    await said(archive, "Ёлку привезли", "елка стоит")
    assert len(await found(archive, "ёлка")) == len(await found(archive, "ЕЛКА")) == 2


async def test_where_a_word_is_nowhere_those_that_begin_like_it_count(archive: Archive) -> None:
    await said(archive, "Записалась к стоматологу", "стол")
    assert await found(archive, "стомат") == ["Записалась к стоматологу"]
    assert await found(archive, "стол") == ["стол"]
    assert await found(archive, "ст") == [], "two letters are too few to guess from"


async def test_pages_follow_one_another(archive: Archive) -> None:
    await said(archive, *(f"слово {number}" for number in range(1, 8)))
    assert await found(archive, "слово", limit=3) == ["слово 7", "слово 6", "слово 5"]
    assert await found(archive, "слово", limit=3, skip=6) == ["слово 1"]
    assert await archive.find("слово", limit=3, skip=100) == (7, [])


async def test_a_search_may_be_of_one_chat(archive: Archive) -> None:
    await archive.put(sent(1, chat_id=-100123), a_transcript("в группе слово"), KEY)
    await archive.put(sent(2, chat_id=123), a_transcript("слово"), KEY)
    assert await found(archive, "слово", chat_id=-100123) == ["в группе слово"]
    assert await found(archive, "слово", chat_id=100123) == []
    assert await found(archive, "100123") == await found(archive, "_123") == []


async def test_a_note_transcribed_several_times_is_found_once_by_what_each_heard(archive: Archive) -> None:
    await archive.put(sent(1), a_transcript("перезвони мне"), KEY)
    await archive.put(sent(1), a_transcript("call me back"), "small|ru|translate")
    total, [note] = await archive.find("перезвонить")
    assert (total, note.text) == (1, "перезвони мне")
    assert await found(archive, "calls") == ["call me back"]
    await archive.put(sent(1), a_transcript("tell me"), "small|ru|translate")
    assert await found(archive, "call") == []
    assert (await archive.find("me"))[0] == 1


async def test_notes_found_late_take_their_place_by_when_they_were_sent(archive: Archive) -> None:
    for number in (5, 1, 3):
        await archive.put(sent(number), a_transcript(f"слово {number}"), KEY)
    assert await found(archive, "слово") == ["слово 5", "слово 3", "слово 1"]


async def test_notes_of_one_second_are_all_kept(archive: Archive) -> None:
    for number in range(1, 6):
        await archive.put(a_note(number, chat_id=number), a_transcript("слово"), KEY)
    assert (await archive.find("слово"))[0] == 5


TYPED = [
    "",
    "  ",
    '"',
    "'",
    "*",
    "AND",
    "OR NOT",
    "NEAR(a b)",
    "-",
    "слово -",
    "a:b",
    "^a",
    "{stems}: a",
    "🎙️",
    "\x00",
]
TYPED += [
    ")(",
    "stems MATCH x",
    "слово*",
    '"слово',
    "слово AND",
    "NOT слово",
    "_77",
    "%",
    "\udc80",
    "a " * 1000,
    "я" * 999,
]


@pytest.mark.parametrize("typed", TYPED)
async def test_nothing_that_is_typed_is_a_mistake(archive: Archive, typed: str) -> None:
    await said(archive, "слово AND дело")
    for chat_id in (None, 77):
        total, page = await archive.find(typed, chat_id=chat_id)
        assert total == len(page)


async def test_words_of_the_search_language_are_words(archive: Archive) -> None:
    await said(archive, "rock AND roll", "rock near the sea")
    assert await found(archive, "rock AND") == ["rock AND roll"]
    assert await found(archive, "near") == ["rock near the sea"]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(st.text(max_size=60))
async def test_any_text_can_be_looked_for_and_is_found_if_it_has_words(archive: Archive, text: str) -> None:
    await archive.put(
        sent(1), Transcript((Segment(0, 1, text.encode("utf-8", "ignore").decode()),), "ru", 1, 1, "m", 1), KEY
    )
    total, _ = await archive.find(text.encode("utf-8", "ignore").decode())
    assert total == any(letter.isalnum() for letter in text)


async def test_the_archive_may_be_searched_while_it_is_written_to(archive: Archive) -> None:
    async def write() -> None:
        for number in range(1, 60):
            await archive.put(sent(number), a_transcript("слово"), KEY)

    async with asyncio.TaskGroup() as group:
        writing = group.create_task(write())
        counts = []
        while not writing.done():
            counts.append((await archive.find("слово"))[0])
    assert counts == sorted(counts)
    assert (await archive.find("слово"))[0] == 59


# --- reading ---


async def test_everything_is_read_in_the_order_it_was_sent_each_note_once(archive: Archive) -> None:
    numbers = list(range(1, 451))
    random.Random(1).shuffle(numbers)
    for number in numbers:
        await archive.put(sent(number, chat_id=number % 3 + 1), a_transcript(f"слово {number}"), KEY)
    await archive.put(sent(7, chat_id=2), a_transcript("иначе"), "large|auto|transcribe")
    read = [(note.message_id, heard.text) async for note, heard in archive.read()]
    assert read == [(number, "иначе" if number == 7 else f"слово {number}") for number in range(1, 451)]
    of_chat = [note.message_id async for note, _ in archive.read(chat_id=2, since_s=SENT_AT_S + 400)]
    assert of_chat == [number for number in range(400, 451) if number % 3 == 1]
    assert (await archive.count(), await archive.count(chat_id=2)) == (450, 150)
    assert await archive.count(before_s=SENT_AT_S + 11) == 10


async def test_long_transcripts_are_read_a_few_at_a_time(archive: Archive, path: Path) -> None:
    hour = Transcript(tuple(Segment(i, i + 1, "слово " * 40) for i in range(2000)), "ru", 1.0, 3600.0, "m", 1.0)
    for number in range(1, 6):
        await archive.put(sent(number), hour, KEY)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    assert [note.message_id async for note, _ in archive.read()] == [1, 2, 3, 4, 5]
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 - before < 40 * MB


# --- forgetting ---


def in_files(path: Path, word: str) -> list[str]:
    """The files of the database that have the bytes of this word in them, as text or as in a JSON document."""
    forms = {word.encode(), word.encode("unicode_escape")}
    return [
        file.name for file in sorted(path.parent.glob("stenogram.db*")) for form in forms if form in file.read_bytes()
    ]


async def test_a_forgotten_word_is_in_none_of_the_files(archive: Archive, path: Path) -> None:
    chance, forms = random.Random(5), RUSSIAN.split()
    for number in range(1, 400):
        secret = "тайнописью" if number % 7 == 0 else "явью"
        spoken = (*chance.choices(forms, k=chance.randrange(5, 600)), secret)
        chat_id = 13 if number % 7 == 0 else 77
        await archive.put(sent(number, chat_id=chat_id), a_transcript(" ".join(spoken)), KEY)
    assert (await archive.find("тайнопись"))[0] == 57
    assert "stenogram.db" in in_files(path, "тайнопись") + in_files(path, "тайнопис")
    assert await archive.forget(chat_id=13) == 57
    assert in_files(path, "тайнопис") == []
    assert in_files(path, "явью")
    assert (await archive.find("тайнопись"))[0] == 0
    assert (await archive.find("явью"))[0] == 342
    assert await archive.count() == 342


async def test_words_that_a_job_no_longer_has_are_in_none_of_the_files(path: Path, archive: Archive) -> None:
    async with open_store(path, clock=FakeClock()) as store:
        for number in range(1, 30):
            job = await store.insert_job(a_job(number))
            assert job
            heard = await store.replace_job(
                replace(job, transcript=a_transcript("тайнописью", "слово " * (number * 40)))
            )
            assert heard
            assert await store.replace_job(replace(heard, transcript=None))
        await archive.forget()
        assert in_files(path, "тайнопис") == []


async def test_one_note_a_time_and_everything_can_be_forgotten(archive: Archive, path: Path) -> None:
    await said(archive, "один", "два", "три", "четыре")
    await archive.put(sent(2), a_transcript("two"), "small|en|transcribe")
    assert await archive.forget(chat_id=77, message_id=2) == 1
    assert await found(archive, "два") == await found(archive, "two") == []
    assert await archive.cached("file-2", KEY) is None
    assert await archive.forget(before_s=SENT_AT_S + 3) == 1
    assert [note.message_id async for note, _ in archive.read()] == [3, 4]
    assert await archive.forget() == 2
    assert await archive.forget() == 0
    with closing(sqlite3.connect(path)) as connection:
        for table in ("notes", "transcripts"):
            assert connection.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,)  # noqa: S608 - ours


async def test_what_is_said_after_forgetting_is_found(archive: Archive) -> None:
    await said(archive, "слово раз")
    await archive.forget()
    await said(archive, "слово два")
    assert await found(archive, "слово") == ["слово два"]


async def test_thousands_are_forgotten_while_the_store_goes_on(path: Path) -> None:
    write_older(path, 3000)
    async with open_archive(path) as archive, open_store(path, clock=FakeClock()) as store:

        async def work() -> None:
            for number in range(1, 60):
                assert await store.insert_job(a_job(number))

        async with asyncio.TaskGroup() as group:
            group.create_task(work())
            forgetting = group.create_task(archive.forget())
        assert forgetting.result() == 3000
        assert (await archive.count(), (await archive.find("и"))[0]) == (0, 0)


class Ends(Database):
    """A file whose program ends after so many calls."""

    left = 10**9

    async def run(self, work: Callable[[sqlite3.Connection], T], deadline_s: float | None = None) -> T:
        if self.left == 0:
            raise StoreUnavailable(reason="ended")
        self.left -= 1
        return await super().run(work, deadline_s)


async def ended_in_forgetting(path: Path, calls: int, **what: int) -> bool:
    """An archive of which some is forgotten, until the program ends after so many calls; whether it did."""
    database = Ends(path)
    await database.open()
    archive = SqliteArchive(database)
    for number in range(1, 240):
        chat_id = 13 if number % 2 else 77
        await archive.put(sent(number, chat_id=chat_id), a_transcript("тайнописью " * (number * 20)), KEY)
    database.left = calls
    try:
        await archive.forget(**what)
    except StoreUnavailable:
        return True
    else:
        return False
    finally:
        await database.close()


@pytest.mark.parametrize("what", [{}, {"chat_id": 13}], ids=["all", "a chat"])
@pytest.mark.parametrize("calls", [0, 1, 2, 3, 4, 5, 6, 8, 11])
async def test_forgetting_that_is_interrupted_has_not_begun_or_is_finished_at_the_next_start(
    path: Path, what: dict[str, int], calls: int
) -> None:
    ended = await ended_in_forgetting(path, calls, **what)
    async with open_archive(path) as archive:
        left = await archive.count(chat_id=13)
        assert left == await archive.count(chat_id=13) <= 120
        await archive.put(sent(300, chat_id=13), a_transcript("потом"), KEY)
        await archive.finish_forgetting()
        assert await found(archive, "потом") == ["потом"], "it was said after the command"
        total, _ = await archive.find("тайнопись", chat_id=13)
        assert total == await archive.count(chat_id=13) - 1
        if total:
            assert ended
            assert (calls, total) <= (3, 120), "nothing was begun"
            return
        if not what:
            assert await archive.count() == 1
            assert in_files(path, "тайнопис") == []
        assert await archive.finish_forgetting() == 0
        assert await archive.forget() >= 1
    assert in_files(path, "тайнопис") == []


async def test_an_emptied_archive_is_as_a_new_one(path: Path, tmp_path: Path) -> None:
    async with open_archive(path) as archive, open_archive(tmp_path / "new.db"):
        await said(archive, "слово")
        await archive.forget()
        await said(archive, "слово", "дело")
        assert await archive.forget(chat_id=77, message_id=1) == 1
        assert await found(archive, "дело") == ["дело"]
        assert await archive.forget() == 1
    made = []
    for each in (path, tmp_path / "new.db"):
        with closing(sqlite3.connect(each)) as connection:
            made.append(sorted(connection.execute("SELECT type, name, tbl_name, sql FROM sqlite_master")))
    assert made[0] == made[1]


# --- many ---


async def test_an_archive_of_years_is_upgraded_searched_quickly_and_takes_little_memory(path: Path) -> None:
    write_older(path, 5000)
    async with open_archive(path) as archive:
        times = sorted([await time_of(archive, typed) for typed in searches(count=60)])
        assert statistics.median(times) < 0.05
        assert await archive.count() == 5000
        wanted = [(note, heard) for note, heard in transcripts(5000) if note.message_id in (1, 2500, 5000)]
        for note, heard in wanted:
            assert (note, heard) in await archive.around(note.chat_id, note.sent_at_s, note.sent_at_s)
            rarest = max(heard.text.rstrip(".").split()[:10], key=len)
            assert (await archive.find(rarest, chat_id=note.chat_id))[0] >= 1
        assert resident_bytes() < 400 * MB  # of the tests themselves; the program's own: python -m bench.find
