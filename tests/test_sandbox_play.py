"""The demo and the console, with the real program as a process."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator, Callable
from io import StringIO
from pathlib import Path

import pytest

from tests.support.sandbox import running, stage
from transcriber.chat.texts import Texts
from transcriber.sandbox.conversation import Conversation
from transcriber.sandbox.demo import NOTES, demo, is_transcript, read_samples
from transcriber.sandbox.journal import Watched
from transcriber.sandbox.play import ogg_duration_s, play, typed_lines
from transcriber.sandbox.program import SAMPLES
from transcriber.sandbox.server import SandboxServer

NOTHING = "No speech in it."


class Screen(StringIO, Watched):
    """What was written, to be waited for."""

    def __init__(self) -> None:
        StringIO.__init__(self)
        Watched.__init__(self)

    def write(self, text: str) -> int:
        written = super().write(text)
        self.changed()
        return written

    def tail(self) -> str:
        return self.getvalue()[-500:]

    async def shows(self, text: str, times: int = 1) -> None:
        await self.wait_until(lambda: self.getvalue().count(text) >= times, 40)


# The demo
@pytest.mark.parametrize(("language", "silence"), [("en", NOTHING), ("ru", "Речи не слышно")])
async def test_the_demo_shows_every_transcript_and_says_what_to_run_next(
    monkeypatch: pytest.MonkeyPatch, language: str, silence: str
) -> None:
    monkeypatch.setenv("UI_LANGUAGE", language)
    out = Screen()
    assert await demo(out) == 0
    shown = " ".join(out.getvalue().split())
    for said in (read_samples(NOTES)[0].text, read_samples(NOTES)[1].text, "i like this music", silence, "make run"):
        assert said in shown
    assert "▓" not in shown
    assert "░" not in shown


async def test_the_demo_says_what_went_wrong_and_ends_with_1(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UI_LANGUAGE", "en")
    out = Screen()
    assert await demo(out, {"REDIS_URL": "not a redis"}) == 1
    assert "The program ended by itself, with exit code 78." in out.getvalue()
    assert "REDIS_URL" in out.getvalue(), "the program's own last words are there"


@pytest.mark.parametrize(
    ("message", "truth", "right"),
    [
        ("🎙 Ann · #1\none two three four five", "one two three four five", True),
        ("🎙 Ann · #1\none two tree four five", "one two three four five", True),
        ("🎙 Ann · #1\none two", "one two three four five", False),
        ("🎙 Ann · #1\n▓▓▓░ 75 %\none two three four five", "one two three four five", False),
        ("🎙 Ann · #1\n▓▓▓▓ 100 %\none two three four five", "one two three four five", False),
        (f"🎙 Ann · #1\n{NOTHING}", "", True),
        ("🎙 Ann · #1\nyou", "", False),
    ],
)
def test_a_transcript_is_right_when_it_is_final_and_has_nearly_all_the_words(
    message: str, truth: str, right: bool
) -> None:
    assert is_transcript(message, truth, NOTHING) is right


# The console
MISTYPED = {
    "hlep": "help",
    "Qiut": "quit",
    "outge 20": "outage 20",
    "video clip.mp4": "voice clip.mp4",
    "me vioce note.ogg": "me voice note.ogg",
    "me@frend hello": "me@friend hello",
}


async def test_everything_in_the_console_can_be_done_by_typing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UI_LANGUAGE", "en")
    monkeypatch.setenv("REDIS_URL", "what the person who plays has set would stop the program, if it were passed on")
    out = Screen()

    async def typed() -> AsyncIterator[str]:
        await out.shows("TEXT")
        yield "hello from a friend"
        await out.shows("hello from a friend")
        yield f"voice {SAMPLES / 'en_hello.ogg'}"
        await out.shows("hello this is a voice message")
        yield "me /queue"
        await out.shows("┃ /queue")
        yield "me@friend re 3 /status"
        await out.shows("Message 3 is in the other chat. Like this: me re 3 /status")
        yield "me@friend re 2 /status"
        await out.shows("deleted for everyone: /status")
        yield "me re 77 /t"
        await out.shows("no message 77")
        yield "voice /nowhere/at/all.ogg"
        await out.shows("no file /nowhere/at/all.ogg")
        yield "voice"
        await out.shows("hello this is a voice message", 2)
        for mistyped, meant in MISTYPED.items():
            yield mistyped
            await out.shows(f"Did you mean: {meant}\n")
        yield "log"
        await out.shows("Connected to Telegram")
        for fault, said in (("outage 0.2", "cannot be reached for 0.2 s"), ("hole 0.2", "silent for 0.2 s")):
            back = out.getvalue().count("Telegram is back.")
            yield fault
            await out.shows(said)
            await out.shows("Telegram is back.", back + 1)
        for number, wrong in enumerate(("outage soon", "outage -5", "outage 0", "outage"), 1):
            yield wrong
            await out.shows("For example: outage 20", number)
        yield "/status"
        await out.shows("Did you mean: me /status")
        yield "flood 1"
        await out.shows("FloodWait of 1 s")
        yield "drop"
        await out.shows("Connections broken: ")
        yield "help"
        await out.shows("you write in Saved Messages", 2)
        yield "revoke"
        await out.shows("The session was ended.")
        await out.shows("The program ended with exit code 77 (log: why; quit: leave).")
        yield ""
        yield "quit"
        yield "never done"

    assert await play(typed(), out) == 0
    for mistyped in MISTYPED:
        assert f"] {mistyped}\n" not in out.getvalue(), "nothing mistyped was said to anybody"
    assert "never done" not in out.getvalue()


def test_the_length_of_a_clip_is_read_from_its_last_page() -> None:
    listed = json.loads((SAMPLES / "samples.json").read_text(encoding="utf-8"))
    for entry in listed:
        measured = ogg_duration_s((SAMPLES / entry["file"]).read_bytes())
        assert measured == pytest.approx(entry["duration"], abs=0.2), entry["file"]
    assert ogg_duration_s(b"no sound at all") == 1.0


async def test_lines_are_read_from_a_pipe_as_they_come_and_from_a_file(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    lines = typed_lines(reading)
    os.write(writing, b"one\ntwo\nth")
    assert [await anext(lines), await anext(lines)] == ["one", "two"]
    os.write(writing, b"ree\n\xff")
    os.close(writing)
    assert [line async for line in lines] == ["three", "�"]
    os.close(reading)
    path = tmp_path / "typed.txt"
    path.write_bytes(b"a\nb")
    with path.open("rb") as file:
        assert [line async for line in typed_lines(file.fileno())] == ["a", "b"]


# What is shown
def shown_by(act: Callable[[SandboxServer], None], *, numbered: bool = False) -> list[str]:
    """The lines for what happens on a server that nobody is connected to, without the clock."""
    srv, out = SandboxServer(), StringIO()
    act(srv)
    conversation = Conversation(srv, out, Texts("en"), numbered=numbered)
    for event in srv.events:
        conversation.show(event)
    return [line.strip() if line.startswith(" ") else line[6:] for line in out.getvalue().splitlines()]


def test_a_conversation_reads_as_people_see_it() -> None:
    def act(srv: SandboxServer) -> None:
        ann, group = srv.add_user("Ann"), srv.add_group("Family")
        note = srv.deliver_voice(ann, None, b"x", 65)
        srv.deliver_text(srv.me, ann, "I hear you", reply_to=note)
        srv.deliver_text(ann, group, "hi all")
        srv.deliver_text(srv.me, None, "to myself")
        srv.deliver_document(ann, None, b"x", file_name="talk.flac", caption="listen")

    assert shown_by(act, numbered=True) == [
        "Ann",
        "[1] 🎤 voice note, 1:05",
        "You → Ann",
        "[2] ┃ 🎤 voice note, 1:05",
        "I hear you",
        "Ann → Family",
        "[3] hi all",
        "Saved Messages",
        "[4] to myself",
        "Ann",
        "[5] 📎 talk.flac",
        "listen",
    ]


def test_a_deletion_is_shown_with_what_was_there() -> None:
    def act(srv: SandboxServer) -> None:
        srv.delete(srv.deliver_text(srv.me, None, "helo"))

    assert shown_by(act) == ["Saved Messages", "helo", "Saved Messages", "deleted for everyone: helo"]


async def test_a_progress_message_appears_once_when_it_is_final() -> None:
    srv, out = SandboxServer(), Screen()
    conversation = Conversation(srv, out, Texts("en"))
    message = srv.deliver_text(srv.me, None, "▓▓░░ 50 %")
    for text in ("▓▓▓░ 75 %", "the words", "the words", "better words"):
        srv.edit(message, text)
        conversation.show(next(event for event in reversed(srv.events) if event.kind == "edit"))
        assert "▓" not in out.getvalue()
    assert [line.strip() for line in out.getvalue().splitlines() if line.startswith(" ")] == [
        "the words",
        "better words (edited)",
    ]


# The process
async def test_a_program_that_ended_is_not_waited_for() -> None:
    async with stage() as on, running(on, "--version", subscribed=False) as process:
        assert await process.wait_line("stenogram")
        assert await process.wait_end() == 0
        with pytest.raises(RuntimeError, match="ended with 0"):
            await process.wait_line("never printed")


async def test_a_program_is_killed_when_its_test_ends_and_stops_when_told() -> None:
    async with stage() as on:
        async with running(on) as first:
            pass
        assert first.exit_code == -9
        async with running(on) as second:
            code, seconds = await second.terminate()
            assert (code, seconds < 3) == (0, True)


async def test_errors_of_a_body_stay_what_they_are_and_errors_of_a_task_end_the_body() -> None:
    with pytest.raises(KeyError):
        async with SandboxServer():
            raise KeyError

    async def broken() -> None:
        raise ValueError("broken")

    async def wait_in_vain() -> None:
        async with SandboxServer() as srv:
            srv.spawn(broken())
            await asyncio.Event().wait()

    with pytest.raises(ExceptionGroup) as caught:
        await wait_in_vain()
    assert isinstance(caught.value.exceptions[0], ValueError)
