"""Small stand-ins for the edges, typed as the protocols they stand for; and notes to try things with."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from transcriber.domain import (
    ChatKind,
    ConnectionInfo,
    DecodeOptions,
    EngineInfo,
    Job,
    MediaKind,
    ModelInfo,
    Note,
    Peer,
    Progress,
    Rich,
    Segment,
    Sent,
    Transcript,
)
from transcriber.domain import Delivery as Where
from transcriber.errors import CancelledByOwner, StenogramError
from transcriber.work.jobs import Jobs

OWNER_ID = 1000
FRIEND_ID = 2000
GROUP_ID = -1_000_000_000_300

NOTE = Note(
    chat_id=FRIEND_ID,
    message_id=1,
    chat_kind=ChatKind.PRIVATE,
    chat_title="Anna",
    sender_id=FRIEND_ID,
    sender_name="Anna",
    outgoing=False,
    kind=MediaKind.VOICE,
    sent_at_s=1_000_000.0,
    duration_s=5.0,
    size_bytes=9_000,
    file_id="file-1",
)


def a_note(number: int = 1, **changes: Any) -> Note:
    """A friend's voice note; other numbers are other messages with other files."""
    return replace(NOTE, **{"message_id": number, "file_id": f"file-{number}", **changes})


def a_transcript(text: str = "hello", model: str = "small") -> Transcript:
    segments = (Segment(0.0, 1.0, text),) if text else ()
    return Transcript(segments, "en", 0.9, 5.0, model, 0.5)


async def eventually(happened: Callable[[], bool], within_s: float = 5.0) -> None:
    """Wait for what real files and threads are still busy with; everything timed goes by the FakeClock."""
    async with asyncio.timeout(within_s):
        while not happened():  # noqa: ASYNC110  # any condition, over values that know no events
            await asyncio.sleep(0.001)


@dataclass
class FakeGateway:
    """A link that is up or down; what it downloads says which file it was."""

    online: asyncio.Event = field(default_factory=asyncio.Event)
    faults: deque[StenogramError] = field(default_factory=deque)  # of the next downloads
    downloaded: list[str] = field(default_factory=list)
    modes: list[int] = field(default_factory=list)
    hold: asyncio.Event | None = None  # downloads wait for it

    def __post_init__(self) -> None:
        self.online.set()

    @property
    def me(self) -> Peer:
        return Peer(OWNER_ID, "Owner")

    def info(self) -> ConnectionInfo:
        return ConnectionInfo(self.online.is_set(), None, 0, None)

    async def wait_online(self) -> None:
        await self.online.wait()

    async def download(self, note: Note, to: Path) -> None:
        self.downloaded.append(note.file_id)
        if self.hold:
            await self.hold.wait()
        if self.faults:
            raise self.faults.popleft()
        self.modes.append(_write(to, f"words of {note.file_id}"))

    async def send_text(self, chat_id: int, text: Rich, *, random_id: int, reply_to: int | None = None) -> int:
        raise NotImplementedError

    async def send_file(
        self, chat_id: int, name: str, content: bytes, caption: Rich, *, random_id: int, reply_to: int | None = None
    ) -> int:
        raise NotImplementedError

    async def edit_text(self, chat_id: int, message_id: int, text: Rich, *, fleeting: bool = False) -> None:
        raise NotImplementedError

    async def delete(self, chat_id: int, message_id: int) -> None:
        raise NotImplementedError

    async def typing(self, chat_id: int) -> None:
        raise NotImplementedError

    async def note(self, chat_id: int, message_id: int) -> Note | None:
        raise NotImplementedError

    async def resolve(self, name: str) -> Peer:
        raise NotImplementedError


@dataclass
class FakeEngine:
    """Hears what is written in the file. Cancels as the real one does: by ending the scope of the run."""

    faults: deque[StenogramError] = field(default_factory=deque)  # of the next recordings
    heard: list[tuple[str, DecodeOptions]] = field(default_factory=list)
    cancelled: list[str] = field(default_factory=list)
    hold: asyncio.Event | None = None  # recordings wait for it
    progress: Progress | None = None  # reported at once
    deaf: bool = False  # hears no words in anything
    model: str = "small"
    scopes: dict[str, asyncio.Timeout] = field(default_factory=dict)
    most_at_once: int = 0

    async def transcribe(
        self, run_id: str, path: Path, options: DecodeOptions, on_progress: Callable[[Progress], None]
    ) -> Transcript:
        text = _read(path)
        self.heard.append((text, options))
        if self.progress:
            on_progress(self.progress)
        try:
            async with asyncio.timeout(None) as self.scopes[run_id]:
                self.most_at_once = max(self.most_at_once, len(self.scopes))
                if self.hold:
                    await self.hold.wait()
                if self.faults:
                    raise self.faults.popleft()
                return a_transcript("" if self.deaf else text, options.model or self.model)
        except TimeoutError:
            raise CancelledByOwner from None
        finally:
            del self.scopes[run_id]

    def cancel(self, run_id: str) -> None:
        self.cancelled.append(run_id)
        if scope := self.scopes.get(run_id):
            scope.reschedule(asyncio.get_running_loop().time())

    async def switch(self, model: str, on_progress: Callable[[float], None]) -> ModelInfo:
        raise NotImplementedError

    def models(self) -> list[ModelInfo]:
        raise NotImplementedError

    def info(self) -> EngineInfo:
        return EngineInfo(self.model, True, None, None, 0)


@dataclass
class FakeDelivery:
    """Says each part once per recorded part, and keeps what it said; faults strike before a part is sent."""

    jobs: Jobs
    parts: int = 1
    faults: deque[StenogramError | None] = field(default_factory=deque)  # of the next parts; None: it goes well
    progress_fault: StenogramError | None = None
    failed_faults: deque[StenogramError] = field(default_factory=deque)
    said: list[tuple[int, int, str]] = field(default_factory=list)  # message id of the note, part, text
    shown: list[Progress] = field(default_factory=list)
    refused: list[tuple[int, str]] = field(default_factory=list)  # message id of the note, key
    taken_back: list[int] = field(default_factory=list)  # message ids of the notes
    hold: asyncio.Event | None = None  # parts wait for it
    began: bool = False

    async def progress(self, job: Job, progress: Progress) -> None:
        assert not self.began, "progress after the delivery began"
        self.shown.append(progress)
        if self.progress_fault:
            raise self.progress_fault

    async def deliver(self, job: Job, transcript: Transcript) -> Job:
        self.began = True
        for part in range(self.parts):
            if part in {sent.part for sent in job.sent}:
                continue
            if self.hold:
                await self.hold.wait()
            if self.faults and (fault := self.faults.popleft()):
                raise fault
            self.said.append((job.note.message_id, part, transcript.text))
            job = await self.jobs.record_sent(job, Where.PRIVATE, Sent(part, OWNER_ID, 500 + part))
        return job

    async def failed(self, job: Job, error: StenogramError) -> None:
        if self.failed_faults:
            raise self.failed_faults.popleft()
        self.refused.append((job.note.message_id, error.key))

    async def cancelled(self, job: Job) -> None:
        self.taken_back.append(job.note.message_id)


def _write(path: Path, text: str) -> int:
    """As the sound of a note; returns the mode of the file."""
    path.write_text(text)
    return path.stat().st_mode & 0o777


def _read(path: Path) -> str:
    return path.read_text()
