"""What both stores promise: each test runs against SQLite and against a real Redis server."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.clock import FakeClock
from tests.support.values import a_full_job, a_job, a_note, a_transcript
from transcriber.clock import Clock, SystemClock
from transcriber.domain import ChatRules, Delivery, Job, JobState, Listening, Request
from transcriber.errors import StoreUnavailable
from transcriber.protocols import Store
from transcriber.storage.store import open_store

if TYPE_CHECKING:  # pytest loads it as a plugin
    from tests.support.redis import RedisServer


NOW_S = 5000.0


@dataclass
class Place:
    """Where a store is, and how its own time goes on there."""

    where: str | Path
    clock: FakeClock | None

    def open(self) -> AbstractAsyncContextManager[Store]:
        clock: Clock = self.clock or SystemClock()
        return open_store(self.where, clock=clock)

    async def let_pass(self, seconds: float) -> None:
        if self.clock is None:
            await asyncio.sleep(seconds)  # Redis has its own clock; keep it short
        else:
            await self.clock.advance(seconds)


@pytest.fixture(params=["sqlite", "redis"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    if request.param == "sqlite":
        return Place(tmp_path / "stenogram.db", FakeClock())
    server: RedisServer = request.getfixturevalue("redis_server")
    return Place(server.url, None)


@pytest.fixture
async def store(place: Place) -> AsyncIterator[Store]:
    async with place.open() as store:
        yield store


async def added(store: Store, *jobs: Job) -> list[Job]:
    found = [await store.insert_job(job) for job in jobs]
    assert None not in found
    return [job for job in found if job]


async def claim(store: Store, now_s: float = NOW_S, *, longest_s: float | None = None) -> Job | None:
    return await store.claim_job(owner="me", now_s=now_s, lease_until_s=now_s + 60, longest_s=longest_s)


async def claimed_ids(store: Store, now_s: float = NOW_S) -> list[int]:
    ids = []
    while job := await claim(store, now_s):
        ids.append(job.id)
    return ids


async def changed(store: Store, job: Job) -> Job:
    stored = await store.replace_job(job)
    assert stored is not None
    return stored


# --- settings, rules, cursors ---


async def test_a_setting_is_what_was_set_last(store: Store) -> None:
    assert await store.get("model") is None
    await store.set("model", "small")
    await store.set("model", "Ünïcode: модель 🎙")
    assert await store.get("model") == "Ünïcode: модель 🎙"


async def test_a_setting_that_is_removed_is_gone(store: Store) -> None:
    await store.set("model", "")
    assert await store.get("model") == ""
    await store.set("model", None)
    await store.set("never set", None)
    assert await store.get("model") is None


async def test_rules_come_back_whole_and_the_last_ones_win(store: Store) -> None:
    first = ChatRules(-1_002_000_000_000, title="Ёлка", listening=Listening.TRACKED)
    last = ChatRules(
        -1_002_000_000_000, "Ёлка", Listening.IGNORED, Delivery.CAPTION, "ru", all_sound=True, words="a, б"
    )
    assert await store.rules_of(first.chat_id) is None
    await store.put_rules(first)
    assert await store.rules_of(first.chat_id) == first
    await store.put_rules(last)
    assert await store.rules_of(first.chat_id) == last
    assert await store.all_rules() == [last]


async def test_all_rules_are_in_the_order_of_the_chats(store: Store) -> None:
    for chat_id in (10, -5, 9, -100, 0):
        await store.put_rules(ChatRules(chat_id))
    assert [rules.chat_id for rules in await store.all_rules()] == [-100, -5, 0, 9, 10]


async def test_a_cursor_never_goes_back(store: Store) -> None:
    assert await store.cursors() == {}
    for message_id in (9, 10, 3, 10):
        await store.move_cursor(-100, message_id)
    await store.move_cursor(5, 2)
    assert await store.cursors() == {-100: 10, 5: 2}


async def test_cursors_moved_at_once_end_at_the_newest(store: Store) -> None:
    await asyncio.gather(*(store.move_cursor(1, message_id) for message_id in (3, 50, 7, 49, 1)))
    assert await store.cursors() == {1: 50}


# --- adding and reading jobs ---


async def test_jobs_get_small_ids_from_one(store: Store) -> None:
    jobs = await added(store, a_job(30), a_job(20), a_job(10))
    assert [(job.id, job.version) for job in jobs] == [(1, 1), (2, 1), (3, 1)]


async def test_a_message_becomes_a_job_once_whatever_became_of_it(store: Store) -> None:
    (job,) = await added(store, a_job(1))
    assert await store.insert_job(a_job(1, on_demand=True)) is None
    await changed(store, replace(job, state=JobState.DONE, finished_at_s=1.0))
    assert await store.insert_job(a_job(1)) is None
    # No id was used up, and the same message id in another chat is another message.
    (other,) = await added(store, Job(a_note(1, chat_id=78)))
    assert other.id == 2


async def test_a_message_added_by_many_at_once_becomes_one_job(store: Store) -> None:
    found = await asyncio.gather(*(store.insert_job(a_job(1)) for _ in range(20)))
    assert [job.id for job in found if job] == [1]
    assert (await store.count_jobs())[JobState.WAITING] == 1


async def test_a_job_comes_back_whole(store: Store) -> None:
    (job,) = await added(store, a_full_job())
    assert replace(job, id=0, version=0) == a_full_job()
    assert await store.job(job.id) == job
    assert await store.job_of(*job.note.key) == job
    assert await store.jobs([JobState.HELD]) == [job]


async def test_what_is_not_there_is_none(store: Store) -> None:
    assert await store.job(1) is None
    assert await store.job_of(77, 1) is None
    assert await claim(store) is None
    assert await store.jobs(list(JobState)) == []
    assert await store.replace_job(replace(a_job(1), id=1, version=1)) is None
    assert await store.count_jobs() == dict.fromkeys(JobState, 0)


# --- claiming ---


async def test_a_claimed_job_is_running_and_counts_the_attempt(store: Store) -> None:
    (job,) = await added(store, a_job(1))
    claimed = await store.claim_job(owner="me", now_s=10.25, lease_until_s=70.125)
    assert claimed == replace(
        job, state=JobState.RUNNING, owner="me", lease_until_s=70.125, attempts=1, version=job.version + 1
    )
    assert await store.job(job.id) == claimed


async def test_what_was_asked_for_by_hand_comes_first_then_the_oldest(store: Store) -> None:
    await added(
        store,
        *(a_job(1), a_job(2), a_job(3, on_demand=True), a_job(4), a_job(5, on_demand=True)),
        *(a_job(message_id) for message_id in range(6, 13)),
    )
    assert await claimed_ids(store) == [3, 5, 1, 2, 4, 6, 7, 8, 9, 10, 11, 12]


async def test_a_job_that_backs_off_is_not_claimed_before_its_time(store: Store) -> None:
    await added(store, a_job(1, not_before_s=100.5), a_job(2))
    assert await claimed_ids(store, 100.0) == [2]
    assert await claimed_ids(store, 100.5) == [1]


async def test_only_short_notes_are_claimed_where_only_those_are_wanted(store: Store) -> None:
    await added(store, a_job(1, duration_s=60.5), a_job(2, duration_s=60.0), a_job(3, duration_s=0.0))
    assert [job and job.id for job in [await claim(store, longest_s=60.0) for _ in range(3)]] == [2, 3, None]
    assert await claimed_ids(store) == [1]


async def test_a_job_deep_in_the_queue_is_found(store: Store) -> None:
    await added(store, *(a_job(message_id, duration_s=100) for message_id in range(1, 251)), a_job(251, duration_s=1))
    job = await claim(store, longest_s=1)
    assert job is not None
    assert job.id == 251


async def test_ended_jobs_are_not_claimed(store: Store) -> None:
    states = [state for state in JobState if state is not JobState.WAITING]
    await added(store, *(a_job(i, state=state, lease_until_s=NOW_S + 1) for i, state in enumerate(states)))
    assert await claim(store) is None


async def test_nobody_takes_over_from_themselves(store: Store) -> None:
    await added(store, a_job(1))
    assert await store.claim_job(owner="me", now_s=100.0, lease_until_s=160.0) is not None
    assert await store.claim_job(owner="me", now_s=900.0, lease_until_s=960.0) is None
    assert await store.claim_job(owner="another", now_s=900.0, lease_until_s=960.0) is not None


async def test_a_lease_that_ran_out_frees_the_job(store: Store) -> None:
    await added(store, a_job(1))
    assert await store.claim_job(owner="dead", now_s=100.0, lease_until_s=160.5) is not None
    assert await claim(store, 160.25) is None
    job = await claim(store, 160.5)
    assert job is not None
    assert (job.owner, job.attempts, job.lease_until_s) == ("me", 2, 220.5)


async def test_a_job_left_behind_takes_its_old_place(store: Store) -> None:
    await added(store, a_job(1), a_job(2), a_job(3))
    await store.claim_job(owner="dead", now_s=0.0, lease_until_s=10.0)  # job 1
    await store.claim_job(owner="alive", now_s=5.0, lease_until_s=NOW_S + 1)  # job 2
    await added(store, a_job(4, on_demand=True))
    assert await claimed_ids(store) == [4, 1, 3]


async def test_each_job_is_claimed_by_exactly_one_of_many(store: Store, place: Place) -> None:
    await added(store, *(a_job(message_id) for message_id in range(1, 31)))
    async with place.open() as second:
        found = await asyncio.gather(*(claim((store, second)[i % 2]) for i in range(50)))
    assert sorted(job.id for job in found if job) == list(range(1, 31))
    assert all(job.attempts == 1 for job in found if job)


# --- changing ---


async def test_of_two_changes_to_the_same_version_the_first_wins(store: Store) -> None:
    (seen,) = await added(store, a_job(1))
    first = await store.replace_job(replace(seen, error="first"))
    assert first == replace(seen, error="first", version=seen.version + 1)
    assert await store.replace_job(replace(seen, error="second")) is None
    assert await store.job(seen.id) == first


async def test_a_claim_makes_what_was_read_before_it_stale(store: Store) -> None:
    (seen,) = await added(store, a_job(1))
    claimed = await claim(store)
    assert await store.replace_job(replace(seen, state=JobState.CANCELLED)) is None
    assert await store.job(seen.id) == claimed


async def test_of_many_changes_at_once_one_wins(store: Store) -> None:
    (seen,) = await added(store, a_job(1))
    found = await asyncio.gather(*(store.replace_job(replace(seen, error=str(i))) for i in range(20)))
    (winner,) = [job for job in found if job]
    assert await store.job(seen.id) == winner


async def test_a_job_can_be_put_back_and_brought_forward(store: Store) -> None:
    await added(store, a_job(1), a_job(2))
    job = await claim(store)
    assert job is not None
    await changed(store, replace(job, state=JobState.WAITING, owner=None, lease_until_s=0.0, not_before_s=NOW_S + 30))
    second = await store.job(2)
    assert second is not None
    await changed(store, replace(second, request=Request(on_demand=True)))
    await added(store, a_job(3))
    assert await claimed_ids(store) == [2, 3]
    again = await claim(store, NOW_S + 30)
    assert again is not None
    assert (again.id, again.attempts) == (1, 2)


async def test_what_was_sent_and_heard_is_kept_as_it_happens(store: Store) -> None:
    await added(store, a_job(1))
    job = await claim(store)
    assert job is not None
    full = a_full_job()
    job = await changed(store, replace(job, transcript=full.transcript, delivery=full.delivery, sent=full.sent))
    assert await store.job(job.id) == job


# --- lists and counts ---


async def test_open_jobs_are_listed_as_they_will_be_claimed(store: Store) -> None:
    await added(store, *(a_job(i, on_demand=i in (4, 11)) for i in range(1, 13)))
    await claim(store)
    listed = await store.jobs([JobState.RUNNING, JobState.WAITING])
    assert [job.id for job in listed] == [4, 11, 1, 2, 3, 5, 6, 7, 8, 9, 10, 12]
    assert [job.id for job in await store.jobs([JobState.WAITING])] == [11, 1, 2, 3, 5, 6, 7, 8, 9, 10, 12]
    assert [job.id for job in await store.jobs([JobState.WAITING, JobState.RUNNING], limit=3)] == [4, 11, 1]


async def test_ended_jobs_are_listed_newest_first(store: Store) -> None:
    await added(
        store,
        a_job(1, state=JobState.FAILED, finished_at_s=300.0),
        a_job(2, state=JobState.DONE, finished_at_s=100.0),
        a_job(3, state=JobState.CANCELLED, finished_at_s=200.0),
        a_job(4, state=JobState.HELD, created_at_s=250.0),
        *(a_job(i, state=JobState.DONE, finished_at_s=50.0) for i in range(5, 12)),
    )
    ended = [JobState.DONE, JobState.FAILED, JobState.CANCELLED, JobState.HELD]
    assert [job.id for job in await store.jobs(ended)] == [1, 4, 3, 2, 11, 10, 9, 8, 7, 6, 5]
    assert [job.id for job in await store.jobs(ended, limit=2)] == [1, 4]
    assert [job.id for job in await store.jobs([JobState.DONE], limit=3)] == [2, 11, 10]


async def test_open_jobs_are_listed_before_ended_ones(store: Store) -> None:
    await added(store, a_job(1, state=JobState.DONE, finished_at_s=1.0), a_job(2), a_job(3))
    assert [job.id for job in await store.jobs(list(JobState))] == [2, 3, 1]


@pytest.mark.parametrize("limit", [0, -1])
async def test_a_limit_of_nothing_lists_nothing(store: Store, limit: int) -> None:
    await added(store, a_job(1))
    assert await store.jobs([JobState.WAITING], limit=limit) == []
    assert await store.jobs([]) == []


async def test_every_state_is_counted(store: Store) -> None:
    await added(store, *(a_job(i, state=JobState.HELD) for i in range(3)), a_job(10), a_job(11), a_job(12))
    await claim(store)
    assert await store.count_jobs() == {
        JobState.WAITING: 2,
        JobState.RUNNING: 1,
        JobState.DONE: 0,
        JobState.FAILED: 0,
        JobState.CANCELLED: 0,
        JobState.HELD: 3,
    }


async def test_only_what_was_done_at_or_after_a_moment_counts(store: Store) -> None:
    jobs = await added(
        store,
        *(a_job(i, state=JobState.DONE, finished_at_s=100.0 + i / 4) for i in range(4)),
        a_job(9, state=JobState.FAILED, finished_at_s=200.0),
    )
    assert [await store.done_since(since_s) for since_s in (0.0, 100.25, 100.5, 100.75, 101.0)] == [4, 3, 2, 1, 0]
    await changed(store, replace(jobs[3], state=JobState.WAITING, finished_at_s=None))
    assert await store.done_since(100.25) == 2


# --- leases ---


async def test_a_lease_belongs_to_one_until_it_is_dropped(store: Store) -> None:
    assert await store.take_lease("account", "a", 60) == "a"
    assert await store.take_lease("account", "b", 60) == "a"
    assert await store.take_lease("another", "b", 60) == "b"
    await store.drop_lease("account", "b")
    assert await store.take_lease("account", "b", 60) == "a"
    await store.drop_lease("account", "a")
    assert await store.take_lease("account", "b", 60) == "b"


async def test_a_lease_runs_out_unless_it_is_renewed(store: Store, place: Place) -> None:
    assert await store.take_lease("account", "a", 60) == "a"
    assert await store.take_lease("account", "a", 0.3) == "a"
    assert await store.take_lease("account", "b", 60) == "a"
    await place.let_pass(0.4)
    assert await store.take_lease("account", "b", 60) == "b"
    assert await store.take_lease("account", "a", 60) == "b"


async def test_of_many_that_want_a_lease_all_are_told_the_same_one(store: Store) -> None:
    told = await asyncio.gather(*(store.take_lease("account", f"host-{i}", 60) for i in range(20)))
    assert len(set(told)) == 1


# --- keeping ---


async def test_everything_is_there_after_closing_and_opening(place: Place) -> None:
    async with place.open() as store:
        (first, _) = await added(store, a_full_job(), a_job(2))
        claimed = await claim(store)
        await store.set("model", "small")
        await store.put_rules(ChatRules(5, "Friend"))
        await store.move_cursor(5, 6)
        await store.take_lease("account", "a", 60)
    async with place.open() as store:
        assert await store.job(first.id) == first
        assert await store.job(2) == claimed
        assert await store.get("model") == "small"
        assert await store.rules_of(5) == ChatRules(5, "Friend")
        assert await store.cursors() == {5: 6}
        assert await store.take_lease("account", "b", 60) == "a"
        (third,) = await added(store, a_job(3))
        assert third.id == 3


WRITER = """
import asyncio, sys
from tests.support.values import a_job
from transcriber.clock import SystemClock
from transcriber.storage.store import open_store

