"""The owner's desk for the screens: the real rooms `work` and `chat` over a real store, the rest stood in for."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.support.chat_fakes import ANNA, FakeEngine, FakeGateway, Message, command
from tests.support.clock import FakeClock, settle
from transcriber.chat.cards import Cards
from transcriber.chat.commands import Commands
from transcriber.chat.delivery import TranscriptDelivery
from transcriber.chat.texts import Language, Texts
from transcriber.domain import (
    ChatKind,
    Job,
    MediaKind,
    Note,
    Preferences,
    Progress,
    Rich,
    Segment,
    SpanKind,
    Transcript,
)
from transcriber.status import ProgramStatus
from transcriber.storage.archive import SqliteArchive, open_archive
from transcriber.storage.store import open_store
from transcriber.work.jobs import Jobs
from transcriber.work.keeping import Keeping
from transcriber.work.rules import Rules

NOW_S = datetime(2026, 11, 20, 14, 32, tzinfo=UTC).timestamp()
WIDTH = 44  # characters in a line of a bubble on a small phone
_LINES, _FILE_LINES = 34, 8  # of a message and of a file in it, then …
_MARKS = {
    SpanKind.BOLD: ("*", "*"),
    SpanKind.ITALIC: ("_", "_"),
    SpanKind.CODE: ("`", "`"),
    SpanKind.LINK: ("[", "]→"),
}
_NAMES = {"en": {ANNA: "Anna", 43: "Boris"}, "ru": {ANNA: "Анна", 43: "Борис"}}


@dataclass
class Owner:
    """What the stories act through; `screens` is what was shown so far."""

    language: Language
    clock: FakeClock
    gateway: FakeGateway
    engine: FakeEngine
    jobs: Jobs
    rules: Rules
    archive: SqliteArchive
    delivery: TranscriptDelivery
    status: ProgramStatus
    commands: Commands
    screens: list[str] = field(default_factory=list)
    _typed: int = 5000
    _noted: int = 0

    def say(self, english: str, russian: str) -> str:
        """The words for this page's language."""
        return russian if self.language == "ru" else english

    def note(self, **changes: Any) -> Note:
        """The next voice note of Anna's, a few seconds long."""
        self._noted += 1
        name = _NAMES[self.language][changes.get("sender_id", ANNA)]
        usual = Note(
            chat_id=ANNA,
            message_id=self._noted,
            chat_kind=ChatKind.PRIVATE,
            chat_title=name,
            sender_id=ANNA,
            sender_name=name,
            outgoing=False,
            kind=MediaKind.VOICE,
            sent_at_s=self.clock.now() - 30,
            duration_s=7,
            size_bytes=9_000,
            file_id=f"file-{self._noted}",
        )
        return replace(usual, **changes)

    async def claimed(self, note: Note) -> Job:
        """A job of this note that runs."""
        await self.jobs.add(note)
        job = await self.jobs.claim()
        assert job is not None
        return job

    async def done(self, note: Note, transcript: Transcript) -> Job:
        """The note, transcribed and delivered."""
        job = await self.claimed(note)
        await self.archive.put(note, transcript, "small|auto|transcribe")
        job = await self.jobs.keep_transcript(job, transcript)
        return await self.jobs.finish(await self.status.deliver(job, transcript))

    async def heard(self, job: Job, fraction: float, text: str) -> None:
        """The recogniser is so far with it."""
        length_s = job.note.duration_s
        await self.status.progress(job, Progress(length_s * fraction, length_s, text, elapsed_s=12, expected_s=35))

    async def type(self, text: str, **where: Any) -> None:
        """Type a command; it and what is answered are shown."""
        before = {key: message for key, message in self.gateway.messages.items()}
        self._typed += 1
        await self.commands.handle(
            command(text, **{"message_id": self._typed, "sent_at_s": self.clock.now(), **where})
        )
        await settle()
        self.screens.append(f"`{text}`\n")
        for key, message in self.gateway.messages.items():
            if before.get(key) != message:
                self.show(message)

    def show_new(self, since: int = 0) -> None:
        """Everything that stands in Saved Messages, from that one on."""
        for message in self.gateway.shown()[since:]:
            self.show(message)

    def show(self, message: Message) -> None:
        """One message of ours."""
        lines = []
        if message.file is not None:
            name, content = message.file
            lines.append(f"📎 {name}")
            lines += [f"   {line}"[:WIDTH].rstrip() for line in content.decode("utf-8").splitlines()[:_FILE_LINES]]
        lines += drawn(message.text)
        if len(lines) > _LINES:
            lines[_LINES:] = ["…"]
        self.screens.append("```text\n" + "\n".join(lines) + "\n```\n")


