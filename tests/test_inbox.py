"""Where messages enter: what is held is told once, whatever happened between holding and telling."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

from tests.support.clock import FakeClock
from tests.support.values import a_note
from transcriber.domain import ChatKind, Command, Job, Note
from transcriber.errors import Offline
from transcriber.inbox import Inbox
from transcriber.storage.sqlite import SqliteStore
from transcriber.work.jobs import Jobs


class Owner:
    """Is told, unless Telegram is away."""

    def __init__(self) -> None:
        self.told: list[list[int]] = []
        self.away = False
        self.carried_out = asyncio.Event()

    async def held(self, jobs: Sequence[Job]) -> None:
        if self.away:
            raise Offline
        self.told.append([job.note.message_id for job in jobs])

    async def handle(self, command: Command) -> None:
        self.carried_out.set()


class Holding:
    """Holds every note."""

    def __init__(self, jobs: Jobs) -> None:
        self._jobs = jobs

    async def note(self, note: Note, *, missed: bool) -> Job | None:
        return await self._jobs.add(note, held=missed)


A_COMMAND = Command(1, 1, ChatKind.SAVED, "", "/help", 0.0)


async def one_life(store: SqliteStore, owner: Owner, *missed: int, ends_untold: bool = False) -> None:
    """These notes are found by a scan; then the program runs until it has told, unless it ends before."""
    jobs = Jobs(store, FakeClock())
    inbox = Inbox(Holding(jobs), owner, jobs, store)
    for message_id in missed:
        await inbox.note(a_note(message_id), missed=True)
    if ends_untold:
        return
    await inbox.caught_up()
    await inbox.command(A_COMMAND)  # carried out after the telling
    owner.carried_out.clear()
    async with asyncio.TaskGroup() as group:
        pump = group.create_task(inbox.pump(owner))
        await owner.carried_out.wait()
        pump.cancel()


async def test_held_notes_are_told_once_also_when_the_program_ended_before_it_told(tmp_path: Path) -> None:
    store, owner = await SqliteStore.open(tmp_path / "db", FakeClock()), Owner()
    await one_life(store, owner, 1, 2, ends_untold=True)
    await one_life(store, owner, 3)
    await one_life(store, owner)
    await one_life(store, owner, 4)
    assert owner.told == [[1, 2, 3], [4]]
    await store.close()


async def test_what_could_not_be_told_is_told_after_the_next_scan(tmp_path: Path) -> None:
    store, owner = await SqliteStore.open(tmp_path / "db", FakeClock()), Owner()
    owner.away = True
    await one_life(store, owner, 1)
    owner.away = False
    await one_life(store, owner)
    assert owner.told == [[1]]
    await store.close()
