"""How many CPUs this process may really use."""

from __future__ import annotations

import math
import os
from pathlib import Path

from transcriber.speech import cgroup

DEFAULT_AT_MOST = 4  # more threads gain little for Whisper on a CPU and disturb the machine's owner


def usable_cpus(proc: Path = cgroup.PROC, root: Path = cgroup.CGROUP) -> int:
    """CPUs this process may use, at least 1: its affinity, and the CPU quota of its container (rounded up)."""
    limits = [float(len(os.sched_getaffinity(0)))]
    for _, text in cgroup.values("cpu", "cpu.max", proc, root):
        quota, _, period = text.partition(" ")
        if quota != "max":
            limits.append(int(quota) / int(period or 100_000))
    for folder, text in cgroup.values("cpu", "cpu.cfs_quota_us", proc, root):
        if int(text) > 0:
            limits.append(int(text) / int((folder / "cpu.cfs_period_us").read_text()))
    return max(1, math.ceil(min(limits)))


def default_threads() -> int:
    """Threads of the engine unless the owner says otherwise: min(4, usable CPUs)."""
    return min(DEFAULT_AT_MOST, usable_cpus())
