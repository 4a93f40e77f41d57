"""In what order jobs stand: one answer for both stores."""

from __future__ import annotations

from collections.abc import Iterable

from transcriber.domain import Job, JobState

OPEN = (JobState.WAITING, JobState.RUNNING)


def urgency(job: Job) -> int:
    """0 for what the owner asked for by hand, 1 for the rest: the smaller goes first."""
    return 0 if job.request.on_demand else 1


def ended_at_s(job: Job) -> float:
    """When it ended; a job that never ran (held) counts from when it was found."""
    return job.created_at_s if job.finished_at_s is None else job.finished_at_s


def in_order(jobs: Iterable[Job], limit: int) -> list[Job]:
    """Open ones in the order they will be claimed, then ended ones newest first; at most `limit`."""
    return sorted(jobs, key=_place)[:limit]


def _place(job: Job) -> tuple[float, ...]:
    if job.state in OPEN:
        return 0, urgency(job), job.id
    return 1, -ended_at_s(job), -job.id