async def write():
    async with open_store(sys.argv[1], clock=SystemClock()) as store:
        for message_id in range(1, 100_000):
            job = await store.insert_job(a_job(message_id))
            print(job.id, flush=True)

asyncio.run(write())
"""


def acknowledged_before_the_kill(where: str | Path) -> list[int]:
    with subprocess.Popen([sys.executable, "-c", WRITER, str(where)], stdout=subprocess.PIPE) as writer:
        assert writer.stdout is not None
        ids = [int(writer.stdout.readline()) for _ in range(25)]
        writer.kill()
        return ids + [int(line) for line in writer.stdout.read().split(b"\n")[:-1]]


async def test_what_was_acknowledged_outlives_the_death_of_the_process(place: Place) -> None:
    acknowledged = await asyncio.to_thread(acknowledged_before_the_kill, place.where)
    async with place.open() as store:
        for job_id in acknowledged:
            assert await store.job(job_id) == replace(a_job(job_id), id=job_id, version=1)
        # At most the one that was under way is there beside them, and the work goes on.
        assert (await store.count_jobs())[JobState.WAITING] - len(acknowledged) in (0, 1)
        job = await claim(store)
        assert job is not None
        assert job.id == 1


async def test_two_stores_in_one_place_see_each_other_at_once(store: Store, place: Place) -> None:
    async with place.open() as second:
        (job,) = await added(store, a_job(1))
        assert await second.job(1) == job
        assert await second.take_lease("account", "b", 60) == "b"
        assert await store.take_lease("account", "a", 60) == "b"
        claimed = await claim(second)
        assert await store.job(1) == claimed


async def test_closing_twice_is_fine_and_a_closed_store_says_so(place: Place) -> None:
    async with place.open() as store:
        await store.set("a", "b")
        await store.close()
        await store.close()
        with pytest.raises(StoreUnavailable):
            await store.get("a")
        with pytest.raises(StoreUnavailable):
            await store.insert_job(a_job(1))


async def test_a_transcript_of_an_hour_fits(store: Store) -> None:
    heard = a_transcript(*("слово " * 12 for _ in range(1500)))
    (job,) = await added(store, a_job(1, transcript=heard))
    assert await store.job(job.id) == job