def drawn(said: Rich) -> list[str]:
    """A message as lines of plain text, its formatting shown by marks."""
    raw = said.text.encode("utf-16-le")
    opens: dict[int, str] = {}
    closes: dict[int, str] = {}
    quoted: list[tuple[int, int]] = []
    for span in said.spans:
        if span.kind is SpanKind.QUOTE:
            quoted.append((span.offset, span.offset + span.length))
            continue
        mark, end = _MARKS[span.kind]
        opens[span.offset] = opens.get(span.offset, "") + mark
        closes[span.offset + span.length] = end + closes.get(span.offset + span.length, "")
    lines, line, at = [], "", 0
    in_quote = False
    for character in said.text + "\n":
        in_quote = any(start <= at < end for start, end in quoted)
        line = line + closes.pop(at, "") + ("" if character == "\n" else opens.pop(at, "") + character)
        at += len(character.encode("utf-16-le")) // 2
        if character == "\n":
            was_quoted = any(start <= at - 2 < end for start, end in quoted)
            lines += [("│ " if was_quoted or in_quote else "") + piece for piece in _wrapped(line)]
            line = ""
    assert at == len(raw) // 2 + 1
    return lines


def _wrapped(line: str) -> list[str]:
    """As a phone breaks it: at words, where it can."""
    pieces, rest = [], line
    while len(rest) > WIDTH:
        cut = rest.rfind(" ", 0, WIDTH + 1)
        cut = cut if cut > 0 else WIDTH
        pieces.append(rest[:cut].rstrip())
        rest = rest[cut:].lstrip()
    return [*pieces, rest]


def transcript(*texts: str, language: str = "en", probability: float = 1.0, every_s: float = 5.0) -> Transcript:
    """These sentences, one after the other."""
    segments = tuple(Segment(i * every_s, (i + 1) * every_s, text) for i, text in enumerate(texts))
    return Transcript(segments, language, probability, len(texts) * every_s, "small", 1.0)


@asynccontextmanager
async def owner(language: Language, folder: Path) -> AsyncIterator[Owner]:
    """A desk with nothing on it, on a Friday afternoon."""
    clock, gateway, engine = FakeClock(NOW_S), FakeGateway(), FakeEngine()
    gateway.connection = replace(gateway.connection, since_s=NOW_S + 60, reconnects=2)
    texts = Texts(language, UTC)
    async with (
        open_store(folder / "stenogram.db", clock=clock) as store,
        open_archive(folder / "stenogram.db") as archive,
    ):
        rules = Rules(store, Preferences())
        jobs = Jobs(store, clock)
        cards = Cards(store, archive, texts, pause_s=3)
        delivery = TranscriptDelivery(gateway, jobs, rules, cards, texts, clock)
        status = ProgramStatus(clock, delivery)
        await clock.advance(7260)
        keeping = Keeping(store, archive, jobs, clock)
        async with Commands(
            *(jobs, rules, engine, gateway, texts, status, clock),
            known=store,
            shelf=store,
            archive=archive,
            keeping=keeping,
        ) as commands:
            yield Owner(language, clock, gateway, engine, jobs, rules, archive, delivery, status, commands)
