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
from transcriber.storage.store import open_store

KEY = "small|auto|transcribe"


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


async def test_a_repeat_replaces_what_was_heard_and_keeps_its_place(archive: Archive, path: Path) -> None:
    await archive.put(a_note(1), a_transcript("one", "mistake"), KEY)
    await archive.put(a_note(2), a_transcript("two"), KEY)
    await archive.put(a_note(1), a_transcript("one", "right"), KEY)
    await archive.put(a_note(1), a_transcript("one", "in Russian"), "small|ru|transcribe")
    assert kept(path) == [
        (1, KEY, "one right"),
        (2, KEY, "two"),
        (3, "small|ru|transcribe", "one in Russian"),
    ]
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
