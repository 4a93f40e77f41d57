"""What happens when, all of it drawn from one seed: the same seed and length give the same schedule."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

QUIET_START_S = 1.0


class Kind(StrEnum):
    """What can happen."""

    NOTE = "note"
    BURST = "burst"  # of notes, at once
    ROW = "row"  # of notes, one person speaking on
    FORWARD = "forward"  # of a note that was sent before
    AGAIN = "update again"  # the update of the last note once more
    KILL = "kill -9 of the program"
    KILL_ENGINE = "kill -9 of the engine"
    RESET = "TCP reset"
    FIN = "TCP end"
    OUTAGE = "outage"
    BLACK_HOLE = "black hole"
    FLOOD = "flood wait"
    LOST_ANSWER = "lost answer"  # the call is carried out, nobody hears of it
    LOST_CALL = "lost call"
    SERVER_ERROR = "server error"
    CUT_FILE = "file cut short"
    STALE_FILES = "file references expired"
    NEW_SALTS = "new salts"
    REDIS_DOWN = "redis down"
    CLOCK_JUMP = "clock jump"


# Mean seconds between two of each; those of a note are given by the rate.
EVERY_S = {
    Kind.BURST: 20.0,
    Kind.ROW: 5.0,
    Kind.FORWARD: 6.0,
    Kind.AGAIN: 3.0,
    # Rare enough for work to be done between them: else nothing is ever hit in the middle of it.
    Kind.KILL: 12.0,
    Kind.KILL_ENGINE: 6.0,
    Kind.RESET: 20.0,
    Kind.FIN: 30.0,
    Kind.OUTAGE: 80.0,
    Kind.BLACK_HOLE: 120.0,
    Kind.FLOOD: 12.0,
    Kind.LOST_ANSWER: 6.0,
    Kind.LOST_CALL: 20.0,
    Kind.SERVER_ERROR: 10.0,
    Kind.CUT_FILE: 15.0,
    Kind.STALE_FILES: 20.0,
    Kind.NEW_SALTS: 30.0,
    Kind.REDIS_DOWN: 40.0,
    Kind.CLOCK_JUMP: 25.0,
}
NOTES_PER_S = 2.0
WRITES = ("messages.SendMessage", "messages.EditMessage")
READS = ("upload.GetFile", "messages.GetHistory", "messages.GetDialogs", "updates.GetState", "messages.GetMessages")
LONGEST_OUTAGE_S, LONGEST_HOLE_S, LONGEST_REDIS_S, LONGEST_FLOOD_S = 12.0, 14.0, 5.0, 3
FARTHEST_JUMP_S = 3600


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happens, `at_s` after the start; `choice` decides what is left open (who, where, which clip)."""

    at_s: float
    kind: Kind
    choice: int
    seconds: float = 0.0  # how long or how far, where that means something
    call: str = ""  # the RPC it happens to

    def __str__(self) -> str:
        more = [f"{self.seconds:g} s"] * bool(self.seconds) + [self.call] * bool(self.call)
        return f"{self.at_s:7.2f} s  {self.kind.value} {' '.join(more)}".rstrip()


def schedule(seed: int, length_s: float, *, redis: bool, clock: bool, pace: float = 1.0) -> list[Step]:
    """Everything that happens in that time, in order; `pace` is how many times as many notes."""
    every_s = {**EVERY_S, Kind.NOTE: 1 / (NOTES_PER_S * pace)}
    left_out = {Kind.REDIS_DOWN: not redis, Kind.CLOCK_JUMP: not clock}
    steps = [
        step
        for kind, mean_s in every_s.items()
        if not left_out.get(kind)
        # Each kind has a stream of its own: leaving one out does not change the others.
        for step in _stream(random.Random(f"{seed}:{kind}"), kind, mean_s, length_s)
    ]
    return sorted(steps, key=lambda step: step.at_s)


def _stream(dice: random.Random, kind: Kind, mean_s: float, length_s: float) -> Iterator[Step]:
    at_s = QUIET_START_S + dice.expovariate(1 / mean_s)
    while at_s < length_s:
        yield _detailed(dice, Step(round(at_s, 2), kind, dice.getrandbits(30)))
        at_s += dice.expovariate(1 / mean_s)


def _detailed(dice: random.Random, step: Step) -> Step:
    longest_s = {
        Kind.OUTAGE: LONGEST_OUTAGE_S,
        Kind.BLACK_HOLE: LONGEST_HOLE_S,
        Kind.REDIS_DOWN: LONGEST_REDIS_S,
    }.get(step.kind)
    if longest_s is not None:
        return replace(step, seconds=round(dice.uniform(0.2, longest_s), 1))
    if step.kind is Kind.CLOCK_JUMP:
        return replace(step, seconds=dice.randint(-FARTHEST_JUMP_S, FARTHEST_JUMP_S))
    if step.kind is Kind.FLOOD:
        return replace(step, seconds=dice.randint(1, LONGEST_FLOOD_S), call=dice.choice(WRITES + READS))
    if step.kind in (Kind.LOST_CALL, Kind.SERVER_ERROR):
        return replace(step, call=dice.choice(WRITES + READS))
    if step.kind is Kind.LOST_ANSWER:
        return replace(step, call=dice.choice(WRITES))
    return step
