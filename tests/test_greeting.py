"""The last lines of the start come once, in order, however the store does meanwhile."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field

from tests.support.clock import FakeClock
from tests.support.connected import Story
from tests.support.fakes import FakeEngine, FakeGateway
from transcriber.errors import StoreUnavailable
from transcriber.greeting import greet
from transcriber.protocols import Gateway
from transcriber.work.patience import Patience


@dataclass
class Tracked:
    """Whom the store knows, when it answers: True, or is away: False."""

    answers: deque[bool] = field(default_factory=deque)
    resolved: int = 0

    def _ask(self) -> None:
        if self.answers and not self.answers.popleft():
            raise StoreUnavailable

    async def resolve(self, gateway: Gateway) -> None:
        self._ask()
        self.resolved += 1

    async def names(self) -> list[str]:
        self._ask()
        return ["42", "@anna"]


async def greeted(tracked: Tracked, clock: FakeClock, *, after_s: float) -> list[tuple[str, dict[str, object]]]:
    """What was announced that long after the first look around."""
    story, complete, gateway = Story(), asyncio.Event(), FakeGateway()
    async with asyncio.TaskGroup() as group:
        patience = Patience(gateway, clock)
        task = group.create_task(greet(complete, tracked, gateway, FakeEngine(), patience, story))
        await clock.advance(60)
        assert story.lines == [], "not before everything was looked at"
        complete.set()
        await clock.advance(after_s)
        task.cancel()
    return story.lines


ALL = [("running", {}), ("model", {"model": "small"}), ("tracked_list", {"names": ["42", "@anna"]})]


async def test_it_is_said_after_the_first_look_around() -> None:
    assert await greeted(Tracked(), FakeClock(), after_s=0) == ALL


async def test_a_store_that_is_away_for_a_moment_delays_a_line_and_ends_nothing() -> None:
    assert await greeted(Tracked(deque([True, False])), FakeClock(), after_s=0) == ALL[:2]
    assert await greeted(Tracked(deque([True, False])), FakeClock(), after_s=1) == ALL
    tracked = Tracked(deque([False, False, True, False]))
    assert await greeted(tracked, FakeClock(), after_s=4) == ALL
    assert tracked.resolved == 1
