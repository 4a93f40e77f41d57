"""The queue: which job is next, who runs it, and what became of it. Durable in the store, compare-and-set."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import replace
from typing import Any, NoReturn

from transcriber.clock import Clock
from transcriber.domain import PLACE, Delivery, Job, JobState, Note, Request, Sent, Transcript
from transcriber.errors import CancelledByOwner, StoreUnavailable, Transient
from transcriber.protocols import Store
from transcriber.work.moves import asked_again, gone_on, released, same_try

ALL = 100_000  # more jobs than one queue ever holds

OPEN = (JobState.WAITING, JobState.RUNNING)
RETRIED = (JobState.WAITING, JobState.FAILED, JobState.CANCELLED, JobState.HELD)

Claim = tuple[int, int, int]


class Lost(Transient):
    """This job is not ours to change any more: cancelled, finished, or taken over after our lease ran out."""

    default_key = "lost"


class Jobs:
    """The durable queue of one process (`owner`). What it returns is stored; nothing is kept in memory but who
    waits for news."""

    def __init__(self, store: Store, clock: Clock, owner: str = "main", lease_s: float = 60.0) -> None:
        self._store = store
        self._clock = clock
        self._owner = owner
        self.lease_s = lease_s
        self._changed = asyncio.Event()
        self.withdrawn: asyncio.Queue[Job] = asyncio.Queue()  # cancelled between two tries: progress may be showing
        self._running: dict[Claim, asyncio.Event] = {}  # what runs in this process, and how it is told to stop
        self._claiming = asyncio.Lock()
        self._claim_unanswered = False

    # News

    @property
    def changed(self) -> asyncio.Event:
        """Set, once, when there may be something to claim. Take it before looking, wait for it after finding
        nothing: then no news is missed."""
        return self._changed

    def nudge(self) -> None:
        """Make everyone who waits for `changed` look again (back-offs and foreign leases pass by time alone)."""
        self._changed.set()
        self._changed = asyncio.Event()

    async def watch(self, job: Job) -> NoReturn:
        """Wait until a running job is taken away: raises `CancelledByOwner` at once when the owner cancels it
        in this process, `Lost` if it was no longer ours to begin with."""
        stop = self._running.setdefault(_claim_of(job), asyncio.Event())
        # The cancel may have come between the claim and this call; if the store cannot say, `renew` will.
        with contextlib.suppress(StoreUnavailable):
            stored = await self._store.job(job.id)
            if not same_try(stored, job):
                raise CancelledByOwner if stored and stored.state is JobState.CANCELLED else Lost
        await stop.wait()
        raise CancelledByOwner

    # Into the queue

    async def add(self, note: Note, request: Request | None = None, *, held: bool = False) -> Job | None:
        """Add a job for this note, once: None if it has one already, in whatever state."""
        job = Job(
            note,
            request or Request(),
            state=JobState.HELD if held else JobState.WAITING,
            created_at_s=self._clock.now(),
        )
        added = await self._store.insert_job(job)
        if added:
            self.nudge()
        return added

    async def ask(self, note: Note, request: Request) -> Job:
        """Have this note transcribed now, as the owner asked: a new job, or the old one run again from the
        start; a waiting one moves ahead of the queue; a running one is left to end."""
        request = replace(request, on_demand=True)
        while True:
            old = await self._store.job_of(*note.key)
            if old is None:
                stored = await self.add(note, request)
            elif old.state is JobState.RUNNING:
                return old
            else:
                stored = await self._store.replace_job(asked_again(old, note, request, self._clock.now()))
            if stored:
                self.nudge()
                return stored

    async def retry(self, job_id: int) -> Job | None:
        """Let an unfinished job go on at once, its faults forgiven; None if it runs, is done or unknown.
        What was heard and sent before stays, so nothing is said twice."""
        job = await self._replace(job_id, RETRIED, gone_on)
        if job:
            self.nudge()
        return job

    # Running

    async def claim(self, longest_s: float | None = None) -> Job | None:
        """Take the next job, at most of that declared duration; at most one caller gets it, with one attempt
        counted. None: nothing is due. Call `let_go` when it runs no more, whatever became of it."""
        async with self._claiming:
            if self._claim_unanswered:  # it may have been made all the same
                await self.recover()
            self._claim_unanswered = True
            now_s = self._clock.now()
            job = await self._store.claim_job(
                owner=self._owner, now_s=now_s, lease_until_s=now_s + self.lease_s, longest_s=longest_s
            )
            self._claim_unanswered = False
            if job:
                self._running[_claim_of(job)] = asyncio.Event()
            return job

    def let_go(self, job: Job) -> None:
        """Whoever claimed it does nothing more about it."""
        self._running.pop(_claim_of(job), None)

    async def renew(self, job: Job) -> Job:
        """Hold a running job for another `lease_s`. Raises `Lost`."""
        return await self.update(job, lease_until_s=self._clock.now() + self.lease_s)

    async def update(self, job: Job, **changes: Any) -> Job:
        """Change a job that we run; what changed in the store meanwhile stays. Raises `Lost`."""
        return await self._change(job, lambda stored: replace(stored, **changes))

    async def record_sent(self, job: Job, delivery: Delivery, sent: Sent) -> Job:
        """Note down a message as soon as it is sent, or where one is going to stand (`PLACE`, until there is more to
        note down); the first one fixes where the rest goes. Raises `Lost`."""

        def add(stored: Job) -> Job:
            others = tuple(known for known in stored.sent if known.part not in (PLACE, sent.part))
            return replace(stored, delivery=stored.delivery or delivery, sent=(*others, sent))

        return await self._change(job, add)

    async def keep_transcript(self, job: Job, transcript: Transcript) -> Job:
        """Keep what was heard until it is delivered. Raises `Lost`."""
        return await self.update(job, transcript=transcript)

    async def put_back(self, job: Job, delay_s: float, error_key: str | None = None, count: bool = True) -> Job:
        """Let it be claimed again in `delay_s`. With `count` it is one more fault of the job's own; without, it
        was nobody's. Without an error key the job remembers the error before. Raises `Lost`."""
        until_s = self._clock.now() + delay_s if delay_s > 0 else 0.0

        def back(stored: Job) -> Job:
            return replace(
                released(stored, JobState.WAITING),
                not_before_s=until_s,
                error=error_key or stored.error,
                faults=stored.faults + count,
            )

        put = await self._change(job, back)
        self.nudge()
        return put

    async def finish(self, job: Job) -> Job:
        """It is delivered. The words live on in the archive only. Raises `Lost`."""
        return await self._end(job, JobState.DONE, error=None, transcript=None)

    async def fail(self, job: Job, error_key: str) -> Job:
        """It is given up; the owner may retry it. Raises `Lost`."""
        return await self._end(job, JobState.FAILED, error=error_key)

    async def drop(self, job: Job) -> Job:
        """It was cancelled while it ran. Raises `Lost`, as when `cancel` has said so already."""
        return await self._end(job, JobState.CANCELLED)

    async def recover(self) -> int:
        """Put back at once what this owner claimed and does not run: at the start, what it ran when it ended.
        Returns how many. What was heard and sent stays."""
        claimed = [job for job in await self._store.jobs((JobState.RUNNING,), ALL) if job.owner == self._owner]
        left = [job for job in claimed if _claim_of(job) not in self._running]
        put = [await self._store.replace_job(released(job, JobState.WAITING)) for job in left]
        self.nudge()
        return sum(job is not None for job in put)

    # The owner's hand

    async def cancel(self, job_id: int) -> Job | None:
        """End a job that has not ended; who runs it in this process learns at once. None: nothing to cancel."""
        now_s = self._clock.now()
        between_tries = False

        def end(stored: Job) -> Job:
            nonlocal between_tries
            between_tries = stored.state is JobState.WAITING and stored.attempts > 0
            return replace(released(stored, JobState.CANCELLED), finished_at_s=now_s)

        job = await self._replace(job_id, (*OPEN, JobState.HELD), end)
        if job and between_tries:
            self.withdrawn.put_nowait(job)
        if job and (stop := self._running.get(_claim_of(job))):
            stop.set()
        return job

    async def cancel_all(self) -> int:
        """Cancel everything that waits or runs; returns how many."""
        cancelled = [await self.cancel(job.id) for job in await self._store.jobs(OPEN, ALL)]
        return sum(job is not None for job in cancelled)

    async def forget(self, covers: Callable[[Note], bool]) -> int:
        """Drop the words that ended jobs about such notes still keep; returns how many of those notes are in the
        queue: what is heard in them is not delivered yet, and stays."""
        ended = await self._store.jobs((JobState.FAILED, JobState.CANCELLED), ALL)
        for job in ended:
            if job.transcript is not None and covers(job.note):
                await self._replace(
                    job.id, (JobState.FAILED, JobState.CANCELLED), lambda stored: replace(stored, transcript=None)
                )
        return sum(covers(job.note) for job in await self._store.jobs(OPEN, ALL))

    # Looking

    async def get(self, job_id: int) -> Job | None:
        """The job as it is stored now."""
        return await self._store.job(job_id)

    async def queue(self, limit: int = 20) -> list[Job]:
        """What runs, then what waits in the order of its turn."""
        running = await self._store.jobs((JobState.RUNNING,), limit)
        waiting = await self._store.jobs((JobState.WAITING,), limit)
        return [*running, *waiting][:limit]

    async def position(self, job: Job) -> int:
        """Its place among those that wait, 1 for the next; 0 when it does not wait."""
        waiting = await self._store.jobs((JobState.WAITING,), ALL)
        return next((place for place, other in enumerate(waiting, 1) if other.id == job.id), 0)

    async def counts(self) -> dict[JobState, int]:
        """How many jobs are in each state; every state is a key."""
        return await self._store.count_jobs()

    async def done_since(self, since_s: float) -> int:
        """How many were finished at or after that time."""
        return await self._store.done_since(since_s)

    async def held(self, limit: int = 100) -> list[Job]:
        """Notes found while catching up that wait for the owner's word, newest first."""
        return await self._store.jobs((JobState.HELD,), limit)

    # Compare and set

    async def _end(self, job: Job, state: JobState, **changes: Any) -> Job:
        now_s = self._clock.now()
        return await self._change(
            job, lambda stored: replace(released(stored, state), finished_at_s=now_s, **changes)
        )

    async def _change(self, job: Job, change: Callable[[Job], Job]) -> Job:
        """Apply a change to a job that we run, to its newest version, as often as somebody is faster."""
        stored: Job | None = job
        while stored and same_try(stored, job):
            if changed := await self._store.replace_job(change(stored)):
                return changed
            stored = await self._store.job(job.id)
        raise Lost

    async def _replace(self, job_id: int, states: tuple[JobState, ...], change: Callable[[Job], Job]) -> Job | None:
        """The same for a job that need not be ours, while it is in one of these states."""
        while (stored := await self._store.job(job_id)) and stored.state in states:
            if changed := await self._store.replace_job(change(stored)):
                return changed
        return None


def _claim_of(job: Job) -> Claim:
    """Not the id alone: a job cancelled and asked for again must not find the cancel of its earlier run."""
    return job.id, job.run, job.attempts
