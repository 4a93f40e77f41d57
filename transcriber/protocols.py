"""What the flows (`work`, `chat`) ask of the edges (`telegram`, `speech`, `storage`), in our own words.

The edges implement these; the flows import nothing else, so each flow is tested with small typed fakes.
Every method may raise `Transient`, `Refused` or `Permanent` (errors.py) and nothing foreign.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Collection
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Protocol

from transcriber.domain import (
    ChatRules,
    ConnectionInfo,
    DecodeOptions,
    EngineInfo,
    Found,
    Job,
    JobState,
    ModelInfo,
    Note,
    Peer,
    Progress,
    Rich,
    Transcript,
)


class Announce(Protocol):
    """Print one line of the program's own story (texts: "run.<key>") on the terminal, at once."""

    def __call__(self, key: str, **details: object) -> None: ...


class Gateway(Protocol):
    """Telegram, as the signed-in owner. It outlives connections: while there is none, calls raise `Offline`
    at once. Every call has a deadline of its own and raises `Offline` when that passes, `FloodWait` when
    Telegram asks for more than the client sleeps through by itself, `Gone` when message or chat is not there."""

    @property
    def me(self) -> Peer:
        """The owner; raises `Offline` before the first connection of this process."""
        ...

    def info(self) -> ConnectionInfo: ...

    async def wait_online(self) -> None:
        """Return when there is a connection that works."""
        ...

    async def send_text(self, chat_id: int, text: Rich, *, random_id: int, reply_to: int | None = None) -> int:
        """Send a message, once: a repeat with the same `random_id` sends nothing and returns the id of the
        message sent before, looked up by reply target and first line. Returns the message id."""
        ...

    async def send_file(
        self, chat_id: int, name: str, content: bytes, caption: Rich, *, random_id: int, reply_to: int | None = None
    ) -> int:
        """Send a document, once, in the same manner. Returns the message id."""
        ...

    async def edit_text(self, chat_id: int, message_id: int, text: Rich, *, fleeting: bool = False) -> None:
        """Make the text (or caption) of an own message this; no error if it already is. `fleeting`: of no use later,
        so every `FloodWait` is raised at once, however short."""
        ...

    async def delete(self, chat_id: int, message_id: int) -> None:
        """Delete a message for everyone; no error if it is gone."""
        ...

    async def typing(self, chat_id: int) -> None:
        """Show "typing…" for about five seconds; raises every `FloodWait` at once."""
        ...

    async def note(self, chat_id: int, message_id: int) -> Note | None:
        """Read one message again; None if it has no sound. Raises `Gone` if it is not there."""
        ...

    async def download(self, note: Note, to: Path) -> None:
        """Fetch the whole sound into `to`; what arrives has exactly the size that Telegram declared."""
        ...

    async def resolve(self, name: str) -> Peer:
        """Find whom an @name, a numeric id or a t.me link means. Raises `NotFound`."""
        ...


class Engine(Protocol):
    """The recogniser, in a process of its own that is started when there is something to do."""

    async def transcribe(
        self, run_id: str, path: Path, options: DecodeOptions, on_progress: Callable[[Progress], None]
    ) -> Transcript:
        """Turn one recording into text. Several may be under way; they take turns, the shortest remaining
        first. Raises `EngineDied`, `Unreadable`, `OverLimit`, `CancelledByOwner`, `ModelRefused`."""
        ...

    def cancel(self, run_id: str) -> None:
        """Make that transcription raise `CancelledByOwner` and free the CPU within a second."""
        ...

    async def switch(self, model: str, on_progress: Callable[[float], None]) -> ModelInfo:
        """Fetch and check a model in the background (progress 0…1), then use it for what starts from now on.
        Raises `ModelRefused` and leaves the old one in use if it is unknown, does not load or does not fit."""
        ...

    def models(self) -> list[ModelInfo]: ...

    def info(self) -> EngineInfo: ...


