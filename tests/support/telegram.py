"""A real client, signed in to a sandbox server on this machine, and the gateway over it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from pyrogram import Client

from transcriber.clock import Clock, SystemClock
from transcriber.sandbox.server import SandboxServer
from transcriber.telegram.calls import Deadlines
from transcriber.telegram.client import close_client, make_client
from transcriber.telegram.gateway import TelegramGateway
from transcriber.telegram.session import SessionFile

# Short enough to wait for in a test, long enough for a busy machine.
QUICK = Deadlines(answer_s=1.0, send_s=5, edit_s=5, read_s=5, delete_s=5, upload_s=5, download_s=5, repeat_after_s=0)


@dataclass
class Link:
    srv: SandboxServer
    client: Client
    gateway: TelegramGateway


@asynccontextmanager
async def signed_in(data_dir: Path, clock: Clock | None = None, deadlines: Deadlines = QUICK) -> AsyncIterator[Link]:
    """Server, connected client, attached gateway."""
    async with SandboxServer() as srv:
        session = SessionFile(data_dir)
        await srv.write_session_file(session.path)
        client = make_client(session, seam=srv.seam)
        await client.connect()
        try:
            client.me = await client.get_me()
            gateway = TelegramGateway(clock or SystemClock(), deadlines)
            gateway.attach(client)
            yield Link(srv, client, gateway)
        finally:
            await close_client(client)


async def until(condition: Callable[[], object], seconds: float = 10) -> None:
    """Return as soon as this holds."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - what is waited for sets no event
            await asyncio.sleep(0.005)


def names_in(folder: Path) -> set[str]:
    """Every file below a folder but the session's own."""
    found = (path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    return {name for name in found if ".session" not in name}
