"""Asking a person at a terminal without holding up the loop, and without leaving it mute when interrupted."""

from __future__ import annotations

import asyncio
import locale
import os
import termios
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from transcriber.errors import NoSession

WHITE_ON_BLACK, PLAIN = "\x1b[97;40m", "\x1b[0m"


class Terminal(Protocol):
    """Somebody to ask."""

    @property
    def interactive(self) -> bool:
        """Whether anybody is there."""
        ...

    def say(self, text: str) -> None: ...

    def picture(self, drawn: str) -> bool:
        """Show a picture of white blocks on black, whatever the terminal's own colours, in place of the one before it
        if only a question came after that. False if it does not fit on the terminal; then nothing is shown."""
        ...

    async def ask(self, prompt: str) -> str:
        """A line, trimmed. Raises `NoSession` (`login_left`) when there is no more to read."""
        ...

    async def ask_hidden(self, prompt: str) -> str:
        """A line that is not shown while it is typed, exactly as typed."""
        ...


class ConsoleTerminal:
    """The terminal that the program was started on.

    Reads when the loop says there is something to read: a thread in `input()` could not be cancelled, and the loop
    would wait for it on the way out."""

    def __init__(self, input_fd: int = 0, output_fd: int = 1, encoding: str | None = None) -> None:
        self._in = input_fd
        self._out = output_fd
        self._encoding = encoding or locale.getencoding()
        self._read_ahead = b""  # several lines pasted at once
        self._pictured = 0  # lines of the picture that is above the cursor, with nothing between

    @property
    def interactive(self) -> bool:
        return os.isatty(self._in) and os.isatty(self._out)

    def say(self, text: str) -> None:
        self._pictured = 0
        self._write(text + "\n")

    def picture(self, drawn: str) -> bool:
        lines = drawn.splitlines()
        columns, rows = os.get_terminal_size(self._out)
        try:
            drawn.encode(self._encoding)
        except UnicodeEncodeError:
            return False
        if max(map(len, lines)) > columns:
            return False
        # What has scrolled out of sight cannot be drawn over: there the next one comes below.
        up = f"\r\x1b[{self._pictured}A\x1b[J" if 0 < self._pictured < rows else ""
        self._write(up + "".join(f"{WHITE_ON_BLACK}{line}{PLAIN}\n" for line in lines))
        self._pictured = len(lines)
        return True

    async def ask(self, prompt: str) -> str:
        self._write(prompt + " ")
        return (await self._line()).strip()

    async def ask_hidden(self, prompt: str) -> str:
        with self._no_echo():  # before it is asked for: who pastes is quick
            self._write(prompt + " ")
            return await self._line()

    async def _line(self) -> str:
        while b"\n" not in self._read_ahead:
            await self._readable()
            if not (got := self._read()):
                self._write("\n")
                raise NoSession("login_left")
            self._read_ahead += got
        line, _, self._read_ahead = self._read_ahead.partition(b"\n")
        return line.decode(self._encoding, errors="replace").rstrip("\r")

    async def _readable(self) -> None:
        loop = asyncio.get_running_loop()
        ready = asyncio.Event()
        loop.add_reader(self._in, ready.set)
        try:
            await ready.wait()  # as long as the person needs
        finally:
            loop.remove_reader(self._in)

    def _read(self) -> bytes:
        try:
            return os.read(self._in, 4096)
        except OSError:  # the terminal was closed
            return b""

    @contextmanager
    def _no_echo(self) -> Iterator[None]:
        before = termios.tcgetattr(self._in)
        silent = termios.tcgetattr(self._in)
        silent[3] &= ~termios.ECHO
        termios.tcsetattr(self._in, termios.TCSAFLUSH, silent)
        try:
            yield
        finally:
            termios.tcsetattr(self._in, termios.TCSAFLUSH, before)
            self._write("\n")

    def _write(self, text: str) -> None:
        left = text.encode(self._encoding, errors="replace")
        while left:
            left = left[os.write(self._out, left) :]
