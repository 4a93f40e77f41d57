"""Makes the steps of a schedule happen."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine
from typing import Any

from pyrogram.raw import types as t

from tests.soak.cast import LONG_OF, Cast, Clip
from tests.soak.keeper import Keeper
from tests.soak.plan import Kind, Step
from tests.support.machine_clock import MachineClock
from tests.support.redis import RedisServer
from transcriber.sandbox.faults import RpcError, flood
from transcriber.sandbox.rpc import HANDLERS
from transcriber.sandbox.server import SandboxServer

PAUSE_S = 0.5  # in a row of notes; the length of the one just sent stands for that of the next

Clips = tuple[list[Clip], list[Clip]]


class Acting:
    """The hand that does it all; `counts` says what was really done."""

    def __init__(
        self,
        srv: SandboxServer,
        cast: Cast,
        clips: Clips,
        keeper: Keeper,
        redis: RedisServer | None,
        clock: MachineClock | None,
        spawn: Callable[[Coroutine[Any, Any, None]], None],
    ) -> None:
        self._srv = srv
        self._cast = cast
        self._short, self._long = clips
        self._keeper = keeper
        self._redis = redis
        self._clock = clock
        self._spawn = spawn
        self._holes = 0
        self._outages = 0
        self._rows = 0
        self._speaking = asyncio.Condition()
        self._redis_turn = asyncio.Lock()
        self.counts: Counter[Kind] = Counter()

    def do(self, step: Step) -> None:
        """Begin one step; those that last go on beside the next ones."""
        self.counts[step.kind] += 1
        now: dict[Kind, Callable[[Step], object]] = {
            Kind.NOTE: self._note,
            Kind.BURST: self._burst,
            Kind.ROW: lambda one: self._spawn(self._row(one)),
            Kind.FORWARD: lambda one: self._cast.forward(one.at_s, one.choice),
            Kind.AGAIN: lambda _: self._cast.again(),
            Kind.KILL: lambda _: self._keeper.kill(),
            Kind.KILL_ENGINE: lambda _: self._spawn(self._keeper.kill_engine()),
            Kind.RESET: lambda _: self._srv.drop(rst=True),
            Kind.FIN: lambda _: self._srv.drop(),
            Kind.OUTAGE: lambda one: self._spawn(self._outage(one)),
            Kind.BLACK_HOLE: lambda one: self._spawn(self._black_hole(one)),
            Kind.FLOOD: lambda one: self._srv.on_rpc(one.call, flood(int(one.seconds))),
            Kind.LOST_ANSWER: lambda one: self._srv.on_rpc(one.call, self._lose_answer),
            Kind.LOST_CALL: lambda one: self._srv.on_rpc(one.call, "ignore"),
            Kind.SERVER_ERROR: lambda one: self._srv.on_rpc(one.call, RpcError(500, "INTERNAL")),
            Kind.CUT_FILE: lambda _: self._srv.on_rpc("upload.GetFile", self._cut),
            Kind.STALE_FILES: lambda _: self._srv.expire_file_references(),
            Kind.NEW_SALTS: lambda _: self._srv.rotate_salts(),
            Kind.REDIS_DOWN: lambda one: self._spawn(self._without_redis(one)),
            Kind.CLOCK_JUMP: lambda one: self._set_clock(one.seconds),
        }
        now[step.kind](step)

    async def calm(self) -> None:
        """Nothing is broken any more, and everybody has finished speaking."""
        self._srv.clear_faults()
        self._srv.black_hole(False)
        await self._srv.accept()
        async with self._redis_turn:  # whoever took Redis away brings it back
            self._set_clock(0)
        async with self._speaking:
            await self._speaking.wait_for(lambda: not self._rows)

    def _note(self, step: Step) -> None:
        long = (step.choice >> 16) % LONG_OF == 0
        self._cast.send(step.at_s, step.choice, self._long if long else self._short)

    def _burst(self, step: Step) -> None:
        for number in range(5 + step.choice % 20):
            self._cast.send(step.at_s, step.choice + number * 7919, self._short)

    async def _row(self, step: Step) -> None:
        """Two to four notes of one person, sent when they would be if they were spoken one after the other."""
        self._rows += 1
        for number in range(2 + step.choice % 3):
            sent = self._cast.send(step.at_s, step.choice, self._short[(step.choice >> number) % len(self._short) :])
            await asyncio.sleep(sent.clip.duration_s + PAUSE_S)
        self._rows -= 1
        async with self._speaking:
            self._speaking.notify_all()

    async def _outage(self, step: Step) -> None:
        self._outages += 1
        self._srv.refuse()
        self._srv.drop(rst=step.choice % 2 == 0)
        await asyncio.sleep(step.seconds)
        self._outages -= 1
        if not self._outages:
            await self._srv.accept()

    async def _black_hole(self, step: Step) -> None:
        self._holes += 1
        self._srv.black_hole()
        await asyncio.sleep(step.seconds)
        self._holes -= 1
        self._srv.black_hole(self._holes > 0)

    async def _without_redis(self, step: Step) -> None:
        if self._redis is None:
            return
        end = self._redis.kill if step.choice % 2 else self._redis.stop
        async with self._redis_turn:
            await asyncio.to_thread(end)
            await asyncio.sleep(step.seconds)
            await asyncio.to_thread(self._redis.start)

    def _set_clock(self, seconds: float) -> None:
        if self._clock is not None:
            self._clock.set(seconds)

    async def _lose_answer(self, conn: Any, query: Any) -> None:
        """Carry the call out and say nothing."""
        name = ".".join(type(query).QUALNAME.split(".")[-2:])
        HANDLERS[name](self._srv, conn, query)

    async def _cut(self, conn: Any, query: Any) -> Any:
        """Half of what was asked for, as if it were all."""
        piece = await HANDLERS["upload.GetFile"](self._srv, conn, query)
        return t.upload.File(type=piece.type, mtime=piece.mtime, bytes=piece.bytes[: len(piece.bytes) // 2])
