"""The supervisor: which delays, which words, and what ends it."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.clock import FakeClock
from transcriber.chat.texts import Texts
from transcriber.errors import FloodWait, NotFound, Offline, SignedOut, StoreUnavailable
from transcriber.telegram.supervisor import backoff, supervise


class Story:
    """Keeps every announced line."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, dict[str, object]]] = []

    def __call__(self, key: str, **details: object) -> None:
        self.lines.append((key, details))

    @property
    def keys(self) -> list[str]:
        return [key for key, _ in self.lines]

    def spoken(self, language: str) -> list[str]:
        texts = Texts("ru") if language == "ru" else Texts("en")
        return [texts(f"run.{key}", **details) for key, details in self.lines]


class Script:
    """An attempt that does the next thing it was told, and waits for ever when nothing is left."""

    def __init__(self, *turns: Exception | Callable[[Callable[[], None]], None]) -> None:
        self._turns = list(turns)
        self.runs = 0

    async def __call__(self, held: Callable[[], None]) -> None:
        self.runs += 1
        if not self._turns:
            await asyncio.Event().wait()
        turn = self._turns.pop(0)
        if isinstance(turn, Exception):
            raise turn
        turn(held)


@asynccontextmanager
async def supervised(script: Script, clock: FakeClock, story: Story) -> AsyncIterator[asyncio.Task[None]]:
    task = asyncio.ensure_future(supervise(script, clock=clock, announce=story))
    try:
        yield task
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError, SignedOut):
            await task


def test_the_delays_double_from_five_seconds_to_five_minutes_and_stay_there() -> None:
    assert list(itertools.islice(backoff(), 9)) == [5, 10, 20, 40, 80, 160, 300, 300, 300]


async def test_each_failed_attempt_is_told_and_waited_for_longer() -> None:
    clock, story = FakeClock(), Story()
    script = Script(*[Offline(reason="no answer") for _ in range(8)])
    async with supervised(script, clock, story):
        await clock.advance(5 + 10 + 20 + 40 + 80 + 160 + 300 - 1)
        assert script.runs == 7
        await clock.advance(1)
        assert script.runs == 8
    assert clock.slept == [5, 10, 20, 40, 80, 160, 300, 300]
    assert story.keys == ["network_error", "reconnect_in"] * 8


async def test_every_kind_of_failure_has_its_own_line_in_russian() -> None:
    clock, story = FakeClock(), Story()
    script = Script(
        Offline(reason="ConnectionResetError"), StoreUnavailable(), NotFound(name="x"), ValueError("79001234567")
    )
    async with supervised(script, clock, story):
        await clock.advance(100)
    assert story.spoken("ru") == [
        "⚠️ Сетевая ошибка: ConnectionResetError",
        "🔄 Переподключение через 5 секунд...",
        "⚠️ Сетевая ошибка: store_unavailable",
        "🔄 Переподключение через 10 секунд...",
        "⚠️ Ошибка Telegram API: not_found(name=x)",
        "🔄 Переподключение через 20 секунд...",
        "❌ Неожиданная ошибка: ValueError",
        "🔄 Переподключение через 40 секунд...",
    ]


async def test_an_unexpected_error_is_logged_by_place_and_never_by_value(caplog: pytest.LogCaptureFixture) -> None:
    clock, story = FakeClock(), Story()
    async with supervised(Script(ValueError("79001234567")), clock, story):
        await clock.advance(1)
    assert "ValueError < __call__" in caplog.text
    assert "79001234567" not in caplog.text


async def test_a_flood_wait_is_slept_for_exactly_the_seconds_asked_and_leaves_the_delays_alone() -> None:
    clock, story = FakeClock(), Story()
    script = Script(Offline(), FloodWait(30), Offline())
    async with supervised(script, clock, story):
        await clock.advance(5 + 29)
        assert script.runs == 2
        await clock.advance(1)
        assert script.runs == 3
    assert clock.slept == [5, 30, 10]
    assert story.spoken("ru")[2] == "⏳ FloodWait: ожидание 30 секунд..."
    assert story.keys == ["network_error", "reconnect_in", "flood_wait", "network_error", "reconnect_in"]


async def test_a_connection_that_held_brings_the_delay_back_to_five_seconds() -> None:
    def held_then_lost(held: Callable[[], None]) -> None:
        held()
        raise Offline

    clock, story = FakeClock(), Story()
    async with supervised(Script(Offline(), Offline(), Offline(), held_then_lost, Offline()), clock, story):
        await clock.advance(100)
    assert clock.slept == [5, 10, 20, 5, 10]


async def test_a_permanent_error_ends_it_without_another_attempt() -> None:
    clock, story = FakeClock(), Story()
    script = Script(Offline(), SignedOut(reason="key_unregistered"))
    async with supervised(script, clock, story) as task:
        await clock.advance(5)
        with pytest.raises(SignedOut):
            await task
    assert script.runs == 2
    assert story.keys == ["network_error", "reconnect_in"]


@pytest.mark.parametrize("error", [Offline(), FloodWait(600)])
async def test_a_wait_ends_at_once_when_the_program_is_told_to_stop(error: Exception) -> None:
    clock, story = FakeClock(), Story()
    async with supervised(Script(error), clock, story) as task:
        await clock.advance(1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert len(clock.slept) == 1


@given(st.integers(1, 100), st.integers(100, 1000))
def test_delays_never_shrink_and_never_pass_the_longest(first_s: int, longest_s: int) -> None:
    delays = list(itertools.islice(backoff(first_s, longest_s), 20))
    assert delays == sorted(delays)
    assert delays[0] == first_s
    assert delays[-1] == longest_s
