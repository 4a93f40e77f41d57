"""The program's side: in front of the recogniser here, it lends recordings to whoever lends us a CPU.

Nothing of what makes a note come exactly once is lent: the job, its lease, the download, the archive and the delivery
stay here. A lent recording is a call of the recogniser that may be lost, and is then made here.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from transcriber.clock import Clock
from transcriber.domain import DecodeOptions, EngineInfo, Lent, ModelInfo, Progress, Transcript
from transcriber.errors import StoreRefused, StoreUnavailable
from transcriber.lending import messages as say
from transcriber.lending.lenders import Lenders
from transcriber.lending.lent import LenderLost, LentRun
from transcriber.lending.line import Delays, Line
from transcriber.protocols import Channel, Engine

log = logging.getLogger(__name__)

HERE_EVERY_S = 3.0
MOST_AT_ONCE = 3  # recordings in hand at one place: what its recogniser has the memory for


class Pool:
    """Implements `protocols.Engine`: each recording goes to the place that will be done with it first."""

    def __init__(
        self, engine: Engine, channel: Channel, clock: Clock, delays: Delays, *, me: str, max_duration_s: float
    ) -> None:
        self._engine = engine
        self._clock = clock
        self._me = me  # a name for this life of the program: what earlier ones lent is none of ours
        self._max_duration_s = max_duration_s
        self._line = Line(channel, clock, delays, say.PROGRAM)
        self._lenders = Lenders(clock)
        self._runs: dict[str, LentRun] = {}
        self._lent_as: dict[str, str] = {}  # the worker's name for a run → ours
        self._here = 0  # recordings in hand in this process
        self._told = 0
        self._numbers = itertools.count(1)

    async def run(self) -> None:
        """Keep in touch with the lenders, for ever; without a store that allows it, there are none."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._line.run(self))
                group.create_task(self._stay())
        except* StoreRefused as refused:
            log.warning("no machine can lend its CPU: %s", _first(refused))
            for lender in [one.sender for one in self._lenders]:
                self._forget(lender, "cannot be reached")

    # The engine

    async def transcribe(
        self, run_id: str, path: Path, options: DecodeOptions, on_progress: Callable[[Progress], None]
    ) -> Transcript:
        """See `protocols.Engine`."""
        while (lender := self._choose(options)) is not None:
            try:
                return await self._lend(lender, run_id, path, options, on_progress)
            except LenderLost:
                log.warning("lender %s lost run %s: it is done elsewhere", lender, run_id)
        self._here += 1
        try:
            return await self._engine.transcribe(run_id, path, options, on_progress)
        finally:
            self._here -= 1

    def cancel(self, run_id: str) -> None:
        """See `protocols.Engine`."""
        run = self._runs.get(self._lent_as.get(run_id, ""))
        if run is None:
            self._engine.cancel(run_id)
        else:
            run.cancel()

    async def switch(self, model: str, on_progress: Callable[[float], None]) -> ModelInfo:
        """See `protocols.Engine`. The lenders learn of it, and get it by themselves."""
        info = await self._engine.switch(model, on_progress)
        self._say_here()
        return info

    def models(self) -> list[ModelInfo]:
        return self._engine.models()

    def info(self) -> EngineInfo:
        """Of the recogniser here."""
        return self._engine.info()

    # For others

    def lent(self) -> list[Lent]:
        """The machines that lend their CPU now."""
        ready = self._ready()
        return [Lent(one.name, one.threads, one in ready, self._in_hand(one)) for one in self._lenders]

    def places(self) -> int:
        """How many of them could take a recording."""
        return len(self._ready())

    # Where a run goes

    def _choose(self, options: DecodeOptions) -> str | None:
        """The lender to do it, or None: it is done here. Guests (other models) always are."""
        if options.model not in (None, self._engine.info().model):
            return None
        free = [one for one in self._ready() if self._in_hand(one) < MOST_AT_ONCE]
        best = min(free, key=self._wait_for, default=None)
        here = _wait(self._here, self._engine.info().speed)
        if best is not None and (self._here >= MOST_AT_ONCE or self._wait_for(best) < here):
            return best.sender
        return None

    def _ready(self) -> list[say.Beat]:
        return self._lenders.ready(self._engine.info().model) if self._line.up else []

    def _wait_for(self, lender: say.Beat) -> float:
        in_hand = self._in_hand(lender)
        return _wait(in_hand, lender.speed) if in_hand or lender.speed else 0.0  # to be measured

    def _in_hand(self, lender: say.Beat) -> int:
        return sum(run.lender == lender.sender for run in self._runs.values())

    async def _lend(
        self,
        lender: str,
        run_id: str,
        path: Path,
        options: DecodeOptions,
        on_progress: Callable[[Progress], None],
    ) -> Transcript:
        name = f"{self._me}-{next(self._numbers)}"
        run = LentRun(lender, path, self._engine.info().model, self._told, on_progress)
        lend = say.Lend(
            *(self._me, name, run.size_bytes(), run.model),
            *(options.language, options.translate, options.words, options.beam_size),
        )
        self._runs[name], self._lent_as[run_id] = run, name
        self._line.say(say.to_lender(lender), lend)
        log.info("run %s is lent to %s as %s", run_id, lender, name)
        try:
            return await run.done
        finally:
            del self._runs[name], self._lent_as[run_id]
            self._drop(lender, name)

    def _drop(self, lender: str, run: str) -> None:
        self._line.say(say.to_lender(lender), say.Drop(self._me, run))

    # The line

    async def _stay(self) -> NoReturn:
        while True:
            await self._clock.sleep(HERE_EVERY_S)
            for lender in self._lenders.silent():
                self._forget(lender, "is silent")
            self._say_here()

    def _say_here(self) -> None:
        self._told += 1
        here = say.Here(self._me, self._told, self._engine.info().model, self._max_duration_s)
        self._line.say(say.LENDERS, here)

    def found(self) -> None:
        """See `line.End`."""
        self._say_here()

    def lost(self, error: StoreUnavailable, delay_s: int) -> None:
        """See `line.End`."""
        log.warning("no line to those who lend their CPU; again in %d s: %s", delay_s, error)

    def stranger(self, other: say.OtherVersion) -> None:
        """See `line.End`."""
        log.warning("%s offers its CPU with version %s: update the older of the two", other.sender, other.version)

    def hear(self, message: say.Message) -> None:
        """See `line.End`."""
        match message:
            case say.Beat():
                self._note(message)
            case say.Leaving():
                self._forget(message.sender, "leaves")
            case say.Want() | say.Moved() | say.Done() | say.Failed():
                run = self._runs.get(message.run)
                if run is None or run.lender != message.sender:
                    self._drop(message.sender, message.run)
                else:
                    self._take(run, message)

    def _take(self, run: LentRun, message: say.Want | say.Moved | say.Done | say.Failed) -> None:
        if isinstance(message, say.Want):
            if (sound := run.piece(message.offset)) is not None:
                self._line.say(say.to_lender(run.lender), say.Piece(self._me, message.run, message.offset, sound))
            return
        # After a death the next try is to be elsewhere: it shows whether it was the recording.
        if isinstance(message, say.Failed) and message.kind in ("", "EngineDied"):
            self._lenders.leave_out(run.lender, message.key)
        run.take(message)

    def _note(self, beat: say.Beat) -> None:
        """Take a lender's word for what it has in hand, as far as it knows what we told it."""
        self._lenders.note(beat)
        if beat.program != self._me:  # it has just come, or takes us for an earlier life of ours
            self._say_here()
            return
        for name in beat.runs:
            if name not in self._runs:
                self._drop(beat.sender, name)
        for name, run in self._runs.items():
            if run.lender == beat.sender and run.told < beat.number and name not in beat.runs:
                run.lose()

    def _forget(self, lender: str, why: str) -> None:
        self._lenders.forget(lender, why)
        for run in self._runs.values():
            if run.lender == lender:
                run.lose()


def _first(error: BaseException) -> BaseException:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


def _wait(in_hand: int, speed: float | None) -> float:
    """How long it takes there until one more is done, if all are of one length; while a speed is not known, 1."""
    return (in_hand + 1) / (speed or 1.0)
