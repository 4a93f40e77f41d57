"""The last lines of the start: that no note is missed from here on, by which model, and of whom."""

from __future__ import annotations

import asyncio
from typing import Protocol

from transcriber.protocols import Announce, Engine, Gateway
from transcriber.work.patience import Patience


class Tracked(Protocol):
    """Whom the settings name."""

    async def resolve(self, gateway: Gateway) -> None: ...

    async def names(self) -> list[str]: ...


async def greet(
    complete: asyncio.Event,
    tracked: Tracked,
    gateway: Gateway,
    engine: Engine,
    patience: Patience,
    announce: Announce,
) -> None:
    """Say so once the first look around is `complete`; a store that is away meanwhile is waited for.

    That look takes nothing and marks where looking begins: before, a drop would leave the mark to a later start.
    """
    await complete.wait()
    await patience.stored(lambda: tracked.resolve(gateway))
    announce("running")
    announce("model", model=engine.info().model)
    announce("tracked_list", names=await patience.stored(tracked.names))
