"""`make demo`: a friend sends four voice notes, the real program writes down what was said."""

from __future__ import annotations

import json
import os
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import TextIO

from config.settings import ui_language
from transcriber.chat.texts import Texts
from transcriber.sandbox.conversation import Conversation, is_progress
from transcriber.sandbox.program import MODEL, SAMPLES, SESSION_NAME, STOP_WITHIN_S, Program, program, settings_for
from transcriber.sandbox.server import SandboxServer
from transcriber.sandbox.world import Tl

NOTES = ("en_two_sentences.ogg", "ru_two_sentences.ogg", "en_long_60s.ogg", "silence.ogg")
CONNECTED_WITHIN_S = 60.0
TEXT_WITHIN_S = 120.0
RIGHT_WORDS = 0.8  # share of the true words that must be there, in order: the small model slips in long notes


@dataclass(frozen=True, slots=True)
class Sample:
    """A clip and what is said in it."""

    path: Path
    duration_s: float
    text: str


class Failed(Exception):
    """The demo did not go as it must; the message is the sentence to show."""


async def demo(out: TextIO, settings: Mapping[str, str] = MappingProxyType({})) -> int:
    """Play the conversation and check it; returns 0, or 1 after saying what went wrong. `settings` are further ones
    for the program."""
    language = ui_language(os.environ)
    texts = Texts(language)
    try:
        samples = read_samples(NOTES)
        with tempfile.TemporaryDirectory(prefix="stenogram-demo-") as folder:
            return await _Demo(out, texts, settings).run(Path(folder), samples)
    except FileNotFoundError as error:
        out.write(texts("demo.missing", path=error.filename) + "\n")
        return 1


def read_samples(names: tuple[str, ...]) -> list[Sample]:
    """The clips of these names. Raises FileNotFoundError."""
    listed = json.loads((SAMPLES / "samples.json").read_text(encoding="utf-8"))
    by_name = {entry["file"]: entry for entry in listed}
    (MODEL / "model.bin").stat()
    return [Sample(SAMPLES / name, by_name[name]["duration"], by_name[name]["text"]) for name in names]


def is_transcript(text: str, truth: str, nothing_said: str) -> bool:
    """Whether a message is the final transcript of what was truly said."""
    if is_progress(text):
        return False
    if not truth:
        return nothing_said in text
    wanted = truth.split()
    blocks = SequenceMatcher(None, wanted, text.lower().split(), autojunk=False).get_matching_blocks()
    return sum(block.size for block in blocks) >= RIGHT_WORDS * len(wanted)


class _Demo:
    def __init__(self, out: TextIO, texts: Texts, settings: Mapping[str, str]) -> None:
        self._out = out
        self._texts = texts
        self._nothing_said = texts("note.nothing_said")
        self._settings = settings

    async def run(self, folder: Path, samples: list[Sample]) -> int:
        async with SandboxServer() as srv:
            friend = srv.add_user(self._texts("play.friend"), "friend")
            self._tell("demo.intro", friend=friend.first_name)
            await srv.write_session_file(folder / SESSION_NAME)
            seam = srv.write_seam_file(folder / "sandbox.json")
            settings = settings_for(folder, seam, [friend.id], self._texts.language)
            # Here notes come faster than anyone could speak: which of them are spoken in a row, nobody can tell.
            settings |= {"MERGE_PAUSE_S": "0", **self._settings}
            async with program(settings) as running:
                try:
                    await self._conversation(srv, running, friend, samples)
                    await self._stop(running)
                except Failed as failure:
                    self._tell("demo.failed", reason=failure, log=running.tail())
                    return 1
        self._tell("demo.next")
        return 0

    async def _conversation(self, srv: SandboxServer, running: Program, friend: Tl, samples: list[Sample]) -> None:
        srv.spawn(_wake_at_end(srv, running))
        started = time.monotonic()
        failure = self._texts("demo.no_start", seconds=CONNECTED_WITHIN_S)
        await self._wait(srv, running, lambda: bool(srv.update_sessions()), CONNECTED_WITHIN_S, failure)
        self._tell("demo.started", seconds=time.monotonic() - started, friend=friend.first_name)
        conversation = Conversation(srv, self._out, self._texts)
        shown = 0
        for sample in samples:
            srv.deliver_voice(friend, None, sample.path.read_bytes(), round(sample.duration_s))
            failure = self._texts("demo.no_text", file=sample.path.name, seconds=TEXT_WITHIN_S)
            arrived = partial(self._arrived, srv, sample.text)
            await self._wait(srv, running, arrived, TEXT_WITHIN_S, failure)
            for event in srv.events[shown:]:
                conversation.show(event)
            shown = len(srv.events)
        self._check_privacy(srv, friend)

    async def _wait(
        self, srv: SandboxServer, running: Program, condition: Callable[[], bool], seconds: float, failure: str
    ) -> None:
        """Wait for something of the program's, but not longer than it lives."""

        def look() -> bool:
            if running.exit_code is not None:
                raise Failed(self._texts("demo.ended", code=running.exit_code))
            return condition()

        try:
            await srv.wait_until(look, seconds)
        except TimeoutError:
            raise Failed(failure) from None

    def _arrived(self, srv: SandboxServer, truth: str) -> bool:
        # Perhaps in a message that was there before: notes in a row share one.
        saved = srv.history(srv.peer_of(srv.me))
        return any(is_transcript(m.message, truth, self._nothing_said) for m in saved)

    def _check_privacy(self, srv: SandboxServer, friend: Tl) -> None:
        ours = [action.kind for action in srv.actions if action.chat == friend.id]
        if ours:
            raise Failed(self._texts("demo.shown", friend=friend.first_name, what=", ".join(ours)))
        self._tell("demo.private", friend=friend.first_name)

    async def _stop(self, running: Program) -> None:
        try:
            code, seconds = await running.terminate()
        except TimeoutError:
            raise Failed(self._texts("demo.no_stop", seconds=STOP_WITHIN_S)) from None
        if code != 0:
            raise Failed(self._texts("demo.bad_stop", code=code))
        self._tell("demo.stopped", seconds=seconds)

    def _tell(self, key: str, **details: object) -> None:
        self._out.write(self._texts(key, **details) + "\n")
        self._out.flush()


async def _wake_at_end(srv: SandboxServer, running: Program) -> None:
    """Make whoever waits for the sandbox look again when the program ended."""
    await running.process.wait()
    srv.changed()
