"""One life of a program, as long as we help it: the model it works with, and what it has lent to us."""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from transcriber.clock import Clock
from transcriber.errors import ModelRefused
from transcriber.lending.line import Delays
from transcriber.lending.loan import Loan
from transcriber.lending.messages import Beat, Drop, Failed, Here, Lend, Message, Piece
from transcriber.protocols import Announce, Engine

log = logging.getLogger(__name__)

SUFFIX = ".lent"


@dataclass(frozen=True, slots=True)
class Machine:
    """What a lender says of itself."""

    id: str  # for this life of it
    name: str  # for people
    threads: int


class Spell:
    """Takes what that program says, one message after the other. All its tasks are in `group`; `end` ends them."""

    def __init__(
        self,
        group: asyncio.TaskGroup,
        machine: Machine,
        engine: Engine,
        *,
        model_here: Callable[[str], str],
        spool: Path,
        clock: Clock,
        delays: Delays,
        say: Callable[[Message], None],
        announce: Announce,
    ) -> None:
        self._group = group
        self._machine = machine
        self._engine = engine
        self._model_here = model_here
        self._spool = spool
        self._clock = clock
        self._delays = delays
        self._say = say
        self._announce = announce
        self._loans: dict[str, Loan] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._files = itertools.count(1)
        self._here: Here | None = None  # what the program said last
        self._ready: str | None = None  # our name for the model that it works with, once it is ready to be used
        self._getting: asyncio.Task[None] | None = None

    def take(self, message: Message) -> None:
        """Do what the program asks for; what was lost on the way, it asks for again."""
        match message:
            case Here():
                self._follow(message)
            case Lend():
                self._take_on(message)
            case Piece(run=run) if run in self._loans:
                self._loans[run].take(message)
            case Drop(run=run) if run in self._loans:
                self._drop(run)

    def end(self) -> None:
        """Drop everything."""
        for run in tuple(self._loans):
            self._drop(run)
        if self._getting is not None:
            self._getting.cancel()

    def _follow(self, here: Here) -> None:
        if self._here is None or here.model != self._here.model:
            if self._getting is not None:
                self._getting.cancel()
            self._ready = None
            self._getting = self._group.create_task(self._get(here.model))
        self._here = here
        self._beat()
        for loan in self._loans.values():
            loan.again()

    def _beat(self) -> None:
        if self._here is None:
            return
        speed = self._engine.info().speed if self._ready else None
        model = self._here.model if self._ready else ""
        self._say(
            Beat(
                *(self._machine.id, self._here.sender, self._here.number, self._machine.name, self._machine.threads),
                *(model, speed, tuple(self._loans)),
            )
        )

    async def _get(self, model: str) -> None:
        """Have that model ready, however long it takes."""
        told = -1

        def progressed(fraction: float) -> None:
            nonlocal told
            if (tenth := int(fraction * 10)) > told:
                told = tenth
                if 0 < tenth < 9:  # at first and from then on nothing is downloaded
                    self._announce("model_fetching", model=model, fraction=fraction)

        said = ""
        for delay_s in self._delays():
            try:
                self._ready = (await self._engine.switch(self._model_here(model), progressed)).name
            except ModelRefused as error:
                said = self._refused(model, error, delay_s, said)
            else:
                self._announce("model", model=model)
                return self._beat()
            await self._clock.sleep(delay_s)
        return None

    def _refused(self, model: str, error: ModelRefused, delay_s: int, said: str) -> str:
        """Say what is wrong with it; what only the owner can change, once. Returns what was said."""
        log.info("the model of the program cannot be used here: %s; again in %d s", error.key, delay_s)
        comes_and_goes = {"model_unfetched": "model_unfetched", "model_too_big": "lending_no_memory"}
        key = comes_and_goes.get(error.key, "lending_no_model")
        if key != said or key != "lending_no_model":
            self._announce(key, model=model, seconds=delay_s)
        return key

    def _take_on(self, lend: Lend) -> None:
        if lend.run in self._loans:
            return
        if self._ready is None or self._here is None or lend.model != self._here.model:
            self._say(Failed(self._machine.id, lend.run, "", "model_unfetched", {}))
            return
        path = self._spool / f"{self._machine.id}-{next(self._files)}{SUFFIX}"
        loan = Loan(self._machine.id, lend, self._engine, self._ready, path, self._clock, self._say)
        self._loans[lend.run] = loan
        self._tasks[lend.run] = self._group.create_task(loan.run())
        log.info("run %s taken on: %d bytes", lend.run, lend.size_bytes)

    def _drop(self, run: str) -> None:
        """The answer is with the program, or it wants none any more: then the CPU is free within a second."""
        del self._loans[run]
        self._tasks.pop(run).cancel()
