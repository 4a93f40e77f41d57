"""Which store it is: a file on this machine, or a Redis that several machines share and talk over."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from transcriber.clock import Clock
from transcriber.protocols import Channel, Store
from transcriber.storage.sqlite import SqliteStore


@asynccontextmanager
async def open_store(url_or_path: str | Path, *, clock: Clock) -> AsyncIterator[Store]:
    """The store at a Redis URL (`redis://`, `rediss://`, `unix://`) or in the file at a path; closed at the end.

    Raises `StoreRefused`, `DataDirUnusable` or, when there is no answer now, `StoreUnavailable`."""
    store = await _open(url_or_path, clock)
    try:
        yield store
    finally:
        await store.close()


@asynccontextmanager
async def open_channel(url: str) -> AsyncIterator[Channel]:
    """The channel between the machines that share the store at a Redis URL; closed at the end. Nothing is connected
    yet. Raises `StoreRefused`."""
    from transcriber.storage.channel import RedisChannel

    channel = RedisChannel.at(url)
    try:
        yield channel
    finally:
        await channel.close()


async def _open(url_or_path: str | Path, clock: Clock) -> Store:
    if isinstance(url_or_path, str) and "://" in url_or_path:
        # Imported here and not above: who keeps everything in a file needs no Redis client.
        from transcriber.storage.redis import RedisStore

        return await RedisStore.open(url_or_path)
    return await SqliteStore.open(Path(url_or_path), clock)
