"""One SQLite file behind one thread: opened, upgraded, used and closed there, so that the event loop never blocks.

Power cut: WAL with `synchronous=FULL` forces the log to the disk before a commit returns, so what was acknowledged is
there after it, and what was not is there wholly or not at all (https://www.sqlite.org/pragma.html#pragma_synchronous).
"""

from __future__ import annotations

import asyncio
import logging
import os
import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from transcriber.errors import DataDirUnusable, StenogramError, StoreRefused, StoreUnavailable
from transcriber.storage.schema import STEPS, Step
from transcriber.storage.words import stems

log = logging.getLogger(__name__)

T = TypeVar("T")

BUSY_TIMEOUT_S = 1.5  # how long to wait for another process; with CLOSE_S within the 3 s the program has for stopping
DEADLINE_S = 10.0  # for one call, waiting for the thread included
CLOSE_S = 1.0
UPGRADE_S = 1800.0  # a file with years of transcripts, on a slow card

_COMES_AND_GOES = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_READONLY,  # a disk with errors is remounted read-only
        sqlite3.SQLITE_CANTOPEN,  # no file handles left, for the log beside the file
        sqlite3.SQLITE_PROTOCOL,  # too many tries for the lock of the log
        sqlite3.SQLITE_INTERRUPT,
    }
)


class Database:
    """A file that is open from `open` to `close`, and the thread that has it."""

    def __init__(
        self,
        path: Path,
        *,
        steps: tuple[Step, ...] = STEPS,
        busy_timeout_s: float = BUSY_TIMEOUT_S,
        deadline_s: float = DEADLINE_S,
        read_only: bool = False,
    ) -> None:
        self._path = path
        self._read_only = read_only
        self._steps = steps
        self._busy_timeout_s = busy_timeout_s
        self._deadline_s = deadline_s
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="sqlite")
        self._connection: sqlite3.Connection | None = None
        self._closed = False

    async def open(self) -> None:
        """Open the file, made with mode 0600 if it is not there, and take the steps it lacks; read-only: as it is.

        Raises `DataDirUnusable`, `StoreRefused` (newer, older, damaged, not a database), `StoreUnavailable`."""
        try:
            await self._in_thread(self._open, UPGRADE_S)
        except BaseException:
            await self.close()
            raise

    async def run(self, work: Callable[[sqlite3.Connection], T], deadline_s: float | None = None) -> T:
        """Run `work` in the thread and return what it returns. Each statement is a transaction of its own, unless
        `work` begins one. After `StoreUnavailable` for a deadline that passed, it may still have been done."""

        def with_connection() -> T:
            if self._connection is None:
                raise StoreUnavailable(reason="closed")
            return work(self._connection)

        return await self._in_thread(with_connection, deadline_s)

    async def close(self) -> None:
        """Close the file, within a second; a second time does nothing."""
        if self._closed:
            return
        try:
            await self._in_thread(self._close, CLOSE_S)
        except StoreUnavailable as error:
            # Nothing is lost by it: whatever was acknowledged is in the file or its log already.
            log.warning("the database did not close: %s", error)
        finally:
            self._closed = True
            self._thread.shutdown(wait=False)

    async def _in_thread(self, work: Callable[[], T], deadline_s: float | None = None) -> T:
        if self._closed:
            raise StoreUnavailable(reason="closed")
        try:
            async with asyncio.timeout(self._deadline_s if deadline_s is None else deadline_s):
                return await asyncio.get_running_loop().run_in_executor(self._thread, work)
        except sqlite3.Error as error:
            raise translated(error) from error
        except TimeoutError as error:
            raise StoreUnavailable(reason="deadline") from error

    def _open(self) -> None:
        if self._read_only:
            uri = self._path.absolute().as_uri() + "?mode=ro"
            self._connection = sqlite3.connect(uri, uri=True, timeout=self._busy_timeout_s, isolation_level=None)
            if (found := _version(self._connection, self._steps)) < len(self._steps):
                raise StoreRefused("store_older", found=found, known=len(self._steps))
            return
        try:
            # Made here and not by SQLite, for the mode: the log and its index beside the file take theirs from it.
            os.close(os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
            self._path.chmod(0o600)
        except OSError as error:
            raise DataDirUnusable(path=self._path, reason=error.strerror) from error
        self._connection = sqlite3.connect(self._path, timeout=self._busy_timeout_s, isolation_level=None)
        self._connection.create_function("stems", 1, stems, deterministic=True)
        upgrade(self._connection, self._steps)

    def _close(self) -> None:
        if self._connection is not None:
            connection, self._connection = self._connection, None
            connection.close()


def upgrade(connection: sqlite3.Connection, steps: tuple[Step, ...]) -> None:
    """Take the steps this file lacks, all or none of them; a file that had more is left untouched and refused."""
    if _version(connection, steps) == len(steps):
        _keep_safe(connection)
        return
    _keep_safe(connection)
    with transaction(connection):
        # Read again under the lock: another process may have taken the steps meanwhile.
        version = _version(connection, steps)
        for step in steps[version:]:
            for statement in step:
                connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {len(steps)}")
    log.info("database: format %d, was %d", len(steps), version)


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """All that is written inside, or nothing; nobody else writes meanwhile."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def _version(connection: sqlite3.Connection, steps: tuple[Step, ...]) -> int:
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    if version > len(steps):
        raise StoreRefused("store_newer", found=version, known=len(steps))
    return version


def _keep_safe(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA secure_delete = ON")  # what is deleted or shortened is overwritten, not only let go


def translated(error: sqlite3.Error) -> StenogramError:
    """What a SQLite error means to us; only its name is kept, never a statement or a value."""
    code = getattr(error, "sqlite_errorcode", None)
    name = getattr(error, "sqlite_errorname", type(error).__name__)
    primary = None if code is None else code & 0xFF  # the higher bits say more exactly where
    if primary in _COMES_AND_GOES:
        return StoreUnavailable(reason=name)
    if primary in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return StoreRefused("store_damaged", what=name)
    return StoreRefused(reason=name)
