"""Signing in and out: every question and wrong answer, over real TCP against the sandbox; and the real terminal."""

from __future__ import annotations

import asyncio
import base64
import fcntl
import os
import pty
import struct
import termios
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
import qrcode
from pyrogram.raw import types as t
from pyrogram.raw.functions.updates import GetDifference

from tests.support.telegram import until
from transcriber.errors import FloodWait, NoSession, Offline, Refused, SettingsWrong
from transcriber.sandbox.faults import RpcError, flood
from transcriber.sandbox.server import SandboxServer
from transcriber.telegram.client import close_client, make_client
from transcriber.telegram.login import Login, draw_qr, logout
from transcriber.telegram.session import SessionFile
from transcriber.telegram.terminal import ConsoleTerminal

PHONE, CODE, PASSWORD = "+10000000001", "12345", "correct horse"


def sentence(key: str, /, **details: object) -> str:
    return " ".join([key, *(f"{name}={value}" for name, value in details.items())])


@dataclass
class Person:
    """Answers each question from a list; with an empty list, thinks for ever."""

    answers: dict[str, list[str]] = field(default_factory=dict)
    interactive: bool = True
    sees: bool = True  # the terminal has room for a picture
    said: list[str] = field(default_factory=list)
    drawn: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def say(self, text: str) -> None:
        self.said.append(text)

    async def ask(self, prompt: str) -> str:
        self.asked.append(prompt)
        waiting = self.answers.get(prompt)
        if not waiting:
            await asyncio.Event().wait()
            raise AssertionError("never")
        return waiting.pop(0)

    async def ask_hidden(self, prompt: str) -> str:
        return await self.ask(f"hidden {prompt}")

    def picture(self, drawn: str) -> bool:
        if self.sees:
            self.drawn.append(drawn)
        return self.sees

    @property
    def keys(self) -> list[str]:
        return [text for text in self.said if text]


@dataclass
class Desk:
    """A server, an empty data directory, and somebody at the terminal."""

    srv: SandboxServer
    session: SessionFile
    person: Person = field(default_factory=Person)
    api_id: int | None = 1
    api_hash: str | None = "hash"

    def client(self) -> Any:
        return make_client(self.session, api_id=self.api_id, api_hash=self.api_hash, seam=self.srv.seam)

    def login(self) -> Login:
        return Login(self.session, self.client, self.person, sentence)

    def answer(self, **answers: list[str]) -> None:
        names = {"password": "hidden login.ask_password"}
        self.person.answers = {names.get(name, f"login.ask_{name}"): list(a) for name, a in answers.items()}


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with SandboxServer(phone=PHONE, code=CODE) as srv:
        yield Desk(srv, SessionFile(tmp_path))


@pytest.fixture
async def locked(tmp_path: Path) -> AsyncIterator[Desk]:
    """The account has a two-step password."""
    async with SandboxServer(phone=PHONE, code=CODE, password=PASSWORD) as srv:
        yield Desk(srv, SessionFile(tmp_path))


async def assert_signed_in(desk: Desk) -> None:
    """The file is private, complete, and good for a start without any question; updates count from the sign-in."""
    assert desk.session.exists()
    assert desk.session.path.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in desk.session.data_dir.iterdir()] == [desk.session.path.name]
    missed = desk.srv.deliver_voice(desk.srv.add_user("Bob"), None, b"ogg", 1)
    client = make_client(desk.session, seam=desk.srv.seam)
    await client.connect()
    try:
        (state,) = await client.storage.get_update_states(0)
        difference = await client.invoke(GetDifference(pts=state.pts, date=state.date, qts=state.qts))
        assert [m.id for m in difference.new_messages] == [missed.id]
    finally:
        await close_client(client)


# Phone and code


