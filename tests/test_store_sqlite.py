"""The SQLite file: its mode, its upgrades, other processes beside us, and what goes wrong with disks."""

# ruff: noqa: ASYNC240 - a few kilobytes read and written by a test that has the loop to itself

from __future__ import annotations

import asyncio
import re
import sqlite3
import stat
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from tests.support.clock import FakeClock
from tests.support.values import a_job
from transcriber.clock import SystemClock
from transcriber.domain import JobState
from transcriber.errors import DataDirUnusable, StoreRefused, StoreUnavailable
from transcriber.storage.database import Database, translated
from transcriber.storage.schema import STEPS
from transcriber.storage.sqlite import SqliteStore
from transcriber.storage.store import open_store
from transcriber.storage.words import stems

SOON_S = 0.05


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "stenogram.db"


@pytest.fixture
async def store(path: Path) -> AsyncIterator[SqliteStore]:
    store = await SqliteStore.open(path, FakeClock(), busy_timeout_s=SOON_S)
    yield store
    await store.close()


async def opened_and_closed(path: Path) -> None:
    await (await SqliteStore.open(path, FakeClock())).close()


async def refusal(path: Path) -> StoreRefused:
    with pytest.raises(StoreRefused) as caught:
        await opened_and_closed(path)
    return caught.value


def version_of(path: Path) -> int:
    with closing(sqlite3.connect(path)) as connection:
        version: int = connection.execute("PRAGMA user_version").fetchone()[0]
        return version


# --- the file ---


async def test_only_the_owner_can_read_the_files(path: Path, store: SqliteStore) -> None:
    await store.set("a", "b")
    files = list(path.parent.iterdir())
    assert {file.name for file in files} == {"stenogram.db", "stenogram.db-wal", "stenogram.db-shm"}
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}


