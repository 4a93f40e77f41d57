"""Whether there is a working session with Telegram: told once per change, however often the library says so."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from pyrogram import Client
from pyrogram.handlers import ConnectHandler, DisconnectHandler

from transcriber.protocols import Announce

# The library's own log. While there is no connection it would write two lines for each of its attempts, of which it
# makes one a second.
_library_log = logging.getLogger("pyrogram")
_CALM_MISSES = 2
_WORKED_AFTER_S = 5.0


class Link:
    """One client's connection, as its hooks tell it. Hooks run inside the library's reconnecting, so they only set
    events, announce, and hold it back when it runs hot."""

    def __init__(self, client: Client, announce: Announce, pace_s: float) -> None:
        self._announce = announce
        self._pace_s = pace_s
        self._online_since_s = 0.0
        self.misses = 0  # sessions in a row that ended at once
        self._silent = False
        self.online = asyncio.Event()
        self.offline = asyncio.Event()
        self.offline.set()
        _library_log.setLevel(logging.CRITICAL)
        client.add_handler(ConnectHandler(self._connected))
        client.add_handler(DisconnectHandler(self._disconnected))

    def lose(self) -> None:
        """There is no working session now."""
        if self.offline.is_set():
            return
        self.online.clear()
        self.offline.set()
        _library_log.setLevel(logging.CRITICAL)
        if not self._silent:
            self._announce("disconnected")

    def silence(self) -> None:
        """Announce nothing more: it ends because it was told to, and nobody will try to reconnect."""
        self._silent = True

    def end(self) -> None:
        """No more of this client."""
        self.lose()
        self.silence()

    async def _connected(self, client: Client, session: Any) -> None:
        if not _is_main(client, session) or self._silent:
            return
        if self.online.is_set():
            return
        self._online_since_s = asyncio.get_running_loop().time()
        self.offline.clear()
        self.online.set()
        _library_log.setLevel(logging.WARNING)
        self._announce("connected")

    async def _disconnected(self, client: Client, session: Any) -> None:
        if not _is_main(client, session):
            return
        lasted_s = asyncio.get_running_loop().time() - self._online_since_s
        self.misses = 0 if self.online.is_set() and lasted_s >= _WORKED_AFTER_S else self.misses + 1
        self.lose()
        if self.misses > _CALM_MISSES and not self._silent:
            # Where Telegram answers the first call of a session with an error, the library starts the next one
            # without any pause (measured: 300 a second).
            await asyncio.sleep(self._pace_s)


def _is_main(client: Client, session: Any) -> bool:
    """Not one for media or to another data centre; during `start()` the client does not know its session yet."""
    return not session.is_media and client.session in (None, session)
