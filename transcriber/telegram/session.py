"""The session file: the key to the account. It is readable by its owner only, and a dead one is never used again."""

from __future__ import annotations

import logging
import os
import sqlite3
import struct
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from pyrogram.storage import SQLiteStorage
from pyrogram.storage.sqlite_storage import PROD, TEST

from transcriber.errors import DataDirUnusable, NoSession, SettingsWrong, SignedOut

NAME = "voice_transcriber"
_SIDE_FILES = ("", "-journal", "-wal", "-shm")
_BUSY_WAIT_S = 1.0

log = logging.getLogger(__name__)


class SessionFile:
    """`voice_transcriber.session` in the data directory."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        self.path = data_dir / f"{NAME}.session"
        self.dead_path = data_dir / f"{NAME}.session.dead"

    def exists(self) -> bool:
        """Whether somebody is signed in; an aborted sign-in does not count. Raises `NoSession("session_unreadable")`
        if the file is there but is no session."""
        if not self.path.exists():
            return False
        found = self._read("auth_key", "user_id", "is_bot", "test_mode")
        return found is None or all(value is not None for value in found)

    def knows_api_id(self) -> bool:
        """Whether the file carries the API id it was made with; only files from old libraries do not."""
        found = self._read("api_id")
        return found is None or bool(found[0])

    async def prepare(self) -> None:
        """Have a session file that only its owner can read: the one that is there, else a fresh, unauthorised one.

        Kurigram would make it with the permissions of any file (measured: 0644)."""
        if not self.path.exists():
            await self._write(SQLiteStorage(NAME, self.data_dir), {})
        self.protect()

    def protect(self) -> None:
        """Take the file and its journal away from everybody else. SQLite gives a new journal the mode of its file."""
        with _data_dir_errors(self.data_dir):
            for path in self._files(self.path):
                if path.exists():
                    path.chmod(0o600)

    async def import_string(self, session_string: str, api_id: int | None = None) -> None:
        """Turn a session string into the file: only a file remembers up to where updates were seen. All or nothing.

        Raises `SettingsWrong` if it is no session string, `SignedOut` if it is the key that was set aside as dead."""
        row = await _unpack(session_string)
        row["api_id"] = row["api_id"] or api_id
        if not row["api_id"]:
            raise SettingsWrong("api_needed")
        if self._is_dead(row["auth_key"]):
            raise SignedOut("session_string_dead")
        half = self.data_dir / f"{NAME}.new.session"
        with _data_dir_errors(self.data_dir):
            half.unlink(missing_ok=True)
        await self._write(SQLiteStorage(half.stem, self.data_dir), row)
        with _data_dir_errors(self.data_dir):
            half.replace(self.path)

    def set_aside(self, reason: str) -> None:
        """Rename a session that Telegram no longer accepts, so that no later start connects with a dead key."""
        with _data_dir_errors(self.data_dir):
            # The journal goes along: left behind, SQLite would play it into the next session file.
            for path, dead in zip(self._files(self.path), self._files(self.dead_path), strict=True):
                if path.exists():
                    path.replace(dead)
                else:
                    dead.unlink(missing_ok=True)
        log.warning("session set aside: %s", reason)

    def remove(self) -> None:
        """Forget the session on this machine; no error if there is none."""
        with _data_dir_errors(self.data_dir):
            for path in self._files(self.path):
                path.unlink(missing_ok=True)

    def _is_dead(self, auth_key: bytes) -> bool:
        try:
            return self.dead_path.exists() and self._read("auth_key", path=self.dead_path) == (auth_key,)
        except NoSession:
            return False  # what was set aside was no session at all

    def _read(self, *columns: str, path: Path | None = None) -> tuple[Any, ...] | None:
        """The columns of the one row there is; None while another process is writing, which proves a session too."""
        path = path or self.path
        # rw and not ro: a journal left by a killed process has to be rolled back before reading.
        uri = f"file:{quote(str(path))}?mode=rw"
        try:
            with closing(sqlite3.connect(uri, uri=True, timeout=_BUSY_WAIT_S)) as connection:
                # The names are literals of this file.
                row = connection.execute(f"SELECT {', '.join(columns)} FROM sessions").fetchone()  # noqa: S608
        except sqlite3.Error as error:
            if error.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
                return None
            raise NoSession("session_unreadable", path=path) from error
        if row is None:
            raise NoSession("session_unreadable", path=path)
        return tuple(row)

    async def _write(self, storage: Any, row: dict[str, Any]) -> None:
        with _data_dir_errors(self.data_dir), _private_files():
            await storage.open()  # runs to its end without giving up the loop, so nothing else sees the umask
        try:
            for name, value in row.items():
                await getattr(storage, name)(value)
            storage.conn.commit()
        finally:
            await storage.close()

    @staticmethod
    def _files(path: Path) -> tuple[Path, ...]:
        return tuple(path.with_name(path.name + suffix) for suffix in _SIDE_FILES)


async def _unpack(session_string: str) -> dict[str, Any]:
    """What a session string holds, as the columns of the session table."""
    storage = SQLiteStorage(NAME, Path(), session_string=session_string.strip(), in_memory=True)
    names = ("dc_id", "api_id", "test_mode", "auth_key", "user_id", "is_bot")
    try:
        await storage.open()
        row = {name: await getattr(storage, name)() for name in names}
        # The old short formats leave the address of data centre 2 behind, whichever it was.
        row["server_address"] = (TEST if row["test_mode"] else PROD)[row["dc_id"]]
        row["port"] = 80 if row["test_mode"] else 443
    except (ValueError, struct.error, KeyError, sqlite3.Error) as error:
        raise SettingsWrong("session_string_wrong") from error
    finally:
        await storage.close()
    if row["is_bot"] or not row["user_id"]:
        raise SettingsWrong("session_string_wrong")
    return row


@contextmanager
def _private_files() -> Iterator[None]:
    before = os.umask(0o077)
    try:
        yield
    finally:
        os.umask(before)


@contextmanager
def _data_dir_errors(data_dir: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, sqlite3.Error) as error:
        raise DataDirUnusable(path=data_dir) from error
