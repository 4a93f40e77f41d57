"""One recording in a lender's hands, as the program sees it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from transcriber.domain import Progress, Segment, Transcript
from transcriber.errors import CancelledByOwner, EngineDied, OverLimit, Refused, Unreadable
from transcriber.lending.messages import Done, Failed, Moved

PIECE_BYTES = 256 * 1024
BLAMED: dict[str, type[Refused | EngineDied]] = {
    "Unreadable": Unreadable,
    "OverLimit": OverLimit,
    "Refused": Refused,
    "EngineDied": EngineDied,
}


class LenderLost(Exception):
    """That lender does not do this run any more."""


def _new_future() -> asyncio.Future[Transcript]:
    return asyncio.get_running_loop().create_future()


@dataclass(frozen=True, slots=True)
class LentRun:
    """`done` comes to its end once, by whatever is first: the answer, a cancel, or the loss of the lender."""

    lender: str
    path: Path
    model: str  # by the program's name for it
    told: int  # the number of the last `Here` before it was lent
    on_progress: Callable[[Progress], None]
    done: asyncio.Future[Transcript] = field(default_factory=_new_future)

    def size_bytes(self) -> int:
        """Of the sound. Raises `Unreadable`."""
        try:
            return self.path.stat().st_size
        except OSError as error:
            raise Unreadable(reason=type(error).__name__) from error

    def piece(self, offset: int) -> bytes | None:
        """The sound from there on; None, and the end of it, if it cannot be read."""
        try:
            with self.path.open("rb") as sound:
                sound.seek(offset)
                return sound.read(PIECE_BYTES)
        except OSError as error:
            self._fail(Unreadable(reason=type(error).__name__))
            return None

    def take(self, said: Moved | Done | Failed) -> None:
        """What the lender says of it."""
        if self.done.done():
            return
        match said:
            case Moved():
                self.on_progress(Progress(said.done_s, said.duration_s, said.text))
            case Done():
                self.done.set_result(_transcript(said, self.model))
            case Failed():
                blamed = BLAMED.get(said.kind)
                self._fail(blamed(said.key, **said.details) if blamed else LenderLost())

    def lose(self) -> None:
        """The lender does not do it any more."""
        self._fail(LenderLost())

    def cancel(self) -> None:
        """The owner wants none of it any more."""
        self._fail(CancelledByOwner())

    def _fail(self, error: Exception) -> None:
        if not self.done.done():
            self.done.set_exception(error)


def _transcript(done: Done, model: str) -> Transcript:
    return Transcript(
        tuple(Segment(*segment) for segment in done.segments),
        done.language,
        done.language_probability,
        done.duration_s,
        model,
        done.took_s,
    )
