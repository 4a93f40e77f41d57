"""What a program and its lenders say to each other: one line of JSON, then the sound if there is some.

Each message may be lost, so each can be said again: the program says every few seconds that it is there, a lender
answers with what it has in hand, and whatever either of them lacks after that, it asks for anew.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any

from transcriber import __version__

PROGRAM = "program"  # where the program listens
LENDERS = "lenders"  # where all lenders listen


def to_lender(lender: str) -> str:
    """Where one lender listens."""
    return f"lender:{lender}"


class Malformed(ValueError):
    """Not one of our messages: dropped."""


class OtherVersion(ValueError):
    """From another version of the program, which may mean other things by the same words: nothing is read of it but
    who said it."""

    def __init__(self, sender: str, version: str) -> None:
        super().__init__(sender, version)
        self.sender = sender
        self.version = version


@dataclass(frozen=True, slots=True)
class Here:
    """From the program to all lenders, every few seconds and at every change: what it works with. Each is answered
    by a `Beat`. `number` grows by one with each."""

    sender: str
    number: int
    model: str
    max_duration_s: float


@dataclass(frozen=True, slots=True)
class Lend:
    """From the program: take on one more recording, and ask for its sound."""

    sender: str
    run: str
    size_bytes: int
    model: str
    language: str | None
    translate: bool
    words: str
    beam_size: int


@dataclass(frozen=True, slots=True)
class Piece:
    """From the program: sound, from that offset on."""

    sender: str
    run: str
    offset: int
    sound: bytes


@dataclass(frozen=True, slots=True)
class Drop:
    """From the program: it wants no more of this run, because it has the answer or needs none any more."""

    sender: str
    run: str


@dataclass(frozen=True, slots=True)
class Beat:
    """From a lender: what it has, and what it has in hand. `program` and `number` are those of the `Here` that it
    answers, empty and 0 where it has just come; `model` is empty while it has not the one the program works with."""

    sender: str
    program: str
    number: int
    name: str
    threads: int
    model: str
    speed: float | None
    runs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Want:
    """From a lender: the sound from that offset on, please."""

    sender: str
    run: str
    offset: int


@dataclass(frozen=True, slots=True)
class Moved:
    """From a lender: how far it is, and all it has heard so far."""

    sender: str
    run: str
    done_s: float
    duration_s: float
    text: str


@dataclass(frozen=True, slots=True)
class Done:
    """From a lender, until it is dropped: all that was said. A segment is its start, its end and its words."""

    sender: str
    run: str
    segments: tuple[tuple[float, float, str], ...]
    language: str
    language_probability: float
    duration_s: float
    took_s: float


@dataclass(frozen=True, slots=True)
class Failed:
    """From a lender, until it is dropped. `kind` is the name of our error where the recording is to blame, and it
    would be the same anywhere; empty where the lender is."""

    sender: str
    run: str
    kind: str
    key: str
    details: dict[str, float | str]


@dataclass(frozen=True, slots=True)
class Leaving:
    """From a lender: it stops, and drops all it has in hand."""

    sender: str


Message = Here | Lend | Piece | Drop | Beat | Want | Moved | Done | Failed | Leaving
_KINDS: dict[str, type[Message]] = {
    kind.__name__: kind for kind in (Here, Lend, Piece, Drop, Beat, Want, Moved, Done, Failed, Leaving)
}


def encode(message: Message, version: str = __version__) -> bytes:
    """The message as it goes out."""
    said = {field.name: getattr(message, field.name) for field in fields(message) if field.name != "sound"}
    sound = message.sound if isinstance(message, Piece) else b""
    head = {"is": type(message).__name__, "version": version, **said}
    return json.dumps(head, separators=(",", ":"), allow_nan=False).encode() + b"\n" + sound


def decode(raw: bytes, version: str = __version__) -> Message:
    """Read a message. Raises `OtherVersion` or, for whatever else is not one of ours to the letter, `Malformed`."""
    head, _, sound = raw.partition(b"\n")
    try:
        said = json.loads(head, parse_constant=_refuse)
        sender, spoken = _text(said["sender"]), _text(said.pop("version"))
        if spoken != version:
            raise OtherVersion(sender, spoken)
        kind = _KINDS[said.pop("is")]
        if kind is Piece:
            said["sound"] = sound
        elif sound:
            raise Malformed("sound")
        return kind(**_read(kind, said))
    except (ValueError, TypeError, KeyError, AttributeError, ArithmeticError, RecursionError) as error:
        if isinstance(error, OtherVersion):
            raise
        raise Malformed(type(error).__name__) from error


def _read(kind: type[Message], said: dict[str, Any]) -> dict[str, Any]:
    wanted = {field.name: _READ[str(field.type)] for field in fields(kind)}
    if said.keys() != wanted.keys():
        raise Malformed("fields")
    return {name: read(said[name]) for name, read in wanted.items()}


def _refuse(_: str) -> None:
    raise Malformed("number")


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise Malformed("text")
    value.encode()  # half a character is one nowhere
    return value


def _truth(value: object) -> bool:
    if not isinstance(value, bool):
        raise Malformed("truth")
    return value


def _count(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise Malformed("count")
    return value


def _amount(value: object) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool) or not math.isfinite(value):
        raise Malformed("amount")
    return float(value)


def _list(value: object) -> list[Any]:
    if not isinstance(value, list):
        raise Malformed("list")
    return value


def _segment(value: object) -> tuple[float, float, str]:
    start_s, end_s, text = _list(value)
    return _amount(start_s), _amount(end_s), _text(text)


def _details(value: object) -> dict[str, float | str]:
    if not isinstance(value, dict):
        raise Malformed("details")
    return {_text(name): _text(one) if isinstance(one, str) else _amount(one) for name, one in value.items()}


# By the type that is written beside the field.
_READ: dict[str, Callable[[object], Any]] = {
    "str": _text,
    "str | None": lambda value: None if value is None else _text(value),
    "bool": _truth,
    "int": _count,
    "float": _amount,
    "float | None": lambda value: None if value is None else _amount(value),
    "bytes": lambda value: value,
    "tuple[str, ...]": lambda value: tuple(_text(one) for one in _list(value)),
    "tuple[tuple[float, float, str], ...]": lambda value: tuple(_segment(one) for one in _list(value)),
    "dict[str, float | str]": _details,
}
