"""How a job moves from one state to another: pure, so that it can be tried again on a newer version."""

from __future__ import annotations

from dataclasses import replace

from transcriber.domain import Delivery, Job, JobState, Note, Request


def same_try(stored: Job | None, job: Job) -> bool:
    """Whether this is still the very claim that `job` came from: each claim counts an attempt."""
    return stored is not None and (stored.state, stored.owner, stored.run, stored.attempts) == (
        JobState.RUNNING,
        job.owner,
        job.run,
        job.attempts,
    )


def released(job: Job, state: JobState) -> Job:
    """Nobody runs it any more."""
    return replace(job, state=state, owner=None, lease_until_s=0.0, not_before_s=0.0)


def fresh_run(job: Job) -> Job:
    """From the start: a new run, so that what it sends is new to Telegram too."""
    return replace(
        released(job, JobState.WAITING),
        run=job.run + 1,
        attempts=0,
        faults=0,
        transcript=None,
        delivery=None,
        sent=(),
        error=None,
        finished_at_s=None,
    )


def asked_again(old: Job, note: Note, request: Request, now_s: float) -> Job:
    """As the owner wants it now: what had ended starts anew, what waits keeps what it has if that still fits."""
    if old.delivery is Delivery.CAPTION:  # the caption that is there now is ours
        note = replace(note, captioned=old.note.captioned)
    if old.state is not JobState.WAITING:
        return replace(fresh_run(old), note=note, request=request, created_at_s=now_s)
    asked = replace(old, note=note, request=request, not_before_s=0.0, faults=0, error=None)
    # Waiting with a transcript means that only its delivery is still to do: good unless it is to be made otherwise.
    return asked if old.transcript is None or _same_task(old.request, request) else fresh_run(asked)


def _same_task(one: Request, other: Request) -> bool:
    return (one.language, one.model, one.translate) == (other.language, other.model, other.translate)


def gone_on(job: Job) -> Job:
    """With a transcript: go on delivering under the same run, so that Telegram still knows a repeat. Tried before
    and without: a new run, so that a second failure is told too."""
    if job.transcript is None and job.attempts and job.state is not JobState.WAITING:
        return fresh_run(job)
    return replace(released(job, JobState.WAITING), faults=0, error=None, finished_at_s=None)
