"""Where messages from Telegram enter: notes become jobs at once, commands wait their turn in memory."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import NoReturn, Protocol

from transcriber.domain import Command, Job, JobState, Note
from transcriber.errors import Refused, Transient

log = logging.getLogger(__name__)


class Taker(Protocol):
    """Decides which notes become jobs."""

    async def note(self, note: Note, *, missed: bool) -> Job | None: ...


class HeldList(Protocol):
    """Tells the owner about notes that were too old to be transcribed unasked."""

    async def held(self, jobs: Sequence[Job]) -> None: ...


class Handler(Protocol):
    """Carries out one command."""

    async def handle(self, command: Command) -> None: ...


class Inbox:
    """Implements what catching up hands over to (telegram/catchup.py). Nothing here waits for Telegram but `pump`."""

    def __init__(self, intake: Taker, held_list: HeldList) -> None:
        self._intake = intake
        self._held_list = held_list
        self._held: list[Job] = []
        self._work: asyncio.Queue[Command | list[Job]] = asyncio.Queue()
        self.complete = asyncio.Event()  # set once everything older than this start was looked at

    async def note(self, note: Note, *, missed: bool) -> None:
        """Durable when it returns."""
        job = await self._intake.note(note, missed=missed)
        if job is not None and job.state is JobState.HELD:
            self._held.append(job)

    async def command(self, command: Command) -> None:
        """Carried out in order of arrival, one at a time."""
        self._work.put_nowait(command)

    async def caught_up(self) -> None:
        """Have the owner told what was held, all of it in one message."""
        self.complete.set()
        if self._held:
            self._work.put_nowait(self._held)
            self._held = []

    async def pump(self, commands: Handler) -> NoReturn:
        """Carry out what waits, for ever. What cannot be told to the owner now is in `/queue` all the same."""
        while True:
            item = await self._work.get()
            try:
                if isinstance(item, Command):
                    await commands.handle(item)
                else:
                    await self._held_list.held(item)
            except (Transient, Refused) as error:
                log.warning("the owner could not be told: %s", error.key)
