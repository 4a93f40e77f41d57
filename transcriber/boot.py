"""The start of this machine: a moment to count from, the same for all its processes, that nobody can set."""

from __future__ import annotations

import time
from pathlib import Path

# Counts on while the machine sleeps, where the system has such a clock (Linux).
_CLOCK: int = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def since_boot_s() -> float:
    """Seconds since this machine started."""
    return time.clock_gettime(_CLOCK)


def this_boot() -> str:
    """A name for this start of the machine; empty where the system has none."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
    except OSError:
        return ""
