"""Signing in (QR code, or phone and code; two-step password) and signing out, with a person at a terminal."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Awaitable, Callable
from typing import Any, Protocol, TypeVar

import qrcode
from pyrogram import Client, errors, raw
from pyrogram.enums import SentCodeType
from pyrogram.qrlogin import QRLogin
from pyrogram.storage import UpdateState
from pyrogram.types import User

from transcriber.domain import Peer
from transcriber.errors import FloodWait, NoSession, Offline, Refused, SettingsWrong, SignedOut
from transcriber.telegram.client import close_client
from transcriber.telegram.messages import peer_of_user
from transcriber.telegram.session import SessionFile
from transcriber.telegram.terminal import Terminal
from transcriber.telegram.translate import translated
from transcriber.telegram.until import until

T = TypeVar("T")

_STEP_S = 40.0  # for each question to Telegram; making an auth key is several
_SHORTEST_QR_S, _LONGEST_QR_S = 1.0, 60.0  # whatever Telegram says
_CODE_SENT = {
    SentCodeType.APP: "login.code_app",
    SentCodeType.SMS: "login.code_sms",
    SentCodeType.CALL: "login.code_call",
    SentCodeType.EMAIL_CODE: "login.code_email",
}
# What the library raises where something that is no Telegram answers: it takes whatever comes apart.
_GARBLED = (LookupError, ValueError, struct.error)
QUIET = 4  # modules of white around a QR code, as its standard asks for


class _Instead(Exception):
    """A line was typed instead of scanning the code."""


class Sentence(Protocol):
    """The sentence for a key, in the owner's language."""

    def __call__(self, key: str, /, **details: object) -> str: ...


class Login:
    """One sign-in. `make_client` makes a new client on the session file each time it is called."""

    def __init__(
        self, session: SessionFile, make_client: Callable[[], Client], terminal: Terminal, sentence: Sentence
    ) -> None:
        self._session = session
        self._make_client = make_client
        self._terminal = terminal
        self._sentence = sentence

    async def run(self, *, by_phone: bool = False, phone: str | None = None) -> Peer:
        """Lead a person through signing in; afterwards the session file is there, 0600, and updates count from now.

        A phone number given beforehand is not asked for. Raises `NoSession` without a terminal, `SettingsWrong`
        without API id and hash, `Refused` (`login_flood`) after too many attempts."""
        if not self._terminal.interactive:
            raise NoSession()
        if (me := await self._already()) is not None:
            self._say("login.already", name=me.title)
            return me
        self._session.remove()  # what an aborted sign-in left
        await self._session.prepare()
        try:
            user = await self._fresh(by_phone=by_phone, phone=phone)
        except FloodWait as flood:  # nobody sits at a terminal and waits for that
            raise Refused("login_flood", seconds=flood.seconds) from flood
        finally:
            if not self._session.exists():
                self._session.remove()
        self._session.protect()
        me = peer_of_user(user)
        self._say("login.done", name=me.title)
        return me

    async def _already(self) -> Peer | None:
        """Who is signed in, if that still holds; a session that does not is set aside."""
        try:
            if not self._session.exists():
                return None
        except NoSession:
            self._session.set_aside("unreadable")
            return None
        client = self._make_client()
        self._say("login.connecting")
        try:
            with translated():
                await _connect(client)
                found = await _step(client.invoke(raw.functions.users.GetUsers(id=[raw.types.InputUserSelf()])))
                return peer_of_user(await User._parse(client, found[0]))
        except SignedOut as error:
            await close_client(client)
            self._session.set_aside(error.key)
            return None
        finally:
            await close_client(client)

    async def _fresh(self, *, by_phone: bool, phone: str | None) -> User:
        client = self._make_client()
        if not client.api_id or not client.api_hash:
            raise SettingsWrong("api_needed")
        client.sleep_threshold = 0  # a person is waiting: say how long it takes instead of sleeping silently
        try:
            with translated():
                self._say("login.connecting")
                await _connect(client)
                try:
                    user = await self._first_factor(client, by_phone=by_phone, phone=phone)
                except errors.SessionPasswordNeeded:
                    user = await self._password(client)
                except (errors.ApiIdInvalid, errors.ApiIdPublishedFlood) as error:
                    raise SettingsWrong("api_wrong") from error
                except (errors.PhoneNumberFlood, errors.PhonePasswordFlood) as error:
                    raise Refused("login_flood") from error
                await _count_updates_from_now(client)
                return user
        finally:
            await close_client(client)

    async def _first_factor(self, client: Client, *, by_phone: bool, phone: str | None) -> User:
        if by_phone or phone or await self._wants_phone():
            return await self._by_phone(client, phone)
        return await self._by_qr(client)

    async def _wants_phone(self) -> bool:
        self._say("login.choose")
        while True:
            answer = await self._ask("login.ask_choice")
            if answer in ("", "1", "2"):
                return answer == "2"

    async def _by_qr(self, client: Client) -> User:
        """A code, and a new one in its place when it runs out, until it is scanned or somebody would rather type."""
        self._say("login.qr_how")
        qr = QRLogin(client)
        while True:
            await _step(qr.recreate())
            if isinstance(qr.r, raw.types.auth.LoginTokenSuccess):  # scanned just as the last code ran out
                return await _signed_in(client, qr.r.authorization.user)
            left_s = _LONGEST_QR_S
            if isinstance(qr.r, raw.types.auth.LoginToken):
                if not self._terminal.picture(draw_qr(qr.url)):
                    self._say("login.qr_no_room")
                    return await self._by_phone(client, None)
                left_s = min(max(qr.r.expires - client.server_time, _SHORTEST_QR_S), _LONGEST_QR_S)
            else:
                # Scanned, and the account lives in another data centre: moving there is what wait() does when told.
                client.dispatcher.updates_queue.put_nowait((raw.types.UpdateLoginToken(), {}, {}))
            try:
                return await self._scanned(qr, left_s)
            except _Instead:
                return await self._by_phone(client, None)
            except (TimeoutError, TypeError):  # it ran out; or there was news, but nobody had accepted: a new code
                continue

    async def _scanned(self, qr: QRLogin, left_s: float) -> User:
        """Who scanned the code. Raises `TimeoutError`, `TypeError` (see above) and `_Instead`."""
        found: list[User] = []

        async def scan() -> None:
            found.append(await qr.wait(left_s))

        async def listen() -> None:
            await self._ask("login.ask_qr")
            raise _Instead

        await until(scan(), listen())
        self._terminal.say("")  # the question was not answered
        return found[0]

    async def _by_phone(self, client: Client, phone: str | None) -> User:
        while True:
            number = phone or await self._ask("login.ask_phone")
            phone = None
            try:
                sent = await _step(client.send_code(number))
                user = await self._code(client, number, sent)
            except errors.PhoneNumberInvalid:
                self._say("login.phone_wrong")
            except errors.PhoneNumberBanned:
                self._say("login.phone_banned")
            except errors.PhoneNumberUnoccupied:
                self._say("login.phone_unregistered")
            except errors.PhoneCodeExpired:
                self._say("login.code_expired")
                phone = number
            else:
                if user is not None:
                    return user
                self._say("login.phone_unregistered")

    async def _code(self, client: Client, number: str, sent: Any) -> User | None:
        self._say(_CODE_SENT.get(sent.type, "login.code_other"))
        while True:
            code = "".join(filter(str.isdecimal, await self._ask("login.ask_code")))
            if not code:
                continue
            try:
                user = await _step(client.sign_in(number, sent.phone_code_hash, code))
            except errors.PhoneCodeInvalid:
                self._say("login.code_wrong")
            else:
                return user if isinstance(user, User) else None  # else: nobody has this number

    async def _password(self, client: Client) -> User:
        hint = await _step(client.get_password_hint())
        self._say("login.password_needed", hint=hint or None)
        while True:
            password = await self._terminal.ask_hidden(self._sentence("login.ask_password"))
            if not password:
                continue
            try:
                return await _step(client.check_password(password))
            except errors.PasswordHashInvalid:
                self._say("login.password_wrong")

    async def _ask(self, key: str) -> str:
        return await self._terminal.ask(self._sentence(key))

    def _say(self, key: str, **details: object) -> None:
        self._terminal.say(self._sentence(key, **details))


