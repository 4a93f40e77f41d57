"""Signing in with the real program on a real (pseudo) terminal, against the sandbox."""

from __future__ import annotations

import asyncio
import codecs
import fcntl
import json
import os
import pty
import re
import struct
import sys
import termios
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.support.telegram import until
from transcriber.sandbox.program import SESSION_NAME, USERBOT
from transcriber.sandbox.server import SandboxServer

PHONE, CODE, PASSWORD = "+10000000001", "12345", "correct horse"
WITHIN_S = 20.0


class Screen:
    """What a person sees and types."""

    def __init__(self, process: asyncio.subprocess.Process, keyboard: int) -> None:
        self.process = process
        self.keyboard = keyboard
        self.text = ""  # all that was ever written
        self._news = asyncio.Event()
        self._decoder = codecs.getincrementaldecoder("utf-8")()

    def read(self) -> None:
        try:
            self.text += self._decoder.decode(os.read(self.keyboard, 65536))
        except OSError:  # the program has gone
            asyncio.get_running_loop().remove_reader(self.keyboard)
        self._news.set()

    async def shows(self, *words: str, times: int = 1) -> None:
        async with asyncio.timeout(WITHIN_S):
            while any(self.text.count(word) < times for word in words):
                self._news.clear()
                await self._news.wait()

    def type(self, text: str) -> None:
        os.write(self.keyboard, text.encode())

    async def end(self) -> int:
        async with asyncio.timeout(WITHIN_S):
            return await self.process.wait()

    @property
    def visible(self) -> str:
        """What stands there in the end, as far as it is not colour: drawing over is played."""
        lines = [""]
        for piece in re.split(r"(\r\x1b\[\d+A\x1b\[J|\n)", re.sub(r"\x1b\[[\d;]*m", "", self.text)):
            if piece == "\n":
                lines.append("")
            elif up := re.fullmatch(r"\r\x1b\[(\d+)A\x1b\[J", piece):
                del lines[len(lines) - 1 - int(up[1]) :]
                lines.append("")
            else:
                lines[-1] += piece.replace("\r", "")
        return "\n".join(lines)


@asynccontextmanager
async def signing_in(
    srv: SandboxServer, data_dir: Path, *arguments: str, columns: int = 80, language: str = "en", **settings: str
) -> AsyncIterator[Screen]:
    keyboard, terminal = pty.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", CONTROLLED, str(USERBOT), *(arguments or ("login",))),
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        env={
            "PATH": os.defpath,
            "LANG": "C.UTF-8",
            "UI_LANGUAGE": language,
            "DATA_DIR": str(data_dir / "data"),
            "STENOGRAM_SANDBOX": str(srv.write_seam_file(data_dir / "sandbox.json")),
            "API_ID": "1",
            "API_HASH": "hash",
            **settings,
        },
        cwd=data_dir,
        start_new_session=True,
    )
    os.close(terminal)
    screen = Screen(process, keyboard)
    asyncio.get_running_loop().add_reader(keyboard, screen.read)
    try:
        yield screen
    finally:
        asyncio.get_running_loop().remove_reader(keyboard)
        if process.returncode is None:
            process.kill()
            await process.wait()
        os.close(keyboard)


# The terminal becomes the one that Ctrl-C is typed on.
CONTROLLED = """
import fcntl, runpy, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
sys.argv = sys.argv[1:]
sys.path.insert(0, sys.argv[0].rpartition("/")[0])
runpy.run_path(sys.argv[0], run_name="__main__")
"""


@pytest.fixture
async def srv() -> AsyncIterator[SandboxServer]:
    async with SandboxServer(phone=PHONE, code=CODE, password=PASSWORD) as server:
        yield server


def session_made(tmp_path: Path) -> bool:
    return (tmp_path / "data" / SESSION_NAME).exists()


async def test_a_code_is_scanned_and_the_password_typed_unseen(srv: SandboxServer, tmp_path: Path) -> None:
    async with signing_in(srv, tmp_path) as screen:
        await screen.shows("1 or 2 [1]:")
        screen.type("1\n")
        await screen.shows("Enter - phone")
        assert max(map(len, screen.visible.splitlines()[-23:])) <= 80
        await asyncio.sleep(0.2)  # the listener for the scan starts after the code is drawn
        srv.accept_qr()
        await screen.shows("your hint: hint", "Password:")
        screen.type("wrong\n")
        await screen.shows("Wrong password")
        await screen.shows("Password:", times=2)
        screen.type(f"{PASSWORD}\n")
        assert await screen.end() == 0
        await screen.shows("Signed in as Me.")
        assert PASSWORD not in screen.text
        assert "wrong\r" not in screen.text
    assert session_made(tmp_path)


