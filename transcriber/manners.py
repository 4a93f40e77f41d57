"""Manners that others in a chat can see, each only if the owner asked for it: a reaction on the note while it is
worked on, and the mark that it was listened to."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from functools import partial
from typing import NoReturn, Protocol

from transcriber.clock import Clock
from transcriber.domain import ChatKind, Job, Note, Progress, Transcript
from transcriber.errors import FloodWait, Offline, Refused, StenogramError, Transient
from transcriber.work.worker import Delivery

log = logging.getLogger(__name__)

EYES = "👀"
MESSAGE, REACTION = "message", "reaction"  # PROGRESS; what is neither shows nothing
DEADLINE_S = 5.0  # a courtesy holds up a result for no longer than that
PAUSE_S = 5.0
MOST_TRIES = 5

Courtesy = Callable[[], Awaitable[object]]


class Telegram(Protocol):
    """What of Telegram is needed here."""

    async def wait_online(self) -> None: ...

    async def react(self, chat_id: int, message_id: int, emoji: str) -> bool:
        """Put this reaction on a message; False, and nothing done, if the owner has reacted to it."""
        ...

    async def take_back_reaction(self, chat_id: int, message_id: int, emoji: str) -> None:
        """Take this reaction of ours away; no error if it is not there."""
        ...

    async def mark_played(self, note: Note) -> None:
        """Mark a voice or video note as listened to, as if the owner had played it."""
        ...


class Manners:
    """Stands in front of the delivery. What cannot be done at once is tried again in `run`; it never fails a job."""

    def __init__(
        self,
        delivery: Delivery,
        telegram: Telegram,
        clock: Clock,
        *,
        progress: str = MESSAGE,
        mark_played: bool = False,
    ) -> None:
        self._delivery = delivery
        self._telegram = telegram
        self._clock = clock
        self._progress = progress
        self._mark_played = mark_played
        self._marked: dict[tuple[int, int], bool] = {}  # notes in work: whether they took the reaction
        self._maybe_marked: set[tuple[int, int]] = set()  # asked for, whatever became of that
        self._later: asyncio.Queue[Courtesy] = asyncio.Queue()

    async def run(self) -> NoReturn:
        """Do what could not be done at once, one at a time, waiting as long as Telegram asks."""
        while True:
            courtesy = await self._later.get()
            for _ in range(MOST_TRIES):
                if await self._is_done(courtesy):
                    break

    async def progress(self, job: Job, progress: Progress) -> None:
        """See the worker's `Delivery`."""
        if self._progress == REACTION and await self._is_marked(job.note):
            return
        if self._progress in (MESSAGE, REACTION):
            await self._delivery.progress(job, progress)

    async def deliver(self, job: Job, transcript: Transcript) -> Job:
        """See the worker's `Delivery`."""
        delivered = await self._delivery.deliver(job, transcript)
        await self._unmark(job)
        note = job.note
        # One that can be heard only once would be gone; and where nothing was understood, the owner has to listen.
        if self._mark_played and note.kind.is_note and not (note.outgoing or note.view_once) and transcript.text:
            await self._soon(partial(self._telegram.mark_played, note))
        return delivered

    async def failed(self, job: Job, error: StenogramError) -> None:
        """See the worker's `Delivery`."""
        await self._delivery.failed(job, error)
        await self._unmark(job)

    async def cancelled(self, job: Job) -> None:
        """See the worker's `Delivery`."""
        await self._delivery.cancelled(job)
        await self._unmark(job)

    async def _is_marked(self, note: Note) -> bool:
        """Whether the reaction is on the note. Where there can be none, the message is shown instead."""
        if note.chat_kind is ChatKind.SAVED:  # a reaction there is a tag of the owner's
            return False
        if note.key not in self._marked:
            self._maybe_marked.add(note.key)
            self._marked[note.key] = await self._react(note)
        return self._marked[note.key]

    async def _react(self, note: Note) -> bool:
        try:
            async with asyncio.timeout(DEADLINE_S):
                return await self._telegram.react(*note.key, EYES)
        except TimeoutError as error:
            raise Offline from error
        except Refused as error:
            log.info("a note takes no reaction: %s", error.key)
            return False

    async def _unmark(self, job: Job) -> None:
        """Take the reaction away; also one that an earlier life of the program may have left."""
        key, maybe = job.note.key, job.attempts > 1 or job.note.key in self._maybe_marked
        marked = self._marked.pop(key, maybe)
        self._maybe_marked.discard(key)
        if self._progress == REACTION and marked and job.note.chat_kind is not ChatKind.SAVED:
            await self._soon(partial(self._telegram.take_back_reaction, *key, EYES))

    async def _soon(self, courtesy: Courtesy) -> None:
        """Now, if that is quick; else when it can be done."""
        try:
            async with asyncio.timeout(DEADLINE_S):
                await courtesy()
        except (Transient, TimeoutError):
            self._later.put_nowait(courtesy)
        except Refused as error:
            log.info("a courtesy was refused: %s", error.key)

    async def _is_done(self, courtesy: Courtesy) -> bool:
        """Try once more; if Telegram cannot now, wait until it may. True: there is nothing left to try."""
        try:
            await courtesy()
        except Refused as error:
            log.info("a courtesy was refused: %s", error.key)
        except Transient as error:
            await self._clock.sleep(error.seconds if isinstance(error, FloodWait) else PAUSE_S)
            await self._telegram.wait_online()
            return False
        return True
