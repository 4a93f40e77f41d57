"""Another machine lends its CPU and goes away, or the program does: the note comes all the same, once."""

from __future__ import annotations

import asyncio
import os
import signal
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.faults.fault import Fault
from tests.faults.scene import CALL, HELLO, STOP_WITHIN_S, Scene, engines_of
from tests.support.redis import RedisServer
from tests.support.sandbox import ProgramProcess
from transcriber.sandbox.program import program

READY = "Working with the model"
TAKEN_ON = "taken on"
SILENT_S = 15.0  # until a lender that says nothing is given up
BEAT_S = 3.0


@dataclass(frozen=True, slots=True)
class Lender:
    """A `worker` with a data directory of its own, which holds a note in its recogniser's hands."""

    process: ProgramProcess
    folder: Path
    engine: int  # process id of its recogniser, stopped by a signal until `go_on`

    def go_on(self) -> None:
        os.kill(self.engine, signal.SIGCONT)

    def sound(self) -> list[Path]:
        return list((self.folder / "spool").iterdir())


@asynccontextmanager
async def in_mid_run(at: Scene) -> AsyncIterator[tuple[Lender, RedisServer]]:
    """A lender to which the note that is sent here was lent, and which is not done with it."""
    redis = await at.redis()
    await at.start()
    with tempfile.TemporaryDirectory(prefix="stenogram-lender-") as folder:
        settings = {"DATA_DIR": folder, "REDIS_URL": redis.url, "UI_LANGUAGE": "en", "CPU_THREADS": "1"}
        async with program(settings, arguments=("worker",)) as process:
            await process.wait_line(READY, 60)
            (engine,) = engines_of(process)
            os.kill(engine, signal.SIGSTOP)
            at.note(HELLO)
            await process.wait_line(TAKEN_ON, 60)
            lender = Lender(process, Path(folder), engine)
            async with asyncio.timeout(10):
                while [one.stat().st_size for one in lender.sound()] != [len(HELLO.sound)]:  # noqa: ASYNC110 - what is waited for sets no event
                    await asyncio.sleep(0.05)
            yield lender, redis
            assert not [line for line in process.lines if "Traceback" in line], process.tail()


async def lender_killed(at: Scene) -> None:
    """`kill -9` of the worker in mid-run, the sound with it: after 15 s of silence the program does it itself."""
    async with in_mid_run(at) as (lender, _):
        lender.process.process.kill()
        await at.transcribed(SILENT_S + 30)
        await at.line("is silent")


async def lender_told_to_stop(at: Scene) -> None:
    """SIGTERM for the worker in mid-run: out with 0 in under 3 s, its sound deleted; the text comes without the 15 s
    of silence."""
    async with in_mid_run(at) as (lender, _):
        began_s = time.monotonic()
        code, seconds = await lender.process.terminate()
        assert (code, seconds < STOP_WITHIN_S) == (0, True), lender.process.tail()
        assert lender.sound() == []
        await at.line("leaves", STOP_WITHIN_S)
        await at.transcribed()
        assert time.monotonic() - began_s < SILENT_S


async def lender_frozen(at: Scene) -> None:
    """The worker is stopped by SIGSTOP (a lid that closes) until its note has been done here; when it goes on, it
    learns that nobody wants its answer, and hears the next note."""
    async with in_mid_run(at) as (lender, _):
        os.kill(lender.process.process.pid, signal.SIGSTOP)
        await at.transcribed(SILENT_S + 30)
        os.kill(lender.process.process.pid, signal.SIGCONT)
        lender.go_on()
        async with asyncio.timeout(4 * BEAT_S):
            while lender.sound():  # noqa: ASYNC110 - what is waited for sets no event
                await asyncio.sleep(0.05)
        await at.line("is here", since=after(at, "is silent"))
        at.note(CALL)
        await at.transcribed()


async def program_killed(at: Scene) -> None:
    """`kill -9` of the program while the worker is at it; the next life has it done, by the same worker or itself,
    and the answer to the life before is nobody's."""
    async with in_mid_run(at) as (lender, _):
        await at.kill()
        lender.go_on()
        await lender.process.wait_line("done run", 60)
        await at.start()
        await at.transcribed()


async def redis_restarted(at: Scene) -> None:
    """Redis is killed and started while the worker is at it: both find it again, and the worker's answer counts."""
    async with in_mid_run(at) as (lender, redis):
        await asyncio.to_thread(redis.kill)
        await asyncio.to_thread(redis.start)
        lender.go_on()
        await at.transcribed(90)
        assert sum("done run" in line for line in lender.process.lines) == 1, lender.process.tail()
        assert not at.engines(), "the program itself has heard nothing"


def after(at: Scene, text: str) -> int:
    """Where in the program's lines what follows that line begins."""
    return next(number for number, line in enumerate(at.program.lines, 1) if text in line)


ONCE = "transcribes it, once"
ROWS = (
    Fault("the lending machine killed -9", ONCE, lender_killed, waits_for="15 s of silence"),
    Fault("the lending machine told to stop", f"obeys in 3 s; {ONCE}", lender_told_to_stop),
    Fault("the lending machine frozen, then back", ONCE, lender_frozen, waits_for="15 s of silence"),
    Fault("killed -9 while another machine works for it", ONCE, program_killed),
    Fault("Redis killed while another machine works", ONCE, redis_restarted, waits_for="the line, for 5 s"),
)