async def test_phone_and_code_sign_in(desk: Desk) -> None:
    desk.answer(choice=["what?", "2"], phone=[PHONE], code=[CODE])
    me = await desk.login().run()
    assert (me.id, me.title) == (desk.srv.me.id, "Me")
    assert desk.person.keys == ["login.connecting", "login.choose", "login.code_app", "login.done name=Me"]
    assert desk.srv.of("login")[0].extra == {"how": "code"}
    await assert_signed_in(desk)


async def test_a_number_from_the_settings_is_not_asked_for(desk: Desk) -> None:
    desk.answer(code=[CODE])
    await desk.login().run(phone=PHONE)
    assert desk.person.asked == ["login.ask_code"]
    await assert_signed_in(desk)


async def test_the_wish_to_sign_in_by_phone_skips_the_choice(desk: Desk) -> None:
    desk.answer(phone=[PHONE], code=[CODE])
    await desk.login().run(by_phone=True)
    assert desk.person.asked == ["login.ask_phone", "login.ask_code"]


async def test_wrong_numbers_and_codes_get_clear_words_and_another_try(desk: Desk) -> None:
    desk.answer(phone=["+19999", PHONE], code=["00000", "", "1-2 3.45"])
    await desk.login().run(by_phone=True)
    assert desk.person.keys == [
        "login.connecting",
        "login.phone_wrong",
        "login.code_app",
        "login.code_wrong",
        "login.done name=Me",
    ]


async def test_a_wrong_number_in_the_settings_is_asked_for_after_all(desk: Desk) -> None:
    desk.answer(phone=[PHONE], code=[CODE])
    await desk.login().run(phone="+19999")
    assert desk.person.asked == ["login.ask_phone", "login.ask_code"]


async def test_an_expired_code_is_sent_again(desk: Desk) -> None:
    desk.srv.on_rpc("auth.SignIn", RpcError(400, "PHONE_CODE_EXPIRED"))
    desk.answer(phone=[PHONE], code=["54321", CODE])
    await desk.login().run(by_phone=True)
    assert desk.srv.count("auth.SendCode") == 2
    assert "login.code_expired" in desk.person.keys


async def test_a_number_that_nobody_has_is_said(desk: Desk) -> None:
    async def sign_up(conn: Any, query: Any) -> Any:
        return t.auth.AuthorizationSignUpRequired()

    desk.srv.on_rpc("auth.SignIn", sign_up)
    desk.answer(phone=[PHONE, PHONE], code=[CODE, CODE])
    await desk.login().run(by_phone=True)
    assert "login.phone_unregistered" in desk.person.keys


@pytest.mark.parametrize(
    ("kind", "key"),
    [
        (t.auth.SentCodeTypeSms(length=5), "login.code_sms"),
        (t.auth.SentCodeTypeCall(length=5), "login.code_call"),
        (t.auth.SentCodeTypeEmailCode(email_pattern="m***@x", length=5), "login.code_email"),
        (t.auth.SentCodeTypeFragmentSms(url="x", length=5), "login.code_other"),
    ],
)
async def test_where_the_code_went_is_said(desk: Desk, kind: Any, key: str) -> None:
    async def sent(conn: Any, query: Any) -> Any:
        return t.auth.SentCode(type=kind, phone_code_hash="hash-of-the-code")

    desk.srv.on_rpc("auth.SendCode", sent)
    desk.answer(code=[CODE])
    await desk.login().run(phone=PHONE)
    assert key in desk.person.keys


# The two-step password


async def test_the_two_step_password_is_asked_hidden_with_its_hint_until_it_is_right(locked: Desk) -> None:
    locked.answer(code=[CODE], password=["wrong", "", PASSWORD])
    await locked.login().run(phone=PHONE)
    assert locked.person.keys == [
        "login.connecting",
        "login.code_app",
        "login.password_needed hint=hint",
        "login.password_wrong",
        "login.done name=Me",
    ]
    assert locked.person.asked[1:] == ["hidden login.ask_password"] * 3
    await assert_signed_in(locked)


