"""How often the account says what nobody waits for."""

from __future__ import annotations

from transcriber.clock import Clock

EVERY_S = 3.0
LONGEST_S = 60.0
HALVES_IN_S = 300.0  # of peace


class Pace:
    """Every 3 s; after a FloodWait not before it has passed, and then half as often, but once a minute at least. In
    peace it returns within minutes. One for all messages, because Telegram counts what the account does."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._quiet_until_s = float("-inf")  # monotonic
        self._slowed_to_s = EVERY_S  # by the last FloodWait

    @property
    def every_s(self) -> float:
        """The time between two edits of one message now."""
        peace_s = max(0.0, self._clock.monotonic() - self._quiet_until_s)
        slowed_to_s: float = self._slowed_to_s * 0.5 ** (peace_s / HALVES_IN_S)
        return max(EVERY_S, slowed_to_s)

    def is_due(self, last_s: float) -> bool:
        """Whether there may be one now where the last one was then (monotonic)."""
        now_s = self._clock.monotonic()
        return now_s >= self._quiet_until_s and now_s - last_s >= self.every_s

    def flooded(self, seconds: float) -> None:
        """Telegram asked for so many seconds; several calls may be told of one and the same wait."""
        now_s = self._clock.monotonic()
        if now_s >= self._quiet_until_s:
            self._slowed_to_s = min(LONGEST_S, 2 * self.every_s)
        self._quiet_until_s = max(self._quiet_until_s, now_s + seconds)
