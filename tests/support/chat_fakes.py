"""Small stand-ins for what the chat room speaks to: they keep what they were told, and fail when told to."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from transcriber.domain import (
    PLACE,
    ChatKind,
    ChatRules,
    Command,
    ConnectionInfo,
    DecodeOptions,
    Delivery,
    EngineInfo,
    Job,
    JobState,
    Lent,
    Listening,
    MediaKind,
    ModelInfo,
    Note,
    Peer,
    Pointed,
    Preferences,
    Progress,
    Request,
    Rich,
    Segment,
    Sent,
    Transcript,
)
from transcriber.errors import Gone, NotFound, StenogramError

ME = 777
ANNA = 42
FAMILY = -1001234567890
SENT_AT_S = 1_000_000.0


def note(**changes: Any) -> Note:
    """A voice note from Anna, seven seconds long."""
    usual = Note(
        chat_id=ANNA,
        message_id=5,
        chat_kind=ChatKind.PRIVATE,
        chat_title="Anna",
        sender_id=ANNA,
        sender_name="Anna",
        outgoing=False,
        kind=MediaKind.VOICE,
        sent_at_s=SENT_AT_S,
        duration_s=7,
        size_bytes=1000,
        file_id="f",
    )
    return replace(usual, **changes)


def job(of: Note | None = None, **changes: Any) -> Job:
    return replace(Job(of or note(), id=12, attempts=1, created_at_s=SENT_AT_S, state=JobState.RUNNING), **changes)


def transcript(*texts: str, probability: float = 1.0, language: str = "en") -> Transcript:
    segments = tuple(Segment(i * 5.0, i * 5.0 + 5, text) for i, text in enumerate(texts))
    return Transcript(segments, language, probability, 7.0, "small", 1.0)


def command(text: str, **changes: Any) -> Command:
    """Typed in Saved Messages."""
    usual = Command(
        chat_id=ME, message_id=100, chat_kind=ChatKind.SAVED, chat_title="Saved", text=text, sent_at_s=SENT_AT_S
    )
    return replace(usual, **changes)


@dataclass(frozen=True)
class Message:
    """What stands in a chat."""

    chat_id: int
    text: Rich
    reply_to: int | None = None
    file: tuple[str, bytes] | None = None


class FakeGateway:
    """Keeps messages; the same random id sends once. `fail` holds errors to raise, one per call of that method."""

    def __init__(self) -> None:
        self.messages: dict[int, Message] = {}
        self.by_random_id: dict[int, int] = {}
        self.edits: list[tuple[int, Rich]] = []
        self.fleeting: list[bool] = []  # of each edit: whether it was asked for now or never
        self.deleted: list[tuple[int, int]] = []
        self.typed: list[int] = []
        self.notes: dict[tuple[int, int], Note | None] = {}
        self.albums: dict[tuple[int, int], list[Note]] = {}
        self.peers: dict[str, Peer] = {}
        self.fail: dict[str, list[StenogramError]] = {}
        self.connection = ConnectionInfo(online=True, since_s=SENT_AT_S, reconnects=2, last_update_at_s=None)
        self._next = 1000

    @property
    def me(self) -> Peer:
        return Peer(ME, "Me")

    def shown(self, chat_id: int = ME) -> list[Message]:
        return [message for message in self.messages.values() if message.chat_id == chat_id]

    def texts(self, chat_id: int = ME) -> list[str]:
        return [message.text.text for message in self.shown(chat_id)]

    def info(self) -> ConnectionInfo:
        return self.connection

    async def wait_online(self) -> None:
        self._raise("wait_online")

    async def send_text(self, chat_id: int, text: Rich, *, random_id: int, reply_to: int | None = None) -> int:
        self._raise("send_text")
        message_id = self._once(Message(chat_id, text, reply_to), random_id)
        self._raise("send_text_answer")
        return message_id

    async def send_file(
        self, chat_id: int, name: str, content: bytes, caption: Rich, *, random_id: int, reply_to: int | None = None
    ) -> int:
        self._raise("send_file")
        return self._once(Message(chat_id, caption, reply_to, (name, content)), random_id)

    async def edit_text(self, chat_id: int, message_id: int, text: Rich, *, fleeting: bool = False) -> None:
        self._raise("edit_text")
        self.fleeting.append(fleeting)
        if (chat_id, message_id) in self.notes:
            self.notes[chat_id, message_id] = None
        elif message_id not in self.messages:
            raise Gone
        else:
            self.messages[message_id] = replace(self.messages[message_id], text=text)
        self.edits.append((message_id, text))

    async def delete(self, chat_id: int, message_id: int) -> None:
        self._raise("delete")
        self.deleted.append((chat_id, message_id))

    async def typing(self, chat_id: int) -> None:
        self._raise("typing")
        self.typed.append(chat_id)

    async def note(self, chat_id: int, message_id: int) -> Note | None:
        self._raise("note")
        return self.notes.get((chat_id, message_id))

    async def pointed(self, chat_id: int, message_id: int) -> Pointed:
        """A note, a message of ours, or something silent."""
        found = await self.note(chat_id, message_id)
        if found is not None:
            return Pointed(tuple(self.albums.get((chat_id, message_id), [found])))
        message = self.messages.get(message_id)
        return Pointed(text=message.text.text, reply_to=message.reply_to) if message else Pointed()

    async def download(self, note: Note, to: Path) -> None:
        raise NotImplementedError

    async def resolve(self, name: str) -> Peer:
        self._raise("resolve")
        if name not in self.peers:
            raise NotFound(name=name)
        return self.peers[name]

    def _once(self, message: Message, random_id: int) -> int:
        if random_id not in self.by_random_id:
            self._next += 1
            self.by_random_id[random_id] = self._next
            self.messages[self._next] = message
            return self._next
        # As the real one, which is told only that it was sent: by its text, else by its first line.
        for lines in (None, 1):
            for message_id, other in sorted(self.messages.items(), reverse=True):
                places_agree = (other.chat_id, other.reply_to) == (message.chat_id, message.reply_to)
                if places_agree and other.text.text.split("\n")[:lines] == message.text.text.split("\n")[:lines]:
                    return message_id
        raise Gone(reason="SENT_AND_DELETED")

    def _raise(self, method: str) -> None:
        if waiting := self.fail.get(method):
            raise waiting.pop(0)


class FakeSentLog:
    """Records as the queue does; `fail` holds an error for a part, raised once."""

    def __init__(self) -> None:
        self.fail: dict[int, StenogramError] = {}
        self.stored: Job | None = None

    async def record_sent(self, job: Job, delivery: Delivery, sent: Sent) -> Job:
        if sent.part in self.fail:
            raise self.fail.pop(sent.part)
        others = tuple(known for known in job.sent if known.part not in (PLACE, sent.part))
        self.stored = replace(job, delivery=job.delivery or delivery, sent=(*others, sent))
        return self.stored


class FakeArchive:
    """What was transcribed, in the order it was put in."""

    def __init__(self) -> None:
        self.kept: list[tuple[Note, Transcript]] = []

    async def around(self, chat_id: int, from_s: float, to_s: float) -> list[tuple[Note, Transcript]]:
        return [one for one in self.kept if one[0].chat_id == chat_id and from_s <= one[0].sent_at_s <= to_s]


class FakeRules:
    """Rules in memory; `wanted` is the delivery for every note."""

    def __init__(self, wanted: Delivery = Delivery.PRIVATE) -> None:
        self.wanted = wanted
        self.now = Preferences()
        self.chats: dict[int, ChatRules] = {}
        self.fail: list[StenogramError] = []

    async def delivery_for(self, note: Note) -> Delivery:
        return self.wanted

    async def preferences(self) -> Preferences:
        if self.fail:
            raise self.fail.pop(0)
        return self.now

    async def change(self, **changes: Any) -> Preferences:
        self.now = replace(self.now, **changes)
        return self.now

    async def of_chat(self, chat_id: int) -> ChatRules:
        return self.chats.get(chat_id, ChatRules(chat_id))

    async def change_chat(self, chat_id: int, *, title: str | None = None, **changes: Any) -> ChatRules:
        rules = await self.of_chat(chat_id)
        self.chats[chat_id] = replace(rules, title=rules.title if title is None else title, **changes)
        return self.chats[chat_id]

    async def listed(self, listening: Listening) -> list[ChatRules]:
        return [rules for rules in self.chats.values() if rules.listening is listening]


class FakeJobs:
    """The queue as a list, and the store of all jobs."""

    def __init__(self, *jobs: Job) -> None:
        self.all = {each.id: each for each in jobs}
        self.asked: list[tuple[Note, Request]] = []
        self.done_asked_s: list[float] = []
        self.fail: list[StenogramError] = []

    async def get(self, job_id: int) -> Job | None:
        if self.fail:
            raise self.fail.pop(0)
        return self.all.get(job_id)

    def move(self, job_id: int, to: JobState) -> None:
        """Whatever state it was in."""
        self.all[job_id] = replace(self.all[job_id], state=to)

    async def ask(self, note: Note, request: Request) -> Job:
        self.asked.append((note, request))
        added = Job(note, request, id=90 + len(self.asked))
        self.all[added.id] = added
        return added

    async def cancel(self, job_id: int) -> Job | None:
        return self._move(job_id, (JobState.WAITING, JobState.RUNNING), JobState.CANCELLED)

    async def cancel_all(self) -> int:
        return len([each for each in list(self.all) if await self.cancel(each)])

    async def retry(self, job_id: int) -> Job | None:
        return self._move(job_id, (JobState.FAILED, JobState.CANCELLED, JobState.HELD), JobState.WAITING)

    async def queue(self, limit: int = 20) -> list[Job]:
        running, waiting = self._in(JobState.RUNNING), self._in(JobState.WAITING)
        return [*running, *waiting][:limit]

    async def position(self, job: Job) -> int:
        waiting = self._in(JobState.WAITING)
        return waiting.index(job) + 1 if job in waiting else 0

    async def counts(self) -> dict[JobState, int]:
        return {state: len(self._in(state)) for state in JobState}

    async def done_since(self, since_s: float) -> int:
        self.done_asked_s.append(since_s)
        return sum((each.finished_at_s or 0) >= since_s for each in self._in(JobState.DONE))

    async def job(self, job_id: int) -> Job | None:
        return await self.get(job_id)

    async def job_of(self, chat_id: int, message_id: int) -> Job | None:
        return next((each for each in self.all.values() if each.note.key == (chat_id, message_id)), None)

    async def jobs(self, states: Collection[JobState], limit: int = 100) -> list[Job]:
        return [each for each in self.all.values() if each.state in states][:limit]

    def _in(self, state: JobState) -> list[Job]:
        return [each for each in self.all.values() if each.state is state]

    def _move(self, job_id: int, states: tuple[JobState, ...], to: JobState) -> Job | None:
        found = self.all.get(job_id)
        if found is None or found.state not in states:
            return None
        self.all[job_id] = replace(found, state=to)
        return self.all[job_id]


class FakeShelf:
    """Outlives what is kept on it; `fail` holds errors for the next writes."""

    def __init__(self) -> None:
        self.kept: dict[str, str] = {}
        self.fail: list[StenogramError] = []
        self.writes = 0

    async def get(self, key: str) -> str | None:
        await asyncio.sleep(0)
        return self.kept.get(key)

    async def set(self, key: str, value: str | None) -> None:
        if self.fail:
            raise self.fail.pop(0)
        self.writes += 1
        if value is None:
            self.kept.pop(key, None)
        else:
            self.kept[key] = value


class FakeEngine:
    """Has models; `switch` waits until the test settles it."""

    def __init__(self) -> None:
        self.current = "small"
        self.outcome: asyncio.Future[ModelInfo] | None = None
        self.told: Callable[[float], None] | None = None
        self.asked: list[str] = []
        self.folder: str | None = None

    async def transcribe(
        self, run_id: str, path: Path, options: DecodeOptions, on_progress: Callable[[Progress], None]
    ) -> Transcript:
        raise NotImplementedError

    def cancel(self, run_id: str) -> None:
        raise NotImplementedError

    async def switch(self, model: str, on_progress: Callable[[float], None]) -> ModelInfo:
        self.asked.append(model)
        self.told = on_progress
        self.outcome = asyncio.get_running_loop().create_future()
        info = await self.outcome
        self.current = info.name
        return info

    def models(self) -> list[ModelInfo]:
        folders = [ModelInfo(self.folder, None, 2**30, present=True)] if self.folder else []
        return [
            *folders,
            ModelInfo("small", 484 * 2**20, 900 * 2**20, present=True, speed=8.31),
            ModelInfo("large-v3", 3 * 2**30, 4 * 2**30, present=False),
        ]

    def info(self) -> EngineInfo:
        return EngineInfo(self.current, loaded=True, memory_bytes=900 * 2**20, speed=8.31, deaths=0)


class FakeStatus:
    """What the running program would know."""

    version = "1.2.3"
    uptime_s = 7260.0

    def __init__(self) -> None:
        self.progress: dict[int, Progress] = {}
        self.error: tuple[str, float] | None = None
        self.machines: list[Lent] = []

    def lent(self) -> list[Lent]:
        return self.machines

    def progress_of(self, job_id: int) -> Progress | None:
        return self.progress.get(job_id)

    def last_error(self) -> tuple[str, float] | None:
        return self.error