async def test_a_qr_code_too_is_followed_by_the_password(locked: Desk) -> None:
    locked.answer(choice=[""], password=[PASSWORD])
    async with asyncio.TaskGroup() as group:
        task = group.create_task(locked.login().run())
        await until(lambda: locked.person.drawn)
        locked.srv.accept_qr()
        assert (await task).id == locked.srv.me.id
    await assert_signed_in(locked)


# The QR code


async def test_a_scanned_qr_code_signs_in(desk: Desk) -> None:
    desk.answer(choice=["1"])
    async with asyncio.TaskGroup() as group:
        task = group.create_task(desk.login().run())
        await until(lambda: desk.person.drawn)
        await asyncio.sleep(0.05)  # the listener for the scan starts after the code is drawn
        desk.srv.accept_qr()
        assert (await task).id == desk.srv.me.id
    assert desk.srv.of("login")[0].extra == {"how": "qr"}
    await assert_signed_in(desk)


async def test_a_code_that_runs_out_is_replaced_and_a_scan_in_between_is_not_missed(desk: Desk) -> None:
    async def short_lived(conn: Any, query: Any) -> Any:
        return t.auth.LoginToken(expires=0, token=os.urandom(16))

    desk.srv.on_rpc("auth.ExportLoginToken", short_lived)
    desk.answer(choice=["1"])
    async with asyncio.TaskGroup() as group:
        task = group.create_task(desk.login().run())
        await until(lambda: desk.person.drawn)
        desk.srv.account.qr_accepted = True  # and the news of it is lost
        assert (await task).id == desk.srv.me.id
    assert len(desk.person.drawn) == 1, "the second answer was the sign-in"
    await assert_signed_in(desk)


async def test_who_would_rather_type_presses_enter_at_the_code(desk: Desk) -> None:
    desk.answer(choice=["1"], qr=[""], phone=[PHONE], code=[CODE])
    await desk.login().run()
    assert len(desk.person.drawn) == 1
    assert desk.person.asked == ["login.ask_choice", "login.ask_qr", "login.ask_phone", "login.ask_code"]
    await assert_signed_in(desk)


async def test_a_terminal_that_cannot_show_the_code_leads_to_the_number(desk: Desk) -> None:
    desk.person.sees = False
    desk.answer(choice=["1"], phone=[PHONE], code=[CODE])
    await desk.login().run()
    assert "login.qr_no_room" in desk.person.keys
    assert desk.srv.of("login")[0].extra == {"how": "code"}


async def test_news_without_acceptance_draws_a_new_code(desk: Desk) -> None:
    desk.answer(choice=["1"])
    async with asyncio.TaskGroup() as group:
        task = group.create_task(desk.login().run())
        await until(lambda: desk.person.drawn)
        await asyncio.sleep(0.05)  # as above
        desk.srv.accept_qr()
        desk.srv.account.qr_accepted = False
        await until(lambda: len(desk.person.drawn) == 2)
        await asyncio.sleep(0.05)  # as above
        desk.srv.accept_qr()
        await task
    assert desk.person.drawn[0] != desk.person.drawn[1]


@pytest.mark.parametrize("moved_late", [False, True])
async def test_an_account_in_another_data_centre_is_followed_there(desk: Desk, moved_late: bool) -> None:
    async def moved(conn: Any, query: Any) -> Any:
        return t.auth.LoginTokenMigrateTo(dc_id=4, token=b"token")

    async def imported(conn: Any, query: Any) -> Any:
        conn.auth.user_id, conn.session.subscribed = desk.srv.me.id, True
        return t.auth.LoginTokenSuccess(authorization=t.auth.Authorization(user=desk.srv.me))

    desk.srv.on_rpc("auth.ImportLoginToken", imported)
    desk.answer(choice=["1"])
    if not moved_late:
        desk.srv.on_rpc("auth.ExportLoginToken", moved, times=-1)
    else:
        desk.srv.on_rpc("auth.ExportLoginToken", moved, skip=1)
    async with asyncio.TaskGroup() as group:
        task = group.create_task(desk.login().run())
        if moved_late:
            await until(lambda: desk.person.drawn)
            await asyncio.sleep(0.05)  # as above
            desk.srv.accept_qr()
        await task
    client = desk.client()
    await client.storage.open()
    assert await client.storage.dc_id() == 4
    await close_client(client)
    assert desk.session.exists()


