"""A terminal with somebody at it, for a container that asks questions."""

from __future__ import annotations

import asyncio
import os
import time
from typing import Self

LOOK_EVERY_S = 0.05


class Terminal:
    """A pseudo-terminal: `line` is the program's end, the rest is the person."""

    def __init__(self) -> None:
        self._person, self.line = os.openpty()
        os.set_blocking(self._person, False)
        self.shown = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._person)
        os.close(self.line)

    async def read_until(self, text: str, within_s: float) -> None:
        """Return when this text has been shown. Raises TimeoutError that holds what was."""
        started = time.monotonic()
        while text not in self.shown:
            if time.monotonic() - started > within_s:
                raise TimeoutError(f"the terminal never showed {text!r}, but: {self.shown[-500:]!r}")
            try:
                self.shown += os.read(self._person, 65536).decode(errors="replace")
            except BlockingIOError:
                await asyncio.sleep(LOOK_EVERY_S)

    def type(self, answer: str) -> None:
        """Type it, and Enter; what was shown before is done with."""
        self.shown = ""
        os.write(self._person, answer.encode() + b"\n")
