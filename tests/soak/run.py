"""One soak from beginning to end: start, let it rain, let it dry, count."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tests.soak.acting import Acting
from tests.soak.answers import answers
from tests.soak.cast import Cast, Sent, clips
from tests.soak.keeper import Keeper
from tests.soak.plan import Kind, Step, schedule
from tests.soak.verdict import Verdict, judge, pending
from tests.support.machine_clock import MISSING, MachineClock, libfaketime
from tests.support.redis import RedisServer, redis_program
from tests.support.sandbox import Stage, stage
from transcriber.sandbox.tasks import Tasks

STUCK_AFTER_S = 150.0  # after the last fault: without a single note coming to its end
LOOK_EVERY_S = 1.0
TELL_EVERY_S = 20.0
RUNNING = "📋"
STOP_WITHIN_S = 3.0
A_TOLD_NOTE = 65_536 + 16  # the choice that is a short note of a tracked person of which an update tells
MOST_TOLD = 3  # stories
AROUND_S = 12.0  # of the schedule, printed around a note that went wrong


@dataclass
class Report:
    """Everything there is to say at the end."""

    seed: int
    store: str
    length_s: float
    dried_in_s: float
    verdict: Verdict
    notes: int
    counts: Counter[Kind]
    keeper: Keeper
    stop_s: float
    retries: int
    engines_left: int
    steps: list[Step]
    with_clock: bool

    @property
    def faults(self) -> list[str]:
        """What is wrong; empty: nothing."""
        verdict = self.verdict
        wrong = {
            "lost": len(verdict.lost),
            "with other words": len(verdict.wrong),
            "twice": len(verdict.twice),
            "progress left": len(verdict.hanging),
            "uncalled for": len(verdict.uncalled_for),
            "leaked": len(verdict.leaked),
            "about nothing": len(verdict.unknown),
            "ended by itself": len(self.keeper.odd_ends),
            "engine processes left": self.engines_left,
            f"stopping took over {STOP_WITHIN_S:g} s": int(self.stop_s > STOP_WITHIN_S),
        }
        return [f"{count} {what}" for what, count in wrong.items() if count]

    def lines(self) -> Iterator[str]:
        """For people."""
        verdict, keeper = self.verdict, self.keeper
        yield f"seed {self.seed}, {self.store}, {self.length_s:g} s of faults, dry {self.dried_in_s:.0f} s after them"
        yield (
            f"notes {self.notes}: covered {verdict.covered}, delivered {verdict.delivered}, lost {len(verdict.lost)},"
            f" twice {len(verdict.twice)}, other words {len(verdict.wrong)}, leaked {len(verdict.leaked)}"
        )
        yield (
            f"lives {keeper.lives}, kills {keeper.kills} of the program and {keeper.engine_kills} of the engine,"
            f" starts without a store {keeper.starts_without_store}, stopped in {self.stop_s:.2f} s"
        )
        yield f"messages in which several notes stand: {verdict.shared}"
        yield f"given up after two deaths of the engine, told, and brought by /retry: {len(verdict.given_up)}"
        yield ", ".join(f"{kind.value} {count}" for kind, count in sorted(self.counts.items()))
        if not self.with_clock:
            yield f"clock jumps: none made, {MISSING}"
        for note in verdict.suspects[:MOST_TOLD]:
            yield from self._story(note)
        yield from verdict.leaked[:10]
        yield from keeper.odd_ends[:5]
        yield (
            "FAILED: " + ", ".join(self.faults)
            if self.faults
            else "passed: nothing lost, nothing twice, nothing leaked"
        )

    def _story(self, note: Sent) -> Iterator[str]:
        pushed = "told" if note.pushed else "not told of"
        yield f"note {note.key}, {note.clip.name}, {pushed} at {note.at_s:.2f} s; what happened around it:"
        for step in self.steps:
            if abs(step.at_s - note.at_s) < AROUND_S and step.kind not in (Kind.NOTE, Kind.FORWARD, Kind.AGAIN):
                yield f"    {step}"


async def soak(
    seed: int, minutes: float, store: str, *, pace: float = 1.0, log: Path | None = None, tell: Callable[[str], None]
) -> Report:
    """Run one; what the program prints goes to `log`."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="stenogram-soak-")))
        redis = stack.enter_context(_redis(folder)) if store == "redis" else None
        out = stack.enter_context((log or folder / "program.log").open("w", encoding="utf-8"))
        library = libfaketime()
        clock = MachineClock(library, folder / "clock") if library else None
        length_s = minutes * 60
        steps = schedule(seed, length_s, redis=redis is not None, clock=clock is not None, pace=pace)
        async with stage() as on, Tasks() as tasks:
            cast = Cast(on.srv, on.friend)
            keeper = Keeper(_environment(on, cast, redis, clock), out, store_may_be_away=redis is not None)
            acting = Acting(on.srv, cast, clips(folder), keeper, redis, clock, tasks.spawn)
            await acting.calm()
            tasks.spawn(keeper.run())
            await _ready(on, cast, keeper)
            await _rain(on, cast, steps, acting, tell)
            await acting.calm()
            keeper.kill()
            began_s = time.monotonic()
            retries = await _dry(on, cast, tell)
            dried_in_s = time.monotonic() - began_s
            await _once_more(on, cast, keeper, acting)
            stop_s = await keeper.stop()
            left = await _engines_left(keeper)
            return Report(
                *(seed, store, length_s, dried_in_s, judge(on.srv, cast), len(cast.sent), acting.counts, keeper),
                *(stop_s, retries, left, steps, clock is not None),
            )


