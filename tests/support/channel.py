"""A channel in memory: whoever listens hears what is said, unless a test loses it or takes the line away."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from transcriber.errors import StoreRefused, StoreUnavailable
from transcriber.lending.messages import Message, decode


class FakeChannel:
    """`said` is everything that went out, lost or not."""

    def __init__(self) -> None:
        self.said: list[Message] = []
        self.loses: Callable[[Message], bool] = lambda _: False
        self.is_down = False
        self.is_forbidden = False
        self._listeners: list[tuple[tuple[str, ...], asyncio.Queue[bytes | None]]] = []

    async def publish(self, topic: str, message: bytes) -> None:
        if self.is_down:
            raise StoreUnavailable(reason="down")
        said = decode(message)
        self.said.append(said)
        if not self.loses(said):
            self.tell(topic, message)

    def tell(self, topic: str, raw: bytes) -> None:
        """Whatever it is."""
        for topics, queue in self._listeners:
            if topic in topics:
                queue.put_nowait(raw)

    @asynccontextmanager
    async def listen(self, *topics: str) -> AsyncIterator[AsyncIterator[bytes]]:
        if self.is_down:
            raise StoreUnavailable(reason="down")
        if self.is_forbidden:
            raise StoreRefused("store_access")
        queue: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._listeners.append((topics, queue))
        try:
            yield self._heard(queue)
        finally:
            self._listeners.remove((topics, queue))

    async def _heard(self, queue: asyncio.Queue[bytes | None]) -> AsyncIterator[bytes]:
        while (raw := await queue.get()) is not None:
            yield raw
        raise StoreUnavailable(reason="down")

    def go_down(self) -> None:
        self.is_down = True
        for _, queue in self._listeners:
            queue.put_nowait(None)

    def come_back(self) -> None:
        self.is_down = False

    def count(self, kind: type[Message]) -> int:
        """How many such messages went out."""
        return sum(isinstance(message, kind) for message in self.said)
