"""Manners that others in a chat can see, each only if the owner asked for it: a reaction on the note while it is
worked on, and the mark that it was listened to."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from functools import partial
from typing import NoReturn, Protocol

from transcriber.clock import Clock
from transcriber.domain import ChatKind, Job, JobState, Note, Progress, Transcript
from transcriber.errors import FloodWait, Offline, Refused, StenogramError, Transient
from transcriber.work.worker import Delivery

log = logging.getLogger(__name__)

EYES = "👀"
MESSAGE, REACTION = "message", "reaction"  # PROGRESS; what is neither shows nothing
DEADLINE_S = 5.0  # a courtesy holds up a result for no longer than that
PAUSE_S = 5.0
MOST_TRIES = 5
EYES_KEY = "manners.eyes"  # JSON: [[chat, message]…], where our reaction may stand

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


class Shelf(Protocol):
    """Keeps where our reaction may stand, and knows the jobs."""

    async def get(self, key: str) -> str | None: ...

    async def set(self, key: str, value: str | None) -> None: ...

    async def job_of(self, chat_id: int, message_id: int) -> Job | None: ...


class Manners:
    """Stands in front of the delivery. What cannot be done at once is tried again in `run`; it never fails a job.
    Where the reaction is put is noted down before, so that it is taken away again whatever ends the program."""

    def __init__(
        self,
        delivery: Delivery,
        telegram: Telegram,
        store: Shelf,
        clock: Clock,
        *,
        progress: str = MESSAGE,
        mark_played: bool = False,
    ) -> None:
        self._delivery = delivery
        self._telegram = telegram
        self._store = store
        self._clock = clock
        self._progress = progress
        self._mark_played = mark_played
        self._marked: dict[tuple[int, int], bool] = {}  # notes in work: whether they took the reaction
        self._eyes: set[tuple[int, int]] | None = None  # what is noted down; None: not looked up yet
        self._noting = asyncio.Lock()
        self._later: asyncio.Queue[Courtesy] = asyncio.Queue()

    async def run(self) -> NoReturn:
        """Do what could not be done at once, one at a time, waiting as long as Telegram asks; first of all what an
        earlier life left."""
        self._later.put_nowait(self._take_back_left)
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
            await self._note_down(note.key, there=True)
            self._marked[note.key] = await self._react(note)
            if not self._marked[note.key]:
                await self._note_down(note.key, there=False)
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
        if job.note.key in await self._noted():
            await self._soon(partial(self._take_back, job.note.key))
        self._marked.pop(job.note.key, None)

    async def _take_back(self, key: tuple[int, int]) -> None:
        try:
            await self._telegram.take_back_reaction(*key, EYES)
        except Refused as error:
            log.info("a reaction could not be taken back: %s", error.key)
        await self._note_down(key, there=False)

    async def _take_back_left(self) -> None:
        """From notes whose work has ended; the others are seen to when theirs does."""
        for key in sorted(await self._noted()):
            job = await self._store.job_of(*key)
            if job is None or job.state not in (JobState.WAITING, JobState.RUNNING):
                await self._take_back(key)

    async def _noted(self) -> set[tuple[int, int]]:
        async with self._noting:
            return await self._looked_up()

    async def _looked_up(self) -> set[tuple[int, int]]:
        if self._eyes is None:
            listed = json.loads(await self._store.get(EYES_KEY) or "[]")
            self._eyes = {(int(chat_id), int(message_id)) for chat_id, message_id in listed}
        return self._eyes

    async def _note_down(self, key: tuple[int, int], *, there: bool) -> None:
        async with self._noting:
            before = await self._looked_up()
            after = before | {key} if there else before - {key}
            if after != before:
                await self._store.set(EYES_KEY, json.dumps(sorted(after)) if after else None)
                self._eyes = after

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
