"""A connection to the sandbox: the real client over TCP, the real gateway and store, a clock that the test moves."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from pyrogram import Client

from tests.support.clock import FakeClock
from transcriber.chat.texts import Texts
from transcriber.domain import Command, Note
from transcriber.errors import Permanent, StoreUnavailable
from transcriber.sandbox.server import SandboxServer
from transcriber.storage.sqlite import SqliteStore
from transcriber.telegram.catchup import CatchUp
from transcriber.telegram.client import make_client
from transcriber.telegram.connection import Connection, Timings
from transcriber.telegram.gateway import TelegramGateway
from transcriber.telegram.session import NAME, SessionFile
from transcriber.telegram.supervisor import supervise

# What the library takes for itself is real time, so everything of ours that is real is short.
SHORT = Timings(start_s=4.0, probe_answer_s=3.0, stop_s=0.5, pace_s=0.05)


class Story:
    """Keeps every announced line."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, dict[str, object]]] = []

    def __call__(self, key: str, **details: object) -> None:
        self.lines.append((key, details))

    @property
    def keys(self) -> list[str]:
        return [key for key, _ in self.lines]

    @property
    def russian(self) -> list[str]:
        texts = Texts("ru")
        return [texts(f"run.{key}", **details) for key, details in self.lines]


class FakeInbox:
    """Keeps what it is given, in order; `broken`: the store behind it does not answer; `stubborn`: it waits for ever
    and breaks when that is cancelled."""

    def __init__(self) -> None:
        self.notes: list[Note] = []
        self.missed: list[Note] = []  # those of them that a scan found
        self.commands: list[Command] = []
        self.scans = 0
        self.broken = False
        self.stubborn = False
        self.waiting = False

    async def note(self, note: Note, *, missed: bool) -> None:
        if self.broken:
            raise StoreUnavailable
        if self.stubborn:
            self.waiting = True
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError as error:
                raise ValueError("broke while stopping") from error
        self.notes.append(note)
        if missed:
            self.missed.append(note)

    async def command(self, command: Command) -> None:
        self.commands.append(command)

    async def caught_up(self) -> None:
        self.scans += 1

    @property
    def ids(self) -> list[int]:
        return [note.message_id for note in self.notes]


async def until(condition: Callable[[], object], within_s: float = 5.0) -> None:
    """Let real input and output happen until it is so."""
    async with asyncio.timeout(within_s):
        while not condition():  # noqa: ASYNC110 - conditions of all kinds, most of which nobody announces
            await asyncio.sleep(0.005)


@dataclass
class Rig:
    """Everything on the owner's side."""

    srv: SandboxServer
    clock: FakeClock
    store: SqliteStore
    inbox: FakeInbox
    story: Story
    gateway: TelegramGateway
    catch_up: CatchUp
    connection: Connection
    clients: list[Client]  # all that were made, the current one last
    session_path: Path
    running: asyncio.Task[None] | None = None

    async def connected(self, scans: int = 1) -> None:
        """Return when the program is connected and has caught up that many times in all."""
        await until(lambda: self.gateway.info().online and self.inbox.scans >= scans)

    async def stop(self) -> None:
        """Stop as SIGTERM does."""
        if self.running is not None:
            self.running.cancel()
            with suppress(asyncio.CancelledError, Permanent):
                await self.running


@asynccontextmanager
async def rig(srv: SandboxServer, data_dir: Path, timings: Timings = SHORT) -> AsyncIterator[Rig]:
    """The owner's side, not yet started; the database and the session in `data_dir` outlive it."""
    clock, inbox, story = FakeClock(), FakeInbox(), Story()
    session = SessionFile(data_dir)
    if not session.path.exists():
        await srv.write_session_file(data_dir / f"{NAME}.session")
    store = await SqliteStore.open(data_dir / "stenogram.db", clock)
    gateway = TelegramGateway(clock)
    catch_up = CatchUp(inbox, store, clock, prefixes="/.", answer_s=2.0)
    clients: list[Client] = []

    def make() -> Client:
        clients.append(make_client(session, seam=srv.seam))
        return clients[-1]

    connection = Connection(make, gateway, catch_up, clock, story, timings)
    made = Rig(srv, clock, store, inbox, story, gateway, catch_up, connection, clients, session.path)
    try:
        yield made
    finally:
        await made.stop()
        await store.close()


@asynccontextmanager
async def running(srv: SandboxServer, data_dir: Path, timings: Timings = SHORT) -> AsyncIterator[Rig]:
    """The owner's side under its supervisor."""
    async with rig(srv, data_dir, timings) as made:
        made.running = asyncio.ensure_future(
            supervise(made.connection.attempt, clock=made.clock, announce=made.story)
        )
        yield made