def modules(drawn: str) -> list[list[bool]]:
    """What a camera sees of the drawing: rows of modules, True where it is black."""
    halves = {" ": (True, True), "▀": (False, True), "▄": (True, False), "█": (False, False)}
    return [[halves[c][half] for c in line] for line in drawn.splitlines() for half in (0, 1)]


@pytest.mark.parametrize("token_bytes", [16, 32, 40, 64])
def test_the_drawn_code_is_the_code_with_a_quiet_zone_and_fits_a_terminal(token_bytes: int) -> None:
    url = "tg://login?token=" + base64.urlsafe_b64encode(bytes(range(token_bytes))).decode()
    drawn = modules(draw_qr(url))
    code = qrcode.QRCode(error_correction=qrcode.constants.ERROR_CORRECT_L, border=0)
    code.add_data(url)
    bare = code.get_matrix()
    size = len(bare)
    assert [row[4 : 4 + size] for row in drawn[4 : 4 + size]] == bare
    quiet = [*drawn[:4], *drawn[4 + size :], *([*row[:4], *row[4 + size :]] for row in drawn[4 : 4 + size])]
    assert not any(any(row) for row in quiet), "four white modules on each side, as the standard asks for"
    assert size + 8 <= 80
    if token_bytes <= 40:  # as long as they are
        assert (len(drawn[0]), len(drawn)) <= (41, 42)


# What can go wrong


async def test_without_a_terminal_there_is_no_session(desk: Desk) -> None:
    desk.person.interactive = False
    with pytest.raises(NoSession):
        await desk.login().run()
    assert desk.srv.calls == []


async def test_without_api_id_and_hash_it_is_said_before_anything_is_asked(desk: Desk) -> None:
    for desk.api_id, desk.api_hash in ((None, "x"), (1, None)):
        with pytest.raises(SettingsWrong) as error:
            await desk.login().run()
        assert error.value.key == "api_needed"
    assert desk.person.asked == []
    assert list(desk.session.data_dir.iterdir()) == []


@pytest.mark.parametrize("reason", ["API_ID_INVALID", "API_ID_PUBLISHED_FLOOD"])
async def test_wrong_api_id_and_hash_are_said(desk: Desk, reason: str) -> None:
    desk.srv.on_rpc("auth.SendCode", RpcError(400, reason))
    with pytest.raises(SettingsWrong) as error:
        await desk.login().run(phone=PHONE)
    assert error.value.key == "api_wrong"


@pytest.mark.parametrize("seconds", [5, 4000])
async def test_a_flood_says_how_long_instead_of_sleeping(desk: Desk, seconds: int) -> None:
    desk.srv.on_rpc("auth.SendCode", flood(seconds))
    with pytest.raises(Refused) as error:
        await desk.login().run(phone=PHONE)
    assert (error.value.key, error.value.details) == ("login_flood", {"seconds": seconds})
    assert list(desk.session.data_dir.iterdir()) == []


@pytest.mark.parametrize("reason", ["PHONE_NUMBER_FLOOD", "PHONE_PASSWORD_FLOOD"])
async def test_a_flood_without_a_time_is_said_too(desk: Desk, reason: str) -> None:
    desk.srv.on_rpc("auth.SendCode", RpcError(406 if "PASSWORD" in reason else 400, reason))
    with pytest.raises(Refused) as error:
        await desk.login().run(phone=PHONE)
    assert (error.value.key, error.value.details) == ("login_flood", {})


