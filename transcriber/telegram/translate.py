"""Telegram's errors in our words: one function, so that what to do about each is decided in one place."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from pyrogram.errors import BadMsgNotification, RPCError, SecurityError
from pyrogram.session.session import AuthKeyNotFound, TransportError

from transcriber.errors import FloodWait, Gone, Offline, Refused, SignedOut, SlowMode, StenogramError, Transient


class AlreadySent(Transient):
    """A message with this random id was sent before; the gateway looks it up, so that nobody else meets this."""


# What Kurigram raises when Telegram, the network or the session file does not do what was asked.
FOREIGN: tuple[type[Exception], ...] = (
    RPCError,
    TransportError,
    BadMsgNotification,
    SecurityError,
    OSError,  # TimeoutError and ConnectionError too
    sqlite3.Error,
)

# Telegram gives most floods a number of seconds; where it gives none, this is waited.
UNTOLD_FLOOD_S = 60

# 401 (and the 406 of a duplicated key) end the session for good; the rest of the 401 family is `key_unregistered`.
_SIGNED_OUT = {
    "AUTH_KEY_DUPLICATED": "key_duplicated",
    "SESSION_REVOKED": "session_revoked",
    "SESSION_EXPIRED": "session_expired",
    "USER_DEACTIVATED": "deactivated",
    "USER_DEACTIVATED_BAN": "banned",
    "PHONE_NUMBER_BANNED": "banned",
}

# The message, the chat or the right to write there is gone. Telegram answers some of these with 400, 403 or 406.
_GONE = frozenset(
    {
        "CHANNEL_INVALID",
        "CHANNEL_PRIVATE",
        "CHAT_ADMIN_REQUIRED",
        "CHAT_FORBIDDEN",
        "CHAT_GUEST_SEND_FORBIDDEN",
        "CHAT_ID_INVALID",
        "CHAT_RESTRICTED",
        "CHAT_SEND_DOCS_FORBIDDEN",
        "CHAT_SEND_MEDIA_FORBIDDEN",
        "CHAT_SEND_PLAIN_FORBIDDEN",
        "CHAT_WRITE_FORBIDDEN",
        "INPUT_USER_DEACTIVATED",
        "MESSAGE_ID_INVALID",
        "MSG_ID_INVALID",
        "PEER_ID_INVALID",
        "PRIVACY_PREMIUM_REQUIRED",
        "REPLY_MESSAGE_ID_INVALID",
        "REPLY_TO_INVALID",
        "TOPIC_CLOSED",
        "TOPIC_DELETED",
        "USER_BANNED_IN_CHANNEL",
        "USER_DELETED",
        "USER_ID_INVALID",
        "USER_IS_BLOCKED",
        "USER_NOT_PARTICIPANT",
        "YOU_BLOCKED_USER",
    }
)


def translate(error: Exception) -> StenogramError:
    """Say what to do about `error`; what is ours comes back as it is, what nobody foresaw is worth another try."""
    if isinstance(error, StenogramError):
        return error
    if isinstance(error, RPCError):
        return _rpc(error)
    if isinstance(error, AuthKeyNotFound):  # transport error -404: the server does not know this key
        return SignedOut("key_unregistered")
    if isinstance(error, FOREIGN):
        return Offline(reason=type(error).__name__)
    return Transient("unexpected", error=type(error).__name__)


@contextmanager
def translated() -> Iterator[None]:
    """Raise ours `from` theirs, and a cancellation that they swallowed once more.

    The library waits with `asyncio.wait_for`, which in Python 3.11 returns its result and forgets the cancellation
    when both come in the same turn of the loop (cpython #86296, mended in 3.12)."""
    task = asyncio.current_task()
    before = task.cancelling() if task else 0
    try:
        yield
    except FOREIGN as error:
        if task and task.cancelling() > before:
            raise asyncio.CancelledError from error
        raise translate(error) from error
    if task and task.cancelling() > before:
        raise asyncio.CancelledError


def _rpc(error: RPCError) -> StenogramError:
    reason, code = error.ID or error.NAME or "unknown", error.CODE or 0
    if code == 420:
        return _flood(error, reason)
    if code == 401 or reason in _SIGNED_OUT:
        return SignedOut(_SIGNED_OUT.get(reason, "key_unregistered"))
    if reason == "RANDOM_ID_DUPLICATE":  # 500 in Telegram's documentation, 400 in its error list
        return AlreadySent()
    if reason in _GONE:
        return Gone(reason=reason)
    # 5xx is Telegram's own trouble, 303 names another data centre to try.
    return Offline(reason=reason) if code >= 500 or code < 400 else Refused(reason=reason)


def _flood(error: RPCError, reason: str) -> StenogramError:
    if isinstance(error.value, int):
        return (SlowMode if reason.startswith("SLOWMODE") else FloodWait)(error.value)
    # FROZEN_METHOD_INVALID and ADDRESS_INVALID come with 420 too, and waiting does not mend them.
    return FloodWait(UNTOLD_FLOOD_S) if "_X" in reason or reason == "Flood" else Refused(reason=reason)
