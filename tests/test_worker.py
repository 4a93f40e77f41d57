"""From the queue to the reader, over the real store and archive, with everything that can go wrong on the way."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from tests.support.clock import FakeClock
from tests.support.fakes import FakeDelivery, FakeEngine, FakeGateway, a_note, a_transcript, eventually
from transcriber.domain import (
    Delivery,
    Job,
    JobState,
    Limits,
    MediaKind,
    Note,
    Preferences,
    Progress,
    Request,
    Sent,
)
from transcriber.errors import (
    CancelledByOwner,
    EngineDied,
    FloodWait,
    Gone,
    ModelRefused,
    Offline,
    SignedOut,
    StenogramError,
    StoreUnavailable,
    Transient,
    Unreadable,
)
from transcriber.protocols import Store
from transcriber.storage.archive import SqliteArchive, open_archive
from transcriber.storage.database import Database
from transcriber.storage.sqlite import SqliteStore
from transcriber.work.jobs import Jobs
from transcriber.work.rules import Rules
from transcriber.work.worker import Worker


class RestlessStore(SqliteStore):
    """The real store, but away whenever `away` says so."""

    away = False
    refused = 0

    async def replace_job(self, job: Job) -> Job | None:
        self._ask()
        return await super().replace_job(job)

    async def claim_job(
        self, *, owner: str, now_s: float, lease_until_s: float, longest_s: float | None = None
    ) -> Job | None:
        self._ask()
        return await super().claim_job(owner=owner, now_s=now_s, lease_until_s=lease_until_s, longest_s=longest_s)

    def _ask(self) -> None:
        if self.away:
            self.refused += 1
            raise StoreUnavailable


class NotingJobs(Jobs):
    """The real queue; remembers for how long jobs were put back."""

    def __init__(self, store: Store, clock: FakeClock) -> None:
        super().__init__(store, clock)
        self.delays_s: list[float] = []

    async def put_back(self, job: Job, delay_s: float, error_key: str | None = None, count: bool = True) -> Job:
        put = await super().put_back(job, delay_s, error_key, count)
        self.delays_s.append(delay_s)
        return put


@dataclass
class Room:
    """A worker and all it works with."""

    clock: FakeClock
    store: RestlessStore
    archive: SqliteArchive
    spool: Path
    jobs: NotingJobs
    rules: Rules
    gateway: FakeGateway
    engine: FakeEngine
    delivery: FakeDelivery
    slots: int = 3
    places: int = 0  # on other machines

    @asynccontextmanager
    async def working(self) -> AsyncIterator[None]:
        """The worker runs inside the block and is shut down as at SIGTERM, by cancellation."""
        worker = Worker(
            self.jobs,
            self.rules,
            self.engine,
            self.gateway,
            self.delivery,
            self.archive,
            Limits(),
            self.clock,
            self.spool,
            self.slots,
            places=lambda: self.places,
        )
        async with asyncio.TaskGroup() as group:
            task = group.create_task(worker.run())
            yield
            async with asyncio.timeout(2):
                task.cancel()
                await asyncio.wait([task])

    async def add(self, *notes: Note) -> list[Job]:
        added = [await self.jobs.add(note) for note in notes]
        return [job for job in added if job]

    async def job(self, job: Job) -> Job:
        stored = await self.jobs.get(job.id)
        assert stored is not None
        return stored

    async def until(self, job: Job, *states: JobState) -> Job:
        """Wait for a state without letting time pass."""
        return await self._until(job, lambda stored: stored.state in states)

    async def until_put_back(self, job: Job) -> None:
        """Wait until a job waits for its next try, without letting time pass."""
        await self._until(job, lambda stored: stored.state is JobState.WAITING and stored.attempts > 0)

    async def next_try(self, job: Job) -> None:
        """Let time pass until a job that was put back is tried again."""
        await self.until_put_back(job)
        stored = await self.job(job)
        await self.clock.advance(stored.not_before_s - self.clock.now())
        async with asyncio.timeout(5):
            while (await self.job(job)).attempts == stored.attempts:
                await self.clock.advance(0.5)  # the worker looks again every two seconds

    async def until_renewed(self, job: Job, seconds: float) -> None:
        """Let this time pass and wait for the lease to be longer."""
        lease_until_s = (await self.job(job)).lease_until_s
        await self.clock.advance(seconds)
        await self._until(job, lambda stored: stored.lease_until_s > lease_until_s)

    async def _until(self, job: Job, holds: Callable[[Job], bool]) -> Job:
        async with asyncio.timeout(5):
            while not holds(stored := await self.job(job)):  # noqa: ASYNC110  # the store has no events
                await asyncio.sleep(0.001)
        return stored

    def sound_on_disk(self) -> list[str]:
        return [path.name for path in self.spool.iterdir()]


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    clock = FakeClock()
    database = Database(tmp_path / "test.db")
    await database.open()
    store = RestlessStore(database, clock)
    async with open_archive(tmp_path / "test.db") as archive:
        jobs = NotingJobs(store, clock)
        rules = Rules(store, Preferences(private=True))
        yield Room(
            clock, store, archive, tmp_path / "spool", jobs, rules, FakeGateway(), FakeEngine(), FakeDelivery(jobs)
        )
    await store.close()


# When all goes well


async def test_a_note_is_heard_archived_delivered_once_and_its_sound_is_gone(room: Room) -> None:
    (job,) = await room.add(a_note())
    async with room.working():
        done = await room.until(job, JobState.DONE)
    assert room.delivery.said == [(1, 0, "words of file-1")]
    assert (done.transcript, done.sent[0].part) == (None, 0)
    assert await room.archive.cached("file-1", "small|auto|transcribe") == a_transcript("words of file-1")
    assert room.sound_on_disk() == []


async def test_of_a_note_to_be_heard_once_nothing_is_written_down_even_until_it_is_delivered(room: Room) -> None:
    room.delivery.faults.append(Offline())
    job = await room.jobs.ask(a_note(view_once=True), Request())
    async with room.working():
        await room.until_put_back(job)
        assert (await room.job(job)).transcript is None
        await room.next_try(job)
        await room.until(job, JobState.DONE)
    assert room.delivery.said == [(1, 0, "words of file-1")]
    assert room.gateway.downloaded == ["file-1", "file-1"], "heard anew"
    assert await room.archive.cached("file-1", "small|auto|transcribe") is None


async def test_the_sound_lies_in_a_private_file_under_a_name_of_ours(room: Room) -> None:
    room.engine.hold = asyncio.Event()
    (job,) = await room.add(a_note(file_id="../../etc/passwd"))
    async with room.working():
        await eventually(lambda: bool(room.engine.heard))
        assert room.sound_on_disk() == [f"{job.note.chat_id}_{job.note.message_id}-1.sound"]
        assert room.gateway.modes == [0o600]
        assert room.spool.stat().st_mode & 0o777 == 0o700


async def test_what_an_earlier_life_left_on_disk_is_deleted(room: Room) -> None:
    room.spool.mkdir()
    (room.spool / "7-1.sound").write_text("private words")
    async with room.working():
        await eventually(lambda: room.sound_on_disk() == [])


async def test_the_engine_is_told_what_the_owner_wants(room: Room) -> None:
    await room.rules.change_chat(a_note().chat_id, language="ru", words="Anna")
    (by_rule,) = await room.add(a_note(1))
    asked = await room.jobs.ask(a_note(2), Request(language="en", model="tiny", translate=True))
    async with room.working():
        for job in (by_rule, asked):
            await room.until(job, JobState.DONE)
    told = {text: (o.language, o.model, o.translate, o.words) for text, o in room.engine.heard}
    assert told == {"words of file-1": ("ru", None, False, "Anna"), "words of file-2": ("en", "tiny", True, "Anna")}


async def test_the_same_file_forwarded_is_heard_once(room: Room) -> None:
    before, later = await room.add(a_note(1), a_note(2, file_id="file-1"))
    room.slots = 1
    async with room.working():
        await room.until(before, JobState.DONE)
        await room.until(later, JobState.DONE)
    assert room.gateway.downloaded == ["file-1"]
    assert [number for number, _, text in room.delivery.said if text == "words of file-1"] == [1, 2]


async def test_two_notes_of_one_file_at_the_same_time_are_heard_once(room: Room) -> None:
    room.engine.hold = asyncio.Event()
    both = await room.add(a_note(1), a_note(2, file_id="file-1"))
    async with room.working():
        await room.until(both[1], JobState.RUNNING)
        await eventually(lambda: bool(room.engine.heard))
        room.engine.hold.set()
        for job in both:
            await room.until(job, JobState.DONE)
    assert room.gateway.downloaded == ["file-1"]
    assert len(room.delivery.said) == 2


async def test_another_language_of_the_same_file_is_heard_anew(room: Room) -> None:
    (job,) = await room.add(a_note())
    async with room.working():
        await room.until(job, JobState.DONE)
        await room.jobs.ask(a_note(), Request(language="ru"))
        await eventually(lambda: len(room.delivery.said) == 2)
        await room.until(job, JobState.DONE)
    assert [options.language for _, options in room.engine.heard] == [None, "ru"]


async def test_other_words_to_expect_have_the_same_file_heard_anew_and_the_same_ones_do_not(room: Room) -> None:
    (job,) = await room.add(a_note())
    async with room.working():
        await room.until(job, JobState.DONE)
        for number, words in enumerate(("", "Anna", "Anna", "Anna, Kubernetes"), 2):
            await room.rules.change_chat(a_note().chat_id, words=words)
            await room.jobs.ask(a_note(), Request())
            await eventually(lambda: len(room.delivery.said) == number)  # noqa: B023 - waited for at once
            await room.until(job, JobState.DONE)
    assert [options.words for _, options in room.engine.heard] == ["", "Anna", "Anna, Kubernetes"]


async def test_as_many_more_notes_are_worked_on_as_there_are_places_elsewhere(room: Room) -> None:
    room.engine.hold = asyncio.Event()
    jobs = await room.add(*(a_note(number, duration_s=600.0) for number in range(1, 7)))

    async def running() -> int:
        await room.clock.advance(2.0)
        for _ in range(50):  # real files, and a real database
            await asyncio.sleep(0.002)
        return sum([(await room.job(job)).state is JobState.RUNNING for job in jobs])

    async with room.working():
        assert await running() == 2, "the third slot is for short notes"
        room.places = 2
        assert await running() == 4
        room.places = 1  # one goes away
        await room.jobs.cancel_all()
        jobs = await room.add(*(a_note(number, duration_s=600.0) for number in range(11, 17)))
        assert await running() == 3


async def test_a_short_note_is_not_stuck_behind_long_ones(room: Room) -> None:
    room.engine.hold = asyncio.Event()
    long = await room.add(*(a_note(number, duration_s=3600.0) for number in (1, 2, 3)))
    async with room.working():
        await eventually(lambda: len(room.engine.heard) == 2)
        (short,) = await room.add(a_note(4, duration_s=60.0))
        await eventually(lambda: len(room.engine.heard) == 3)
        assert {text for text, _ in room.engine.heard} == {f"words of file-{number}" for number in (1, 2, 4)}
        room.engine.hold.set()
        for job in (*long, short):
            await room.until(job, JobState.DONE)


# Progress


async def test_progress_is_shown_after_two_seconds_and_then_every_three(room: Room) -> None:
    room.engine.hold = asyncio.Event()
    room.engine.progress = Progress(2.0, 5.0, "words")
    (job,) = await room.add(a_note())
    async with room.working():
        await eventually(lambda: bool(room.engine.heard))
        await room.clock.advance(1.9)
        assert room.delivery.shown == []
        await room.clock.advance(0.1)
        assert room.delivery.shown == [Progress(2.0, 5.0, "words", elapsed_s=2.0)]
        await room.clock.advance(2.9)
        assert len(room.delivery.shown) == 1
        await room.clock.advance(0.1)
        assert len(room.delivery.shown) == 2
        room.engine.hold.set()
        await room.until(job, JobState.DONE)
        await room.clock.advance(10)  # the delivery itself refuses progress from here on
    assert len(room.delivery.shown) == 2


FILE = a_note(kind=MediaKind.VIDEO)


async def test_a_file_that_nobody_asked_for_is_shown_once_there_are_words_in_it(room: Room) -> None:
    room.engine.hold = asyncio.Event()
    room.engine.progress = Progress(2.0, 5.0, "")
    (job,) = await room.add(FILE)
    async with room.working():
        await eventually(lambda: bool(room.engine.heard))
        await room.clock.advance(10)
        assert room.delivery.shown == []
        room.engine.hold.set()
        await room.until(job, JobState.DONE)
    assert room.delivery.said == [(1, 0, "words of file-1")]


async def test_of_a_file_that_nobody_asked_for_nothing_is_said_if_nothing_is_to_be_heard_in_it(room: Room) -> None:
    room.engine.deaf = True
    (wordless,) = await room.add(FILE)
    async with room.working():
        await room.until(wordless, JobState.DONE)
        room.engine.faults.append(Unreadable("no_sound"))
        (mute,) = await room.add(replace(FILE, message_id=2, file_id="file-2"))
        await room.until(mute, JobState.CANCELLED)
        room.engine.faults.append(Unreadable())
        (damaged,) = await room.add(replace(FILE, message_id=3, file_id="file-3"))
        await room.until(damaged, JobState.FAILED)
    assert (room.delivery.said, room.delivery.refused) == ([], [(3, "unreadable")])


@pytest.mark.parametrize("asked", ["by reply", "by number"])
async def test_of_a_file_that_was_asked_for_it_is_said_that_there_is_no_sound_in_it(room: Room, asked: str) -> None:
    room.engine.faults += [Unreadable("no_sound")] * 2
    (job,) = await room.add(FILE)
    async with room.working():
        await room.until(job, JobState.CANCELLED)
        await (room.jobs.ask(FILE, Request()) if asked == "by reply" else room.jobs.retry(job.id))
        await room.until(job, JobState.FAILED)
    assert room.delivery.refused == [(1, "no_sound")]


async def test_once_the_delivery_began_no_progress_is_shown(room: Room) -> None:
    room.delivery.hold = asyncio.Event()
    (job,) = await room.add(a_note())
    async with room.working():
        await eventually(lambda: room.delivery.began)
        await room.clock.advance(10)
        room.delivery.hold.set()
        await room.until(job, JobState.DONE)
    assert room.delivery.shown == []


@pytest.mark.parametrize("fault", [Offline(), FloodWait(60), Gone()])
async def test_progress_that_cannot_be_shown_fails_nothing(room: Room, fault: StenogramError) -> None:
    room.engine.hold = asyncio.Event()
    room.delivery.progress_fault = fault
    (job,) = await room.add(a_note())
    async with room.working():
        await eventually(lambda: bool(room.engine.heard))
        await room.clock.advance(10)
        assert len(room.delivery.shown) == (1 if isinstance(fault, FloodWait) else 3)
        room.engine.hold.set()
        assert (await room.until(job, JobState.DONE)).faults == 0


# When something goes wrong


@dataclass(frozen=True)
class Outcome:
    """What is to become of a job whose first try ended in an error."""

    state: JobState
    delay_s: float = 0.0
    faults: int = 0
    error: str | None = None
    told: bool = False


def back_in(delay_s: float) -> Outcome:
    return Outcome(JobState.WAITING, delay_s)


FAULTS = [
    (Offline(), back_in(2)),
    (FloodWait(33), back_in(33)),
    (StoreUnavailable(), back_in(2)),
    (Transient("model_unfetched"), back_in(2)),
    (Transient("data_dir"), back_in(2)),
    (Transient("unexpected"), Outcome(JobState.WAITING, 5, 1, "unexpected")),
    (EngineDied(), Outcome(JobState.WAITING, 5, 1, "engine_died")),
    (Unreadable(), Outcome(JobState.FAILED, error="unreadable", told=True)),
    (ModelRefused("model_broken"), Outcome(JobState.FAILED, error="model_broken", told=True)),
    (Gone(), Outcome(JobState.CANCELLED, error="gone", told=True)),
]


@pytest.mark.parametrize("where", ["gateway", "engine", "delivery"])
@pytest.mark.parametrize(("fault", "outcome"), FAULTS, ids=lambda value: getattr(value, "key", ""))
async def test_each_error_has_its_outcome_wherever_it_happens(
    room: Room, where: str, fault: StenogramError, outcome: Outcome
) -> None:
    (job,) = await room.add(a_note())
    {"gateway": room.gateway, "engine": room.engine, "delivery": room.delivery}[where].faults.append(fault)  # type: ignore[attr-defined]  # all three have faults
    async with room.working():
        if outcome.state is JobState.WAITING:
            await room.until_put_back(job)
            assert room.jobs.delays_s == [outcome.delay_s]
        stored = await room.until(job, outcome.state)
        assert (stored.faults, stored.error) == (outcome.faults, outcome.error)
        assert room.delivery.refused == ([(1, outcome.error)] if outcome.told else [])
        assert room.sound_on_disk() == []
        if outcome.state is JobState.WAITING:
            await room.next_try(job)
            await room.until(job, JobState.DONE)
    assert len(room.delivery.said) == (outcome.state is JobState.WAITING)
    assert len(room.engine.heard) == (1 if where == "delivery" or outcome.state is not JobState.WAITING else 2) - (
        where == "gateway"
    )


async def test_after_five_faults_a_job_is_given_up_and_the_owner_is_told_once(room: Room) -> None:
    (job,) = await room.add(a_note())
    room.gateway.faults = deque(Transient("unexpected") for _ in range(5))
    async with room.working():
        for _ in range(4):
            await room.next_try(job)
        failed = await room.until(job, JobState.FAILED)
    assert room.jobs.delays_s == [5, 10, 20, 40]
    assert (failed.attempts, failed.error) == (5, "unexpected")
    assert room.delivery.refused == [(1, "unexpected")]


async def test_an_outage_costs_no_try_however_often(room: Room) -> None:
    (job,) = await room.add(a_note())
    room.gateway.faults = deque(Offline() for _ in range(8))
    async with room.working():
        for _ in range(8):
            await room.next_try(job)
        done = await room.until(job, JobState.DONE)
    assert room.jobs.delays_s == [2, 2, 2, 2, 2, 4, 8, 16]
    assert done.faults == 0


async def test_while_there_is_no_link_nothing_is_claimed(room: Room) -> None:
    room.gateway.online.clear()
    (job,) = await room.add(a_note())
    async with room.working():
        await room.clock.advance(3600)
        assert (await room.job(job)).attempts == 0
        room.gateway.online.set()
        await room.until(job, JobState.DONE)


async def test_a_note_under_which_the_engine_dies_twice_is_given_up(room: Room) -> None:
    (job,) = await room.add(a_note())
    room.engine.faults = deque([EngineDied(), EngineDied()])
    async with room.working():
        await room.next_try(job)
        failed = await room.until(job, JobState.FAILED)
    assert (failed.attempts, failed.error) == (2, "engine_died")
    assert room.delivery.refused == [(1, "engine_died")]


async def test_notes_that_were_in_the_engine_when_it_died_are_tried_again_one_at_a_time(room: Room) -> None:
    room.engine.hold = asyncio.Event()
    three = await room.add(a_note(1), a_note(2), a_note(3))
    room.engine.faults = deque([EngineDied(), EngineDied(), EngineDied()])
    async with room.working():
        await eventually(lambda: len(room.engine.heard) == 3)
        room.engine.hold.set()
        for job in three:
            await room.until_put_back(job)
        room.engine.hold.clear()
        room.engine.most_at_once = 0
        await room.clock.advance(8)
        for job in three:
            await room.until(job, JobState.RUNNING)
        await eventually(lambda: len(room.engine.heard) == 4)
        room.engine.hold.set()
        for job in three:
            await room.until(job, JobState.DONE)
    assert room.engine.most_at_once == 1


@pytest.mark.parametrize(
    ("note", "key"),
    [(a_note(duration_s=7201.0), "too_long"), (a_note(size_bytes=200 * 2**20 + 1), "too_large")],
)
async def test_what_is_over_the_limits_is_refused_before_anything_is_fetched(
    room: Room, note: Note, key: str
) -> None:
    (job,) = await room.add(note)
    async with room.working():
        assert (await room.until(job, JobState.FAILED)).error == key
    assert room.delivery.refused == [(1, key)]
    assert room.gateway.downloaded == []


async def test_the_word_that_a_note_failed_waits_for_the_link_too(room: Room) -> None:
    (job,) = await room.add(a_note())
    room.engine.faults.append(Unreadable())
    room.delivery.failed_faults = deque([Offline(), FloodWait(30)])
    async with room.working():
        await eventually(lambda: 2.0 in room.clock.slept and not room.engine.scopes and not room.engine.faults)
        await eventually(lambda: len(room.delivery.failed_faults) == 1)
        await room.clock.advance(2)
        await eventually(lambda: not room.delivery.failed_faults)
        assert room.delivery.refused == []
        await eventually(lambda: 30.0 in room.clock.slept)
        await room.clock.advance(30)
        await room.until(job, JobState.FAILED)
    assert room.delivery.refused == [(1, "unreadable")]
    assert len(room.engine.heard) == 1


async def test_a_permanent_error_ends_the_worker(room: Room) -> None:
    await room.add(a_note())
    room.gateway.faults.append(SignedOut())
    with pytest.raises(ExceptionGroup) as caught:
        await Worker(
            room.jobs,
            room.rules,
            room.engine,
            room.gateway,
            room.delivery,
            room.archive,
            Limits(),
            room.clock,
            room.spool,
        ).run()
    assert caught.group_contains(SignedOut)


async def test_when_the_store_is_away_what_was_heard_waits_for_it(room: Room) -> None:
    room.engine.hold = asyncio.Event()
    (job,) = await room.add(a_note())
    async with room.working():
        await eventually(lambda: bool(room.engine.heard))
        room.store.away = True
        room.engine.hold.set()
        await eventually(lambda: room.store.refused > 0)
        await room.clock.advance(10)
        assert room.delivery.said == []
        room.store.away = False
        await room.clock.advance(30)
        await room.until(job, JobState.DONE)
    assert room.delivery.said == [(1, 0, "words of file-1")]
    assert len(room.engine.heard) == 1


async def test_a_store_that_is_away_at_the_start_is_waited_for(room: Room) -> None:
    (job,) = await room.add(a_note())
    room.store.away = True
    async with room.working():
        await eventually(lambda: room.store.refused >= 3)
        room.store.away = False
        await room.clock.advance(1)
        await room.until(job, JobState.DONE)


# Ends and beginnings


async def test_a_shutdown_while_transcribing_is_quick_and_the_next_start_goes_on(room: Room) -> None:
    room.engine.hold = asyncio.Event()
    (job,) = await room.add(a_note())
    async with room.working():
        await eventually(lambda: bool(room.engine.heard))
    assert room.sound_on_disk() == []
    assert room.delivery.said == []
    room.engine.hold = None
    async with room.working():
        done = await room.until(job, JobState.DONE)
    assert room.delivery.said == [(1, 0, "words of file-1")]
    assert (done.attempts, done.faults) == (2, 0)


async def test_a_shutdown_between_two_parts_repeats_neither_the_first_nor_the_engines_work(room: Room) -> None:
    room.delivery.parts = 2
    room.delivery.faults = deque([None, FloodWait(5)])
    (job,) = await room.add(a_note())
    async with room.working():
        await room.until_put_back(job)
    room.delivery.began = False
    async with room.working():
        await room.next_try(job)
        await room.until(job, JobState.DONE)
    assert [(number, part) for number, part, _ in room.delivery.said] == [(1, 0), (1, 1)]
    assert len(room.engine.heard) == 1


async def test_what_was_archived_before_a_power_cut_is_not_heard_again(room: Room) -> None:
    await room.archive.put(a_note(), a_transcript("from before"), "small|auto|transcribe")
    (job,) = await room.add(a_note())
    assert await Jobs(room.store, room.clock).claim() is not None  # and then the power was gone
    async with room.working():
        await room.until(job, JobState.DONE)
    assert room.delivery.said == [(1, 0, "from before")]
    assert room.engine.heard == []


async def test_a_long_transcription_keeps_its_lease(room: Room) -> None:
    room.engine.hold = asyncio.Event()
    (job,) = await room.add(a_note(duration_s=3600.0))
    async with room.working():
        await eventually(lambda: bool(room.engine.heard))
        for _ in range(30):
            await room.until_renewed(job, 20)
        room.engine.hold.set()
        assert (await room.until(job, JobState.DONE)).attempts == 1


async def test_a_job_that_somebody_else_took_over_is_let_go_without_a_word(room: Room) -> None:
    room.engine.hold = asyncio.Event()
    (job,) = await room.add(a_note())
    async with room.working():
        await eventually(lambda: bool(room.engine.heard))
        ours = await room.job(job)
        other = Jobs(room.store, room.clock, owner="other")
        await room.jobs.put_back(ours, 0)
        theirs = await other.claim()
        room.engine.hold.set()
        await eventually(lambda: not room.engine.scopes)
        assert theirs is not None
        await other.record_sent(theirs, Delivery.PRIVATE, Sent(0, 1, 2))
        await other.finish(theirs)
        await room.clock.advance(100)
    assert (room.delivery.said, room.delivery.refused, room.delivery.taken_back) == ([], [], [])


# The owner's cancel


async def test_a_cancel_while_transcribing_frees_the_engine_and_the_next_note_goes_on(room: Room) -> None:
    room.engine.hold = asyncio.Event()
    room.slots = 1
    first, second = await room.add(a_note(1), a_note(2))
    async with room.working():
        await eventually(lambda: bool(room.engine.scopes))
        await room.jobs.cancel(first.id)
        await eventually(lambda: room.delivery.taken_back == [1])
        assert room.engine.cancelled == [f"{first.note.chat_id}_{first.note.message_id}-1-1"]
        room.engine.hold.set()
        await room.until(second, JobState.DONE)
        assert (await room.job(first)).state is JobState.CANCELLED
    assert [number for number, *_ in room.delivery.said] == [2]


async def test_a_cancel_while_downloading_ends_the_download(room: Room) -> None:
    room.gateway.hold = asyncio.Event()
    (job,) = await room.add(a_note())
    async with room.working():
        await eventually(lambda: bool(room.gateway.downloaded))
        await room.jobs.cancel(job.id)
        await eventually(lambda: room.delivery.taken_back == [1])
        assert room.sound_on_disk() == []
    assert (await room.job(job)).state is JobState.CANCELLED
    assert room.engine.heard == []


async def test_a_cancel_between_two_tries_takes_back_the_progress_too(room: Room) -> None:
    room.gateway.faults.append(FloodWait(600))
    (tried,) = await room.add(a_note(1))
    async with room.working():
        await room.until_put_back(tried)
        room.gateway.online.clear()
        (untried,) = await room.add(a_note(2))
        assert await room.jobs.cancel_all() == 2
        await eventually(lambda: room.delivery.taken_back == [1])
    assert (await room.job(untried)).state is JobState.CANCELLED


async def test_a_cancel_by_another_process_is_noticed_at_the_next_renewal(room: Room) -> None:
    room.engine.hold = asyncio.Event()
    (job,) = await room.add(a_note())
    async with room.working():
        await eventually(lambda: bool(room.engine.scopes))
        await Jobs(room.store, room.clock).cancel(job.id)
        await room.clock.advance(20)
        await eventually(lambda: room.delivery.taken_back == [1])
    assert room.engine.cancelled == [f"{job.note.chat_id}_{job.note.message_id}-1-1"]


async def test_a_note_cancelled_and_asked_for_at_once_is_heard_as_a_new_run(room: Room) -> None:
    room.engine.hold = asyncio.Event()
    (job,) = await room.add(a_note())
    async with room.working():
        await eventually(lambda: bool(room.engine.scopes))
        await room.jobs.cancel(job.id)
        await room.jobs.ask(a_note(), Request())
        room.engine.hold.set()
        done = await room.until(job, JobState.DONE)
        await eventually(lambda: room.delivery.taken_back == [1])
    assert done.run == 2
    assert room.delivery.said == [(1, 0, "words of file-1")]


async def test_a_transcription_that_the_engine_says_was_cancelled_is_cancelled(room: Room) -> None:
    room.engine.faults.append(CancelledByOwner())
    (job,) = await room.add(a_note())
    async with room.working():
        await room.until(job, JobState.CANCELLED)
        await eventually(lambda: room.delivery.taken_back == [1])
    assert room.delivery.refused == []


async def test_a_cancel_in_the_moment_of_the_shutdown_does_not_hold_it_up(room: Room) -> None:
    room.engine.hold = asyncio.Event()
    (job,) = await room.add(a_note())
    async with room.working():
        await eventually(lambda: bool(room.engine.scopes))
        await room.jobs.cancel(job.id)
    assert (await room.job(job)).state is JobState.CANCELLED
    assert room.sound_on_disk() == []
