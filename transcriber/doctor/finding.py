"""What a check has to say, and what it may look at."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from config.settings import Settings
from transcriber.errors import Problem, StenogramError

Level = Literal["good", "warn", "bad"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One line: how bad it is, and the sentence (texts: "doctor.<key>", or a whole key)."""

    level: Level
    key: str
    details: dict[str, object] = field(default_factory=dict)
    because: StenogramError | None = None  # said in the sentence as `{reason}`


@dataclass(frozen=True, slots=True)
class Case:
    """Who is examined: the settings, usable even where some are wrong, and where they came from."""

    settings: Settings
    problems: tuple[Problem, ...]
    dotenv: Path


def good(key: str, **details: object) -> Finding:
    return Finding("good", key, details)


def warn(key: str, **details: object) -> Finding:
    return Finding("warn", key, details)


def bad(key: str, **details: object) -> Finding:
    return Finding("bad", key, details)
