"""The clock of the machine as one program sees it, set while it runs (libfaketime)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

MISSING = "libfaketime is not installed (Debian: apt install faketime)"


def libfaketime() -> Path | None:
    """The library, if this machine has it."""
    return next(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"), None)


class MachineClock:
    """Right at first; a program started with `environment` sees each `set` within a second. Only the time of day is
    changed: what counts from the start of the machine goes on as it is."""

    def __init__(self, library: Path, file: Path) -> None:
        self._file = file
        self.environment: Mapping[str, str] = {
            "LD_PRELOAD": str(library),
            "FAKETIME_TIMESTAMP_FILE": str(file),
            "FAKETIME_CACHE_DURATION": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }
        self.set(0)

    def set(self, off_s: float) -> None:
        """Let it be off by so much, ahead if positive."""
        self._file.write_text(f"{off_s:+.0f}s", "utf-8")
