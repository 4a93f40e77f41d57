"""The lender's side: finds the program, helps it as long as it is there, and waits for it when it is not."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import NoReturn

from transcriber import __version__
from transcriber.clock import Clock
from transcriber.errors import DataDirUnusable, StoreUnavailable
from transcriber.lending.line import Delays, Line
from transcriber.lending.messages import (
    LENDERS,
    PROGRAM,
    Beat,
    Here,
    Leaving,
    Message,
    OtherVersion,
    encode,
    to_lender,
)
from transcriber.lending.spell import SUFFIX, Machine, Spell
from transcriber.protocols import Announce, Channel, Engine

log = logging.getLogger(__name__)

GONE_S = 20.0  # a program that was not heard for so long is gone
LOOK_EVERY_S = 5.0
LEAVE_WITHIN_S = 0.5

Engines = Callable[[float], AbstractAsyncContextManager[Engine]]  # for recordings of at most so many seconds


class Lender:
    """Lends this machine's CPU to whichever program is on the same channel."""

    def __init__(
        self,
        machine: Machine,
        channel: Channel,
        clock: Clock,
        delays: Delays,
        *,
        engines: Engines,
        model_here: Callable[[str], str],
        spool: Path,
        announce: Announce,
    ) -> None:
        self._machine = machine
        self._channel = channel
        self._clock = clock
        self._delays = delays
        self._engines = engines
        self._model_here = model_here
        self._spool = spool
        self._announce = announce
        self._line = Line(channel, clock, delays, LENDERS, to_lender(machine.id))
        self._heard: asyncio.Queue[Message | None] = asyncio.Queue()  # None: the program is gone
        self._heard_at_s: float | None = None  # None: there is no program

    async def run(self) -> NoReturn:
        """Help, for ever. Raises `DataDirUnusable`, and `StoreRefused` in a group."""
        self._clear()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._line.run(self))
            group.create_task(self._watch())
            here: Here | None = None
            while True:
                while here is None:
                    message = await self._heard.get()
                    here = message if isinstance(message, Here) else None
                self._announce("lending_found")
                async with self._engines(here.max_duration_s) as engine:
                    here = await self._help(here, engine)
                if here is None:
                    self._announce("lending_gone")

    async def leave(self) -> None:
        """Tell the program that what it lent to us is not done here; it would notice by itself."""
        try:
            async with asyncio.timeout(LEAVE_WITHIN_S):
                await self._channel.publish(PROGRAM, encode(Leaving(self._machine.id)))
        except (StoreUnavailable, TimeoutError):
            log.debug("the program could not be told")

    async def _help(self, here: Here, engine: Engine) -> Here | None:
        """As long as this program lives; returns what the next one said first, None if there is none."""
        async with asyncio.TaskGroup() as group:
            spell = Spell(
                group,
                self._machine,
                engine,
                model_here=self._model_here,
                spool=self._spool,
                clock=self._clock,
                delays=self._delays,
                say=self._say,
                announce=self._announce,
            )
            spell.take(here)
            try:
                while (message := await self._heard.get()) is not None:
                    if isinstance(message, Here) and message.sender != here.sender:
                        return message
                    spell.take(message)
            finally:
                spell.end()
        return None

    def _clear(self) -> None:
        """Make the folder for the sound and delete what an earlier life left in it."""
        try:
            self._spool.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._spool.chmod(0o700)
            for left in self._spool.glob(f"*{SUFFIX}"):
                left.unlink(missing_ok=True)
        except OSError as error:
            raise DataDirUnusable(path=self._spool, reason=error.strerror) from error

    # The line

    def _say(self, message: Message) -> None:
        self._line.say(PROGRAM, message)

    async def _watch(self) -> NoReturn:
        while True:
            await self._clock.sleep(LOOK_EVERY_S)
            if self._heard_at_s is not None and self._clock.monotonic() - self._heard_at_s >= GONE_S:
                self._heard_at_s = None
                self._heard.put_nowait(None)

    def hear(self, message: Message) -> None:
        """See `line.End`."""
        self._heard_at_s = self._clock.monotonic()
        self._heard.put_nowait(message)

    def found(self) -> None:
        """See `line.End`."""
        self._announce("lending_connected")
        if self._heard_at_s is None:
            self._announce("lending_waiting")
        self._say(Beat(self._machine.id, "", 0, self._machine.name, self._machine.threads, "", None, ()))

    def lost(self, error: StoreUnavailable, delay_s: int) -> None:
        """See `line.End`."""
        self._announce("network_error", error=str(error.details.get("reason", error)))
        self._announce("reconnect_in", seconds=delay_s)

    def stranger(self, other: OtherVersion) -> None:
        """See `line.End`."""
        self._announce("lending_refused", here=__version__, there=other.version)
