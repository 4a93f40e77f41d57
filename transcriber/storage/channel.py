"""What machines that share a Redis say to each other: published, and kept by nobody.

Redis hands a published message to whoever listens and forgets it: neither its memory nor its files ever hold one.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from redis.asyncio import Redis
from redis.asyncio.client import PubSub
from redis.exceptions import RedisError

from transcriber.errors import StoreUnavailable
from transcriber.storage.redis import CLOSE_S, DEADLINE_S, answered, client_for
from transcriber.storage.scripts import PREFIX

QUIET_S = 10.0  # without a word for so long, Redis is asked whether it is there; as long again, and it is not


class RedisChannel:
    """The `Channel` protocol over Redis. Topics are named with the number of the database, which publishing itself
    does not heed: who shares a server and not a database does not hear us."""

    def __init__(self, client: Redis, quiet_s: float) -> None:
        self._client = client
        self._quiet_s = quiet_s
        database = client.connection_pool.connection_kwargs.get("db") or 0
        self._prefix = f"{PREFIX}{database}:"

    @classmethod
    def at(cls, url: str, *, quiet_s: float = QUIET_S) -> RedisChannel:
        """At a Redis URL; not connected yet. Raises `StoreRefused`."""
        return cls(client_for(url, text=False), quiet_s)

    def __repr__(self) -> str:
        return "RedisChannel()"

    async def publish(self, topic: str, message: bytes) -> None:
        """See `protocols.Channel`."""
        await answered(self._client.publish(self._prefix + topic, message))

    @asynccontextmanager
    async def listen(self, *topics: str) -> AsyncIterator[AsyncIterator[bytes]]:
        """See `protocols.Channel`."""
        pubsub = self._client.pubsub()
        try:
            await answered(pubsub.subscribe(*(self._prefix + topic for topic in topics)))
            for _ in topics:  # that it is done is told for each
                if await answered(pubsub.get_message(timeout=DEADLINE_S)) is None:
                    raise StoreUnavailable(reason="silent")
            yield self._heard(pubsub)
        finally:
            await _close(pubsub)

    async def _heard(self, pubsub: PubSub) -> AsyncIterator[bytes]:
        asked = False
        while True:
            message = await answered(pubsub.get_message(timeout=self._quiet_s), self._quiet_s + DEADLINE_S)
            if message is None:
                if asked:
                    raise StoreUnavailable(reason="silent")
                await answered(pubsub.ping())
            asked = message is None
            if message is not None and message["type"] == "message":
                yield message["data"]

    async def close(self) -> None:
        """Close the connections, within a second."""
        await _close(self._client)


async def _close(link: Redis | PubSub) -> None:
    try:
        async with asyncio.timeout(CLOSE_S):
            await link.aclose()
    except (RedisError, OSError):
        pass  # it is gone, which is what was wanted
