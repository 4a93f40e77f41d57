"""The real program, the real worker beside it, and a real Redis between the two."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.support.redis import RedisServer
from tests.support.sandbox import ProgramProcess, Stage, running, stage
from transcriber.sandbox.program import SAMPLES, program

WORDS = "hello this is a voice message"
READY = "🎙️"


def send(on: Stage) -> None:
    on.srv.deliver_voice(on.friend, None, (SAMPLES / "en_hello.ogg").read_bytes(), 3)


def transcripts(on: Stage) -> int:
    return sum(seen.text.count(WORDS) for seen in on.srv.chat_view(on.me))


@asynccontextmanager
async def worker(url: str, folder: Path | None = None, **settings: str) -> AsyncIterator[ProgramProcess]:
    """`userbot.py worker`, with a data directory of its own."""
    with tempfile.TemporaryDirectory(prefix="stenogram-worker-") as own:
        environment = {"DATA_DIR": str(folder or own), "REDIS_URL": url, "UI_LANGUAGE": "en", **settings}
        async with program(environment, arguments=("worker",)) as process:
            yield process


async def test_a_note_is_heard_by_the_machine_that_lends_its_cpu(redis_server: RedisServer) -> None:
    settings = {"REDIS_URL": redis_server.url}
    async with stage() as on, running(on, settings=settings) as program, worker(redis_server.url) as lender:
        await lender.wait_line(READY)
        send(on)
        try:
            await on.srv.wait_until(lambda: transcripts(on) or None, 30)
        finally:
            print(*program.lines, "---", *lender.lines, sep="\n")