@pytest.mark.parametrize("method", ["auth.SignIn", "auth.CheckPassword", "auth.ExportLoginToken"])
async def test_a_flood_at_any_step_ends_with_how_long(locked: Desk, method: str) -> None:
    locked.srv.on_rpc(method, flood(77))
    locked.answer(choice=["1"], code=[CODE], password=[PASSWORD])
    with pytest.raises(Refused) as error:
        await locked.login().run(phone=None if "Token" in method else PHONE)
    assert (error.value.key, error.value.details) == ("login_flood", {"seconds": 77})
    assert list(locked.session.data_dir.iterdir()) == []


async def test_a_banned_number_is_said_and_another_can_be_tried(desk: Desk) -> None:
    desk.srv.on_rpc("auth.SendCode", RpcError(400, "PHONE_NUMBER_BANNED"))
    desk.answer(phone=[PHONE], code=[CODE])
    await desk.login().run(phone="+10000000009")
    assert desk.person.keys[1:3] == ["login.phone_banned", "login.code_app"]


async def test_a_number_without_an_account_is_said_and_another_can_be_tried(desk: Desk) -> None:
    desk.srv.on_rpc("auth.SignIn", RpcError(400, "PHONE_NUMBER_UNOCCUPIED"))
    desk.answer(phone=[PHONE], code=[CODE, CODE])
    await desk.login().run(phone=PHONE)
    assert "login.phone_unregistered" in desk.person.keys
    assert desk.person.keys[-1] == "login.done name=Me"


async def test_another_refusal_of_telegrams_comes_out_in_our_words(desk: Desk) -> None:
    desk.srv.on_rpc("auth.SendCode", RpcError(406, "UPDATE_APP_TO_LOGIN"))
    with pytest.raises(Refused):
        await desk.login().run(phone=PHONE)


async def test_an_unreachable_telegram_is_offline_and_leaves_no_file(desk: Desk) -> None:
    desk.srv.refuse()
    with pytest.raises(Offline):
        await desk.login().run(phone=PHONE)
    assert list(desk.session.data_dir.iterdir()) == []


@pytest.mark.parametrize("answer", [bytes(400), b"HTTP/1.1 302 Found\r\nLocation: http://hotel/\r\n\r\n" * 9])
async def test_what_answers_in_telegrams_place_is_offline_too(desk: Desk, answer: bytes) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1000)
        writer.write(answer)
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(talk, "127.0.0.1", 0) as other:
        seam = replace(desk.srv.seam, port=other.sockets[0].getsockname()[1])
        client = make_client(desk.session, api_id=1, api_hash="hash", seam=seam)
        with pytest.raises(Offline):
            await Login(desk.session, lambda: client, desk.person, sentence).run(phone=PHONE)
    assert not desk.session.exists()


@pytest.mark.parametrize("at", ["login.ask_choice", "login.ask_phone", "login.ask_code"])
async def test_an_interrupted_sign_in_leaves_no_file(desk: Desk, at: str) -> None:
    desk.answer(choice=["2"], phone=[PHONE], code=[CODE])
    desk.person.answers[at] = []
    async with asyncio.TaskGroup() as group:
        task = group.create_task(desk.login().run())
        await until(lambda: at in desk.person.asked)
        task.cancel()
    assert task.cancelled()
    assert list(desk.session.data_dir.iterdir()) == []


async def test_an_interrupted_wait_for_the_scan_leaves_no_file(desk: Desk) -> None:
    desk.answer(choice=["1"])
    async with asyncio.TaskGroup() as group:
        task = group.create_task(desk.login().run())
        await until(lambda: desk.person.drawn)
        await asyncio.sleep(0.05)  # as above
        task.cancel()
    assert list(desk.session.data_dir.iterdir()) == []


# Signed in already


async def test_who_is_signed_in_already_is_told_so(desk: Desk) -> None:
    await desk.srv.write_session_file(desk.session.path)
    assert (await desk.login().run()).id == desk.srv.me.id
    assert desk.person.keys == ["login.connecting", "login.already name=Me"]


