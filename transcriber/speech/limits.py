"""What the engine process may use once its model is loaded. The kernel keeps these limits; nobody has to look.

Memory is bounded by RLIMIT_DATA, counted from what the process has after loading. RLIMIT_AS would not do: threads and
mapped libraries reserve ten times what they use (measured with the bundled model: 1240 MB of addresses, 730 MB of
private memory of which 85 MB are touched), and how much of that depends on the number of CPUs. A watch on the
resident memory from outside would not do either: a decoder that is told to make room for 2^31 samples takes
gigabytes between two looks.
"""

from __future__ import annotations

import resource
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

OPEN_FILES = 64  # it has four: three pipes and stderr, and one for each recording while that is decoded
STATUS = Path("/proc/self/status")


def shut(room_bytes: int) -> None:
    """From now on: at most `room_bytes` more of memory, few open files, and no byte into any file.

    Memory that is refused becomes `MemoryError` in Python and an error of the decoder in FFmpeg.
    """
    most = private_bytes() + room_bytes
    for limit, value in ((resource.RLIMIT_DATA, most), (resource.RLIMIT_NOFILE, OPEN_FILES)):
        allowed = resource.getrlimit(limit)[1]  # an owner's tighter limit stays
        lower = value if allowed == resource.RLIM_INFINITY else min(value, allowed)
        resource.setrlimit(limit, (lower, lower))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))


def may_write() -> None:
    """Let bytes into files again: for the last words of the process, where stderr is a file."""
    allowed = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
    resource.setrlimit(resource.RLIMIT_FSIZE, (allowed, allowed))


def private_bytes(status: Path = STATUS) -> int:
    """Private writable memory of this process, touched or not: what RLIMIT_DATA counts."""
    for line in status.read_text().splitlines():
        if line.startswith("VmData:"):
            return int(line.split()[1]) * 1024
    return 0


@contextmanager
def at_most(cpu_s: float) -> Iterator[None]:
    """The block may compute for that many seconds; then the kernel ends the process (SIGPROF), wherever it is.

    It is the only way out of a loop inside a decoder. Seconds of computing, not of waiting, so that a busy or
    sleeping machine harms nobody.
    """
    signal.setitimer(signal.ITIMER_PROF, cpu_s)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
