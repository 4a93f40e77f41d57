"""Keeps the program running: starts it again at once whenever it ended, and remembers how each life ended."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TextIO

from transcriber.sandbox.program import Program, program

STORE_AWAY = 69  # the documented exit code for a store that cannot be used
BREATH_S = 0.3  # before a start after an end that nobody caused
ENGINE_WITHIN_S, LOOK_EVERY_S = 15.0, 0.2


class Keeper:
    """What an init system does, and the hand that kills."""

    def __init__(self, environment: Mapping[str, str], log: TextIO, *, store_may_be_away: bool) -> None:
        self._environment = environment
        self._log = log
        self._store_may_be_away = store_may_be_away
        self._killed = False
        self._ended = asyncio.Event()
        self.program: Program | None = None
        self.lives = 0
        self.kills = 0
        self.engine_kills = 0
        self.starts_without_store = 0
        self.odd_ends: list[str] = []
        self._pids: list[int] = []
        self._living = asyncio.Event()

    async def run(self) -> None:
        """One life after another, until `stop`."""
        while not self._ended.is_set():
            self._killed = False
            async with program(self._environment, log=self._log) as self.program:
                self.lives += 1
                self._living.set()
                self._pids.append(self.program.process.pid)
                code = await self.program.process.wait()
                self._living.clear()
                self._judge(code, self.program.tail())
            if not self._killed:
                await asyncio.sleep(BREATH_S)

    def _judge(self, code: int, tail: str) -> None:
        if self._killed and code == -signal.SIGKILL:
            return
        if code == STORE_AWAY and self._store_may_be_away:
            self.starts_without_store += 1
        elif not (self._ended.is_set() and code == 0):
            self.odd_ends.append(f"ended by itself with {code}:\n{tail}")

    async def life(self) -> Program:
        """The program that runs now, or the next one."""
        await self._living.wait()
        assert self.program is not None
        return self.program

    def kill(self) -> None:
        """kill -9 of the program alone: its engine has to notice."""
        if self.program is not None and self.program.exit_code is None:
            self._killed = True
            self.kills += 1
            with suppress(ProcessLookupError):
                os.kill(self.program.process.pid, signal.SIGKILL)

    async def kill_engine(self) -> None:
        """kill -9 of the engine process; with none there, of the next one, if it comes soon."""
        for _ in range(round(ENGINE_WITHIN_S / LOOK_EVERY_S)):
            if self._kill_engine_now():
                return
            await asyncio.sleep(LOOK_EVERY_S)

    def _kill_engine_now(self) -> bool:
        before = self.engine_kills
        for pid in engines_of(self.program.process.pid) if self.program is not None else ():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
                self.engine_kills += 1
        return self.engine_kills > before

    async def stop(self) -> float:
        """SIGTERM; returns the seconds until it was gone, counted as an odd end if the exit code is not 0."""
        self._ended.set()
        began_s = time.monotonic()
        if self.program is not None:
            await self.program.terminate()
        return time.monotonic() - began_s

    def engines_left(self) -> int:
        """How many engine processes outlived their program."""
        return sum(1 for pid in self._pids for _ in engines_of(pid))


def engines_of(parent: int) -> Iterator[int]:
    """The engine processes of that program."""
    mark = b"transcriber.speech.process\0%d\0" % parent
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it ended meanwhile
            if mark in (process / "cmdline").read_bytes():
                yield int(process.name)
