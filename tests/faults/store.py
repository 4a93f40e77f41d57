"""Redis and SQLite in trouble: clear words, nothing acknowledged lost, recovery without a hand."""

from __future__ import annotations

import asyncio
import os
import resource
import sqlite3
import subprocess
import tempfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from tests.faults.fault import Fault
from tests.faults.scene import CALL, HELLO, MEET, Scene

LEASE_S = 60.0  # of a job
TMPFS_BYTES = 4 * 2**20


async def redis_restarted(at: Scene) -> None:
    """Redis is stopped and started in the middle of the work, a note sent while it is away; both texts come, the
    first when its lease of a minute runs out at the latest: its claim may have been made without an answer."""
    redis = await at.redis()
    await at.start()
    at.note(HELLO)
    await asyncio.to_thread(redis.stop)
    at.note(CALL)
    await asyncio.to_thread(redis.start)
    await at.transcribed(LEASE_S + 30)


async def redis_killed(at: Scene) -> None:
    """Redis is killed by SIGKILL and started, the program too; what was acknowledged is there."""
    redis = await at.redis()
    await at.start()
    at.srv.getfile_delay = 20.0
    at.note(HELLO)
    await at.called("upload.GetFile")
    await asyncio.to_thread(redis.kill)
    await at.kill()
    await asyncio.to_thread(redis.start)
    at.srv.getfile_delay = 0.0
    await at.start()


async def redis_down(at: Scene) -> None:
    """Redis is away for 20 s: `check` says so within them, and the notes sent meanwhile come afterwards."""
    redis = await at.redis()
    await at.start()
    at.note(HELLO)
    await at.transcribed()
    await asyncio.to_thread(redis.stop)
    at.note(CALL)
    at.note(MEET)
    _, _ = await asyncio.gather(at.healthy(False, within=20), asyncio.sleep(20))
    await asyncio.to_thread(redis.start)
    await at.transcribed()
    assert any("store" in line for line in at.program.errors), "clear words"


async def redis_emptied(at: Scene) -> None:
    """FLUSHALL under the running program: the friend of the settings is tracked again within 20 s, and a note stored
    unseen during a later drop is found, in a store that knows nothing of earlier looks."""
    redis = await at.redis()
    await at.start()
    at.note(HELLO)
    await at.transcribed()
    redis.empty()
    await at.line("the store was emptied", 20)
    at.srv.drop(rst=True)
    at.note(CALL, push=False)
    await at.transcribed()


async def redis_full(at: Scene) -> None:
    """`maxmemory` below what is used, `noeviction`, for 6 s: what comes then is transcribed when there is room."""
    redis = await at.redis("--maxmemory-policy", "noeviction")
    await at.start()
    at.note(HELLO)
    await at.transcribed()
    assert redis.say("CONFIG SET maxmemory 1").startswith("+OK")
    at.note(CALL)
    await at.line("OOM")
    await asyncio.sleep(6)
    assert redis.say("CONFIG SET maxmemory 0").startswith("+OK")
    await at.transcribed()


async def redis_unreachable_at_start(at: Scene) -> None:
    """Nothing listens at REDIS_URL: 69 and one line, without the password; no connection to Telegram was made."""
    at.settings["REDIS_URL"] = "redis://:hunter2@127.0.0.1:1/0"
    await at.start(wait=False)
    assert "REDIS_URL" in await at.ends(69)
    assert "hunter2" not in "\n".join(at.program.lines)
    assert not at.srv.calls


async def sqlite_locked(at: Scene) -> None:
    """Another program holds the write lock of the database for 6 s; the notes sent meanwhile come afterwards."""
    await at.start()
    with closing(sqlite3.connect(at.database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        for clip in (HELLO, CALL):
            at.note(clip)
        await at.line("store")
        await asyncio.sleep(6)
        other.execute("ROLLBACK")
    await at.transcribed()


async def disk_full(at: Scene) -> None:
    """The disk of the data directory is filled to the last byte for 8 s, by another program; where none can be
    mounted, a limit on file sizes stands in."""
    with tempfile.TemporaryDirectory(prefix="stenogram-small-") as folder:
        mounted = _mount(Path(folder))
        try:
            if mounted:
                at.move_data_to(Path(folder))
            await at.start()
            at.note(HELLO)
            await at.transcribed()
            make_room = _fill(at.on.data_dir) if mounted else _limit_files(at.program.process.pid)
            at.note(CALL)
            at.note(MEET)
            await asyncio.sleep(8)
            make_room()
            await at.transcribed()
            await at.holds()
        finally:
            if mounted:
                _unmount(Path(folder))


def _mount(folder: Path) -> bool:
    command = ["mount", "-t", "tmpfs", "-o", f"size={TMPFS_BYTES}", "tmpfs", str(folder)]
    return os.geteuid() == 0 and subprocess.run(command, check=False, capture_output=True).returncode == 0


def _unmount(folder: Path) -> None:
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def _fill(folder: Path) -> Callable[[], None]:
    filler = folder / "filler"
    with filler.open("wb", buffering=0) as file:
        try:
            while file.write(bytes(4096)):
                pass
        except OSError:
            pass  # full: that is what was wanted
    return filler.unlink


def _limit_files(pid: int) -> Callable[[], None]:
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (4096, resource.RLIM_INFINITY))

    def lift() -> None:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))

    return lift


async def newer_database(at: Scene) -> None:
    """The database says it was written by a later version: 69, one line, and it is left as it was."""
    await at.start()
    at.note()
    await at.transcribed()
    await at.stop()
    at.sql("PRAGMA user_version = 999")
    before = at.database.read_bytes()
    await at.start(wait=False)
    assert "newer version" in await at.ends(69)
    assert at.database.read_bytes() == before


async def damaged_database(at: Scene) -> None:
    """The database is overwritten with something else: 69, one line, and it is left as it was."""
    await at.start(wait=False)
    await at.line("📋")
    await at.stop()
    for name in ("stenogram.db-wal", "stenogram.db-shm"):
        (at.on.data_dir / name).unlink(missing_ok=True)
    at.database.write_bytes(b"no database" * 1000)
    await at.start(wait=False)
    assert "damaged" in await at.ends(69)
    assert at.database.read_bytes() == b"no database" * 1000


LATER = "keeps what it has, and takes what came when the store is back"
ROWS = (
    Fault("Redis restarted", LATER, redis_restarted, waits_for="a job's lease of 60 s"),
    Fault("Redis and the program killed together", LATER, redis_killed),
    Fault("Redis away for 20 s", f"says so; {LATER}", redis_down, waits_for="the outage"),
    Fault(
        "Redis emptied",
        "starts over from the settings, without a restart",
        redis_emptied,
        waits_for="a look every 10 s",
    ),
    Fault("Redis full", LATER, redis_full, waits_for="six seconds without room"),
    Fault("Redis unreachable at the start", "ends with 69 and one line", redis_unreachable_at_start),
    Fault("SQLite locked by another program", LATER, sqlite_locked, waits_for="six seconds of lock"),
    Fault("disk full", LATER, disk_full, waits_for="eight seconds without room"),
    Fault("database of a newer version", "ends with 69 and one line, changes nothing", newer_database),
    Fault("database damaged", "ends with 69 and one line, changes nothing", damaged_database),
)
