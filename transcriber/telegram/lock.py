"""One client per account: a file lock on this machine, and a lease in the store against other machines."""

from __future__ import annotations

import fcntl
import os
import re
import socket
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import NoReturn, Protocol

from transcriber.clock import Clock
from transcriber.errors import AlreadyRunning, DataDirUnusable, StoreUnavailable
from transcriber.telegram.supervisor import Attempt
from transcriber.telegram.until import until

LOCK_NAME = "voice_transcriber.lock"
LEASE_NAME = "account"
LEASE_TTL_S = 60.0
RENEW_EVERY_S = 20.0
KEPT_HOLDERS = 10  # names of earlier holders that the lock file remembers
# The first line of a lock file (in older ones without the zone), and a name under which the account is leased.
_LINE = re.compile(r"pid (?P<pid>\d+) on (?P<host>\S+) since (?P<since>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d([+-]\d{4})?)")
_NAME = re.compile(r"(?P<host>.+)-(?P<pid>\d+)-[0-9a-z]+")


class InstanceLock:
    """Exclusive use of a data directory while entered, given up by the kernel itself if the process dies.

    The file says who holds it: one line for people, then the names under which this holder and those before it lease
    the account: several, because one that is killed before it takes the lease leaves that of the one before it.
    It is never deleted, because a second process could then lock a file that is no longer there for a third.
    """

    def __init__(self, data_dir: Path, clock: Clock, holder: str, name: str = LOCK_NAME) -> None:
        self._path = data_dir / name
        self._clock = clock
        self._holder = holder
        self._fd: int | None = None
        self.predecessors: tuple[str, ...] = ()  # who leased the account from here before; dead, once we are in

    def __enter__(self) -> InstanceLock:
        """Raises `AlreadyRunning` if somebody holds it, `DataDirUnusable` if the file cannot be made."""
        try:
            fd = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                self.predecessors = self._claim(fd)
            except BaseException:
                os.close(fd)
                raise
        except OSError as error:  # no such directory, not ours, full, or a file system without locks
            raise DataDirUnusable(path=str(self._path.parent)) from error
        self._fd = fd
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None

    def _claim(self, fd: int) -> tuple[str, ...]:
        """Lock the file and write ourselves into it; returns who held it before, the last one first."""
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise AlreadyRunning(**described(next(iter(_lines(fd)), ""))) from error
        before = tuple(_lines(fd)[1:KEPT_HOLDERS])
        text = "".join(f"{line}\n" for line in (self._describe(), self._holder, *before)).encode()
        os.pwrite(fd, text, 0)
        os.ftruncate(fd, len(text))  # last, so that a kill in between forgets nobody
        return before

    def _describe(self) -> str:
        since = time.strftime("%Y-%m-%d %H:%M:%S%z", time.localtime(self._clock.now()))
        return f"pid {os.getpid()} on {socket.gethostname()} since {since}"


def _lines(fd: int) -> list[str]:
    """What stands in a lock file, line by line."""
    return os.pread(fd, 4096, 0).decode("utf-8", "replace").splitlines()


def described(holder: str) -> dict[str, object]:
    """Who that is, as far as a line of a lock file or the name on a lease tells: `pid`, `host`, `since_s` (Unix
    time), as details of a sentence; `holder` as it stands where it is neither."""
    if found := _LINE.fullmatch(holder):
        since_s = datetime.fromisoformat(found["since"]).timestamp()
        return {"pid": int(found["pid"]), "host": found["host"], "since_s": since_s}
    if found := _NAME.fullmatch(holder):
        return {"pid": int(found["pid"]), "host": found["host"]}
    return {"holder": holder} if holder else {}


def who_holds(data_dir: Path, locks: Path = Path("/proc/locks")) -> dict[str, object] | None:
    """Who holds this data directory, `described`; None if nobody does. Found without touching the lock, so that no
    start fails because somebody looked. A process of another container is not seen."""
    path = data_dir / LOCK_NAME
    try:
        number = str(path.stat().st_ino)
        rows = [row.split() for row in locks.read_text().splitlines()]
        line = next(iter(path.read_text("utf-8", "replace").splitlines()), "")
    except OSError:
        return None
    held = any(row[1] == "FLOCK" and row[5].rpartition(":")[2] == number for row in rows if len(row) > 5)
    return described(line) if held else None


def holder_id(random: str) -> str:
    """The name under which this process leases the account; `random` tells it from a process of the same number."""
    return f"{socket.gethostname()}-{os.getpid()}-{random}"


class Leases(Protocol):
    """What of the store is needed here."""

    async def take_lease(self, name: str, holder: str, ttl_s: float) -> str: ...

    async def drop_lease(self, name: str, holder: str) -> None: ...


class AccountLease:
    """Exclusive use of the account among all hosts that share a store: `take`, then `keep` as a task, then `drop`."""

    def __init__(self, store: Leases, clock: Clock, holder: str, predecessors: Sequence[str] = ()) -> None:
        self._store = store
        self._clock = clock
        self._holder = holder
        self._predecessors = predecessors
        self._until_s = 0.0

    async def take(self) -> None:
        """Take the account, also from predecessors in the same data directory that died holding it.

        Raises `AlreadyRunning` if another host has it, `StoreUnavailable`.
        """
        for predecessor in self._predecessors:
            await self._store.drop_lease(LEASE_NAME, predecessor)
        await self._renew()

    async def keep(self) -> NoReturn:
        """Renew until cancelled. Raises `AlreadyRunning` once another host has the account, and `StoreUnavailable`
        once the store was away for so long that another host may have it."""
        while True:
            await self._clock.sleep(RENEW_EVERY_S)
            try:
                await self._renew()
            except StoreUnavailable:
                # Two clients with one key would cost the account its session, so the doubt ends here.
                if self._clock.monotonic() + RENEW_EVERY_S > self._until_s:
                    raise

    def around(self, attempt: Attempt) -> Attempt:
        """The same attempt, made only while the account is ours: taken before it, renewed beside it.

        Where the store stays away for so long that another host may have the account, the attempt ends with
        `StoreUnavailable`, to be made again when the store is back."""

        async def leased(held: Callable[[], None]) -> None:
            await self.take()
            await until(attempt(held), self.keep())

        return leased

    async def drop(self) -> None:
        """Let another host have the account at once. Raises `StoreUnavailable`; the lease then runs out by itself."""
        await self._store.drop_lease(LEASE_NAME, self._holder)

    async def _renew(self) -> None:
        asked_at_s = self._clock.monotonic()
        holder = await self._store.take_lease(LEASE_NAME, self._holder, LEASE_TTL_S)
        if holder != self._holder:
            raise AlreadyRunning(**described(holder))
        # Counted from before the question: the store's own count can only end later.
        self._until_s = asked_at_s + LEASE_TTL_S
