"""What was said is kept as long as the owner wants, and forgotten once a day when it is older."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.clock import FakeClock
from tests.support.fakes import a_note, a_transcript, eventually
from transcriber.domain import JobState
from transcriber.errors import StoreUnavailable
from transcriber.storage.archive import SqliteArchive, open_archive
from transcriber.storage.sqlite import SqliteStore
from transcriber.work.jobs import Jobs
from transcriber.work.keeping import AGAIN_S, DAY_S, Keeping

NOW_S = 1_700_000_000.0
KEY = "small|auto|transcribe"


@dataclass
class Room:
    store: SqliteStore
    archive: SqliteArchive
    clock: FakeClock
    jobs: Jobs
    keeping: Keeping

    async def heard(self, *ages_days: float) -> None:
        for number, age_days in enumerate(ages_days, 1):
            note = a_note(number, sent_at_s=NOW_S - age_days * DAY_S)
            await self.archive.put(note, a_transcript(f"{age_days} days"), KEY)

    async def left(self) -> list[str]:
        return [heard.text async for _, heard in self.archive.read()]


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    clock = FakeClock(NOW_S)
    store = await SqliteStore.open(tmp_path / "stenogram.db", clock)
    async with open_archive(tmp_path / "stenogram.db") as archive:
        jobs = Jobs(store, clock)
        yield Room(store, archive, clock, jobs, Keeping(store, archive, jobs, clock))
    await store.close()


async def ready() -> None:
    """At once."""


async def test_by_itself_everything_is_kept(room: Room) -> None:
    await room.heard(10_000)
    async with asyncio.TaskGroup() as group:
        running = group.create_task(room.keeping.run(ready))
        await eventually(lambda: room.clock.slept == [DAY_S])
        running.cancel()
    assert await room.left() == ["10000 days"]


async def test_what_is_too_old_goes_at_the_start_and_once_a_day(room: Room) -> None:
    await room.keeping.keep(30)
    await room.heard(31, 30.5, 29.5, 1)
    async with asyncio.TaskGroup() as group:
        running = group.create_task(room.keeping.run(ready))
        await eventually(lambda: room.clock.slept == [DAY_S])
        assert await room.left() == ["29.5 days", "1 days"]
        await room.clock.advance(DAY_S)
        await eventually(lambda: room.clock.slept == [DAY_S] * 2)
        assert await room.left() == ["1 days"]
        running.cancel()


async def test_it_waits_until_the_time_is_known_to_be_right(room: Room) -> None:
    await room.keeping.keep(30)
    await room.heard(31)
    connected = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        running = group.create_task(room.keeping.run(connected.wait))
        await room.clock.advance(3 * DAY_S)
        assert await room.left() == ["31 days"]
        connected.set()
        await eventually(lambda: room.clock.slept == [DAY_S])
        assert await room.left() == []
        running.cancel()


async def test_a_store_that_does_not_answer_is_asked_again_soon(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    async def away(key: str) -> str | None:
        raise StoreUnavailable

    await room.keeping.keep(30)
    await room.heard(31)
    async with asyncio.TaskGroup() as group:
        with monkeypatch.context() as patch:
            patch.setattr(room.store, "get", away)
            running = group.create_task(room.keeping.run(ready))
            await eventually(lambda: room.clock.slept == [AGAIN_S])
        await room.clock.advance(AGAIN_S)
        await eventually(lambda: room.clock.slept == [AGAIN_S, DAY_S])
        running.cancel()
    assert await room.left() == []


async def test_a_limit_holds_at_once_and_over_a_restart(room: Room) -> None:
    await room.heard(31, 1)
    assert await room.keeping.older_than(30) == 1
    assert await room.keeping.keep(30) == 1
    assert await Keeping(room.store, room.archive, room.jobs, room.clock).days() == 30
    assert await room.keeping.keep(None) == 0
    assert await room.keeping.days() is None
    assert await room.left() == ["1 days"]


async def test_words_of_jobs_that_failed_long_ago_go_with_the_rest(room: Room) -> None:
    await room.heard(31)
    assert await room.jobs.add(a_note(2, sent_at_s=NOW_S - 31 * DAY_S))
    claimed = await room.jobs.claim()
    assert claimed
    await room.jobs.fail(await room.jobs.keep_transcript(claimed, a_transcript("old")), "gone")
    await room.keeping.keep(30)
    [job] = await room.store.jobs((JobState.FAILED,))
    assert job.transcript is None
