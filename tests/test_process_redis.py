"""The same program with its settings and queue in a real Redis: restarts of either lose and repeat nothing."""

from __future__ import annotations

from tests.support.redis import RedisServer
from tests.support.sandbox import Stage, running, stage
from transcriber.sandbox.faults import flood
from transcriber.sandbox.program import SAMPLES

WORDS = "hello this is a voice message"


def send(on: Stage) -> None:
    on.srv.deliver_voice(on.friend, None, (SAMPLES / "en_hello.ogg").read_bytes(), 3)


def transcripts(on: Stage) -> int:
    return sum(seen.text.count(WORDS) for seen in on.srv.chat_view(on.me))


async def test_a_note_outlives_kill_9_of_the_program_and_a_restart_of_redis(redis_server: RedisServer) -> None:
    settings = {"REDIS_URL": redis_server.url}
    async with stage() as on:
        on.srv.getfile_delay = 20.0
        async with running(on, settings=settings) as program:
            send(on)
            await on.srv.wait_until(lambda: on.srv.count("upload.GetFile") or None)
            program.process.kill()
            await program.wait_end()
        redis_server.kill()
        redis_server.start()
        on.srv.getfile_delay = 0.0
        async with running(on, settings=settings) as program:
            await on.srv.wait_until(lambda: transcripts(on) or None, 30)
            code, seconds = await program.terminate()
            assert (code, seconds < 3) == (0, True)
        assert transcripts(on) == 1


async def test_a_restart_of_redis_under_the_running_program_is_survived(redis_server: RedisServer) -> None:
    async with stage() as on, running(on, settings={"REDIS_URL": redis_server.url}) as program:
        await program.wait_line("📋")
        send(on)
        await on.srv.wait_until(lambda: transcripts(on) == 1 or None, 30)
        redis_server.stop()
        send(on)  # arrives while there is no store: the next scan finds it
        redis_server.start()
        await on.srv.wait_until(lambda: transcripts(on) == 2 or None, 40)
        assert program.exit_code is None


async def test_another_host_with_the_same_redis_is_told_who_holds_the_account(redis_server: RedisServer) -> None:
    settings = {"REDIS_URL": redis_server.url}
    async with stage() as on, running(on, settings=settings) as first, stage() as elsewhere:
        await first.wait_line("📋")
        async with running(elsewhere, settings=settings, subscribed=False) as second:
            assert await second.wait_end(10) == 75
            assert str(first.process.pid) in second.errors[-1]
        assert not [event for event in elsewhere.srv.events if event.kind == "open"], "it never connected"


async def test_a_flood_wait_on_sending_is_obeyed_and_the_text_comes_once(redis_server: RedisServer) -> None:
    async with stage() as on, running(on, settings={"REDIS_URL": redis_server.url}):
        on.srv.on_rpc("messages.SendMessage", flood(2), times=1)
        send(on)
        await on.srv.wait_until(lambda: transcripts(on) or None, 30)
        calls = [call for call in on.srv.calls if call.name == "messages.SendMessage"]
        assert calls[1].time - calls[0].time >= 2, "not a moment too early"
        assert transcripts(on) == 1
