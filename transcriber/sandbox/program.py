"""The real program as a process of its own, signed in to a sandbox."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import TextIO

from transcriber.sandbox.journal import Watched
from transcriber.sandbox.tasks import Tasks

ROOT = Path(__file__).resolve().parents[2]
USERBOT = ROOT / "userbot.py"
MODEL = ROOT / "tools" / "speech_model" / "ct2"
SAMPLES = ROOT / "tools" / "speech_model" / "samples"
SESSION_NAME = "voice_transcriber.session"
STOP_WITHIN_S = 20.0
TAIL_LINES = 20

# What a process needs of its surroundings. Nothing else is passed on: the settings of the person who plays (their
# account, their Redis) are none of the sandbox's business.
INHERITED = ("PATH", "HOME", "LANG", "LANGUAGE", "TZ", "TMPDIR", "VIRTUAL_ENV")
INHERITED_PREFIXES = ("LC_", "PYTHON", "COVERAGE", "COV_", "OMP_")


class Program(Watched):
    """What it printed so far, and its end. Killed, with its children, when `program` is left."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        super().__init__()
        self.process = process
        self.lines: list[str] = []  # both streams, as they arrived
        self.errors: list[str] = []  # stderr alone

    @property
    def exit_code(self) -> int | None:
        return self.process.returncode

    def tail(self) -> str:
        return "\n".join(self.lines[-TAIL_LINES:])

    async def wait_line(self, text: str, timeout: float = 20, since: int = 0) -> str:
        """The first line (from index `since`) that holds `text`. Raises TimeoutError; RuntimeError when the program
        ended without it."""

        def look() -> str | None:
            found = next((line for line in self.lines[since:] if text in line), None)
            if found is None and self.exit_code is not None:
                raise RuntimeError(f"ended with {self.exit_code} and no line {text!r}:\n{self.tail()}")
            return found

        return await self.wait_until(look, timeout)

    async def wait_end(self, timeout: float = STOP_WITHIN_S) -> int:
        """The exit code. Raises TimeoutError."""
        async with asyncio.timeout(timeout):
            return await self.process.wait()

    async def terminate(self, timeout: float = STOP_WITHIN_S) -> tuple[int, float]:
        """Send SIGTERM; returns the exit code and the seconds that stopping took. Raises TimeoutError."""
        started = time.monotonic()
        with suppress(ProcessLookupError):
            self.process.send_signal(signal.SIGTERM)
        return await self.wait_end(timeout), time.monotonic() - started

    def kill(self) -> None:
        """SIGKILL for it and for every process it started, as in a power cut."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)

    async def read(self, stream: asyncio.StreamReader, log: TextIO | None, lines: Sequence[list[str]]) -> None:
        """Collect one stream until it ends."""
        async for raw in stream:
            line = raw.decode(errors="replace").rstrip("\n")
            for collected in lines:
                collected.append(line)
            if log:
                log.write(line + "\n")
                log.flush()
            self.changed()

    async def note_end(self) -> None:
        """Wake those who wait when it ends."""
        await self.process.wait()
        self.changed()


@asynccontextmanager
async def program(
    environment: Mapping[str, str], *, arguments: Sequence[str] = ("run",), log: TextIO | None = None
) -> AsyncIterator[Program]:
    """Run `userbot.py` with these settings and no others, in `DATA_DIR` (so that no `.env` is found)."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(USERBOT),
        *arguments,
        env={**_surroundings(), "PYTHONUNBUFFERED": "1", **environment},
        cwd=environment["DATA_DIR"],
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,  # so that its children can be killed with it
    )
    running = Program(process)
    async with Tasks() as tasks:
        tasks.spawn(running.note_end())
        if process.stdout and process.stderr:
            tasks.spawn(running.read(process.stdout, log, [running.lines]))
            tasks.spawn(running.read(process.stderr, log, [running.lines, running.errors]))
        try:
            yield running
        finally:
            running.kill()
            await process.wait()


def settings_for(data_dir: Path, seam_file: Path, tracked: Sequence[int], language: str) -> dict[str, str]:
    """The settings of a program that plays in a sandbox, with the small model that comes with the project."""
    return {
        "DATA_DIR": str(data_dir),
        "STENOGRAM_SANDBOX": str(seam_file),
        "MODEL": str(MODEL),
        "TRACKED": ",".join(map(str, tracked)),
        "UI_LANGUAGE": language,
    }


def _surroundings() -> dict[str, str]:
    return {
        name: value for name, value in os.environ.items() if name in INHERITED or name.startswith(INHERITED_PREFIXES)
    }