async def test_a_file_that_others_could_read_is_closed_to_them(path: Path) -> None:
    await opened_and_closed(path)
    path.chmod(0o644)
    await opened_and_closed(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


async def test_commits_are_forced_to_the_disk(path: Path) -> None:
    database = Database(path)
    await database.open()
    asked = await database.run(
        lambda connection: [
            connection.execute(f"PRAGMA {pragma}").fetchone()[0] for pragma in ("journal_mode", "synchronous")
        ]
    )
    await database.close()
    assert asked == ["wal", 2]  # 2: FULL


async def test_a_folder_that_is_not_there_is_the_data_directory_s_fault(tmp_path: Path) -> None:
    with pytest.raises(DataDirUnusable):
        await opened_and_closed(tmp_path / "nowhere" / "stenogram.db")


async def test_a_folder_in_the_place_of_the_file_is_the_data_directory_s_fault(tmp_path: Path) -> None:
    with pytest.raises(DataDirUnusable):
        await opened_and_closed(tmp_path)


async def test_a_file_that_is_no_database_is_refused_and_left_alone(path: Path) -> None:
    path.write_bytes(b"my diary\n" * 1000)
    assert (await refusal(path)).key == "store_damaged"
    assert path.read_bytes() == b"my diary\n" * 1000


async def test_a_database_that_was_damaged_is_refused(path: Path, store: SqliteStore) -> None:
    for message_id in range(50):
        await store.insert_job(a_job(message_id))
    await store.close()
    content = path.read_bytes()
    path.write_bytes(content[:4096] + b"\xa5" * (len(content) - 4096))
    again = await SqliteStore.open(path, FakeClock())
    with pytest.raises(StoreRefused) as caught:
        await again.job(1)
    await again.close()
    assert caught.value.key == "store_damaged"


async def test_a_document_that_makes_no_sense_is_refused_without_quoting_it(path: Path, store: SqliteStore) -> None:
    await store.insert_job(a_job(1))
    with closing(sqlite3.connect(path)) as other, other:
        other.execute("""UPDATE jobs SET doc = '{"v": 1, "note": {"chat_title": "Aunt Polly"}}'""")
    with pytest.raises(StoreRefused) as caught:
        await store.job(1)
    assert (caught.value.key, caught.value.details) == ("store_damaged", {"what": "job"})


# --- steps ---


@pytest.mark.parametrize("version", range(len(STEPS)))
async def test_a_file_of_every_earlier_version_is_upgraded(path: Path, version: int) -> None:
    with closing(sqlite3.connect(path)) as old, old:
        old.create_function("stems", 1, stems, deterministic=True)
        for step in STEPS[:version]:
            for statement in step:
                old.execute(statement)
        old.execute(f"PRAGMA user_version = {version}")
    async with open_store(path, clock=FakeClock()) as store:
        job = await store.insert_job(a_job(1))
        assert job is not None
        assert await store.job(1) == job
    assert version_of(path) == len(STEPS)


async def test_a_file_of_a_newer_version_is_refused_and_left_alone(path: Path) -> None:
    await opened_and_closed(path)
    with closing(sqlite3.connect(path)) as newer, newer:
        newer.execute(f"PRAGMA user_version = {len(STEPS) + 1}")
    before = path.read_bytes()
    error = await refusal(path)
    assert (error.key, error.details) == ("store_newer", {"found": len(STEPS) + 1, "known": len(STEPS)})
    assert path.read_bytes() == before


THREE_STEPS = (
    ("CREATE TABLE a (x)", "INSERT INTO a VALUES (1)"),
    ("UPDATE a SET x = x + 10",),
    ("CREATE TABLE b AS SELECT x * 2 AS y FROM a",),
)


@pytest.mark.parametrize("had", [0, 1, 2, 3])
async def test_the_steps_that_are_lacking_are_taken_once_and_in_order(path: Path, had: int) -> None:
    for steps in (THREE_STEPS[:had], THREE_STEPS, THREE_STEPS):
        database = Database(path, steps=steps)
        await database.open()
        await database.close()
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT y FROM b").fetchall() == [(22,)]


async def test_a_step_that_fails_leaves_the_file_as_it_was(path: Path) -> None:
    first = Database(path, steps=THREE_STEPS[:1])
    await first.open()
    await first.close()
    wrong = Database(path, steps=(*THREE_STEPS[:2], ("CREATE TABLE c (x)", "INSERT INTO nowhere VALUES (1)")))
    with pytest.raises(StoreRefused):
        await wrong.open()
    assert version_of(path) == 1
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT x FROM a").fetchall() == [(1,)]
        assert connection.execute("SELECT count(*) FROM sqlite_master WHERE name = 'c'").fetchone() == (0,)


# --- other processes ---

HOLDER = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN IMMEDIATE")
print("locked", flush=True)
sys.stdin.readline()
connection.execute("ROLLBACK")
"""


@contextmanager
def locked_by_another_process(path: Path) -> Iterator[None]:
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdin is not None
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"locked\n"
        yield
        holder.stdin.write(b"\n")


async def test_a_lock_that_is_held_too_long_is_a_store_that_does_not_answer(path: Path, store: SqliteStore) -> None:
    with locked_by_another_process(path):
        with pytest.raises(StoreUnavailable) as caught:
            await store.insert_job(a_job(1))
        assert caught.value.details == {"reason": "SQLITE_BUSY"}
        assert await store.job(1) is None  # reading goes on beside a writer
    job = await store.insert_job(a_job(1))
    assert job is not None
    assert job.id == 1


async def test_the_loop_goes_on_while_a_call_waits_for_a_lock(path: Path) -> None:
    store = await SqliteStore.open(path, FakeClock(), busy_timeout_s=0.2)
    turns = 0

    async def count_turns() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    with locked_by_another_process(path):
        async with asyncio.TaskGroup() as tg:
            counting = tg.create_task(count_turns())
            with pytest.raises(StoreUnavailable):
                await store.set("a", "b")
            counting.cancel()
    await store.close()
    assert turns > 100


async def test_a_call_that_takes_too_long_is_given_up_and_the_next_one_waits_its_turn(path: Path) -> None:
    database = Database(path, deadline_s=0.5)
    await database.open()
    with pytest.raises(StoreUnavailable) as caught:
        await database.run(lambda _: time.sleep(0.7))
    assert caught.value.details == {"reason": "deadline"}
    assert await database.run(lambda connection: connection.execute("SELECT 5").fetchall()) == [(5,)]
    await database.close()


async def test_closing_does_not_wait_for_a_call_that_hangs(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    database = Database(path)
    await database.open()
    begun, go_on = threading.Event(), threading.Event()

    def hang(_: sqlite3.Connection) -> bool:
        begun.set()
        return go_on.wait(10)

    async with asyncio.TaskGroup() as tg:
        hanging = tg.create_task(database.run(hang))
        assert await asyncio.to_thread(begun.wait, 10)
        async with asyncio.timeout(2):
            await database.close()
        assert "did not close" in caplog.text
        go_on.set()
        assert await hanging


async def test_opening_a_file_that_is_locked_says_so(path: Path) -> None:
    await opened_and_closed(path)
    with closing(sqlite3.connect(path)) as holder:
        holder.execute("PRAGMA locking_mode = EXCLUSIVE")
        holder.execute("BEGIN EXCLUSIVE")
        with pytest.raises(StoreUnavailable):
            await SqliteStore.open(path, FakeClock(), busy_timeout_s=SOON_S)
    await opened_and_closed(path)


OPENER = """
import asyncio, sys
from tests.support.values import a_job
from transcriber.clock import SystemClock
from transcriber.storage.store import open_store

async def add():
    async with open_store(sys.argv[1], clock=SystemClock()) as store:
        for message_id in range(5):
            await store.insert_job(a_job(int(sys.argv[2]) * 100 + message_id))

sys.stdin.readline()
asyncio.run(add())
"""


def opened_by_processes_at_once(path: Path, count: int) -> list[int]:
    openers = [
        subprocess.Popen([sys.executable, "-c", OPENER, str(path), str(i)], stdin=subprocess.PIPE)
        for i in range(count)
    ]
    for opener in openers:
        assert opener.stdin is not None
        opener.stdin.close()
    return [opener.wait(30) for opener in openers]


async def test_several_processes_may_make_and_use_the_file_at_once(path: Path) -> None:
    assert await asyncio.to_thread(opened_by_processes_at_once, path, 4) == [0, 0, 0, 0]
    async with open_store(path, clock=SystemClock()) as store:
        assert (await store.count_jobs())[JobState.WAITING] == 20


# --- disks ---


async def test_a_full_disk_refuses_the_change_and_is_over_when_there_is_room(path: Path) -> None:
    database = Database(path)
    await database.open()
    store = SqliteStore(database, FakeClock())
    pages = await database.run(lambda connection: connection.execute("PRAGMA page_count").fetchone()[0])
    await database.run(lambda connection: connection.execute(f"PRAGMA max_page_count = {pages}").fetchall())
    with pytest.raises(StoreUnavailable) as caught:
        await store.set("key", "x" * 100_000)
    assert caught.value.details == {"reason": "SQLITE_FULL"}
    assert await store.get("key") is None
    await database.run(lambda connection: connection.execute("PRAGMA max_page_count = 1000000").fetchall())
    await store.set("key", "x" * 100_000)
    assert await store.get("key") == "x" * 100_000
    await store.close()


SQLITE_RESULTS = sorted(
    name
    for name, code in vars(sqlite3).items()
    if re.fullmatch("SQLITE_[A-Z_0-9]+", name)
    and isinstance(code, int)
    and name.removeprefix("SQLITE_").split("_")[0] in ("BUSY", "CANTOPEN", "CORRUPT", "FULL", "IOERR", "LOCKED")
)


@pytest.mark.parametrize("name", SQLITE_RESULTS)
def test_every_error_of_the_disk_is_told_apart(name: str) -> None:
    error = sqlite3.OperationalError("a path, a statement, a name")
    error.sqlite_errorcode = getattr(sqlite3, name)
    error.sqlite_errorname = name
    said = translated(error)
    assert isinstance(said, StoreRefused if name.startswith("SQLITE_CORRUPT") else StoreUnavailable)
    assert name in str(said)
    assert "a path" not in str(said)


def test_a_statement_of_ours_that_is_wrong_does_not_go_on_for_ever() -> None:
    assert isinstance(translated(sqlite3.ProgrammingError("wrong number of bindings")), StoreRefused)


def test_redis_is_not_imported_for_a_file() -> None:
    code = "import sys, transcriber.storage.store, transcriber.storage.archive; sys.exit('redis' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
