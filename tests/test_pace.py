"""How often is said what nobody waits for: often, unless Telegram has enough of it."""

from __future__ import annotations

import pytest

from tests.support.clock import FakeClock
from transcriber.chat.pace import Pace

NEVER = float("-inf")


class Room:
    def __init__(self) -> None:
        self.clock = FakeClock()
        self.pace = Pace(self.clock)

    def due_after(self) -> float:
        """How long ago the last one must have been for there to be one now, in tenths of a second."""
        tenths = next(n for n in range(10_000) if self.pace.is_due(self.clock.monotonic() - n / 10 - 0.001))
        return tenths / 10

    async def flooded(self, seconds: float) -> None:
        self.pace.flooded(seconds)
        await self.clock.advance(seconds)


def test_at_first_the_way_is_free_and_then_every_three_seconds() -> None:
    room = Room()
    assert room.pace.is_due(NEVER)
    assert room.due_after() == 3


async def test_a_flood_wait_is_obeyed_to_the_second_whoever_asks() -> None:
    room = Room()
    room.pace.flooded(20)
    await room.clock.advance(19.9)
    assert not room.pace.is_due(NEVER)
    await room.clock.advance(0.1)
    assert room.pace.is_due(NEVER)


async def test_each_flood_wait_halves_the_pace_down_to_once_a_minute() -> None:
    room = Room()
    paces = []
    for _ in range(7):
        await room.flooded(4)
        paces.append(room.due_after())
    assert paces == [6, 12, 24, 48, 60, 60, 60]


async def test_one_wait_of_which_several_calls_are_told_counts_once_and_the_longest_holds() -> None:
    room = Room()
    for wait_s in (30, 29, 35, 10):
        room.pace.flooded(wait_s)
    await room.clock.advance(34.9)
    assert not room.pace.is_due(NEVER)
    await room.clock.advance(0.1)
    assert room.due_after() == 6


@pytest.mark.parametrize(("minutes", "pace_s"), [(0, 24), (5, 12), (10, 6), (15, 3), (24 * 60, 3)])
async def test_in_peace_it_finds_its_way_back_slowly(minutes: int, pace_s: float) -> None:
    room = Room()
    for _ in range(3):
        await room.flooded(4)
    await room.clock.advance(minutes * 60)
    assert room.due_after() == pace_s
