"""What did not work out, as far as the owner still cares."""

from __future__ import annotations

from typing import Final

from transcriber.chat.ports import KnownJobs
from transcriber.domain import Job, JobState

# Asking again changes nothing about these.
HOPELESS: Final = frozenset({"gone", "unreadable", "empty", "no_sound", "truncated"})
# Nor about these, until somebody changes the settings; then they may be asked for by number.
OVER_LIMIT: Final = frozenset({"too_long", "too_large"})
LATELY_S = 7 * 86_400.0
_LOOKED_AT = 1000


async def failed_lately(known: KnownJobs, now_s: float) -> list[Job]:
    """What failed within a week, newest first: older failures are history, and only to be had by number."""
    failed = await known.jobs((JobState.FAILED,), _LOOKED_AT)
    return [job for job in failed if (job.finished_at_s or 0.0) > now_s - LATELY_S]


def is_worth_repeating(job: Job) -> bool:
    """Whether another try might end differently."""
    return job.error not in HOPELESS | OVER_LIMIT
