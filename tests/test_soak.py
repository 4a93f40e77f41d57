"""A short soak on each store, the same schedule every time; `make soak` runs a long one with a new seed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.soak.plan import Kind, schedule
from tests.soak.run import soak

MINUTES = 0.5
SEED = 20261120


def test_the_same_seed_gives_the_same_schedule_and_another_seed_another() -> None:
    one = schedule(1, 60, redis=True, clock=True)
    assert one == schedule(1, 60, redis=True, clock=True)
    assert one != schedule(2, 60, redis=True, clock=True)
    assert {step.kind for step in schedule(1, 600, redis=True, clock=True)} == set(Kind)


def test_what_cannot_be_done_here_is_left_out_and_changes_nothing_else() -> None:
    whole = schedule(1, 300, redis=True, clock=True)
    left_out = {Kind.REDIS_DOWN, Kind.CLOCK_JUMP}
    assert [step for step in whole if step.kind not in left_out] == schedule(1, 300, redis=False, clock=False)


@pytest.mark.timeout(420)
@pytest.mark.parametrize("store", ["sqlite", "redis"])
async def test_half_a_minute_of_everything_loses_nothing_repeats_nothing_and_leaks_nothing(
    store: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with capsys.disabled():  # a run that hangs has to say it too
        print(f"\npython -m tests.soak --seed {SEED} --minutes {MINUTES} --store {store}")
    report = await soak(SEED, MINUTES, store, log=tmp_path / "program.log", tell=print)
    assert report.verdict.is_good, "\n".join(report.lines())
    assert not report.faults, "\n".join(report.lines())
    assert report.verdict.covered > 0
    assert report.verdict.shared > 0
    assert report.keeper.kills > 0
