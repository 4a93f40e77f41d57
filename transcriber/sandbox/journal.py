"""What happened: everything the client did and every change of the world, in order, to look at and to wait for."""

from __future__ import annotations

import asyncio
import time
from abc import abstractmethod
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

T = TypeVar("T")


@dataclass(slots=True)
class Action:
    """Something visible that the client did. `kind`: send, media, edit, delete, typing, read, read_contents,
    reaction, upload, login, logout; `chat` as a Bot-API style id."""

    kind: str
    time: float
    chat: int | None = None
    msg_id: int | None = None
    text: str | None = None
    reply_to: int | None = None
    extra: dict[str, Any] = field(default_factory=dict)
    raw: Any = None


@dataclass(slots=True)
class Call:
    """One RPC and what became of it."""

    time: float
    conn: int
    media: bool
    name: str
    query: Any
    outcome: str = ""


@dataclass(frozen=True, slots=True)
class Event:
    """Anything else: open, close, new_session, resume_session, push, message, edit, delete…"""

    time: float
    kind: str
    details: dict[str, Any]


class Watched:
    """Something that changes, and that can be waited for."""

    def __init__(self) -> None:
        self._change = asyncio.Event()

    def changed(self) -> None:
        """Wake everyone who waits, to look again."""
        self._change.set()
        self._change = asyncio.Event()

    async def wait_until(self, condition: Callable[[], T | None], timeout: float = 15) -> T:
        """The first true value of `condition`, looked at after every change. Raises TimeoutError that says how far
        things are."""
        try:
            async with asyncio.timeout(timeout):
                while True:
                    change = self._change
                    if value := condition():
                        return value
                    await change.wait()
        except TimeoutError:
            raise TimeoutError(f"not within {timeout} s; last: {self.tail()}") from None

    @abstractmethod
    def tail(self) -> str:
        """The last things that happened, for an error message."""


class Journal(Watched):
    """Keeps what happened."""

    def __init__(self) -> None:
        super().__init__()
        self.actions: list[Action] = []
        self.calls: list[Call] = []
        self.events: list[Event] = []
        self.unknown: list[str] = []  # calls that the sandbox does not know; a test asserts that it is empty

    def record(self, kind: str, **fields: Any) -> None:
        self.actions.append(Action(kind, time.time(), **fields))
        self.changed()

    def event(self, kind: str, **details: Any) -> None:
        self.events.append(Event(time.time(), kind, details))
        self.changed()

    # What the client did
    @property
    def sent(self) -> list[Action]:
        return [a for a in self.actions if a.kind in ("send", "media")]

    @property
    def edits(self) -> list[Action]:
        return self.of("edit")

    def of(self, kind: str) -> list[Action]:
        return [a for a in self.actions if a.kind == kind]

    def count(self, name: str) -> int:
        """How many times that RPC was called."""
        return sum(call.name == name for call in self.calls)

    # Waiting
    async def wait_for(self, wanted: Callable[[Action], bool], timeout: float = 15, since: int = 0) -> Action:
        """The first action (from index `since`) that is wanted. Raises TimeoutError."""
        return await self.wait_until(lambda: next((a for a in self.actions[since:] if wanted(a)), None), timeout)

    async def follow(self, since: int = 0) -> AsyncIterator[Event]:
        """Every event from index `since`, as it happens; for ever."""
        position = since
        while True:
            change = self._change
            while position < len(self.events):
                position += 1
                yield self.events[position - 1]
            if change is self._change:
                await change.wait()

    def tail(self) -> str:
        return ", ".join(f"{a.kind}@{a.chat}:{a.msg_id}" for a in self.actions[-5:]) or "none"
