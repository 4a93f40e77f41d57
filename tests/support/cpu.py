"""How much a process computes, as the kernel counts it."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path


def cpu_s(pid: int) -> float:
    """Seconds of CPU since it began. Raises `FileNotFoundError` when it is gone."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def cpu_used_s(pid: int, within_s: float) -> float:
    """What it computes in so long; nothing if it is gone, as an engine that was killed to free the CPU."""
    try:
        before_s = cpu_s(pid)
        await asyncio.sleep(within_s)
        return cpu_s(pid) - before_s
    except FileNotFoundError:
        return 0.0
