"""Every fault of the table, against the real process, the sandbox server and the real engine.

The rows are data, by theme, in `tests/faults/`. They are played a few at a time: most of them wait for something, the
library's time limits above all. Each test waits for its own row.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.faults import THEMES
from tests.faults.fault import Fault
from tests.faults.scene import scene

QUICK_AT_ONCE, SLOW_AT_ONCE = 2, 5
ROWS = {f"{theme}: {fault.name}": fault for theme, faults in THEMES.items() for fault in faults}
# Those that wait for a clock are begun at once, beside the others, and asked for last.
ORDER = sorted(ROWS, key=lambda name: bool(ROWS[name].waits_for))

Played = dict[str, asyncio.Task[None]]


async def play(fault: Fault, lane: asyncio.Semaphore) -> None:
    async with lane, scene() as at:
        try:
            await fault.play(at)
            await at.holds()
        except (AssertionError, TimeoutError, RuntimeError) as error:
            error.add_note(at.story())
            raise


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def played(request: pytest.FixtureRequest) -> AsyncIterator[Played]:
    """The rows that were asked for, under way; what they raise is for their tests to see."""
    chosen = {name for item in request.session.items if (name := item.name.partition("[")[2].rstrip("]")) in ROWS}
    quick, slow = asyncio.Semaphore(QUICK_AT_ONCE), asyncio.Semaphore(SLOW_AT_ONCE)
    tasks = {
        name: asyncio.create_task(play(ROWS[name], slow if ROWS[name].waits_for else quick))
        for name in ORDER
        if name in chosen
    }
    yield tasks
    for task in tasks.values():
        task.cancel()
    await asyncio.gather(*tasks.values(), return_exceptions=True)


@pytest.mark.timeout(240)
@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("name", ORDER)
async def test_the_program_does_what_it_must(name: str, played: Played) -> None:
    await played[name]


def test_the_table_has_its_rows() -> None:
    assert len(ROWS) == sum(len(faults) for faults in THEMES.values()), "every name once"
    assert len(ROWS) >= 40
    for fault in ROWS.values():
        assert fault.must
        assert fault.seen, f"{fault.name}: how does the test see it?"
