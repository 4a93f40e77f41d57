"""Whatever is asked of them, in whatever order, both stores answer the same."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.clock import FakeClock
from tests.support.values import a_job
from transcriber.domain import JobState, Request
from transcriber.protocols import Store
from transcriber.storage.store import open_store

if TYPE_CHECKING:  # pytest loads it as a plugin
    from tests.support.redis import RedisServer


Step = Callable[[Store], Awaitable[object]]

# Few values each, so that they meet: times that are equal, ids that are there, durations at the limit.
times = st.sampled_from([0.0, 1.5, 10.0, 10.25, 1e9])
job_ids = st.integers(0, 6)
states = st.sampled_from(JobState)


def adding(message_id: int, state: JobState, on_demand: bool, not_before_s: float, duration_s: float) -> Step:
    job = a_job(message_id, state=state, on_demand=on_demand, not_before_s=not_before_s, duration_s=duration_s)
    return lambda store: store.insert_job(job)


def claiming(now_s: float, lease_s: float, longest_s: float | None) -> Step:
    return lambda store: store.claim_job(owner="me", now_s=now_s, lease_until_s=now_s + lease_s, longest_s=longest_s)


def changing(job_id: int, state: JobState, on_demand: bool, finished_at_s: float | None, stale: bool) -> Step:
    async def change(store: Store) -> object:
        job = await store.job(job_id)
        if job is None:
            return None
        version = job.version - 1 if stale else job.version
        request = Request(on_demand=on_demand)
        return await store.replace_job(
            replace(job, version=version, state=state, request=request, finished_at_s=finished_at_s)
        )

    return change


def listing(wanted: set[JobState], limit: int) -> Step:
    return lambda store: store.jobs(wanted, limit)


def counting(since_s: float) -> Step:
    async def count(store: Store) -> object:
        return await store.count_jobs(), await store.done_since(since_s)

    return count


def moving(chat_id: int, message_id: int) -> Step:
    async def move(store: Store) -> object:
        await store.move_cursor(chat_id, message_id)
        return await store.cursors()

    return move


def leasing(holder: str, take: bool) -> Step:
    if take:
        return lambda store: store.take_lease("account", holder, 3600.0)
    return lambda store: store.drop_lease("account", holder)


steps = st.one_of(
    st.builds(adding, job_ids, states, st.booleans(), times, times),
    st.builds(claiming, times, times, st.none() | times),
    st.builds(changing, job_ids, states, st.booleans(), st.none() | times, st.booleans()),
    st.builds(listing, st.sets(states), st.integers(-1, 5)),
    st.builds(counting, times),
    st.builds(moving, st.integers(-1, 1), job_ids),
    st.builds(leasing, st.sampled_from("ab"), st.booleans()),
)


async def answers(where: str | Path, asked: list[Step]) -> list[object]:
    async with open_store(where, clock=FakeClock()) as store:
        return [await step(store) for step in asked] + [await store.jobs(list(JobState))]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(asked=st.lists(steps, max_size=25))
def test_both_stores_answer_the_same(redis_server: RedisServer, asked: list[Step]) -> None:
    redis_server.empty()
    with tempfile.TemporaryDirectory() as folder:
        in_a_file = asyncio.run(answers(Path(folder) / "stenogram.db", asked))
    assert asyncio.run(answers(redis_server.url, asked)) == in_a_file