async def _ready(on: Stage, cast: Cast, keeper: Keeper) -> None:
    """From here on everything counts: the program has looked around once, and knows where to answer in the chat."""
    await (await keeper.life()).wait_line(RUNNING, 60)
    on.srv.deliver_text(on.me, cast.club, "/deliver reply")
    await on.srv.wait_until(lambda: bool(answers(on.srv)[1]) or None, 20)


async def _rain(on: Stage, cast: Cast, steps: list[Step], acting: Acting, tell: Callable[[str], None]) -> None:
    began_s = told_s = time.monotonic()
    for step in steps:
        await asyncio.sleep(max(0.0, began_s + step.at_s - time.monotonic()))
        acting.do(step)
        if time.monotonic() - told_s > TELL_EVERY_S:
            told_s = time.monotonic()
            tell(f"{step.at_s:6.0f} s: {len(cast.sent)} notes, {pending(on.srv, cast)[0]} still to come")


async def _dry(on: Stage, cast: Cast, tell: Callable[[str], None]) -> int:
    """Wait until every note has its text or was given up; then the owner asks for those once more."""
    moved_s = told_s = time.monotonic()
    least, retries, asked = len(cast.sent), 0, False
    while time.monotonic() < moved_s + STUCK_AFTER_S:
        missing, given_up = pending(on.srv, cast)
        if not missing:
            break
        if missing < least:
            least, moved_s = missing, time.monotonic()
        if time.monotonic() - told_s > TELL_EVERY_S:
            told_s = time.monotonic()
            tell(f"drying: {missing} still to come, {given_up} given up")
        if missing <= given_up and not asked:
            asked, retries = True, given_up
            on.srv.deliver_text(on.me, None, "/retry")
        await asyncio.sleep(LOOK_EVERY_S)
    return retries


async def _once_more(on: Stage, cast: Cast, keeper: Keeper, acting: Acting) -> None:
    """A last start finds nothing left to do: its first text is that of a note sent now."""
    keeper.kill()
    await asyncio.sleep(0.5)
    await (await keeper.life()).wait_line(RUNNING, 60)
    acting.do(Step(0.0, Kind.NOTE, A_TOLD_NOTE))
    with suppress(TimeoutError):  # what is missing then, the verdict tells
        await on.srv.wait_until(lambda: not pending(on.srv, cast)[0] or None, 60)
    await asyncio.sleep(2)


async def _engines_left(keeper: Keeper) -> int:
    for _ in range(50):  # of 0.1 s
        if not keeper.engines_left():
            return 0
        await asyncio.sleep(0.1)
    return keeper.engines_left()


def _environment(on: Stage, cast: Cast, redis: RedisServer | None, clock: MachineClock | None) -> dict[str, str]:
    more = {"TRACKED": ",".join(map(str, cast.tracked)), "LOG_LEVEL": "INFO"}
    if redis is not None:
        more["REDIS_URL"] = redis.url
    if clock is not None:
        more |= clock.environment
    return on.settings(**more)


@contextmanager
def _redis(folder: Path) -> Iterator[RedisServer]:
    (folder / "redis").mkdir()
    server = RedisServer(redis_program(), folder / "redis", "--appendfsync", "always")
    server.start()
    try:
        yield server
    finally:
        server.kill()
