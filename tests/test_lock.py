"""One client per account: the file lock between processes, the lease between hosts."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import datetime
from functools import partial
from pathlib import Path

import pytest

from tests.support.clock import FakeClock
from tests.support.connected import until
from transcriber.chat.texts import Texts
from transcriber.errors import AlreadyRunning, DataDirUnusable, StoreUnavailable
from transcriber.storage.sqlite import SqliteStore
from transcriber.telegram.lock import (
    KEPT_HOLDERS,
    LOCK_NAME,
    AccountLease,
    InstanceLock,
    described,
    holder_id,
    who_holds,
)

HOLD = """
import sys
from pathlib import Path
from transcriber.clock import SystemClock
from transcriber.telegram.lock import InstanceLock
with InstanceLock(Path(sys.argv[1]), SystemClock(), "the-other"):
    print("held", flush=True)
    sys.stdin.read()
"""


class FlakyStore:
    """A lease that can be taken away, in a store that can be away."""

    def __init__(self) -> None:
        self.holder: str | None = None
        self.away = False
        self.renewals = 0

    async def take_lease(self, name: str, holder: str, ttl_s: float) -> str:
        if self.away:
            raise StoreUnavailable
        self.renewals += 1
        self.holder = self.holder or holder
        return self.holder

    async def drop_lease(self, name: str, holder: str) -> None:
        if self.holder == holder:
            self.holder = None


def other_process(data_dir: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(data_dir)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def grew(found: list[float], beyond: int) -> bool:
    return len(found) > beyond


def test_a_second_process_is_told_who_holds_the_lock_and_since_when(tmp_path: Path) -> None:
    with other_process(tmp_path) as other:
        with pytest.raises(AlreadyRunning) as refused, InstanceLock(tmp_path, FakeClock(), "me"):
            pass
        other.communicate()
    details = refused.value.details
    assert (details["pid"], details["host"]) == (other.pid, socket.gethostname())
    assert abs(float(str(details["since_s"])) - time.time()) < 60
    assert f"pid {other.pid} on " in Texts("en").error(refused.value)
    assert f"процесс {other.pid} на " in Texts("ru").error(refused.value)


@pytest.mark.parametrize(
    ("line", "details"),
    [
        ("pid 7 on box since 2026-11-05 14:32:00+0300", {"pid": 7, "host": "box", "since_s": 1793878320.0}),
        ("box-of-mine-7-a0b1c2d3", {"pid": 7, "host": "box-of-mine"}),
        ("who knows", {"holder": "who knows"}),
        ("", {}),
    ],
)
def test_a_holder_is_known_by_the_line_in_the_file_or_the_name_on_the_lease(line: str, details: object) -> None:
    assert described(line) == details


def test_the_line_of_an_older_version_is_understood_its_time_being_that_of_this_machine() -> None:
    at = datetime(2026, 11, 5, 14, 32).astimezone()
    assert described("pid 7 on box since 2026-11-05 14:32:00")["since_s"] == at.timestamp()


def test_who_holds_it_can_be_seen_without_touching_the_lock(tmp_path: Path) -> None:
    assert who_holds(tmp_path) is None
    with other_process(tmp_path) as other:
        held = who_holds(tmp_path)
        other.communicate()
    assert held is not None
    assert held["pid"] == other.pid
    assert who_holds(tmp_path) is None, "the file is still there, and nobody holds it"


def test_the_lock_is_free_again_after_the_other_process_ended_in_order(tmp_path: Path) -> None:
    with other_process(tmp_path) as other:
        other.communicate()
    with InstanceLock(tmp_path, FakeClock(), "me") as lock:
        assert lock.predecessors == ("the-other",)


def test_the_lock_is_free_again_after_the_other_process_was_killed(tmp_path: Path) -> None:
    with other_process(tmp_path) as other:
        os.kill(other.pid, signal.SIGKILL)
        other.communicate()
    with InstanceLock(tmp_path, FakeClock(), "me") as lock:
        assert lock.predecessors == ("the-other",)


def test_the_first_holder_has_no_predecessor_and_leaves_a_private_file(tmp_path: Path) -> None:
    with InstanceLock(tmp_path, FakeClock(), "me") as lock:
        assert lock.predecessors == ()
    assert (tmp_path / LOCK_NAME).stat().st_mode & 0o777 == 0o600


def test_a_refused_start_leaves_the_name_of_the_holder_alone(tmp_path: Path) -> None:
    with InstanceLock(tmp_path, FakeClock(), "first"):
        written = (tmp_path / LOCK_NAME).read_text()
        with pytest.raises(AlreadyRunning), InstanceLock(tmp_path, FakeClock(), "second"):
            pass
        assert (tmp_path / LOCK_NAME).read_text() == written


def test_a_data_directory_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataDirUnusable), InstanceLock(tmp_path / "missing", FakeClock(), "me"):
        pass


def test_two_processes_of_the_same_number_have_different_names() -> None:
    assert holder_id("a") != holder_id("b")
    assert str(os.getpid()) in holder_id("a")


async def test_a_lease_that_another_host_has_is_refused_and_named() -> None:
    store = FlakyStore()
    store.holder = "other-host-1-x"
    with pytest.raises(AlreadyRunning) as refused:
        await AccountLease(store, FakeClock(), "me").take()
    assert refused.value.details == {"host": "other-host", "pid": 1}


async def test_the_lease_is_renewed_every_20_seconds_and_never_runs_out_meanwhile(tmp_path: Path) -> None:
    clock = FakeClock()
    store = await SqliteStore.open(tmp_path / "s.db", clock)
    ours, theirs = AccountLease(store, clock, "ours"), AccountLease(store, clock, "theirs")
    await ours.take()
    keeping = asyncio.ensure_future(ours.keep())
    for _ in range(9):
        asleep = len(clock.slept)
        await clock.advance(20)
        await until(partial(grew, clock.slept, asleep))  # SQLite answers from a thread
    with pytest.raises(AlreadyRunning):
        await theirs.take()
    assert not keeping.done()
    keeping.cancel()
    await asyncio.wait([keeping])
    await store.close()


async def test_a_dropped_lease_can_be_taken_at_once(tmp_path: Path) -> None:
    clock = FakeClock()
    store = await SqliteStore.open(tmp_path / "s.db", clock)
    ours, theirs = AccountLease(store, clock, "ours"), AccountLease(store, clock, "theirs")
    await ours.take()
    await ours.drop()
    await theirs.take()
    with pytest.raises(AlreadyRunning):
        await ours.take()
    await store.close()


async def test_the_lease_of_a_predecessor_that_was_killed_here_does_not_lock_us_out(tmp_path: Path) -> None:
    clock = FakeClock()
    store = await SqliteStore.open(tmp_path / "s.db", clock)
    await AccountLease(store, clock, "killed").take()
    with pytest.raises(AlreadyRunning):
        await AccountLease(store, clock, "new").take()
    await AccountLease(store, clock, "new", predecessors=("killed",)).take()
    await store.close()


async def test_one_that_is_killed_before_it_takes_the_lease_hides_nobody(tmp_path: Path) -> None:
    """The lease is the first one's; the second dies between lock and lease; the third must not be locked out."""
    clock, store = FakeClock(), FlakyStore()
    with InstanceLock(tmp_path, clock, "first") as lock:
        await AccountLease(store, clock, "first", lock.predecessors).take()
    with InstanceLock(tmp_path, clock, "second"):
        pass
    with InstanceLock(tmp_path, clock, "third") as lock:
        assert lock.predecessors == ("second", "first")
        await AccountLease(store, clock, "third", lock.predecessors).take()
    assert store.holder == "third"


