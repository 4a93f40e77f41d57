"""The words that engine and engine process exchange: one JSON object a line, over the child's stdin and stdout."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass


class WireBroken(ValueError):
    """A line that is not one of our messages: the other side can no longer be trusted."""


@dataclass(frozen=True, slots=True)
class Load:
    """To the child, first and once: load this folder; with `trial`, also run it on half a second of silence.

    `room_bytes`: memory it may take for its work, beyond what it has once the model is loaded.
    """

    folder: str
    compute_type: str
    threads: int
    trial: bool
    room_bytes: int


@dataclass(frozen=True, slots=True)
class Transcribe:
    """To the child: take on one more recording."""

    run: int
    path: str
    language: str | None
    translate: bool
    words: str
    beam_size: int
    max_duration_s: float


@dataclass(frozen=True, slots=True)
class Cancel:
    """To the child: drop this run; answered by `Failed` with the key `cancelled`."""

    run: int


@dataclass(frozen=True, slots=True)
class Ready:
    """From the child: the model is loaded."""


@dataclass(frozen=True, slots=True)
class LoadFailed:
    """From the child: the model did not load, and why in one word (the name of the foreign error)."""

    reason: str


@dataclass(frozen=True, slots=True)
class Moved:
    """From the child: a run got further. `duration_s` is 0 while it is not measured yet."""

    run: int
    done_s: float
    duration_s: float
    segment: tuple[float, float, str] | None = None  # start and end in seconds, words


@dataclass(frozen=True, slots=True)
class Finished:
    """From the child: a run is complete; its segments came before."""

    run: int
    language: str
    language_probability: float
    duration_s: float
    took_s: float


@dataclass(frozen=True, slots=True)
class Failed:
    """From the child: a run was refused (`kind` is the name of our error) or cancelled."""

    run: int
    kind: str
    key: str
    details: dict[str, float | str]


Message = Load | Transcribe | Cancel | Ready | LoadFailed | Moved | Finished | Failed
_KINDS: dict[str, type[Message]] = {
    kind.__name__: kind for kind in (Load, Transcribe, Cancel, Ready, LoadFailed, Moved, Finished, Failed)
}


def encode(message: Message) -> bytes:
    """One line, newline included."""
    return json.dumps({"is": type(message).__name__, **asdict(message)}).encode() + b"\n"


def decode(line: bytes) -> Message:
    """Read one line. Raises `WireBroken` if it is not a message of ours."""
    try:
        fields = json.loads(line)
        return _KINDS[fields.pop("is")](**fields)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise WireBroken(type(error).__name__) from error
