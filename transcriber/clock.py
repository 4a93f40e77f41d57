"""Time, passed in so that no test has to wait for it."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import Protocol

from transcriber.boot import since_boot_s

_WORTH_SETTING_S = 2.0  # Telegram's time comes in whole seconds, and takes its way
_WORTH_TELLING_S = 60.0

log = logging.getLogger(__name__)


class Clock(Protocol):
    """What the program knows of time."""

    def now(self) -> float:
        """Unix time in seconds. Set once in a while, seldom by much."""
        ...

    def monotonic(self) -> float:
        """Seconds since some fixed moment; never goes back."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Return after `seconds`; ends early only by cancellation."""
        ...


class SystemClock:
    """Telegram's time, as soon as it was told; until then that of this machine as it was at the start.

    A machine without a battery for its clock starts in another year, and whoever sets a clock makes it jump: neither
    may hold a note for hours or make it look days old."""

    def __init__(self) -> None:
        self._booted_at_s = time.time() - since_boot_s()

    def now(self) -> float:
        return self._booted_at_s + since_boot_s()

    def monotonic(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    def set(self, now_s: float) -> None:
        """Take this for the time now; the second or two that any answer is late are left alone."""
        off_s = now_s - self.now()
        if abs(off_s) < _WORTH_SETTING_S:
            return
        if abs(off_s) > _WORTH_TELLING_S:
            log.warning("the clock of this machine is off by %.0f s; Telegram's is used", off_s)
        self._booted_at_s += off_s
