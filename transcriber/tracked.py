"""The first tracked list: taken from the settings once, then the owner's to change from the chat."""

from __future__ import annotations

import json
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import NoReturn

from transcriber.clock import Clock
from transcriber.domain import ChatRules, Listening
from transcriber.errors import Refused, StoreUnavailable, Transient
from transcriber.protocols import Gateway, Store
from transcriber.work.rules import Rules

log = logging.getLogger(__name__)

LOOK_EVERY_S = 10.0
SEEDED_KEY = "tracked.first"  # JSON: names from the settings that are not resolved yet; there at all: ids are taken


class FirstTracked:
    """Numbers are tracked at once, names as soon as Telegram can say who they are."""

    def __init__(self, first: tuple[str, ...], rules: Rules, store: Store) -> None:
        self._first = first
        self._rules = rules
        self._store = store

    async def seed(self) -> bool:
        """Take the list into a fresh store; does nothing (False) in one that had it, so `/untrack` is for good."""
        if await self._store.get(SEEDED_KEY) is not None:
            return False
        names: list[str] = []
        for entry in self._first:
            try:
                await self._rules.change_chat(int(entry), listening=Listening.TRACKED)
            except ValueError:
                names.append(entry)
        await self._store.set(SEEDED_KEY, json.dumps(names))
        return True

    async def keep(self, gateway: Gateway, clock: Clock, put_back: Callable[[], Awaitable[None]]) -> NoReturn:
        """Give a store that is emptied under the running program what it needs to go on without a restart: this list,
        and by `put_back` how far the chats were looked at. What the owner had changed, and the queue, are lost."""
        while True:
            await clock.sleep(LOOK_EVERY_S)
            with suppress(StoreUnavailable):
                if await self.seed():
                    log.warning("the store was emptied: what it held is lost; starting over from the settings")
                    await put_back()
                    await self.resolve(gateway)

    async def resolve(self, gateway: Gateway) -> None:
        """Find out who the names are. One that leads to nobody is dropped with a warning; without a connection the
        rest waits for the next start."""
        waiting = await self._waiting()
        for name in list(waiting):
            try:
                peer = await gateway.resolve(name)
            except Transient:
                return
            except Refused as error:
                log.warning("TRACKED: %s cannot be tracked (%s); use an @name or an id", name, error.key)
            else:
                await self._rules.change_chat(peer.id, title=peer.title, listening=Listening.TRACKED)
            waiting.remove(name)
            await self._store.set(SEEDED_KEY, json.dumps(waiting))

    async def count(self) -> int:
        """How many people and chats are tracked, names that are not resolved yet included."""
        return len(await self._tracked()) + len(await self._waiting())

    async def names(self) -> list[str]:
        """For the terminal: ids, and names only as they stand in the settings; titles are not for logs."""
        return [str(rules.chat_id) for rules in await self._tracked()] + await self._waiting()

    async def _tracked(self) -> list[ChatRules]:
        return await self._rules.listed(Listening.TRACKED)

    async def _waiting(self) -> list[str]:
        return list(json.loads(await self._store.get(SEEDED_KEY) or "[]"))
