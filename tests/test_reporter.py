"""Progress as the owner is told it: from two seconds on, with times that mean something, and never after the end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.support.clock import FakeClock
from tests.support.values import a_job
from transcriber.domain import Job, Progress
from transcriber.errors import FloodWait, Gone, Offline, StenogramError
from transcriber.work.reporter import Reporter


class Owner:
    """Sees what is shown, and when."""

    def __init__(self, clock: FakeClock) -> None:
        self.clock = clock
        self.seen: list[Progress] = []
        self.at_s: list[float] = []
        self.fails: list[StenogramError] = []

    async def progress(self, job: Job, progress: Progress) -> None:
        self.at_s.append(self.clock.monotonic() - 1_000_000)
        if self.fails:
            raise self.fails.pop(0)
        self.seen.append(progress)


class Room:
    def __init__(self) -> None:
        self.clock = FakeClock()
        self.owner = Owner(self.clock)
        self.reporter = Reporter(self.owner, self.clock, a_job(duration_s=60.0))

    @asynccontextmanager
    async def reporting(self) -> AsyncIterator[None]:
        task = asyncio.create_task(self.reporter.run())
        await self.clock.advance(0)
        yield
        await self.reporter.stop()
        task.cancel()

    def times(self) -> list[tuple[float, float | None]]:
        return [(seen.elapsed_s, seen.expected_s) for seen in self.owner.seen]


@pytest.fixture
def room() -> Room:
    return Room()


async def test_it_is_shown_after_two_seconds_and_then_every_three(room: Room) -> None:
    async with room.reporting():
        await room.clock.advance(10)
    assert room.owner.at_s == [2, 5, 8]


async def test_after_a_flood_wait_it_is_silent_for_as_long_as_telegram_asked(room: Room) -> None:
    room.owner.fails = [FloodWait(20), FloodWait(1)]
    async with room.reporting():
        await room.clock.advance(30)
    assert room.owner.at_s == [2, 22, 25, 28]


@pytest.mark.parametrize("error", [Offline(), Gone()])
async def test_what_cannot_be_shown_is_shown_the_next_time(room: Room, error: StenogramError) -> None:
    room.owner.fails = [error]
    async with room.reporting():
        await room.clock.advance(5)
    assert len(room.owner.seen) == 1


async def test_time_counts_from_the_engines_first_word_not_from_the_download(room: Room) -> None:
    async with room.reporting():
        await room.clock.advance(10)
        room.reporter.heard(Progress(0, 60, ""))
        await room.clock.advance(4)
    assert room.times() == [(0, None), (0, None), (0, None), (1, None), (4, None)]


async def test_the_whole_is_expected_to_go_on_at_the_speed_so_far(room: Room) -> None:
    async with room.reporting():
        room.reporter.heard(Progress(0, 60, ""))
        await room.clock.advance(4)
        room.reporter.heard(Progress(15, 60, "a"))
        await room.clock.advance(1)
        assert room.owner.seen[-1] == Progress(15, 60, "a", 5, 16)
        room.reporter.heard(Progress(15, 60, "a"))  # the next step is under way, nothing has moved
        await room.clock.advance(3)
        assert room.times()[-1] == (8, 16)
        room.reporter.heard(Progress(20, 60, "a b"))
        await room.clock.advance(3)
        assert room.times()[-1] == (11, 24)


async def test_what_is_begun_anew_is_reckoned_anew(room: Room) -> None:
    async with room.reporting():
        room.reporter.heard(Progress(0, 60, ""))
        await room.clock.advance(30)
        room.reporter.heard(Progress(45, 60, "a"))  # the last word of a machine that goes away
        await room.clock.advance(30)
        room.reporter.heard(Progress(0, 60, ""))
        await room.clock.advance(2)
        room.reporter.heard(Progress(15, 60, "a"))
        await room.clock.advance(3)  # shown at 65
    assert room.owner.seen[-1] == Progress(15, 60, "a", 5, 8)


async def test_nothing_is_expected_of_the_first_moments(room: Room) -> None:
    async with room.reporting():
        room.reporter.heard(Progress(0, 60, ""))
        await room.clock.advance(0.5)
        room.reporter.heard(Progress(20, 60, "a"))  # half a second says nothing
        await room.clock.advance(2)
        room.reporter.heard(Progress(20, 6000, ""))
        room.reporter.heard(Progress(100, 6000, "a"))  # nor does a sixtieth
        await room.clock.advance(3)
    assert room.times() == [(2, None), (5, None)]


async def test_what_comes_before_the_first_words_is_no_measure_of_the_rest(room: Room) -> None:
    async with room.reporting():
        room.reporter.heard(Progress(0, 0, ""))  # decoding
        await room.clock.advance(3)
        room.reporter.heard(Progress(0, 60, ""))  # looking for speech
        await room.clock.advance(1)
        room.reporter.heard(Progress(0, 60, ""))
        await room.clock.advance(2)
        room.reporter.heard(Progress(12, 60, "a"))  # the first fifth took 2 s
        await room.clock.advance(2)
    assert room.times()[-1] == (8, 4 + 5 * 2)


async def test_the_rest_is_expected_to_go_as_the_latter_half_of_what_was_heard(room: Room) -> None:
    async with room.reporting():
        room.reporter.heard(Progress(0, 600, ""))
        await room.clock.advance(20)
        room.reporter.heard(Progress(60, 600, "taking turns with another"))
        await room.clock.advance(12)
        assert room.times()[-1] == (32, 20 + 540 / 60 * 20)
        room.reporter.heard(Progress(180, 600, "alone"))  # 120 s of it in 12 s
        await room.clock.advance(3)
    assert room.times()[-1] == (35, 32 + 420 / 120 * 12)


async def test_an_engine_that_begins_in_the_middle_is_believed(room: Room) -> None:
    async with room.reporting():
        room.reporter.heard(Progress(30, 60, "a"))
        await room.clock.advance(2)
        room.reporter.heard(Progress(45, 60, "b"))
        await room.clock.advance(0)
        room.reporter.heard(Progress(50, 60, "c"))
        await room.clock.advance(0.5)
    assert room.times() == [(2, None)]


async def test_what_takes_longer_than_it_should_have_is_not_guessed_at_any_more(room: Room) -> None:
    async with room.reporting():
        room.reporter.heard(Progress(0, 60, ""))
        await room.clock.advance(2)
        room.reporter.heard(Progress(30, 60, "a"))
        await room.clock.advance(3)
    assert room.times() == [(2, None), (5, None)]


async def test_once_stopped_nothing_is_shown(room: Room) -> None:
    async with room.reporting():
        await room.clock.advance(2)
        await room.reporter.stop()
        await room.clock.advance(10)
    assert len(room.owner.seen) == 1
