"""Where messages from Telegram enter: notes become jobs at once, commands wait their turn in memory."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import NoReturn, Protocol

from transcriber.domain import Command, Job, Note
from transcriber.errors import Refused, Transient

log = logging.getLogger(__name__)

TOLD_KEY = "held.told"  # id of the newest held job that the owner was told of
MOST_TOLD = 10_000  # in one message, which lists the first of them and counts the rest


class Taker(Protocol):
    """Decides which notes become jobs."""

    async def note(self, note: Note, *, missed: bool) -> Job | None: ...


class HeldList(Protocol):
    """Tells the owner about notes that were too old to be transcribed unasked."""

    async def held(self, jobs: Sequence[Job]) -> None: ...


class HeldJobs(Protocol):
    """Knows what is held, newest first."""

    async def held(self, limit: int = 100) -> list[Job]: ...


class Shelf(Protocol):
    """Keeps up to where the owner was told."""

    async def get(self, key: str) -> str | None: ...

    async def set(self, key: str, value: str | None) -> None: ...


class Handler(Protocol):
    """Carries out one command."""

    async def handle(self, command: Command) -> None: ...


class Inbox:
    """Implements what catching up hands over to (telegram/catchup.py). Nothing here waits for Telegram but `pump`."""

    def __init__(self, intake: Taker, held_list: HeldList, jobs: HeldJobs, store: Shelf) -> None:
        self._intake = intake
        self._held_list = held_list
        self._jobs = jobs
        self._store = store
        self._work: asyncio.Queue[Command | None] = asyncio.Queue()  # None: tell the owner what is held
        self.complete = asyncio.Event()  # set once everything older than this start was looked at

    async def note(self, note: Note, *, missed: bool) -> None:
        """Durable when it returns."""
        await self._intake.note(note, missed=missed)

    async def command(self, command: Command) -> None:
        """Carried out in order of arrival, one at a time."""
        self._work.put_nowait(command)

    async def caught_up(self) -> None:
        """Have the owner told what was held, all of it in one message."""
        self.complete.set()
        self._work.put_nowait(None)

    async def pump(self, commands: Handler) -> NoReturn:
        """Carry out what waits, for ever. What cannot be told to the owner now is in `/queue` all the same."""
        while True:
            item = await self._work.get()
            try:
                if item is None:
                    await self._tell_held()
                else:
                    await commands.handle(item)
            except (Transient, Refused) as error:
                log.warning("the owner could not be told: %s", error.key)

    async def _tell_held(self) -> None:
        """Each job once, also when the program ended, or Telegram was away, between holding it and telling of it."""
        told = int(await self._store.get(TOLD_KEY) or 0)
        held = sorted((job for job in await self._jobs.held(MOST_TOLD) if job.id > told), key=lambda job: job.id)
        if held:
            await self._held_list.held(held)
            await self._store.set(TOLD_KEY, str(held[-1].id))
