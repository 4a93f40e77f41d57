"""The archive: every transcript once per note and request, found again by its file, nothing of view-once notes."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.clock import FakeClock
from tests.support.values import a_job, a_note, a_transcript
from transcriber.errors import StoreUnavailable
from transcriber.protocols import Archive
from transcriber.storage.archive import SqliteArchive, open_archive
from transcriber.storage.archive_sql import AROUND
from transcriber.storage.codec import note_to_dict, pack, transcript_to_dict
from transcriber.storage.schema import STEPS
from transcriber.storage.store import open_store
from transcriber.storage.words import stems

KEY = "small|auto|transcribe"
NAMES = ("chat_id", "first", "end", "from_s", "to_s")
INTO_FIRST = """
    INSERT INTO transcripts (chat_id, message_id, request_key, file_id, sent_at_s, text, note, transcript)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?)
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "stenogram.db"


@pytest.fixture
async def archive(path: Path) -> AsyncIterator[SqliteArchive]:
    async with open_archive(path) as archive:
        yield archive


def kept(path: Path) -> list[tuple[int, str, str]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute("SELECT id, request_key, text FROM transcripts ORDER BY id").fetchall()


async def test_a_transcript_is_found_by_its_file_and_how_it_was_made(archive: Archive) -> None:
    heard = a_transcript("Привет,", "мир 🎙")
    await archive.put(a_note(1, file_id="f"), heard, KEY)
    assert await archive.cached("f", KEY) == heard
    assert await archive.cached("f", "large|auto|transcribe") is None
    assert await archive.cached("g", KEY) is None


async def test_a_note_in_which_nothing_was_said_is_found_too(archive: Archive) -> None:
    await archive.put(a_note(1, file_id="f"), a_transcript(), KEY)
    assert await archive.cached("f", KEY) == a_transcript()


async def test_a_forwarded_file_is_found_whichever_note_it_came_with(archive: Archive, path: Path) -> None:
    await archive.put(a_note(1, file_id="f"), a_transcript("first"), KEY)
    await archive.put(a_note(1, chat_id=-100, file_id="f"), a_transcript("second"), KEY)
    assert await archive.cached("f", KEY) == a_transcript("second")
    assert [text for _, _, text in kept(path)] == ["first", "second"]


async def test_a_repeat_replaces_what_was_heard_and_is_the_newest_then(archive: Archive, path: Path) -> None:
    await archive.put(a_note(1), a_transcript("one", "mistake"), KEY)
    await archive.put(a_note(2), a_transcript("two"), KEY)
    await archive.put(a_note(1), a_transcript("one", "in Russian"), "small|ru|transcribe")
    await archive.put(a_note(1), a_transcript("one", "right"), KEY)
    assert [text for _, _, text in kept(path)] == ["two", "one in Russian", "one right"]
    assert await archive.cached("file-1", KEY) == a_transcript("one", "right")


async def test_a_repeat_with_another_file_is_found_by_the_new_one(archive: Archive) -> None:
    await archive.put(a_note(1, file_id="old"), a_transcript("old"), KEY)
    await archive.put(a_note(1, file_id="new"), a_transcript("new"), KEY)
    assert await archive.cached("old", KEY) is None
    assert await archive.cached("new", KEY) == a_transcript("new")


async def test_nothing_is_kept_of_a_note_to_be_heard_once(archive: Archive, path: Path) -> None:
    await archive.put(a_note(1, file_id="f", view_once=True), a_transcript("secret"), KEY)
    assert await archive.cached("f", KEY) is None
    assert kept(path) == []


async def test_the_archive_shares_its_file_with_the_store(archive: Archive, path: Path) -> None:
    async with open_store(path, clock=FakeClock()) as store:

        async def work(message_id: int) -> None:
            await archive.put(a_note(message_id), a_transcript("words"), KEY)
            assert await store.insert_job(a_job(message_id)) is not None

        await asyncio.gather(*(work(message_id) for message_id in range(1, 31)))
        assert len(kept(path)) == 30
        assert len(await store.jobs(list(await store.count_jobs()))) == 30


async def test_the_archive_is_there_after_closing_and_opening(path: Path) -> None:
    heard = replace(a_transcript("still", "here"), took_s=0.1 + 0.2)
    async with open_archive(path) as archive:
        await archive.put(a_note(1, file_id="f"), heard, KEY)
    with pytest.raises(StoreUnavailable):
        await archive.cached("f", KEY)
    async with open_archive(path) as archive:
        assert await archive.cached("f", KEY) == heard


# --- the notes of one chat around a time ---


async def test_the_notes_of_a_chat_around_a_time_come_in_the_order_they_were_sent(archive: Archive) -> None:
    for message_id, sent_at_s in ((4, 103.5), (1, 100.0), (3, 103.0), (2, 103.0), (5, 104.0), (9, 99.9)):
        await archive.put(a_note(message_id, sent_at_s=sent_at_s), a_transcript(f"note {message_id}"), KEY)
    await archive.put(a_note(6, chat_id=-100, sent_at_s=101.0), a_transcript("elsewhere"), KEY)
    found = await archive.around(77, 100.0, 103.5)
    assert [note.message_id for note, _ in found] == [1, 2, 3, 4]
    assert [transcript.text for _, transcript in found] == ["note 1", "note 2", "note 3", "note 4"]
    assert found[0] == (a_note(1, sent_at_s=100.0), a_transcript("note 1"))
    assert await archive.around(77, 105.0, 200.0) == []
    assert await archive.around(78, 0.0, 200.0) == []


async def test_of_a_note_transcribed_several_times_the_newest_counts(archive: Archive) -> None:
    await archive.put(a_note(1), a_transcript("by itself"), KEY)
    await archive.put(a_note(1), a_transcript("in Russian"), "small|ru|transcribe")
    [(_, newest)] = await archive.around(77, 0.0, 2e9)
    assert newest == a_transcript("in Russian")
    await archive.put(a_note(1), a_transcript("by itself"), KEY)
    [(_, newest)] = await archive.around(77, 0.0, 2e9)
    assert newest == a_transcript("by itself")


async def test_notes_with_a_time_that_makes_no_sense_are_kept(archive: Archive) -> None:
    await archive.put(a_note(1, sent_at_s=-5.0), a_transcript("before time"), KEY)
    await archive.put(a_note(2, sent_at_s=1e30), a_transcript("far off"), KEY)
    assert [note.message_id for note, _ in await archive.around(77, -10.0, 1e40)] == [1, 2]


async def test_a_search_of_one_chat_reads_no_other(path: Path, archive: Archive) -> None:
    await archive.put(a_note(1), a_transcript("one"), KEY)
    with closing(sqlite3.connect(path)) as connection:
        plan = [str(row[3]) for row in connection.execute(f"EXPLAIN QUERY PLAN {AROUND}", dict.fromkeys(NAMES, 0))]
    assert plan[0] == "SEARCH notes USING INDEX notes_of_chat (chat_id=? AND place>? AND place<?)"
    assert not [line for line in plan if line.startswith("SCAN")]


# --- older files ---


@pytest.mark.parametrize("version", range(1, len(STEPS)))
async def test_what_an_older_file_holds_is_found_too(path: Path, version: int) -> None:
    with closing(sqlite3.connect(path)) as old, old:
        old.create_function("stems", 1, stems, deterministic=True)
        for statement in STEPS[0]:
            old.execute(statement)
        for message_id, key, words in ((1, KEY, "one"), (2, KEY, "two"), (1, "small|ru|transcribe", "встреча")):
            values = (77, message_id, key, "f", 1_700_000_000.5, words)
            documents = (pack(note_to_dict(a_note(message_id))), pack(transcript_to_dict(a_transcript(words))))
            old.execute(INTO_FIRST, (*values, *documents))
        for step in STEPS[1:version]:
            for statement in step:
                old.execute(statement)
        old.execute(f"PRAGMA user_version = {version}")
    async with open_archive(path) as archive:
        found = await archive.around(77, 1_700_000_000.0, 1_700_000_001.0)
        assert [transcript.text for _, transcript in found] == ["встреча", "two"]
        assert [(await archive.find(typed))[0] for typed in ("встречу", "one", "two")] == [1, 1, 1]
        await archive.put(a_note(3, sent_at_s=1_700_000_000.9), a_transcript("three"), KEY)
        assert len(await archive.around(77, 1_700_000_000.0, 1_700_000_001.0)) == 3
        assert await archive.forget(chat_id=77, message_id=1) == 1
        assert (await archive.find("встречу"))[0] == 0
