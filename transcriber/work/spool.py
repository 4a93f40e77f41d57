"""The sound of what is being transcribed: on disk only inside the data directory, only as long as needed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from transcriber.domain import Job
from transcriber.errors import DataDirUnusable

SUFFIX = ".sound"


class Spool:
    """A folder of our own (0700) with one file (0600) per job and run, named by us and never by the sender."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def prepare(self) -> None:
        """Make the folder and delete what an earlier life left in it. Raises `DataDirUnusable`."""
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._folder.chmod(0o700)
            for left in self._folder.glob(f"*{SUFFIX}*"):  # also what a download had not yet renamed
                left.unlink(missing_ok=True)
        except OSError as error:
            raise DataDirUnusable(path=self._folder, reason=error.strerror) from error

    @contextmanager
    def place(self, job: Job) -> Iterator[Path]:
        """An empty file for the sound of this job, gone when the block ends. Raises `DataDirUnusable`."""
        chat_id, message_id = job.note.key  # job numbers begin anew in a store that was emptied
        path = self._folder / f"{chat_id}_{message_id}-{job.run}{SUFFIX}"
        try:
            path.touch(mode=0o600)
        except OSError as error:
            raise DataDirUnusable(path=path, reason=error.strerror) from error
        try:
            yield path
        finally:
            path.unlink(missing_ok=True)
