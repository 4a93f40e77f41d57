"""What the machine and its containers allow: read from files laid out as the kernel does."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from transcriber.speech.cpu import default_threads, usable_cpus
from transcriber.speech.memory import available_bytes, resident_bytes

HERE = len(os.sched_getaffinity(0))
GB = 1 << 30


class Kernel:
    """/proc and /sys/fs/cgroup of a made-up machine with 8 GB available."""

    def __init__(self, tmp_path: Path, groups: str) -> None:
        self.proc, self.root = tmp_path / "proc", tmp_path / "cgroup"
        self.put(self.proc / "self/cgroup", groups)
        self.put(self.proc / "meminfo", f"MemTotal: 1 kB\nMemAvailable: {8 * GB // 1024} kB\n")

    def put(self, path: Path, text: str) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def cpus(self) -> int:
        return usable_cpus(self.proc, self.root)

    def memory(self) -> int:
        return available_bytes(self.proc, self.root)


@pytest.fixture
def v2(tmp_path: Path) -> Kernel:
    return Kernel(tmp_path, "0::/app.slice/stenogram\n")


@pytest.fixture
def v1(tmp_path: Path) -> Kernel:
    return Kernel(tmp_path, "5:memory:/docker/abc\n4:cpu,cpuacct:/docker/abc\n")


def test_without_limits_it_is_what_affinity_allows(v2: Kernel) -> None:
    assert v2.cpus() == HERE
    v2.put(v2.root / "app.slice/cpu.max", "max 100000\n")
    assert v2.cpus() == HERE
    assert v2.memory() == 8 * GB


@pytest.mark.parametrize(("limit", "cpus"), [("50000 100000", 1), ("100000 100000", 1), ("150000 100000", 2)])
def test_a_cpu_quota_counts_rounded_up(v2: Kernel, limit: str, cpus: int) -> None:
    v2.put(v2.root / "app.slice/stenogram/cpu.max", limit)
    assert v2.cpus() == min(cpus, HERE)


def test_the_tightest_group_on_the_way_up_counts(v2: Kernel) -> None:
    v2.put(v2.root / "app.slice/stenogram/cpu.max", "800000 100000")
    v2.put(v2.root / "app.slice/cpu.max", "100000 100000")
    assert v2.cpus() == 1


def test_inside_a_container_the_top_is_its_own_group(v2: Kernel) -> None:
    v2.put(v2.root / "cpu.max", "100000 100000")
    v2.put(v2.root / "memory.max", str(2 * GB))
    v2.put(v2.root / "memory.current", str(GB))
    v2.put(v2.root / "memory.stat", f"anon 5\ninactive_file {GB // 2}\n")
    assert v2.cpus() == 1
    assert v2.memory() == 3 * GB // 2


def test_the_older_control_groups_count_too(v1: Kernel) -> None:
    v1.put(v1.root / "cpu/docker/abc/cpu.cfs_quota_us", "100000")
    v1.put(v1.root / "cpu/docker/abc/cpu.cfs_period_us", "100000")
    v1.put(v1.root / "memory/memory.limit_in_bytes", str(GB))
    v1.put(v1.root / "memory/memory.usage_in_bytes", str(3 * GB))
    v1.put(v1.root / "memory/memory.stat", "total_inactive_file 0\n")
    assert v1.cpus() == 1
    assert v1.memory() == 0


def test_an_unlimited_older_group_limits_nothing(v1: Kernel) -> None:
    v1.put(v1.root / "cpu/docker/abc/cpu.cfs_quota_us", "-1")
    assert v1.cpus() == HERE


def test_here_and_now_it_gives_sane_answers() -> None:
    assert 1 <= default_threads() <= min(4, HERE)
    assert available_bytes() > 10_000_000
    own = resident_bytes(os.getpid())
    assert own is not None
    assert 5_000_000 < own < 100 * GB
    assert resident_bytes(2**22 + 1) is None