async def test_a_session_that_was_ended_is_set_aside_and_a_new_one_made(desk: Desk) -> None:
    await desk.srv.write_session_file(desk.session.path)
    desk.srv.kill_auth("SESSION_REVOKED")
    desk.answer(code=[CODE])
    await desk.login().run(phone=PHONE)
    assert desk.session.exists()
    assert desk.session.dead_path.exists()
    assert desk.person.keys[-1] == "login.done name=Me"


async def test_a_damaged_session_file_is_set_aside_and_a_new_one_made(desk: Desk) -> None:
    desk.session.path.write_bytes(b"garbage" * 1000)
    desk.answer(code=[CODE])
    await desk.login().run(phone=PHONE)
    assert desk.session.exists()
    assert desk.session.dead_path.read_bytes().startswith(b"garbage")


# Signing out


async def test_signing_out_ends_the_session_at_telegram_and_removes_the_file(desk: Desk) -> None:
    await desk.srv.write_session_file(desk.session.path)
    assert await logout(desk.session, desk.client)
    assert len(desk.srv.of("logout")) == 1
    assert list(desk.session.data_dir.iterdir()) == []
    assert not await logout(desk.session, desk.client)


async def test_signing_out_of_an_ended_session_just_removes_the_file(desk: Desk) -> None:
    await desk.srv.write_session_file(desk.session.path)
    desk.srv.kill_auth("AUTH_KEY_UNREGISTERED")
    assert await logout(desk.session, desk.client)
    assert not desk.session.path.exists()


async def test_signing_out_keeps_the_file_if_telegram_says_no(desk: Desk) -> None:
    await desk.srv.write_session_file(desk.session.path)
    desk.srv.on_rpc("auth.LogOut", flood(100))
    with pytest.raises(FloodWait):
        await logout(desk.session, desk.client)
    assert desk.session.exists()


# The terminal itself


@dataclass
class Pty:
    """Both ends of a terminal."""

    keyboard: int
    terminal: ConsoleTerminal
    fd: int

    def type(self, text: str) -> None:
        os.write(self.keyboard, text.encode())

    def shown(self, up_to: str) -> str:
        """What stands on the screen, once it ends like this."""
        screen = ""
        while not screen.endswith(up_to):
            screen += os.read(self.keyboard, 4096).decode().replace("\r\n", "\n")
        return screen

    @property
    def echoes(self) -> bool:
        return bool(termios.tcgetattr(self.fd)[3] & termios.ECHO)


@pytest.fixture
def console() -> Iterator[Pty]:
    keyboard, fd = pty.openpty()
    yield Pty(keyboard, ConsoleTerminal(fd, fd), fd)
    os.close(fd)
    os.close(keyboard)


async def test_lines_are_read_one_by_one_even_when_pasted_together(console: Pty) -> None:
    console.type("  first \nвторая\n")
    assert await console.terminal.ask("One?") == "first"
    assert await console.terminal.ask("Two?") == "вторая"
    assert console.terminal.interactive


async def test_nothing_shows_from_the_moment_a_hidden_line_is_asked_for(console: Pty) -> None:
    async with asyncio.TaskGroup() as group:
        task = group.create_task(console.terminal.ask_hidden("Password:"))
        assert await asyncio.to_thread(os.read, console.keyboard, 4096) == b"Password: "
        assert not console.echoes
        console.type("s3cret\n")
        assert await task == "s3cret"


async def test_a_hidden_line_is_not_shown_and_the_terminal_shows_again_afterwards(console: Pty) -> None:
    async with asyncio.TaskGroup() as group:
        task = group.create_task(console.terminal.ask_hidden("Password:"))
        await until(lambda: not console.echoes)
        console.type(" s3cret \n")
        assert await task == " s3cret "
    assert console.echoes
    console.terminal.say("done")
    assert console.shown("done\n") == "Password: \ndone\n"