async def logout(session: SessionFile, make_client: Callable[[], Client]) -> bool:
    """End the session at Telegram and remove its file; False if nobody was signed in. Raises `Offline` and keeps the
    file if Telegram cannot be told: removing it alone would leave the session open there."""
    if not session.exists():
        session.remove()
        return False
    client = make_client()
    try:
        with translated():
            await _connect(client)
            await _step(client.invoke(raw.functions.auth.LogOut()))
    except SignedOut:  # Telegram had ended it already
        pass
    finally:
        await close_client(client)
    session.remove()
    return True


def draw_qr(url: str) -> str:
    """The code in half blocks, two of its rows in each line; a block is white, a space black."""
    code = qrcode.QRCode(error_correction=qrcode.constants.ERROR_CORRECT_L, border=QUIET)
    code.add_data(url)
    rows = code.get_matrix()
    rows += [[False] * len(row) for row in rows[:1] * (len(rows) % 2)]
    blocks = {(False, False): "█", (False, True): "▀", (True, False): "▄", (True, True): " "}
    pairs = zip(rows[::2], rows[1::2], strict=True)
    return "\n".join("".join(blocks[pair] for pair in zip(*two, strict=True)) for two in pairs)


async def _step(asked: Awaitable[T]) -> T:
    async with asyncio.timeout(_STEP_S):
        return await asked


async def _connect(client: Client) -> None:
    """Raises `Offline` also where a proxy, or the sign-in page of a network, answers in Telegram's place."""
    try:
        await _step(client.connect())
    except _GARBLED as error:
        raise Offline(reason=type(error).__name__) from error


async def _signed_in(client: Client, user: Any) -> User:
    await client.storage.user_id(user.id)
    await client.storage.is_bot(False)
    return await User._parse(client, user)


async def _count_updates_from_now(client: Client) -> None:
    """Write down the whole update state: signing in by QR leaves half of one, from which nothing can be caught up."""
    state = await _step(client.invoke(raw.functions.updates.GetState()))
    await client.storage.set_update_state(UpdateState(0, state.pts, state.qts, state.date, state.seq))
    await client.storage.save()
