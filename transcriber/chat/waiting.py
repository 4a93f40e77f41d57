"""The answer to `/t`: true when it is given, and kept true while the notes wait for their turn."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from transcriber.chat.answers import Answer, Answers
from transcriber.chat.background import Background
from transcriber.chat.ports import Jobs, KnownJobs
from transcriber.chat.texts import Texts
from transcriber.clock import Clock
from transcriber.domain import Command, Job, JobState
from transcriber.errors import FloodWait, Refused, Transient

EDIT_EVERY_S = 3.0
MOMENT_S = 0.3  # in which a free slot takes the note, and it does not wait at all
_LOOKED_AT = 100  # of those that wait; what was asked for by hand is among the first


class Waiting:
    """Says how many notes come first; edits that at most every 3 s until the work begins."""

    def __init__(
        self, jobs: Jobs, known: KnownJobs, answers: Answers, texts: Texts, clock: Clock, background: Background
    ) -> None:
        self._jobs = jobs
        self._known = known
        self._answers = answers
        self._texts = texts
        self._clock = clock
        self._background = background

    async def answer(self, command: Command, taken: Sequence[Job]) -> Answer | None:
        """What is to be answered at once; None when an answer is on its way that will be kept true."""
        ids = [job.id for job in taken]
        running = await self._known.jobs((JobState.RUNNING,), _LOOKED_AT)
        said, waits = await self._state(ids)
        if waits and (said != self._waiting(ids, 0) or any(job.id not in ids for job in running)):
            self._background.start(self._follow(command, ids, said))
            return None
        return self._texts("answer.taken", ids=_marks(ids))

    async def _follow(self, command: Command, ids: list[int], said: str) -> None:
        waits = True
        await self._clock.sleep(MOMENT_S)
        with suppress(Transient):
            said, waits = await self._state(ids)
        message_id = await self._answers.give_and_wait(command, said)
        while message_id is not None and waits:
            await self._clock.sleep(EDIT_EVERY_S)
            try:
                now, waits_now = await self._state(ids)
                if now != said:
                    await self._answers.try_change(command, message_id, now)
                said, waits = now, waits_now
            except FloodWait as flood:
                await self._clock.sleep(flood.seconds)
            except Transient:
                continue  # told with the next look
            except Refused:
                return  # the owner deleted the answer

    async def _state(self, ids: list[int]) -> tuple[str, bool]:
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

    def _waiting(self, ids: list[int], ahead: int) -> str:
        return self._texts("answer.ahead" if ahead else "answer.next", ids=_marks(ids), n=ahead)


def _marks(ids: Sequence[int]) -> str:
    return ", ".join(f"#{number}" for number in ids)
