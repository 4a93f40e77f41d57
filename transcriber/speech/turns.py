"""Who works next: shortest remaining sound first, with ageing so that nobody starves."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

AGEING = 30.0  # one second of waiting counts as that many seconds of sound already done


@dataclass(frozen=True, slots=True)
class Turn:
    """One run that could work now."""

    run: int
    left_s: float  # sound still to be heard
    waiting_since_s: float  # when it last worked, or came


def choose(turns: Iterable[Turn], now_s: float) -> int:
    """The run to step now. An hour of sound waits at most two minutes, whatever else comes in between."""
    return min(turns, key=lambda turn: (turn.left_s - AGEING * (now_s - turn.waiting_since_s), turn.run)).run
