"""What the commands ask of the work: implemented there, by shape."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, Protocol

from transcriber.domain import (
    ChatRules,
    Job,
    JobState,
    Lent,
    Listening,
    Note,
    Pointed,
    Preferences,
    Progress,
    Request,
)
from transcriber.protocols import Gateway


class Telegram(Gateway, Protocol):
    """The gateway, and what only commands need of it."""

    async def pointed(self, chat_id: int, message_id: int) -> Pointed:
        """Read what the owner replied to, the rest of its album included. Raises `Gone` if it is not there."""
        ...


class Jobs(Protocol):
    """The queue, as far as the owner's hand reaches."""

    async def get(self, job_id: int) -> Job | None: ...

    async def ask(self, note: Note, request: Request) -> Job:
        """Have it done now, ahead of the queue."""
        ...

    async def cancel(self, job_id: int) -> Job | None:
        """None: nothing to cancel."""
        ...

    async def cancel_all(self) -> int: ...

    async def retry(self, job_id: int) -> Job | None:
        """None: it runs, is done or unknown."""
        ...

    async def queue(self, limit: int = 20) -> list[Job]:
        """What runs, then what waits, in order."""
        ...

    async def position(self, job: Job) -> int:
        """1 for the next; 0 when it does not wait."""
        ...

    async def counts(self) -> dict[JobState, int]:
        """Every state is a key."""
        ...

    async def done_since(self, since_s: float) -> int: ...


class KnownJobs(Protocol):
    """Every job there ever was: the store itself will do."""

    async def job(self, job_id: int) -> Job | None: ...

    async def job_of(self, chat_id: int, message_id: int) -> Job | None: ...

    async def jobs(self, states: Collection[JobState], limit: int = 100) -> list[Job]:
        """Ended ones newest first."""
        ...


class Shelf(Protocol):
    """Keeps a little for the next start."""

    async def get(self, key: str) -> str | None: ...

    async def set(self, key: str, value: str | None) -> None:
        """None removes it."""
        ...


class Rules(Protocol):
    """What the owner decided, for everything and for single chats."""

    async def preferences(self) -> Preferences: ...

    async def change(self, **changes: Any) -> Preferences: ...

    async def of_chat(self, chat_id: int) -> ChatRules: ...

    async def change_chat(self, chat_id: int, *, title: str | None = None, **changes: Any) -> ChatRules: ...

    async def listed(self, listening: Listening) -> list[ChatRules]: ...


class Keeping(Protocol):
    """How long what was said is kept, and how it is forgotten."""

    async def forget(self, *, chat_id: int | None = None, message_id: int | None = None) -> tuple[int, int]:
        """Forget a note, a chat or everything: of how many notes, and how many are not delivered yet and stay."""
        ...

    async def days(self) -> int | None:
        """None: for ever."""
        ...

    async def older_than(self, days: int) -> int:
        """How many notes with a transcript are older."""
        ...

    async def keep(self, days: int | None) -> int:
        """From now on only so long; returns of how many notes that forgot the transcript at once."""
        ...


class Status(Protocol):
    """What only the running program knows about itself."""

    @property
    def version(self) -> str: ...

    @property
    def uptime_s(self) -> float:
        """Seconds since the start."""
        ...

    def progress_of(self, job_id: int) -> Progress | None:
        """How far a running job is; None if it does not run here or has not begun to speak."""
        ...

    def last_error(self) -> tuple[str, float] | None:
        """The key of the last error and its Unix time."""
        ...

    def lent(self) -> Sequence[Lent]:
        """The machines that lend their CPU."""
        ...
