"""The real program, the real worker beside it, and a real Redis between the two."""

from __future__ import annotations

import asyncio
import re
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.faults.scene import engines_of
from tests.support.cpu import cpu_used_s
from tests.support.sandbox import ProgramProcess, Stage, running, stage
from tests.support.speech import repeated, sample
from transcriber.sandbox.program import MODEL, SAMPLES, program

if TYPE_CHECKING:  # pytest loads it as a plugin
    from tests.support.redis import RedisServer

CLIPS = {
    "en_hello.ogg": "hello this is a voice message",
    "en_call_me_back.ogg": "please call me back tomorrow",
    "en_digits.ogg": "seven three nine one zero five",
    "ru_call_me_back.ogg": "перезвони мне завтра",
}
HELLO = "en_hello.ogg"
READY = "🎙️"
FREED_WITHIN_S = 1.0


def send(on: Stage, file: str = HELLO) -> None:
    on.srv.deliver_voice(on.friend, None, (SAMPLES / file).read_bytes(), 3)


def transcripts(on: Stage, words: str = CLIPS[HELLO]) -> int:
    return sum(seen.text.count(words) for seen in on.srv.chat_view(on.me))


def done_by(worker: ProgramProcess) -> int:
    return sum("done run" in line for line in worker.lines)


def files_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


@asynccontextmanager
async def working(
    url: str, folder: Path | None = None, language: str = "en", **more: str
) -> AsyncIterator[ProgramProcess]:
    """`userbot.py worker`, with a data directory of its own."""
    with tempfile.TemporaryDirectory(prefix="stenogram-worker-") as own:
        settings = {"DATA_DIR": str(folder or own), "REDIS_URL": url, "UI_LANGUAGE": language, "CPU_THREADS": "1"}
        async with program({**settings, **more}, arguments=("worker",)) as process:
            yield process


async def test_a_note_is_heard_by_the_machine_that_lends_its_cpu_and_nothing_of_it_stays_anywhere(
    tmp_path: Path, start_redis: Callable[..., RedisServer]
) -> None:
    redis, there = await asyncio.to_thread(start_redis), tmp_path / "there"
    there.mkdir()
    sound = (SAMPLES / HELLO).read_bytes()
    async with stage() as on, AsyncExitStack() as stack:
        on.srv.getfile_delay = 0.0
        here = await stack.enter_async_context(running(on, settings={"REDIS_URL": redis.url}))
        worker = await stack.enter_async_context(working(redis.url, there))
        await worker.wait_line(READY)
        send(on)
        await on.srv.wait_until(lambda: transcripts(on) or None, 30)
        assert (done_by(worker), engines_of(here)) == (1, []), "no recogniser was ever started here"
        await asyncio.to_thread(redis.stop)
        await worker.wait_line("Reconnecting in 5 seconds")
        code, seconds = await worker.terminate()
        assert (code, seconds < 3) == (0, True), "in the middle of the pause"
        kept = {folder: files_in(folder) for folder in (on.data_dir, there, tmp_path)}
        assert {path.name for path in kept[there]} == {"worker.lock"}
        assert any(path.suffix == ".aof" and path.stat().st_size for path in kept[tmp_path]), "what Redis keeps"
        for path in (path for paths in kept.values() for path in paths):
            assert sound[1000:1064] not in path.read_bytes(), path


async def test_a_burst_of_notes_is_shared_by_the_program_and_two_machines(redis_server: RedisServer) -> None:
    async with stage() as on, AsyncExitStack() as stack:
        settings = {"REDIS_URL": redis_server.url, "CPU_THREADS": "1", "MERGE_PAUSE_S": "0"}
        here = await stack.enter_async_context(running(on, settings=settings))
        workers = [await stack.enter_async_context(working(redis_server.url)) for _ in range(2)]
        for worker in workers:
            await worker.wait_line(READY)
        for file in CLIPS:
            send(on, file)
        await on.srv.wait_until(lambda: all(transcripts(on, words) for words in CLIPS.values()) or None, 60)
        assert [transcripts(on, words) for words in CLIPS.values()] == [1] * len(CLIPS)
        assert all(done_by(worker) for worker in workers), [worker.tail() for worker in workers]
        assert sum(done_by(worker) for worker in workers) == sum("is lent to" in line for line in here.lines)


async def test_a_short_note_overtakes_long_ones_here_and_there(tmp_path: Path, redis_server: RedisServer) -> None:
    long = repeated(tmp_path / "long.wav", sample("en_long_90s"), 900).read_bytes()
    async with stage() as on, AsyncExitStack() as stack:
        settings = {"REDIS_URL": redis_server.url, "CPU_THREADS": "1", "MERGE_PAUSE_S": "0"}
        here = await stack.enter_async_context(running(on, settings=settings))
        worker = await stack.enter_async_context(working(redis_server.url))
        await worker.wait_line(READY)
        await here.wait_line("is here")
        for _ in range(4):
            on.srv.deliver_voice(on.friend, None, long, 900)
        await on.srv.wait_until(lambda: len(engines_of(here)) == 1 or None, 60)  # so both are at it
        await worker.wait_line("taken on")
        send(on)
        assert " job 5" in await here.wait_line(" done job ", 60), "before all that came before it"


