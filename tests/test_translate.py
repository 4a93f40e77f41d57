"""Every error Kurigram can raise has a meaning in our words."""

from __future__ import annotations

import asyncio
import inspect
import sqlite3

import pytest
from pyrogram import errors as telegram
from pyrogram.raw.functions.messages import SendMessage
from pyrogram.raw.types import RpcError
from pyrogram.session.session import AuthKeyNotFound, InvalidDC, TransportFlood

from tests.support.clock import settle
from transcriber.errors import FloodWait, Gone, Offline, Refused, SignedOut, StenogramError, Transient
from transcriber.telegram.translate import UNTOLD_FLOOD_S, AlreadySent, translate, translated

RPC_ERRORS = [
    kind for _, kind in inspect.getmembers(telegram, inspect.isclass) if issubclass(kind, telegram.RPCError)
]


def expected(kind: type[telegram.RPCError]) -> tuple[type[StenogramError], ...]:
    """What the code of an error allows it to mean."""
    code = kind.CODE
    if code == 420:
        return (FloodWait, Refused)
    if code == 401:
        return (SignedOut,)
    if code is None or code >= 500 or code < 400:
        return (Offline, AlreadySent)
    return (Refused, SignedOut, AlreadySent)


def test_the_library_has_the_errors_that_this_test_walks() -> None:
    assert len(RPC_ERRORS) > 900


@pytest.mark.parametrize("kind", RPC_ERRORS)
def test_every_error_of_telegrams_is_mapped_by_its_code(kind: type[telegram.RPCError]) -> None:
    meaning = translate(kind())
    assert isinstance(meaning, expected(kind))
    assert meaning.key != "unexpected"


def raised(code: int, message: str) -> Exception:
    """The exception that the library makes of an answer of Telegram's."""
    with pytest.raises(telegram.RPCError) as caught:
        telegram.RPCError.raise_it(RpcError(error_code=code, error_message=message), SendMessage)
    error: Exception = caught.value
    return error


@pytest.mark.parametrize(
    ("code", "message", "key"),
    [
        (401, "AUTH_KEY_UNREGISTERED", "key_unregistered"),
        (401, "AUTH_KEY_INVALID", "key_unregistered"),
        (401, "SESSION_PASSWORD_NEEDED", "key_unregistered"),
        (406, "AUTH_KEY_DUPLICATED", "key_duplicated"),
        (401, "SESSION_REVOKED", "session_revoked"),
        (401, "SESSION_EXPIRED", "session_expired"),
        (401, "USER_DEACTIVATED", "deactivated"),
        (401, "USER_DEACTIVATED_BAN", "banned"),
    ],
)
def test_the_ways_to_be_signed_out_each_have_their_reason(code: int, message: str, key: str) -> None:
    meaning = translate(raised(code, message))
    assert isinstance(meaning, SignedOut)
    assert meaning.key == key


@pytest.mark.parametrize(
    ("code", "message"),
    [
        (400, "MESSAGE_ID_INVALID"),
        (400, "PEER_ID_INVALID"),
        (403, "CHAT_WRITE_FORBIDDEN"),
        (406, "CHANNEL_PRIVATE"),
        (400, "INPUT_USER_DEACTIVATED"),
    ],
)
def test_what_is_no_longer_there_is_gone(code: int, message: str) -> None:
    assert isinstance(translate(raised(code, message)), Gone)


@pytest.mark.parametrize(("message", "seconds"), [("FLOOD_WAIT_77", 77), ("SLOWMODE_WAIT_30", 30)])
def test_a_flood_tells_its_seconds(message: str, seconds: int) -> None:
    meaning = translate(raised(420, message))
    assert isinstance(meaning, FloodWait)
    assert meaning.seconds == seconds


def test_a_flood_without_seconds_is_waited_for_a_minute() -> None:
    meaning = translate(telegram.FloodWait())
    assert isinstance(meaning, FloodWait)
    assert meaning.seconds == UNTOLD_FLOOD_S


def test_a_frozen_account_is_refused_since_waiting_does_not_help() -> None:
    assert isinstance(translate(raised(420, "FROZEN_METHOD_INVALID")), Refused)


@pytest.mark.parametrize("code", [400, 500])
def test_a_used_random_id_has_a_meaning_of_its_own(code: int) -> None:
    assert isinstance(translate(raised(code, "RANDOM_ID_DUPLICATE")), AlreadySent)


@pytest.mark.parametrize(
    "error",
    [
        TimeoutError(),
        ConnectionError(),
        OSError("network is unreachable"),
        TransportFlood(),
        InvalidDC(),
        telegram.BadMsgNotification(16),
        telegram.SecurityCheckMismatch(),
        telegram.CDNFileHashMismatch(),
        sqlite3.OperationalError("database is locked"),
    ],
)
def test_trouble_on_the_way_is_offline(error: Exception) -> None:
    assert isinstance(translate(error), Offline)


def test_a_key_that_the_server_does_not_know_is_signed_out() -> None:
    meaning = translate(AuthKeyNotFound())
    assert isinstance(meaning, SignedOut)
    assert meaning.key == "key_unregistered"


def test_what_nobody_foresaw_is_tried_again() -> None:
    meaning = translate(KeyError(0))
    assert type(meaning) is Transient
    assert meaning.key == "unexpected"


async def test_ours_come_back_as_they_are_and_theirs_keep_their_origin() -> None:
    ours = Gone()
    assert translate(ours) is ours
    theirs = TimeoutError()
    with pytest.raises(Offline) as caught, translated():
        raise theirs
    assert caught.value.__cause__ is theirs


async def test_a_mistake_of_ours_is_not_taken_for_telegrams() -> None:
    with pytest.raises(ZeroDivisionError), translated():
        _ = 1 // 0


@pytest.mark.parametrize("ends", ["with a result", "with an error"])
async def test_a_cancellation_that_the_library_swallows_is_raised_all_the_same(ends: str) -> None:
    async def library() -> None:
        """As `asyncio.wait_for` of Python 3.11 when its result comes in the turn of the cancellation."""
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            if ends == "with an error":
                raise ConnectionError from None

    async def call() -> str:
        with translated():
            await library()
        return "went on"

    async with asyncio.TaskGroup() as group:
        task = group.create_task(call())
        await settle()
        task.cancel()
    assert task.cancelled()
