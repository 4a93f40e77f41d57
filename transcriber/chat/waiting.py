"""The answer to `/t`: true when it is given, and kept true while the notes wait for their turn."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from transcriber.chat.answers import Answer, Answers
from transcriber.chat.background import Background
from transcriber.chat.ports import Jobs, KnownJobs, Shelf
from transcriber.chat.texts import Texts
from transcriber.clock import Clock
from transcriber.domain import ChatKind, Command, Job, JobState
from transcriber.errors import FloodWait, Refused, StoreUnavailable, Transient

log = logging.getLogger(__name__)

EDIT_EVERY_S = 3.0
MOMENT_S = 0.3  # in which a free slot takes the note, and it does not wait at all
WAITING_KEY = "answers.waiting"  # JSON: the answers that are not to stand as they are, for the next start to see to
_LOOKED_AT = 100  # of those that wait; what was asked for by hand is among the first


@dataclass(frozen=True, slots=True)
class _Promise:
    """An answer that says how many notes come first."""

    command: Command
    ids: tuple[int, ...]
    said: str  # when it was sent
    message_id: int | None = None  # None: it may have been sent, or not


class Waiting:
    """Says how many notes come first; edits that at most every 3 s until the work begins, after a restart too: the
    answer is noted down before it is given."""

    def __init__(
        self,
        jobs: Jobs,
        known: KnownJobs,
        shelf: Shelf,
        answers: Answers,
        texts: Texts,
        clock: Clock,
        background: Background,
    ) -> None:
        self._jobs = jobs
        self._known = known
        self._shelf = shelf
        self._answers = answers
        self._texts = texts
        self._clock = clock
        self._background = background
        self._promises: dict[tuple[int, int], _Promise] = {}  # by the command
        self._looked_up = asyncio.Event()

    async def go_on(self) -> None:
        """Keep true what an earlier life of the program answered."""
        while not self._looked_up.is_set():
            try:
                rows = json.loads(await self._shelf.get(WAITING_KEY) or "[]")
            except StoreUnavailable:
                await self._clock.sleep(EDIT_EVERY_S)
                continue
            self._promises = {_key(promise): promise for promise in map(_promise, rows)}
            self._looked_up.set()
        for promise in self._promises.values():
            self._background.start(self._keep(promise))

    async def answer(self, command: Command, taken: Sequence[Job]) -> Answer | None:
        """What is to be answered at once; None when an answer is on its way that will be kept true."""
        ids = tuple(job.id for job in taken)
        running = await self._known.jobs((JobState.RUNNING,), _LOOKED_AT)
        said, waits = await self._state(ids)
        if waits and (said != self._waiting(ids, 0) or any(job.id not in ids for job in running)):
            self._background.start(self._promise(_Promise(command, ids, said)))
            return None
        return self._texts("answer.taken", ids=_marks(ids))

    async def _promise(self, promise: _Promise) -> None:
        waits = True
        await self._clock.sleep(MOMENT_S)
        with suppress(Transient):
            said, waits = await self._state(promise.ids)
            promise = replace(promise, said=said)
        if waits:
            await self._note(promise)
            await self._keep(promise)
        else:
            await self._answers.give_and_wait(promise.command, promise.said)

    async def _keep(self, promise: _Promise) -> None:
        """Give the answer, unless an earlier life has, and keep it true until there is nothing left to wait for."""
        if promise.message_id is None:
            message_id = await self._answers.give_and_wait(promise.command, promise.said)
            promise = replace(promise, message_id=message_id)
            await self._note(promise)
            await self._follow(promise, promise.said)
        else:
            await self._follow(promise, "")  # which may say something else by now
        await self._note(promise, over=True)

    async def _follow(self, promise: _Promise, said: str) -> None:
        waits = True
        while promise.message_id is not None and waits:
            await self._clock.sleep(EDIT_EVERY_S)
            try:
                now, waits_now = await self._state(promise.ids)
                if now != said:
                    await self._answers.try_change(promise.command, promise.message_id, now)
                said, waits = now, waits_now
            except FloodWait as flood:
                await self._clock.sleep(flood.seconds)
            except Transient:
                continue  # told with the next look
            except Refused:
                return  # the owner deleted the answer

    async def _note(self, promise: _Promise, *, over: bool = False) -> None:
        """Note down what stands, or that it is `over`."""
        await self._looked_up.wait()
        self._promises.pop(_key(promise), None)
        if not over:
            self._promises[_key(promise)] = promise
        rows = [_row(each) for each in self._promises.values()]
        try:
            await self._shelf.set(WAITING_KEY, json.dumps(rows) if rows else None)
        except StoreUnavailable as error:
            log.warning("an answer is not noted down: %s", error)

    async def _state(self, ids: Sequence[int]) -> tuple[str, bool]:
        """The sentence that holds now, and whether it may still change."""
        jobs = [job for number in ids if (job := await self._jobs.get(number))]
        states = {job.state for job in jobs}
        if JobState.WAITING in states:
            line = [job.id for job in await self._known.jobs((JobState.WAITING,), _LOOKED_AT)]
            ahead = next((place for place, number in enumerate(line) if number in ids), len(line))
            return self._waiting(ids, ahead), True
        if JobState.RUNNING in states:
            return self._texts("answer.working", ids=_marks(ids)), False
        key = "answer.finished" if states == {JobState.DONE} else "answer.ended"
        return self._texts(key, ids=_marks(ids)), False

    def _waiting(self, ids: Sequence[int], ahead: int) -> str:
        return self._texts("answer.ahead" if ahead else "answer.next", ids=_marks(ids), n=ahead)


def _key(promise: _Promise) -> tuple[int, int]:
    return promise.command.chat_id, promise.command.message_id


def _row(promise: _Promise) -> list[object]:
    command = promise.command
    where = [command.chat_id, command.message_id, command.chat_kind, command.chat_title]
    return [*where, promise.ids, promise.said, promise.message_id]


def _promise(row: list[Any]) -> _Promise:
    chat_id, command_id, kind, title, ids, said, message_id = row
    command = Command(chat_id, command_id, ChatKind(kind), title, text="", sent_at_s=0.0)
    return _Promise(command, tuple(ids), said, message_id)


def _marks(ids: Sequence[int]) -> str:
    return ", ".join(f"#{number}" for number in ids)