def test_the_lock_file_does_not_grow_for_ever(tmp_path: Path) -> None:
    for number in range(100):
        with InstanceLock(tmp_path, FakeClock(), f"holder-{number}"):
            pass
    assert len((tmp_path / LOCK_NAME).read_text().splitlines()) <= KEPT_HOLDERS + 1


async def test_a_lease_that_another_host_took_stops_the_program() -> None:
    clock, store = FakeClock(), FlakyStore()
    lease = AccountLease(store, clock, "ours")
    await lease.take()
    keeping = asyncio.ensure_future(lease.keep())
    await clock.advance(19)
    store.holder = "theirs"
    assert not keeping.done()
    await clock.advance(1)
    with pytest.raises(AlreadyRunning):
        await keeping


async def test_a_store_that_is_away_for_less_than_the_lease_is_borne() -> None:
    clock, store = FakeClock(), FlakyStore()
    lease = AccountLease(store, clock, "ours")
    await lease.take()
    keeping = asyncio.ensure_future(lease.keep())
    store.away = True
    await clock.advance(40)
    store.away = False
    await clock.advance(20)
    assert not keeping.done()
    assert store.renewals == 2
    keeping.cancel()
    await asyncio.wait([keeping])


async def test_a_store_that_is_away_until_the_lease_is_over_ends_the_keeping() -> None:
    clock, store = FakeClock(), FlakyStore()
    lease = AccountLease(store, clock, "ours")
    await lease.take()
    keeping = asyncio.ensure_future(lease.keep())
    store.away = True
    await clock.advance(59)
    assert not keeping.done()
    await clock.advance(1)
    with pytest.raises(StoreUnavailable):
        await keeping


async def test_an_attempt_ends_when_the_account_may_be_anothers_and_is_made_again_once_it_is_ours() -> None:
    clock, store = FakeClock(), FlakyStore()
    lease = AccountLease(store, clock, "ours")
    connected = 0

    async def attempt(held: Callable[[], None]) -> None:
        nonlocal connected
        connected += 1
        await asyncio.Event().wait()

    leased = lease.around(attempt)
    first = asyncio.ensure_future(leased(lambda: None))
    await clock.advance(1)
    store.away = True
    await clock.advance(60)
    with pytest.raises(StoreUnavailable):
        await first
    with pytest.raises(StoreUnavailable):
        await leased(lambda: None)
    assert connected == 1, "no second connection while nobody knows whose the account is"
    store.away = False
    again = asyncio.ensure_future(leased(lambda: None))
    await clock.advance(1)
    assert connected == 2
    again.cancel()
    await asyncio.wait([again])
