"""The line between a program and its lenders: it comes back by itself, and what is said while it is down is lost."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator
from typing import NoReturn, Protocol

from transcriber.clock import Clock
from transcriber.errors import StoreUnavailable
from transcriber.lending.messages import Malformed, Message, OtherVersion, decode, encode
from transcriber.protocols import Channel

log = logging.getLogger(__name__)

Delays = Callable[[], Iterator[int]]  # before each next try, in seconds


class End(Protocol):
    """Who is at this end of the line."""

    def hear(self, message: Message) -> None: ...

    def found(self) -> None:
        """The line is up."""
        ...

    def lost(self, error: StoreUnavailable, delay_s: int) -> None:
        """It is down; the next try is in so many seconds."""
        ...

    def stranger(self, other: OtherVersion) -> None:
        """Somebody speaks another version; told once of each."""
        ...


class Line:
    """Says things in order, hears things one by one. Whoever is at its end gets by without any single message."""

    def __init__(self, channel: Channel, clock: Clock, delays: Delays, *topics: str) -> None:
        self._channel = channel
        self._clock = clock
        self._delays = delays
        self._topics = topics
        self._outbox: asyncio.Queue[tuple[str, Message]] = asyncio.Queue()
        self._strangers: set[str] = set()
        self.up = False

    def say(self, topic: str, message: Message) -> None:
        """Say it as soon as what was said before is out; nobody hears it if the line is down."""
        if self.up:
            self._outbox.put_nowait((topic, message))

    async def run(self, end: End) -> NoReturn:
        """Keep it up for ever. Raises `StoreRefused`, in a group."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._speak())
            delays = self._delays()
            while True:
                try:
                    async with self._channel.listen(*self._topics) as heard:
                        self.up = True
                        end.found()
                        async for raw in heard:
                            delays = self._delays()
                            self._take(raw, end)
                except StoreUnavailable as error:
                    delay_s = next(delays)
                    end.lost(error, delay_s)
                finally:
                    self.up = False
                await self._clock.sleep(delay_s)

    def _take(self, raw: bytes, end: End) -> None:
        try:
            end.hear(decode(raw))
        except Malformed as error:
            log.warning("a message that is none of ours was dropped: %s", error)
        except OtherVersion as error:
            if error.sender not in self._strangers:
                self._strangers.add(error.sender)
                end.stranger(error)

    async def _speak(self) -> NoReturn:
        while True:
            topic, message = await self._outbox.get()
            try:
                await self._channel.publish(topic, encode(message))
            except StoreUnavailable as error:
                log.debug("a message was lost: %s", error)
