"""From the queue to the reader: claim → download → transcribe → deliver.

Durable steps in this order: the transcript is archived and kept in the job before anything is sent; what is sent is
recorded as it is sent (by the delivery); the job is finished last. So an end at any point costs at most work that is
done again, never a word lost or said twice.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Protocol

from transcriber.clock import Clock
from transcriber.domain import Job, JobState, Limits, Progress, Transcript
from transcriber.errors import (
    CancelledByOwner,
    EngineDied,
    FloodWait,
    Gone,
    Offline,
    Refused,
    StenogramError,
    StoreUnavailable,
    Transient,
)
from transcriber.protocols import Archive, Engine, Gateway
from transcriber.work.hearing import Hearing
from transcriber.work.jobs import Jobs, Lost
from transcriber.work.patience import PAUSE_S, Patience
from transcriber.work.reporter import Reporter
from transcriber.work.rules import Rules

log = logging.getLogger(__name__)

SHORT_S = 60.0  # what the last slot takes, so that a short note is never stuck behind long ones
LOOK_EVERY_S = 2.0  # for back-offs that have passed and leases of others that ran out
FIRST_RETRY_S, LONGEST_RETRY_S = 5.0, 300.0
MOST_FAULTS = 5
NO_SOUND = "no_sound"


class Delivery(Protocol):
    """Brings results to where the owner wants them. All but `progress` may be called again after a failure or a
    restart, and send nothing twice."""

    async def progress(self, job: Job, progress: Progress) -> None:
        """Show how far it is; never after `deliver` began."""
        ...

    async def deliver(self, job: Job, transcript: Transcript) -> Job:
        """Send everything, recording each part as it is sent; returns the job with them."""
        ...

    async def failed(self, job: Job, error: StenogramError) -> None:
        """Tell the owner why there is no transcript, unless it is gone and nobody would ask."""
        ...

    async def cancelled(self, job: Job) -> None:
        """Take back the progress shown; parts of the transcript may have been sent before the cancel."""
        ...


class Worker:
    """Runs jobs in a few slots at once; the engine gives them turns. Ends only by cancellation or a `Permanent`
    error; then `recover` at the next start brings back what was under way."""

    def __init__(
        self,
        jobs: Jobs,
        rules: Rules,
        engine: Engine,
        gateway: Gateway,
        delivery: Delivery,
        archive: Archive,
        limits: Limits,
        clock: Clock,
        spool: Path,
        slots: int = 3,
        beam_size: int = 1,
        places: Callable[[], int] = lambda: 0,
    ) -> None:
        self._jobs = jobs
        self._gateway = gateway
        self._delivery = delivery
        self._clock = clock
        self._slots = slots
        self._places = places  # on other machines, beside the slots for this one
        self._patience = Patience(gateway, clock)
        self._hearing = Hearing(jobs, rules, engine, gateway, archive, limits, spool, self._patience, beam_size)

    async def run(self) -> None:
        """Put back what an earlier life was running, then work. Raises `Permanent` errors in a group."""
        self._hearing.prepare()
        if recovered := await self._patience.stored(self._jobs.recover):
            log.info("%d jobs put back that were running when the program ended", recovered)
        async with asyncio.TaskGroup() as group:
            group.create_task(self._look(group))
            group.create_task(self._withdraw())
            for slot in range(self._slots):
                short_only = slot > 0 and slot == self._slots - 1
                group.create_task(self._slot(SHORT_S if short_only else None))

    async def _look(self, group: asyncio.TaskGroup) -> None:
        more = 0
        while True:
            await self._clock.sleep(LOOK_EVERY_S)
            while more < self._places():
                more += 1
                group.create_task(self._slot(None, more))
            self._jobs.nudge()

    async def _withdraw(self) -> None:
        while True:
            job = await self._jobs.withdrawn.get()
            await self._patience.told(partial(self._delivery.cancelled, job))

    async def _slot(self, longest_s: float | None, place: int = 0) -> None:
        """Take job after job; the slot of a place elsewhere only while there are that many."""
        while not _stopping():
            await self._gateway.wait_online()
            changed = self._jobs.changed
            job = None
            if place <= self._places():
                job = await self._patience.stored(lambda: self._jobs.claim(longest_s))
            if job is None:
                await changed.wait()
                continue
            try:
                await self._serve(job)
            finally:
                self._jobs.let_go(job)

    async def _serve(self, job: Job) -> None:
        """Bring a claimed job to its end or back into the queue."""
        began_s = self._clock.monotonic()
        cancelled = lost = False
        reporter = Reporter(self._delivery, self._clock, job)
        try:
            async with asyncio.TaskGroup() as group:
                beside = [
                    group.create_task(self._until_taken_away(job, self._jobs.watch)),
                    group.create_task(self._until_taken_away(job, self._renew)),
                    group.create_task(reporter.run()),
                ]
                outcome = await self._settle(job, reporter)
                for task in beside:
                    task.cancel()
            log.info("%6.1fs %s job %s", self._clock.monotonic() - began_s, outcome, job.id)
        except* CancelledByOwner:
            cancelled = True
        except* Lost:
            lost = True
        if (cancelled or lost) and not _stopping():
            await self._taken_away(job, by_owner=cancelled)

    async def _until_taken_away(self, job: Job, wait: Callable[[Job], Awaitable[None]]) -> None:
        try:
            await wait(job)
        except (CancelledByOwner, Lost):
            self._hearing.cancel(job)
            raise

    async def _renew(self, job: Job) -> None:
        while True:
            await self._clock.sleep(self._jobs.lease_s / 3)
            try:
                await self._jobs.renew(job)
            except StoreUnavailable:
                log.warning("the lease of job %s could not be renewed", job.id)

    async def _taken_away(self, job: Job, *, by_owner: bool) -> None:
        if by_owner:
            # The store knows already, unless it was the engine that told us.
            with contextlib.suppress(Lost):
                await self._patience.stored(lambda: self._jobs.drop(job))
        stored = await self._patience.stored(lambda: self._jobs.get(job.id))
        if stored and stored.state is JobState.CANCELLED and stored.run == job.run:
            job, by_owner = stored, True
        log.info("job %s %s", job.id, "cancelled" if by_owner else "is not ours any more")
        if by_owner:
            await self._patience.told(lambda: self._delivery.cancelled(job))

    async def _settle(self, job: Job, reporter: Reporter) -> str:
        """Try once, and do what the error asks for; returns a word for the log."""
        try:
            await self._attempt(job, reporter)
        except (CancelledByOwner, Lost):
            raise
        except (Offline, StoreUnavailable) as error:
            return await self._later(job, _pause_s(job), error)
        except FloodWait as error:
            return await self._later(job, error.seconds, error)
        except Transient as error:
            if _of_surroundings(error):
                return await self._later(job, _pause_s(job), error)
            return await self._after_fault(job, reporter, error)
        except Refused as error:
            return await self._given_up(job, reporter, error)
        return "done"

    async def _later(self, job: Job, delay_s: float, error: Transient) -> str:
        """Back into the queue: it is not the job's fault."""
        await self._patience.stored(lambda: self._jobs.put_back(job, delay_s, count=False))
        return f"put back ({error.key})"

    async def _after_fault(self, job: Job, reporter: Reporter, error: Transient) -> str:
        """Back into the queue, later each time; given up after 5 faults, or when the engine died twice running."""
        died_again = isinstance(error, EngineDied) and job.error == error.key
        if died_again or job.faults + 1 >= MOST_FAULTS:
            return await self._given_up(job, reporter, error)
        delay_s = min(LONGEST_RETRY_S, FIRST_RETRY_S * 2**job.faults)
        await self._patience.stored(lambda: self._jobs.put_back(job, delay_s, error.key))
        return f"put back ({error.key})"

    async def _given_up(self, job: Job, reporter: Reporter, error: StenogramError) -> str:
        """The owner is told first: an end in between tells it again, which Telegram drops as a repeat."""
        await reporter.stop()
        if job.is_quiet and error.key == NO_SOUND:
            await self._patience.stored(lambda: self._jobs.drop(job))
            return "nothing to hear"
        current = await self._patience.stored(lambda: self._jobs.update(job, error=error.key))
        await self._patience.told(lambda: self._delivery.failed(current, error))
        if isinstance(error, Gone):  # taken back by its sender: not a failure that could be retried
            await self._patience.stored(lambda: self._jobs.drop(job))
        else:
            await self._patience.stored(lambda: self._jobs.fail(job, error.key))
        return f"failed ({error.key})"

    async def _attempt(self, job: Job, reporter: Reporter) -> None:
        job, transcript = await self._hearing.transcript(job, reporter.heard)
        await reporter.stop()
        if transcript.text or not job.is_quiet:
            job = await self._delivery.deliver(job, transcript)
        await self._patience.stored(lambda: self._jobs.finish(job))


def _of_surroundings(error: Transient) -> bool:
    """Whether every job would fare so now: a model not yet fetched or too big for the memory left, a full disk."""
    return error.key == "data_dir" or error.key.startswith("model_")


def _pause_s(job: Job) -> float:
    """After a fault of the surroundings: short, and longer for a job that fared so again and again."""
    again: int = min(10, max(0, job.attempts - MOST_FAULTS))
    return min(LONGEST_RETRY_S, PAUSE_S * 2.0**again)


def _stopping() -> bool:
    """Whether this task is asked to end. A task group that fails at the same moment swallows the `CancelledError`
    (Python 3.11), but not this."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
