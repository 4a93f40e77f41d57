"""A sandbox with a friend in it, clients that come to it, and the real program as a process."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pyrogram import Client

from transcriber.sandbox.program import SESSION_NAME, Program, program, settings_for
from transcriber.sandbox.server import SandboxServer
from transcriber.sandbox.world import Tl

# The name under which tests know it: `wait_line(text, timeout)`, `terminate()` → (exit code, seconds), `kill()`.
ProgramProcess = Program


@dataclass(frozen=True)
class Stage:
    """A running server, a friend, and a data directory with a signed-in session file and a seam file."""

    srv: SandboxServer
    friend: Tl
    data_dir: Path
    seam_file: Path
    tracked: tuple[int, ...]

    @property
    def session_file(self) -> Path:
        return self.data_dir / SESSION_NAME

    @property
    def me(self) -> Tl:
        return self.srv.me

    def settings(self, language: str = "en", **more: str) -> dict[str, str]:
        """The environment of a program that plays here; by default the friend is tracked."""
        return {**settings_for(self.data_dir, self.seam_file, self.tracked, language), **more}


@asynccontextmanager
async def stage(*, password: str | None = None, tracked: bool = True) -> AsyncIterator[Stage]:
    """A sandbox to play on; at the end it checks that no call was made that it does not know."""
    with tempfile.TemporaryDirectory(prefix="stenogram-test-") as folder:
        async with SandboxServer(password=password) as srv:
            friend = srv.add_user("Bob", "bob")
            data_dir = Path(folder)
            await srv.write_session_file(data_dir / SESSION_NAME)
            seam_file = srv.write_seam_file(data_dir / "sandbox.json")
            yield Stage(srv, friend, data_dir, seam_file, (friend.id,) if tracked else ())
            assert not srv.unknown, f"calls that the sandbox does not know: {srv.unknown}"


@asynccontextmanager
async def running(
    on: Stage,
    *arguments: str,
    language: str = "en",
    settings: Mapping[str, str] | None = None,
    subscribed: bool = True,
) -> AsyncIterator[ProgramProcess]:
    """The real program (`userbot.py run`, or other arguments) on a stage; by default entered when it receives
    updates. Killed with its children at the end."""
    environment = {**on.settings(language), **(settings or {})}
    async with program(environment, arguments=arguments or ("run",)) as process:
        if subscribed:
            await on.srv.wait_subscribed(30)
        yield process


@asynccontextmanager
async def client_on(on: Stage, *, fresh: bool = False, **arguments: Any) -> AsyncIterator[Any]:
    """A Kurigram client, not started: on the stage's session file, or `fresh` with nothing but the seam. Whatever
    state a test leaves it in, it is disconnected at the end."""
    client = Client(
        "fresh" if fresh else on.session_file.stem,
        workdir=on.data_dir,
        api_id=1,
        api_hash="hash",
        no_updates=False,
        fetch_replies=False,
        **arguments,
    )
    if fresh:
        on.srv.seam.apply_to(client)
    try:
        yield client
    finally:
        for session in client.sessions.values():  # of other data centres: the client itself forgets them
            await session.stop()
        if client.is_initialized:
            await client.stop()
        elif client.is_connected:
            await client.disconnect()
