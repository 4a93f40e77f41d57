"""Memory that is left, and memory that a process has: in bytes."""

from __future__ import annotations

from pathlib import Path

from transcriber.speech import cgroup


def available_bytes(proc: Path = cgroup.PROC, root: Path = cgroup.CGROUP) -> int:
    """What a new process could use before the kernel would start to kill: the machine's and the container's limit."""
    left = [_field(proc / "meminfo", "MemAvailable:") * 1024]
    for limit, usage, reclaimable in (
        ("memory.max", "memory.current", "inactive_file"),
        ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
    ):
        for folder, text in cgroup.values("memory", limit, proc, root):
            if text != "max":
                used = int((folder / usage).read_text()) - _field(folder / "memory.stat", reclaimable)
                left.append(int(text) - used)
    return max(0, min(left))


def resident_bytes(pid: int, proc: Path = cgroup.PROC) -> int | None:
    """Memory that a process holds now; None if it is gone."""
    try:
        return _field(proc / str(pid) / "status", "VmRSS:") * 1024 or None
    except OSError:
        return None


def _field(path: Path, name: str) -> int:
    for line in path.read_text().splitlines():
        if line.startswith(name):
            return int(line.split()[1])
    return 0
