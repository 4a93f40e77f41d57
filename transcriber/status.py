"""What only the running program knows about itself, for `/status`: how far jobs are, and what went wrong last."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from transcriber import __version__
from transcriber.clock import Clock
from transcriber.domain import Job, Lent, Progress, Transcript
from transcriber.errors import StenogramError
from transcriber.work.worker import Delivery


class ProgramStatus:
    """Implements what the commands ask; stands in front of the delivery and notes down what passes."""

    version = __version__

    def __init__(self, clock: Clock, delivery: Delivery, lent: Callable[[], Sequence[Lent]] = tuple) -> None:
        self._clock = clock
        self._delivery = delivery
        self._lent = lent
        self._progress: dict[int, Progress] = {}
        self._last_error: tuple[str, float] | None = None
        self._started_s = clock.monotonic()

    @property
    def uptime_s(self) -> float:
        """Seconds since the start."""
        return self._clock.monotonic() - self._started_s

    def progress_of(self, job_id: int) -> Progress | None:
        """How far a running job is; None before its first report."""
        return self._progress.get(job_id)

    def last_error(self) -> tuple[str, float] | None:
        """The key of the last error that a note was given up for, and its Unix time."""
        return self._last_error

    def lent(self) -> Sequence[Lent]:
        """The machines that lend their CPU."""
        return self._lent()

    async def progress(self, job: Job, progress: Progress) -> None:
        """See the worker's `Delivery`."""
        self._progress[job.id] = progress
        await self._delivery.progress(job, progress)

    async def deliver(self, job: Job, transcript: Transcript) -> Job:
        """See the worker's `Delivery`."""
        self._progress.pop(job.id, None)
        return await self._delivery.deliver(job, transcript)

    async def failed(self, job: Job, error: StenogramError) -> None:
        """See the worker's `Delivery`."""
        self._progress.pop(job.id, None)
        self._last_error = error.key, self._clock.now()
        await self._delivery.failed(job, error)

    async def cancelled(self, job: Job) -> None:
        """See the worker's `Delivery`."""
        self._progress.pop(job.id, None)
        await self._delivery.cancelled(job)