async def test_a_code_that_runs_out_is_replaced_where_it_stands(srv: SandboxServer, tmp_path: Path) -> None:
    async def short_lived(conn: Any, query: Any) -> Any:
        from pyrogram.raw import types as t

        return t.auth.LoginToken(expires=0, token=os.urandom(32))

    srv.on_rpc("auth.ExportLoginToken", short_lived, times=3)
    async with signing_in(srv, tmp_path) as screen:
        await screen.shows("1 or 2 [1]:")
        screen.type("\n")
        await screen.shows("Enter - phone", times=4)
        blocks = [line for line in screen.visible.splitlines() if "█" in line]
        assert len(blocks) <= 21, "one code is to be seen, not four"
        assert screen.visible.count("Enter - phone") == 1
        screen.type("\n")
        await screen.shows("Phone number")
        screen.type("\x04")
        assert await screen.end() == 78


@pytest.mark.parametrize("verb", ["login", "logout"])
async def test_while_telegram_is_away_the_library_keeps_its_complaints(
    srv: SandboxServer, tmp_path: Path, verb: str
) -> None:
    (tmp_path / "data").mkdir()
    await srv.write_session_file(tmp_path / "data" / SESSION_NAME)
    tries: list[object] = []

    async def hang_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tries.append(writer)
        writer.close()

    async with await asyncio.start_server(hang_up, "127.0.0.1", 0) as away:
        seam = json.loads(srv.write_seam_file(tmp_path / "sandbox.json").read_text())
        (tmp_path / "away.json").write_text(json.dumps({**seam, "port": away.sockets[0].getsockname()[1]}))
        async with signing_in(srv, tmp_path, verb, STENOGRAM_SANDBOX=str(tmp_path / "away.json")) as screen:
            await until(lambda: len(tries) > 3, WITHIN_S)
            assert screen.visible == "Connecting to Telegram…\n"


async def test_every_wrong_answer_by_phone_gets_clear_words_and_another_try(
    srv: SandboxServer, tmp_path: Path
) -> None:
    async with signing_in(srv, tmp_path, "login", "--phone", language="ru") as screen:
        await screen.shows("Номер телефона")
        screen.type("+19999\n")
        await screen.shows("Telegram не принимает этот номер")
        screen.type(f"{PHONE}\n")
        await screen.shows("в чате «Telegram»", "Код:")
        screen.type("00000\n")
        await screen.shows("Код неверный")
        screen.type(f"{CODE}\n")
        await screen.shows("облачный пароль", "Пароль:")
        screen.type(f"{PASSWORD}\n")
        assert await screen.end() == 0
        await screen.shows("Вход выполнен: Me.")


@pytest.mark.parametrize(
    ("at", "key", "code"),
    [
        ("1 or 2 [1]:", "\x04", 78),
        ("Enter - phone", "\x03", 130),
        ("Phone number", "\x03", 130),
        ("Password:", "\x04", 78),
    ],
)
async def test_leaving_at_any_question_is_calm(
    srv: SandboxServer, tmp_path: Path, key: str, code: int, at: str
) -> None:
    answers = {"1 or 2 [1]:": "1\n", "Enter - phone": "\n", "Phone number": f"{PHONE}\n", "Code:": f"{CODE}\n"}
    async with signing_in(srv, tmp_path) as screen:
        for question, answer in answers.items():
            await screen.shows(question)
            if question == at:
                break
            screen.type(answer)
        await screen.shows(at)
        screen.type(key)
        assert await screen.end() == code
        await screen.shows("Signing in was left")
        last = screen.visible.splitlines()[-1]
        assert last == "Signing in was left, and nothing is kept of it. Any time again: python userbot.py login"
    assert not session_made(tmp_path)


async def test_a_narrow_terminal_leads_to_the_number(srv: SandboxServer, tmp_path: Path) -> None:
    async with signing_in(srv, tmp_path, columns=36) as screen:
        await screen.shows("1 or 2 [1]:")
        screen.type("1\n")
        await screen.shows("too narrow", "Phone number")
        assert "█" not in screen.text


async def test_too_many_attempts_end_with_how_long(srv: SandboxServer, tmp_path: Path) -> None:
    from transcriber.sandbox.faults import flood

    srv.on_rpc("auth.SendCode", flood(3700))
    async with signing_in(srv, tmp_path, "login", "--phone") as screen:
        await screen.shows("Phone number")
        screen.type(f"{PHONE}\n")
        assert await screen.end() == 1
        await screen.shows("Too many attempts. Telegram asks to wait 1 h 1 min")
        assert screen.text.count("Telegram asks") == 1


async def test_the_first_start_asks_and_goes_on(srv: SandboxServer, tmp_path: Path) -> None:
    async with signing_in(srv, tmp_path, "run", MODEL="tiny") as screen:
        await screen.shows("1 or 2 [1]:")
        screen.type("\x04")
        assert await screen.end() == 78
        await until(lambda: "Signing in was left" in screen.text)
