"""Which messages become jobs, in one place."""

from __future__ import annotations

from transcriber.clock import Clock
from transcriber.domain import Job, Limits, Note
from transcriber.work.jobs import Jobs
from transcriber.work.rules import Rules


class Intake:
    """Stands between the messages that arrive and the queue."""

    def __init__(self, rules: Rules, jobs: Jobs, limits: Limits, clock: Clock) -> None:
        self._rules = rules
        self._jobs = jobs
        self._limits = limits
        self._clock = clock

    async def note(self, note: Note, *, missed: bool) -> Job | None:
        """Make a job of this note if the rules cover it; None if they do not or it has one already. Durable
        when it returns, so the caller may move on. A `missed` note that is too old is held for the owner to
        decide. What is too long or too large becomes a job too: the worker tells the owner."""
        # Playing a view-once note uses it up for the owner: only ever on demand.
        if note.view_once or not await self._rules.covers(note):
            return None
        age_s = self._clock.now() - note.sent_at_s
        return await self._jobs.add(note, held=missed and age_s > self._limits.catch_up_max_age_s)
