"""Which messages become jobs."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.clock import FakeClock
from tests.support.fakes import GROUP_ID, a_note
from transcriber.domain import ChatKind, JobState, Limits, Preferences
from transcriber.storage.store import open_store
from transcriber.work.intake import Intake
from transcriber.work.jobs import Jobs
from transcriber.work.rules import Rules

DAY_S = 86400.0


@pytest.fixture
async def intake(tmp_path: Path) -> AsyncIterator[Intake]:
    clock = FakeClock()
    async with open_store(tmp_path / "test.db", clock=clock) as store:
        limits = Limits(catch_up_max_age_s=2 * DAY_S)
        yield Intake(Rules(store, Preferences(private=True)), Jobs(store, clock), limits, clock)


async def test_a_covered_note_becomes_a_waiting_job(intake: Intake) -> None:
    job = await intake.note(a_note(), missed=False)
    assert job is not None
    assert (job.state, job.note, job.request.on_demand) == (JobState.WAITING, a_note(), False)


async def test_a_note_that_the_rules_do_not_cover_becomes_none(intake: Intake) -> None:
    assert await intake.note(a_note(chat_id=GROUP_ID, chat_kind=ChatKind.GROUP), missed=False) is None


async def test_the_same_message_seen_twice_becomes_one_job(intake: Intake) -> None:
    assert await intake.note(a_note(), missed=False) is not None
    assert await intake.note(a_note(), missed=True) is None


async def test_a_view_once_note_is_never_taken_unasked(intake: Intake) -> None:
    assert await intake.note(a_note(view_once=True), missed=False) is None


@pytest.mark.parametrize(
    ("missed", "age_s", "state"),
    [
        (True, 2 * DAY_S - 1, JobState.WAITING),
        (True, 2 * DAY_S + 1, JobState.HELD),
        (False, 2 * DAY_S + 1, JobState.WAITING),
    ],
)
async def test_only_what_was_missed_long_ago_is_held_for_the_owner(
    intake: Intake, missed: bool, age_s: float, state: JobState
) -> None:
    job = await intake.note(a_note(sent_at_s=1_000_000.0 - age_s), missed=missed)
    assert job is not None
    assert job.state is state


async def test_what_is_too_long_becomes_a_job_too_so_that_the_owner_is_told(intake: Intake) -> None:
    assert await intake.note(a_note(duration_s=90_000.0), missed=False) is not None
