"""The data directory: everything the program writes is in it."""

from __future__ import annotations

import os
from pathlib import Path

from transcriber.errors import DataDirUnusable

DATABASE = "stenogram.db"


def prepare(data_dir: Path) -> Path:
    """Make it, for its owner only, see that it can be written, and work in it. Raises `DataDirUnusable`."""
    os.umask(0o077)  # for all that comes: what lies here is the owner's alone
    try:
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        probe = data_dir / ".writable"
        probe.touch()
        probe.unlink()
        # The client library notes errors that it does not know in ./unknown_errors.txt; where it cannot write that,
        # it takes them for network errors and repeats the call ten times.
        os.chdir(data_dir)
    except OSError as error:
        raise DataDirUnusable(path=data_dir) from error
    return data_dir