class Store(Protocol):
    """Settings, rules, cursors and the queue. Each method is atomic and durable when it returns: SQLite has
    committed, Redis has acknowledged. Raises `StoreUnavailable`."""

    async def get(self, key: str) -> str | None: ...

    async def set(self, key: str, value: str | None) -> None:
        """None removes it."""
        ...

    async def rules_of(self, chat_id: int) -> ChatRules | None: ...

    async def all_rules(self) -> list[ChatRules]:
        """Ordered by chat id."""
        ...

    async def put_rules(self, rules: ChatRules) -> None: ...

    async def cursors(self) -> dict[int, int]:
        """Per chat, the newest message up to which everything has been looked at."""
        ...

    async def move_cursor(self, chat_id: int, message_id: int) -> None:
        """Never moves back."""
        ...

    async def insert_job(self, job: Job) -> Job | None:
        """Add a job and give it its id and version; None if that (chat, message) has one already."""
        ...

    async def job(self, job_id: int) -> Job | None: ...

    async def job_of(self, chat_id: int, message_id: int) -> Job | None: ...

    async def replace_job(self, job: Job) -> Job | None:
        """Compare and set: store `job` if the stored version is `job.version` and return it with its new
        version; None if somebody else changed it."""
        ...

    async def claim_job(
        self, *, owner: str, now_s: float, lease_until_s: float, longest_s: float | None = None
    ) -> Job | None:
        """Take one job that is WAITING with `not_before_s <= now_s`, or RUNNING with an expired lease of another
        owner (an owner knows what it runs): on demand first, then the oldest (smallest id); with `longest_s` only
        notes of at most that declared duration. It comes back RUNNING with owner and lease set and `attempts` one
        higher; at most one caller gets it."""
        ...

    async def jobs(self, states: Collection[JobState], limit: int = 100) -> list[Job]:
        """Open states in the order they will be claimed; ended ones newest first."""
        ...

    async def count_jobs(self) -> dict[JobState, int]:
        """Every state is a key."""
        ...

    async def done_since(self, since_s: float) -> int:
        """How many jobs were finished (DONE) at or after that time."""
        ...

    async def take_lease(self, name: str, holder: str, ttl_s: float) -> str:
        """Take or renew a lease; returns who holds it now (`holder`, if it is ours)."""
        ...

    async def drop_lease(self, name: str, holder: str) -> None: ...

    async def close(self) -> None: ...


class Archive(Protocol):
    """Every transcript, on this machine only."""

    async def put(self, note: Note, transcript: Transcript, request_key: str) -> None:
        """Keep it; a repeat for the same note and request replaces it."""
        ...

    async def cached(self, file_id: str, request_key: str) -> Transcript | None:
        """The transcript of the same file made in the same way (model, language, task), if there is one."""
        ...

    async def around(self, chat_id: int, from_s: float, to_s: float) -> list[tuple[Note, Transcript]]:
        """The notes of one chat that were sent from then to then, both included, in the order they were sent, each
        with its newest transcript."""
        ...

    async def find(
        self, words: str, *, chat_id: int | None = None, skip: int = 0, limit: int = 10
    ) -> tuple[int, list[Found]]:
        """In how many notes all these words were said, in whatever form, and `limit` of them, newest first. Where
        there is none, words that begin like these count too. No words at all: none."""
        ...

    def read(self, *, chat_id: int | None = None, since_s: float = 0.0) -> AsyncIterator[tuple[Note, Transcript]]:
        """Every note in the order they were sent, with its newest transcript; a little of it in memory at a time."""
        ...

    async def count(self, *, chat_id: int | None = None, before_s: float | None = None) -> int:
        """How many notes there are with a transcript: of one chat, sent before that time, or all."""
        ...

    async def forget(
        self, *, chat_id: int | None = None, message_id: int | None = None, before_s: float | None = None
    ) -> int:
        """Delete the transcripts of those notes, so that nothing of them is left in the file; returns of how many
        notes. Without arguments: of all. If the program ends meanwhile, `finish_forgetting` does the rest."""
        ...

    async def finish_forgetting(self) -> int:
        """Delete what an end in the middle kept `forget` from deleting; returns of how many notes."""
        ...


class Channel(Protocol):
    """Words between machines that share a store: whoever listens at that moment hears them, and nobody keeps them.
    Raises `StoreUnavailable`, and `StoreRefused` where it is not allowed."""

    async def publish(self, topic: str, message: bytes) -> None:
        """Say it to all who listen; in the order in which it is said."""
        ...

    def listen(self, *topics: str) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        """Everything that is said about these from when the block is entered; raises when the link is lost."""
        ...