async def test_a_hidden_line_that_is_typed_the_moment_it_is_asked_for_is_not_lost(console: Pty) -> None:
    class Quick(ConsoleTerminal):
        """Somebody who answers as soon as the question stands."""

        def _write(self, text: str) -> None:
            super()._write(text)
            if text.startswith("Password"):
                console.type("s3cret\n")

    async with asyncio.timeout(5):
        assert await Quick(console.fd, console.fd).ask_hidden("Password:") == "s3cret"
    assert console.shown("\n") == "Password: \n"


@pytest.mark.parametrize("hidden", [False, True])
async def test_a_question_can_be_interrupted_at_once_and_the_terminal_shows_again(console: Pty, hidden: bool) -> None:
    ask = console.terminal.ask_hidden if hidden else console.terminal.ask
    async with asyncio.TaskGroup() as group:
        task = group.create_task(ask("Code?"))
        await until(lambda: console.echoes is not hidden)
        async with asyncio.timeout(1):
            task.cancel()
            await asyncio.wait([task])
    assert console.echoes


async def test_a_picture_is_white_on_black_and_the_next_one_takes_its_place(console: Pty) -> None:
    size(console.fd, columns=41, rows=24)
    assert console.terminal.picture("█▀\n▄ ")
    first = "\x1b[97;40m█▀\x1b[0m\n\x1b[97;40m▄ \x1b[0m\n"
    assert console.shown(first) == first
    async with asyncio.TaskGroup() as group:
        asking = group.create_task(console.terminal.ask("Enter:"))
        await asyncio.to_thread(console.shown, "Enter: ")
        asking.cancel()
    assert console.terminal.picture("██")
    second = "\r\x1b[2A\x1b[J\x1b[97;40m██\x1b[0m\n"
    assert console.shown(second) == second
    console.terminal.say("something else")
    console.shown("else\n")
    assert console.terminal.picture("██")
    assert console.shown("\x1b[0m\n") == "\x1b[97;40m██\x1b[0m\n", "what was said stays"


async def test_a_picture_that_has_scrolled_away_is_not_drawn_over(console: Pty) -> None:
    size(console.fd, columns=41, rows=3)
    assert console.terminal.picture("█\n█\n█")
    console.shown("█\x1b[0m\n" * 1)
    assert console.terminal.picture("█")
    assert "\x1b[3A" not in console.shown("\x1b[0m\n")


def test_a_picture_needs_room_and_letters(console: Pty) -> None:
    size(console.fd, columns=3, rows=24)
    assert console.terminal.picture("███")
    assert not console.terminal.picture("████")
    assert not ConsoleTerminal(console.fd, console.fd, "koi8-r").picture("𐀀")
    assert not ConsoleTerminal(console.fd, console.fd, "latin-1").picture("█")


async def test_a_terminal_of_another_encoding_is_written_and_read_in_it(console: Pty) -> None:
    terminal = ConsoleTerminal(console.fd, console.fd, "koi8-r")
    os.write(console.keyboard, "да\n".encode("koi8-r"))
    assert await terminal.ask("Вход?") == "да"
    assert "Вход? ".encode("koi8-r") in os.read(console.keyboard, 4096)


async def test_ctrl_d_leaves_calmly(console: Pty) -> None:
    console.type("\x04")
    with pytest.raises(NoSession) as left:
        await console.terminal.ask("Code?")
    assert left.value.key == "login_left"
    assert console.shown("\n").endswith("Code? \n")


def size(fd: int, *, columns: int, rows: int) -> None:
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


async def test_the_end_of_input_is_no_session() -> None:
    reading, writing = os.pipe()
    os.close(writing)
    terminal = ConsoleTerminal(reading, 1)
    with pytest.raises(NoSession):
        await terminal.ask("Code?")
    assert not terminal.interactive
    os.close(reading)
