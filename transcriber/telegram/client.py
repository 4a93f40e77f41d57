"""Makes Kurigram clients, the way the measured facts ask for."""

from __future__ import annotations

import asyncio
import logging
import platform
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from pyrogram import Client, raw
from pyrogram import client as library_client
from pyrogram.enums import ParseMode
from pyrogram.errors import BadMsgNotification
from pyrogram.session import session as library_session
from pyrogram.session.internals import MsgFactory

from transcriber import __version__
from transcriber.errors import SettingsWrong
from transcriber.telegram.sandbox_seam import Seam
from transcriber.telegram.session import NAME, SessionFile
from transcriber.telegram.translate import FOREIGN

MakeClient = Callable[[], Client]  # a new one each time

# The longest FloodWait that is slept through in place; longer ones go back to the caller as `FloodWait`.
SLEEP_THRESHOLD_S = 60
_CLOSE_S = 5.0
_ANSWER_S = library_session.Session.WAIT_TIMEOUT
_AHEAD_S = 30  # by so much a message's number may be ahead of Telegram's time

log = logging.getLogger(__name__)


def make_client(
    session: SessionFile, *, api_id: int | None = None, api_hash: str | None = None, seam: Seam | None = None
) -> Client:
    """A new client on the running loop, not connected; one per attempt, never used again after a failure.

    Call it with a session that `exists()`: with any other, `Client.start()` would ask questions on stdin.
    Raises `SettingsWrong` if the file (from an old library) has no API id and the settings have none either."""
    if session.exists() and not api_id and not session.knows_api_id():
        raise SettingsWrong("api_needed")
    session.protect()
    client = Client(
        NAME,
        api_id=api_id,
        api_hash=api_hash,
        workdir=session.data_dir,
        app_version=f"Stenogram {__version__}",
        device_model="Stenogram",
        system_version=f"{platform.system()} {platform.release()}",
        sleep_threshold=SLEEP_THRESHOLD_S,
        max_concurrent_transmissions=1,
        parse_mode=ParseMode.DISABLED,  # a transcript must never be read as markup
        # Catching up is done by catchup.py: the library's own way races with live updates.
        skip_updates=True,
        # Each of these would make the parser call Telegram, and drop the update when that fails.
        fetch_replies=False,
        fetch_topics=False,
        fetch_stories=False,
        fetch_stickers=False,
        loop=asyncio.get_running_loop(),
    )
    if seam is not None:
        seam.apply_to(client)
    return client


class _MessageIds(MsgFactory):  # type: ignore[misc]  # the library is not typed
    """The library's numbers for its messages, which are times: they have to follow Telegram's time back too.

    A client that starts with a clock ahead of Telegram's is told the right time in the first answer. By itself the
    library goes on counting from the wrong one, and nothing that it sends is looked at (measured: no answer for
    ever)."""

    _last_msg_id: int

    async def allocate_message_identity(self) -> int:
        if self._last_msg_id > (self.client.server_time + _AHEAD_S) * 2**32:
            self._last_msg_id = 0
        number: int = await super().allocate_message_identity()
        return number


class _Session(library_session.Session):  # type: ignore[misc]  # the library is not typed
    """The library's session, but "your message's number cannot be right" is no answer: asked again, because the first
    one of these tells the right time, and raised when that was of no use.

    By itself the library hands it over as if it were what was asked for: a clock that was set while a client started
    came out as an `AttributeError` of whoever read the answer."""

    async def send(self, data: Any, wait_response: bool = True, timeout: float = _ANSWER_S) -> Any:
        for _ in range(2):
            answer = await super().send(data, wait_response, timeout)
            if not isinstance(answer, raw.types.BadMsgNotification):
                return answer
        raise BadMsgNotification(answer.error_code)


# There is no other way in.
library_session.MsgFactory = _MessageIds
library_client.Session = _Session


async def close_client(client: Client) -> None:
    """Close a client that was connected but not started, however far it came; a second time does nothing."""
    try:
        async with asyncio.timeout(_CLOSE_S):
            for session in (*client.media_sessions.values(), *client.sessions.values()):
                await session.stop()  # `disconnect` forgets those
            if client.is_connected:
                await client.disconnect()
    except FOREIGN as error:
        log.info("closing: %s", type(error).__name__)
    with suppress(RuntimeError):  # never opened
        await client.storage.close()
