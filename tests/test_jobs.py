"""The durable queue, over the real SQLite store."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.support.clock import FakeClock
from tests.support.fakes import a_note, a_transcript
from transcriber.domain import Delivery, Job, JobState, Request, Sent
from transcriber.errors import CancelledByOwner, StoreUnavailable
from transcriber.protocols import Store
from transcriber.storage.sqlite import SqliteStore
from transcriber.storage.store import open_store
from transcriber.work.jobs import Jobs, Lost

ASKED = Request(on_demand=True)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def store(tmp_path: Path, clock: FakeClock) -> AsyncIterator[Store]:
    async with open_store(tmp_path / "test.db", clock=clock) as store:
        yield store


@pytest.fixture
def jobs(store: Store, clock: FakeClock) -> Jobs:
    return Jobs(store, clock)


async def running(jobs: Jobs, number: int = 1) -> Job:
    """The job of a note that was just claimed."""
    await jobs.add(a_note(number))
    job = await jobs.claim()
    assert job is not None
    assert job.note.message_id == number
    return job


# Into the queue


async def test_a_note_is_added_once(jobs: Jobs) -> None:
    assert await jobs.add(a_note()) is not None
    assert await jobs.add(a_note()) is None
    assert (await jobs.counts())[JobState.WAITING] == 1


async def test_asking_for_an_unknown_note_makes_a_job_ahead_of_the_queue(jobs: Jobs) -> None:
    await jobs.add(a_note(1))
    asked = await jobs.ask(a_note(2), Request(language="ru"))
    assert asked.request == Request(language="ru", on_demand=True)
    assert await jobs.position(asked) == 1


async def test_asking_moves_a_waiting_job_ahead_and_ends_its_back_off(jobs: Jobs) -> None:
    tried = await running(jobs, 1)
    await jobs.add(a_note(2))
    await jobs.put_back(tried, 300, "unexpected")
    asked = await jobs.ask(a_note(1), ASKED)
    assert (asked.id, asked.run, asked.faults, asked.error) == (tried.id, 1, 0, None)
    assert await jobs.position(asked) == 1
    claimed = await jobs.claim()
    assert claimed is not None
    assert claimed.id == tried.id


async def test_asking_leaves_a_running_job_alone(jobs: Jobs) -> None:
    job = await running(jobs)
    assert await jobs.ask(a_note(), Request(language="ru")) == job


@pytest.mark.parametrize(("delivery", "captioned"), [(Delivery.CAPTION, False), (Delivery.PRIVATE, True)])
async def test_a_caption_that_is_there_when_it_is_asked_for_is_the_owners_unless_we_put_it_there(
    jobs: Jobs, delivery: Delivery, captioned: bool
) -> None:
    job = await jobs.record_sent(await running(jobs), delivery, Sent(0, 1, 2))
    await jobs.finish(job)
    again = await jobs.ask(a_note(captioned=True), ASKED)
    assert again.note.captioned is captioned


@pytest.mark.parametrize("state", [JobState.DONE, JobState.FAILED, JobState.CANCELLED])
async def test_asking_runs_an_ended_job_again_from_the_start(jobs: Jobs, state: JobState) -> None:
    job = await jobs.keep_transcript(await running(jobs), a_transcript())
    job = await jobs.record_sent(job, Delivery.REPLY, Sent(0, 1, 2))
    match state:
        case JobState.DONE:
            await jobs.finish(job)
        case JobState.FAILED:
            await jobs.fail(job, "unreadable")
        case _:
            await jobs.cancel(job.id)
    again = await jobs.ask(a_note(), ASKED)
    assert (again.id, again.state, again.run, again.attempts) == (job.id, JobState.WAITING, 2, 0)
    assert (again.transcript, again.delivery, again.sent, again.error) == (None, None, (), None)
    assert again.finished_at_s is None


async def test_asking_for_another_language_drops_the_transcript_that_waits_for_delivery(jobs: Jobs) -> None:
    job = await jobs.keep_transcript(await running(jobs), a_transcript())
    await jobs.put_back(job, 60)
    assert (await jobs.ask(a_note(), ASKED)).transcript is not None
    again = await jobs.ask(a_note(), Request(language="ru"))
    assert (again.transcript, again.run) == (None, 2)


async def test_a_held_job_waits_for_the_owners_word(jobs: Jobs) -> None:
    held = await jobs.add(a_note(), held=True)
    assert held is not None
    assert await jobs.claim() is None
    assert await jobs.held() == [held]
    assert await jobs.retry(held.id) is not None
    assert await jobs.claim() is not None


async def test_retrying_goes_on_delivering_what_was_heard_and_not_what_was_sent(jobs: Jobs) -> None:
    job = await jobs.keep_transcript(await running(jobs), a_transcript())
    job = await jobs.record_sent(job, Delivery.REPLY, Sent(0, 1, 2))
    await jobs.fail(job, "unexpected")
    again = await jobs.retry(job.id)
    assert again is not None
    assert (again.state, again.run, again.error) == (JobState.WAITING, 1, None)
    assert (again.transcript, again.sent) == (job.transcript, job.sent)


async def test_retrying_what_was_never_heard_is_a_new_run_so_that_a_second_failure_is_told(jobs: Jobs) -> None:
    job = await jobs.fail(await running(jobs), "unreadable")
    again = await jobs.retry(job.id)
    assert again is not None
    assert (again.run, again.attempts) == (2, 0)


async def test_what_runs_or_is_done_or_unknown_is_not_retried(jobs: Jobs) -> None:
    job = await running(jobs)
    assert await jobs.retry(job.id) is None
    await jobs.finish(job)
    assert await jobs.retry(job.id) is None
    assert await jobs.retry(99) is None


# Running


async def test_on_demand_goes_first_then_the_oldest(jobs: Jobs) -> None:
    for number in (1, 2, 3):
        await jobs.add(a_note(number))
    await jobs.ask(a_note(4), ASKED)
    claimed = [await jobs.claim() for _ in range(4)]
    assert [job.note.message_id for job in claimed if job] == [4, 1, 2, 3]


async def test_a_claim_for_short_notes_passes_over_long_ones(jobs: Jobs) -> None:
    await jobs.add(a_note(1, duration_s=61.0))
    assert await jobs.claim(longest_s=60.0) is None
    await jobs.add(a_note(2, duration_s=60.0))
    claimed = await jobs.claim(longest_s=60.0)
    assert claimed is not None
    assert claimed.note.message_id == 2


async def test_what_is_put_back_comes_when_its_delay_has_passed_and_not_before(jobs: Jobs, clock: FakeClock) -> None:
    await jobs.put_back(await running(jobs), 30)
    await clock.advance(29.9)
    assert await jobs.claim() is None
    await clock.advance(0.1)
    assert await jobs.claim() is not None


async def test_only_what_is_counted_is_a_fault_and_only_a_given_error_is_remembered(jobs: Jobs) -> None:
    put = await jobs.put_back(await running(jobs), 0, "engine_died")
    assert (put.attempts, put.faults, put.error) == (1, 1, "engine_died")
    claimed = await jobs.claim()
    assert claimed is not None
    put = await jobs.put_back(claimed, 0, count=False)
    assert (put.attempts, put.faults, put.error) == (2, 1, "engine_died")


async def test_a_renewed_lease_holds_and_an_expired_one_is_taken_over(
    store: Store, jobs: Jobs, clock: FakeClock
) -> None:
    other = Jobs(store, clock, owner="other")
    job = await running(jobs)
    await clock.advance(50)
    await jobs.renew(job)
    await clock.advance(50)
    assert await other.claim() is None
    await clock.advance(20)
    assert await other.claim() is not None
    with pytest.raises(Lost):
        await jobs.keep_transcript(job, a_transcript())


async def test_a_job_claimed_by_the_next_life_is_lost_to_the_earlier_claim(store: Store, clock: FakeClock) -> None:
    earlier, later = Jobs(store, clock), Jobs(store, clock)
    before = await running(earlier)
    assert await later.recover() == 1
    now = await later.claim()
    assert now is not None
    with pytest.raises(Lost):
        await earlier.finish(before)
    assert (await later.finish(now)).state is JobState.DONE


async def test_what_runs_here_is_not_claimed_again_though_its_lease_ran_out(jobs: Jobs, clock: FakeClock) -> None:
    job = await running(jobs)
    await clock.advance(jobs.lease_s + 1)  # the machine slept
    assert await jobs.claim() is None
    assert await jobs.recover() == 0
    assert (await jobs.finish(job)).state is JobState.DONE


class AnswersLost(SqliteStore):
    """A store whose answers to a claim can be lost after the claim was made."""

    loses = False

    async def claim_job(self, **claim: Any) -> Job | None:
        job = await super().claim_job(**claim)
        if self.loses:
            raise StoreUnavailable
        return job


async def test_a_claim_whose_answer_was_lost_is_found_by_the_next_one(tmp_path: Path, clock: FakeClock) -> None:
    store = await AnswersLost.open(tmp_path / "losing.db", clock)
    jobs = Jobs(store, clock)
    await jobs.add(a_note(1))
    await jobs.add(a_note(2))
    running_one = await jobs.claim()
    store.loses = True
    with pytest.raises(StoreUnavailable):
        await jobs.claim()
    store.loses = False
    found = await jobs.claim()
    await store.close()
    assert running_one
    assert found
    assert (running_one.id, found.id, found.attempts) == (1, 2, 2)


async def test_a_change_is_applied_to_the_newest_version(jobs: Jobs, clock: FakeClock) -> None:
    job = await running(jobs)
    await clock.advance(10)
    renewed = await jobs.renew(job)
    sent = await jobs.record_sent(job, Delivery.REPLY, Sent(0, 1, 2))
    kept = await jobs.keep_transcript(job, a_transcript())
    assert (kept.lease_until_s, kept.sent, kept.delivery) == (renewed.lease_until_s, sent.sent, Delivery.REPLY)


async def test_many_changes_at_once_all_arrive(jobs: Jobs) -> None:
    job = await running(jobs)
    async with asyncio.TaskGroup() as group:
        for part in range(8):
            group.create_task(jobs.record_sent(job, Delivery.REPLY, Sent(part, 1, part)))
    stored = await jobs.get(job.id)
    assert stored is not None
    assert {sent.part for sent in stored.sent} == set(range(8))


async def test_a_part_sent_is_recorded_once_and_the_first_fixes_the_delivery(jobs: Jobs) -> None:
    job = await jobs.record_sent(await running(jobs), Delivery.REPLY, Sent(0, 1, 2))
    job = await jobs.record_sent(job, Delivery.PRIVATE, Sent(0, 1, 2))
    assert (job.sent, job.delivery) == ((Sent(0, 1, 2),), Delivery.REPLY)


async def test_a_finished_job_keeps_no_words(jobs: Jobs) -> None:
    job = await jobs.finish(await jobs.keep_transcript(await running(jobs), a_transcript()))
    assert (job.state, job.transcript, job.owner, job.error) == (JobState.DONE, None, None, None)
    assert await jobs.done_since(job.finished_at_s or 0.0) == 1


async def test_recovering_puts_back_what_this_owner_ran_with_all_it_had(store: Store, clock: FakeClock) -> None:
    jobs, other = Jobs(store, clock), Jobs(store, clock, owner="other")
    job = await jobs.keep_transcript(await running(jobs, 1), a_transcript())
    job = await jobs.record_sent(job, Delivery.REPLY, Sent(0, 1, 2))
    theirs = await running(other, 2)

    assert await Jobs(store, clock).recover() == 1

    back = await jobs.get(job.id)
    assert back == replace(job, state=JobState.WAITING, owner=None, lease_until_s=0.0, version=job.version + 1)
    assert await jobs.get(theirs.id) == theirs


# The owner's hand


async def test_a_cancelled_job_is_lost_to_who_runs_it(jobs: Jobs) -> None:
    job = await running(jobs)
    cancelled = await jobs.cancel(job.id)
    assert cancelled is not None
    assert cancelled.state is JobState.CANCELLED
    with pytest.raises(Lost):
        await jobs.keep_transcript(job, a_transcript())
    assert await jobs.claim() is None


async def test_who_watches_a_job_learns_of_its_cancel_at_once(jobs: Jobs) -> None:
    job = await running(jobs)
    with pytest.raises(CancelledByOwner):
        await asyncio.gather(jobs.watch(job), jobs.cancel(job.id))


async def test_a_cancel_before_the_watch_began_is_noticed_too(jobs: Jobs) -> None:
    job = await running(jobs)
    await jobs.cancel(job.id)
    with pytest.raises(CancelledByOwner):
        await jobs.watch(job)


async def test_watching_what_somebody_else_took_over_ends_as_lost(jobs: Jobs, store: Store, clock: FakeClock) -> None:
    job = await running(jobs)
    await clock.advance(jobs.lease_s + 1)
    assert await Jobs(store, clock, owner="another").claim() is not None
    with pytest.raises(Lost):
        await jobs.watch(job)


async def test_there_is_nothing_to_cancel_in_what_has_ended(jobs: Jobs) -> None:
    job = await jobs.finish(await running(jobs))
    assert await jobs.cancel(job.id) is None
    assert await jobs.cancel(99) is None


async def test_cancelling_all_ends_what_waits_and_runs_and_leaves_what_is_held(jobs: Jobs) -> None:
    await running(jobs, 1)
    await jobs.add(a_note(2))
    await jobs.add(a_note(3), held=True)
    assert await jobs.cancel_all() == 2
    counts = await jobs.counts()
    assert (counts[JobState.CANCELLED], counts[JobState.HELD]) == (2, 1)


# Looking and news


async def test_the_queue_shows_what_runs_and_then_what_waits_in_turn(jobs: Jobs) -> None:
    runs = await running(jobs, 1)
    await jobs.add(a_note(2))
    await jobs.ask(a_note(3), ASKED)
    assert [job.note.message_id for job in await jobs.queue()] == [1, 3, 2]
    assert [await jobs.position(job) for job in await jobs.queue()] == [0, 1, 2]
    assert await jobs.position(runs) == 0
    assert len(await jobs.queue(limit=2)) == 2


async def test_every_way_into_the_queue_is_news(jobs: Jobs) -> None:
    async def is_news(step: object) -> bool:
        changed = jobs.changed
        await step  # type: ignore[misc]  # any of the coroutines below
        return changed.is_set()

    assert await is_news(jobs.add(a_note(1)))
    job = await jobs.claim()
    assert job is not None
    assert await is_news(jobs.put_back(job, 0))
    assert await is_news(jobs.ask(a_note(1), ASKED))
    assert await is_news(jobs.cancel(job.id)) is False
    assert await is_news(jobs.retry(job.id))
    assert await is_news(jobs.recover())


# Whatever happens, in whatever order


class Queue(RuleBasedStateMachine):
    """Two owners of one store, in any order of events: what must hold is checked against plain books of our own."""

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.stack = AsyncExitStack()
        self.clock = FakeClock()
        self.known: dict[int, int] = {}  # job id → note number
        self.held: dict[int, tuple[Jobs, Job]] = {}  # job id → who holds it by a valid lease
        self.attempts: dict[int, int] = {}
        self.faults: dict[int, int] = {}

    @initialize()
    def open(self) -> None:
        folder = self.stack.enter_context(tempfile.TemporaryDirectory())
        store = self.runner.run(
            self.stack.enter_async_context(open_store(Path(folder) / "test.db", clock=self.clock))
        )
        self.owners = [Jobs(store, self.clock, owner=name) for name in ("one", "other")]

    def teardown(self) -> None:
        self.runner.run(self.stack.aclose())
        self.runner.close()

    def _forget_counts(self, job: Job) -> None:
        """Right after a run began anew or faults were forgiven."""
        self.attempts[job.id], self.faults[job.id] = job.attempts, 0

    def _take(self, number: int) -> tuple[Jobs, Job]:
        job_id = sorted(self.held)[number % len(self.held)]
        return self.held[job_id]

    @rule(number=st.integers(1, 6))
    def add(self, number: int) -> None:
        job = self.runner.run(self.owners[0].add(a_note(number)))
        assert (job is None) == (number in self.known.values())
        if job:
            self.known[job.id] = number
            self._forget_counts(job)

    @rule(number=st.integers(1, 6))
    def ask(self, number: int) -> None:
        job = self.runner.run(self.owners[0].ask(a_note(number), ASKED))
        assert self.known.setdefault(job.id, number) == number
        assert (job.state is JobState.RUNNING) == self._runs(job.id)
        if job.state is not JobState.RUNNING:
            self._forget_counts(job)

    def _runs(self, job_id: int) -> bool:
        job = self.runner.run(self.owners[0].get(job_id))
        return job is not None and job.state is JobState.RUNNING

    @rule(who=st.integers(0, 1))
    def claim(self, who: int) -> None:
        job = self.runner.run(self.owners[who].claim())
        if job is None:
            return
        assert job.id not in self.held, "run twice at once"
        self.attempts[job.id] += 1
        assert job.attempts == self.attempts[job.id]
        assert job.faults == self.faults[job.id]
        self.held[job.id] = self.owners[who], job

    @precondition(lambda self: self.held)
    @rule(number=st.integers(0, 9), how=st.sampled_from(["finish", "fail", "fault", "offline", "renew", "keep"]))
    def work(self, number: int, how: str) -> None:
        owner, job = self._take(number)
        match how:
            case "finish":
                self.runner.run(owner.finish(job))
            case "fail":
                self.runner.run(owner.fail(job, "unreadable"))
            case "fault":
                self.runner.run(owner.put_back(job, 5.0, "unexpected"))
                self.faults[job.id] += 1
            case "offline":
                self.runner.run(owner.put_back(job, 2.0, count=False))
            case "renew":
                self.held[job.id] = owner, self.runner.run(owner.renew(job))
            case _:
                self.runner.run(owner.keep_transcript(job, a_transcript()))
        if how not in ("renew", "keep"):
            del self.held[job.id]

    @rule(seconds=st.sampled_from([3.0, 61.0]))
    def time_passes(self, seconds: float) -> None:
        self.runner.run(self.clock.advance(seconds))
        for job_id in list(self.held):
            stored = self.runner.run(self.owners[0].get(job_id))
            if stored and stored.lease_until_s <= self.clock.now():
                del self.held[job_id]  # from here on somebody else may have it

    @rule(who=st.integers(0, 1))
    def restart(self, who: int) -> None:
        self.runner.run(self.owners[who].recover())
        self.held = {id_: held for id_, held in self.held.items() if held[0] is not self.owners[who]}

    @precondition(lambda self: self.known)
    @rule(number=st.integers(0, 9), retry=st.booleans())
    def the_owners_hand(self, number: int, retry: bool) -> None:
        job_id = sorted(self.known)[number % len(self.known)]
        if not retry:
            self.runner.run(self.owners[0].cancel(job_id))
            self.held.pop(job_id, None)
        elif job := self.runner.run(self.owners[0].retry(job_id)):
            self._forget_counts(job)

    @invariant()
    def no_job_is_lost_and_none_is_held_that_does_not_run(self) -> None:
        for job_id, number in self.known.items():
            job = self.runner.run(self.owners[0].get(job_id))
            assert job is not None
            assert job.note == a_note(number)
            if job_id in self.held:
                assert job.state is JobState.RUNNING


TestQueue = Queue.TestCase
TestQueue.settings = settings(
    max_examples=25, stateful_step_count=30, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