async def test_a_cancel_frees_the_cpu_of_the_other_machine(tmp_path: Path, redis_server: RedisServer) -> None:
    long = repeated(tmp_path / "long.wav", sample("en_long_90s"), 600).read_bytes()
    async with stage() as on, AsyncExitStack() as stack:
        await stack.enter_async_context(running(on, settings={"REDIS_URL": redis_server.url}))
        worker = await stack.enter_async_context(working(redis_server.url))
        await worker.wait_line(READY)
        (engine,) = engines_of(worker)
        on.srv.deliver_voice(on.friend, None, long, 600)
        moved = re.compile(r"\b[1-9]\d?\s%")
        await on.srv.wait_for(lambda action: bool(moved.search(action.text or "")), 60)
        on.srv.deliver_text(on.me, None, "/status")
        status = await on.srv.wait_for(lambda action: "🤝" in (action.text or ""))
        assert "· 1 thread · running 1" in (status.text or "")
        on.srv.deliver_text(on.me, None, "/cancel 1")
        await on.srv.wait_for(lambda action: "ancelled" in (action.text or ""))
        await asyncio.sleep(FREED_WITHIN_S)
        assert await cpu_used_s(engine, 0.5) < 0.05
        send(on)
        await on.srv.wait_until(lambda: transcripts(on) or None, 30)


async def test_a_model_folder_may_lie_among_the_models_of_the_other_machine_and_a_change_is_followed(
    tmp_path: Path, redis_server: RedisServer
) -> None:
    theirs, ours = tmp_path / "theirs" / "mine", tmp_path / "data" / "models" / "mine"
    for folder in (theirs, ours):
        shutil.copytree(MODEL, folder)
    async with stage() as on, AsyncExitStack() as stack:
        settings = {"REDIS_URL": redis_server.url, "MODEL": str(theirs)}
        await stack.enter_async_context(running(on, settings=settings))
        elsewhere = tmp_path / "moved"
        theirs.rename(elsewhere)  # as on a machine that does not have it there
        worker = await stack.enter_async_context(working(redis_server.url, tmp_path / "data"))
        await worker.wait_line(READY)
        send(on)
        await on.srv.wait_until(lambda: transcripts(on) or None, 30)
        assert done_by(worker) == 1
        since = len(worker.lines)
        on.srv.deliver_text(on.me, None, f"/model {MODEL}")
        await worker.wait_line("🎙️ Working with the model ct2!", 30, since)
        send(on, "en_call_me_back.ogg")
        await on.srv.wait_until(lambda: transcripts(on, CLIPS["en_call_me_back.ogg"]) or None, 30)
        assert done_by(worker) == 2


async def test_an_idle_worker_costs_next_to_nothing_tells_its_story_and_stops_when_told(
    redis_server: RedisServer,
) -> None:
    async with stage() as on, working(redis_server.url, language="ru") as worker:
        await worker.wait_line("⏳ Жду программу...")
        async with running(on, settings={"REDIS_URL": redis_server.url}) as here:
            await worker.wait_line("🎙️ Работаю с моделью ct2!")
            assert await cpu_used_s(worker.process.pid, 6) < 0.06, "1 % of a CPU"
            code, seconds = await worker.terminate()
            assert (code, seconds < 3) == (0, True)
            await here.wait_line("leaves")
    assert [line for line in worker.lines if line not in worker.errors] == [
        "🚀 Запускаю помощника...",
        "💻 CPU потоков: 1",
        "✅ Подключено к Redis",
        "⏳ Жду программу...",
        "🤝 Программа на связи, помогаю ей",
        "🎙️ Работаю с моделью ct2!",
        "🛑 Получен сигнал 15. Останавливаюсь...",
        "🛑 Остановка по запросу...",
        "✅ Помощник остановлен корректно",
    ]


async def test_a_second_worker_in_one_data_directory_is_told_who_is_first(
    tmp_path: Path, redis_server: RedisServer
) -> None:
    async with working(redis_server.url, tmp_path) as first:
        await first.wait_line("⏳")
        async with working(redis_server.url, tmp_path) as second:
            assert await second.wait_end(10) == 75
            assert str(first.process.pid) in second.errors[-1]


async def test_the_program_and_a_worker_in_one_data_directory_leave_each_others_sound_alone(
    redis_server: RedisServer,
) -> None:
    async with stage() as on, running(on, settings={"REDIS_URL": redis_server.url}):
        theirs = on.data_dir / "spool" / "1_1-1.sound"
        theirs.touch()
        async with working(redis_server.url, on.data_dir) as worker:
            await worker.wait_line(READY)
            assert theirs.exists()


async def test_a_wrong_password_is_one_clear_line(start_redis: Callable[..., RedisServer]) -> None:
    server = await asyncio.to_thread(start_redis, "--requirepass", "s3same-open")
    async with working(f"redis://:wrong-pass@127.0.0.1:{server.port}/0") as worker:
        assert await worker.wait_end(10) == 69
        (line,) = worker.errors
        assert "REDIS_URL" in line
        assert "wrong-pass" not in "".join(worker.lines)


@pytest.mark.parametrize(("url", "code"), [("", 78), ("redis://127.0.0.1:1/0", 69)])
async def test_without_a_redis_to_talk_over_it_says_so_and_ends(url: str, code: int) -> None:
    async with working(url) as worker:
        assert await worker.wait_end(10) == code
        (line,) = worker.errors
        assert "REDIS_URL" in line
