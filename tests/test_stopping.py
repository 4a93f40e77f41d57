"""SIGTERM at every kind of moment: out in under 3 s with code 0, and the job in hand is done by the next start."""

from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.sandbox import ProgramProcess, Stage, running, stage
from tests.support.speech import repeated, sample
from transcriber.sandbox.faults import RpcError, flood
from transcriber.sandbox.program import SAMPLES

NOTE, WORDS = "en_hello.ogg", "hello this is a voice message"
DEADLINE_S = 3.0


def send(on: Stage) -> None:
    on.srv.deliver_voice(on.friend, None, (SAMPLES / NOTE).read_bytes(), 3)


def transcripts(on: Stage) -> int:
    return sum(seen.text.count(WORDS) for seen in on.srv.chat_view(on.me))


async def stop(program: ProgramProcess) -> None:
    code, seconds = await program.terminate()
    assert code == 0, program.tail()
    assert seconds < DEADLINE_S
    assert program.lines[-1].startswith("✅"), program.tail()


async def finishes_the_note(on: Stage) -> None:
    """The next start delivers it, exactly once."""
    async with running(on) as program:
        await on.srv.wait_until(lambda: transcripts(on) or None, 30)
        await stop(program)
    assert transcripts(on) == 1


async def test_idle() -> None:
    async with stage() as on, running(on) as program:
        await program.wait_line("📋")
        await stop(program)


async def test_with_ctrl_c_it_stops_the_same_way() -> None:
    async with stage() as on, running(on) as program:
        await program.wait_line("📋")
        program.process.send_signal(signal.SIGINT)
        assert await program.wait_end(DEADLINE_S) == 0


async def test_while_transcribing(tmp_path: Path) -> None:
    each_alone = {"MERGE_PAUSE_S": "0"}
    async with stage() as on:
        long_note = repeated(tmp_path / "long.wav", sample("en_long_90s"), 400).read_bytes()
        async with running(on, settings=each_alone) as program:
            on.srv.deliver_voice(on.friend, None, long_note, 400)
            await on.srv.wait_for(lambda action: action.kind == "send" and "%" in (action.text or ""), 60)
            await stop(program)
        async with running(on, settings=each_alone) as program:
            # What was begun goes on; a short note overtakes it.
            send(on)
            await on.srv.wait_until(lambda: transcripts(on) or None, 60)
            assert "%" in on.srv.chat_view(on.me)[0].text
            await on.srv.wait_until(lambda: "%" not in on.srv.chat_view(on.me)[0].text or None, 100)
            assert len(on.srv.chat_view(on.me)) == 2, "the message that showed the progress became the text"
            await stop(program)


async def test_while_downloading() -> None:
    async with stage() as on:
        on.srv.getfile_delay = 20.0
        async with running(on) as program:
            send(on)
            await on.srv.wait_until(lambda: on.srv.count("upload.GetFile") or None)
            await stop(program)
        on.srv.getfile_delay = 0.0
        await finishes_the_note(on)


async def test_while_delivering() -> None:
    async with stage() as on:
        on.srv.on_rpc("messages.SendMessage", "ignore", times=-1)
        async with running(on) as program:
            send(on)
            await on.srv.wait_until(lambda: on.srv.count("messages.SendMessage") or None)
            await stop(program)
        on.srv.clear_faults()
        await finishes_the_note(on)


async def test_while_disconnected() -> None:
    async with stage() as on:
        async with running(on) as program:
            await program.wait_line("📋")
            on.srv.refuse()
            on.srv.drop()
            await program.wait_line("⚠️")
            send(on)
            await stop(program)
        await on.srv.accept()
        await finishes_the_note(on)


def _backing_off(on: Stage) -> str:
    on.srv.on_rpc("updates.GetState", RpcError(400, "SOMETHING_INVALID"), times=-1)
    return "🔄 Reconnecting in 5 seconds..."


def _flood_waiting(on: Stage) -> str:
    on.srv.on_rpc("updates.GetState", flood(3000), times=-1)
    return "⏳ FloodWait: waiting 3000 seconds..."


@pytest.mark.parametrize("sleeping", [_backing_off, _flood_waiting], ids=["back-off", "FloodWait"])
async def test_during_a_sleep_of_the_supervisor(sleeping: Callable[[Stage], str]) -> None:
    async with stage() as on:
        line = sleeping(on)
        async with running(on, subscribed=False) as program:
            await program.wait_line(line)
            await stop(program)
        on.srv.clear_faults()
        await _first_start_takes_nothing_then_works(on)


async def _first_start_takes_nothing_then_works(on: Stage) -> None:
    async with running(on) as program:
        await program.wait_line("📋")
        send(on)
        await on.srv.wait_until(lambda: transcripts(on) or None, 30)
        await stop(program)
    assert transcripts(on) == 1


async def test_kill_9_in_the_middle_of_the_work_costs_nothing_but_time() -> None:
    async with stage() as on:
        on.srv.getfile_delay = 20.0
        async with running(on) as program:
            send(on)
            await on.srv.wait_until(lambda: on.srv.count("upload.GetFile") or None)
            program.process.kill()
            await program.wait_end()
        on.srv.getfile_delay = 0.0
        await finishes_the_note(on)


async def test_a_note_sent_while_the_program_was_down_is_transcribed_at_the_next_start() -> None:
    async with stage() as on:
        async with running(on) as program:
            await program.wait_line("📋")
            send(on)
            await on.srv.wait_until(lambda: transcripts(on) or None, 30)
            await stop(program)
        send(on)
        async with running(on) as program:
            await on.srv.wait_until(lambda: transcripts(on) == 2 or None, 30)
            await stop(program)
