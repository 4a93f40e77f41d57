"""Who lends us a CPU: what each said last, and whether it can be given something to do."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass, replace

from transcriber.clock import Clock
from transcriber.lending.messages import Beat

log = logging.getLogger(__name__)

SILENT_S = 15.0  # who was not heard for so long is gone, and what it had in hand is lost
LEFT_OUT_S = 60.0  # after a trouble of its own


@dataclass(frozen=True, slots=True)
class _Lender:
    beat: Beat
    heard_at_s: float
    left_out_until_s: float = 0.0


class Lenders:
    """The lenders by their names for one another; in the order in which they came."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._known: dict[str, _Lender] = {}

    def __iter__(self) -> Iterator[Beat]:
        """What each of them said last."""
        return (one.beat for one in self._known.values())

    def note(self, beat: Beat) -> None:
        """It is there."""
        known = self._known.get(beat.sender)
        if known is None:
            log.info("lender %s is here: %d threads", beat.sender, beat.threads)
        left_out_until_s = known.left_out_until_s if known else 0.0
        self._known[beat.sender] = _Lender(beat, self._clock.monotonic(), left_out_until_s)

    def forget(self, lender: str, why: str) -> None:
        """It is not there any more."""
        if self._known.pop(lender, None) is not None:
            log.info("lender %s %s", lender, why)

    def leave_out(self, lender: str, key: str) -> None:
        """Give it nothing for a minute."""
        if known := self._known.get(lender):
            log.warning("lender %s is left out for %.0f s: %s", lender, LEFT_OUT_S, key)
            self._known[lender] = replace(known, left_out_until_s=self._clock.monotonic() + LEFT_OUT_S)

    def silent(self) -> list[str]:
        """Who was not heard for too long."""
        now_s = self._clock.monotonic()
        return [lender for lender, one in self._known.items() if now_s - one.heard_at_s >= SILENT_S]

    def ready(self, model: str) -> list[Beat]:
        """Who has this model, and has not just been in trouble."""
        now_s = self._clock.monotonic()
        return [one.beat for one in self._known.values() if one.beat.model == model and now_s >= one.left_out_until_s]
