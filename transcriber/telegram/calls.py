"""One call to Telegram: its deadline, its one repeat, the FloodWait it sleeps through, its errors in our words."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from pyrogram import Client, errors

from transcriber.clock import Clock
from transcriber.errors import FloodWait, Offline, SlowMode
from transcriber.telegram.client import SLEEP_THRESHOLD_S
from transcriber.telegram.translate import translated

# Worth a second try at once: the link broke under the call, or Telegram stumbled.
_PASSING = (OSError, errors.InternalServerError, errors.ServiceUnavailable)


@dataclass(frozen=True, slots=True)
class Deadlines:
    """How long each kind of call may take, in seconds. A FloodWait slept through is not counted."""

    answer_s: float = 10.0  # one try of any request; an answer lost with its connection never comes
    send_s: float = 30.0
    edit_s: float = 25.0
    read_s: float = 25.0  # reading messages, resolving names
    delete_s: float = 25.0
    typing_s: float = 6.0  # later than that it is of no use
    upload_s: float = 60.0
    download_s: float = 60.0  # to which is added the size at the slowest bearable speed
    download_bytes_per_s: float = 50_000.0
    repeat_after_s: float = 1.0


class Calls:
    """The line to Telegram. It outlives clients; without one, every call raises `Offline` at once."""

    def __init__(self, clock: Clock, deadlines: Deadlines) -> None:
        self.deadlines = deadlines
        self._clock = clock
        self._client: Client | None = None
        self._quiet_until_s: dict[type[Any], float] = {}  # by kind of call, monotonic: Telegram asked for it
        self._running: set[asyncio.Timeout] = set()

    def connect(self, client: Client) -> None:
        """Use this client from now on."""
        self._client = client

    def disconnect(self) -> None:
        """Use none; calls under way end with `Offline` now instead of at their deadline."""
        self._client = None
        for deadline in self._running:
            if not deadline.expired():
                deadline.reschedule(asyncio.get_running_loop().time())

    @asynccontextmanager
    async def within(self, seconds: float) -> AsyncIterator[Client]:
        """The client, for so long. Everything foreign that is raised inside comes out in our words."""
        if self._client is None:
            raise Offline()
        with translated():
            async with asyncio.timeout(seconds) as deadline:
                self._running.add(deadline)
                try:
                    yield self._client
                finally:
                    self._running.discard(deadline)

    async def request(self, query: Any, seconds: float, session: Any = None, *, fleeting: bool = False) -> Any:
        """Ask Telegram and return the raw answer. Asked twice at most, so a message needs its random id. What is
        `fleeting` is of no use later, so no FloodWait is slept through.

        Goes around `Client.invoke`, which repeats silently and hides a 500 in a `TimeoutError`."""
        kind, slept_s, most_s = type(query), 0.0, 0 if fleeting else SLEEP_THRESHOLD_S
        while True:
            # A wait that was asked of one call holds for all of its kind: others made meanwhile would prolong it.
            wait_s = self._quiet_until_s.get(kind, 0.0) - self._clock.monotonic()
            if wait_s > 0 and self._client is not None:
                slept_s += wait_s
                if slept_s > most_s:
                    raise FloodWait(wait_s)
                await self._clock.sleep(wait_s)
                continue
            try:
                async with self.within(seconds) as client:
                    return await self._twice(client, session or client.session, query)
            except SlowMode:  # no matter of all calls of a kind, and not slept through
                raise
            except FloodWait as flood:
                self._quiet_until_s[kind] = self._clock.monotonic() + flood.seconds
                if slept_s + flood.seconds > most_s:
                    raise

    async def _twice(self, client: Client, session: Any, query: Any) -> Any:
        try:
            return await self._once(client, session, query)
        except errors.RandomIdDuplicate500:  # it is a 500, but asking again would not change it
            raise
        except _PASSING:
            await self._clock.sleep(self.deadlines.repeat_after_s)
        return await self._once(client, session, query)

    async def _once(self, client: Client, session: Any, query: Any) -> Any:
        await session.is_started.wait()  # a short drop is mended by the library
        answer = await session.send(query, timeout=self.deadlines.answer_s)
        await client.fetch_peers([*getattr(answer, "users", ()), *getattr(answer, "chats", ())])
        return answer
