"""Settings: the only reader of the environment and of `.env` (the environment wins). Read once, never written.

All mistakes are reported together, as one `SettingsWrong`; secrets are masked in every repr and every message.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

from transcriber.chat.texts import Language, language_from
from transcriber.domain import Delivery
from transcriber.errors import Problem, SettingsWrong

T = TypeVar("T")

LANGUAGES = ("ru", "en")
COMPUTE_TYPES = ("default", "auto", "int8", "int8_float32", "int16", "float16", "bfloat16", "float32")
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
LOG_FORMATS = ("text", "json")
SWITCHES = ("saved", "private", "groups", "mine")
PROGRESS = ("message", "reaction", "none")
YES_NO = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}


@dataclass(frozen=True, slots=True)
class Settings:
    """What the person who runs the program decided. Names, defaults and reasons: config/example.env."""

    data_dir: Path
    ui_language: Language
    api_id: int | None = None
    api_hash: str | None = field(default=None, repr=False)
    phone_number: str | None = field(default=None, repr=False)
    session_string: str | None = field(default=None, repr=False)
    model: str = "small"
    compute_type: str = "int8"
    beam_size: int = 1
    cpu_threads: int | None = None  # None: min(4, CPUs this process may use)
    model_idle_s: int = 900
    redis_url: str | None = field(default=None, repr=False)
    command_prefixes: str = "/."
    deliver: Delivery = Delivery.PRIVATE
    progress: str = "message"
    mark_played: bool = False
    merge_pause_s: int = 3
    tracked: tuple[str, ...] = ()
    auto: frozenset[str] = frozenset({"saved"})
    max_duration_s: int = 7200
    max_file_mb: int = 200
    catch_up_max_age_h: int = 48
    log_level: str = "INFO"
    log_format: str = "text"
    color: bool = True  # at a terminal; NO_COLOR (no-color.org) and TERM=dumb say no
    sandbox: Path | None = None  # a Telegram on this machine (transcriber/sandbox), never set in real use


def environment(dotenv: Path) -> dict[str, str]:
    """The environment over `.env`. python-dotenv is loaded only if there is such a file: `check` stays quick."""
    values: dict[str, str] = {}
    if dotenv.is_file():
        from dotenv import dotenv_values

        values = {name: value for name, value in dotenv_values(dotenv).items() if value is not None}
    return {**values, **os.environ}


def data_dir(values: Mapping[str, str]) -> Path:
    """Where the session, the database, the models and temporary audio live."""
    return Path(values.get("DATA_DIR", "").strip() or "./data").absolute()


def ui_language(values: Mapping[str, str]) -> Language:
    """`UI_LANGUAGE`, else what the locale says, else English. Never fails: errors are told in it.

    In the order in which programs ask; of the list in `LANGUAGE` the first one counts that there is here."""
    wished = [name for name in values.get("LANGUAGE", "").split(":") if name.strip().lower().startswith(LANGUAGES)]
    locale = [values.get(name) for name in ("LC_ALL", "LC_MESSAGES", "LANG")]
    return language_from(values.get("UI_LANGUAGE"), *wished, *locale)


def read(values: Mapping[str, str]) -> Settings:
    """Make settings of what the environment says; raises `SettingsWrong` with every problem there is."""
    settings, problems = forgiving(values)
    if problems:
        raise SettingsWrong(None, problems=problems)
    return settings


def forgiving(values: Mapping[str, str]) -> tuple[Settings, tuple[Problem, ...]]:
    """The same, with the default in place of each that is wrong; and what is wrong."""
    reader = _Reader(values)
    settings = Settings(
        data_dir=data_dir(values),
        ui_language=ui_language(values),
        api_id=reader.number("API_ID", None, low=1),
        api_hash=reader.text("API_HASH"),
        phone_number=reader.text("PHONE_NUMBER"),
        session_string=reader.text("SESSION_STRING"),
        model=_model(reader.text("MODEL") or "small"),
        compute_type=reader.choice("COMPUTE_TYPE", "int8", COMPUTE_TYPES),
        beam_size=reader.number("BEAM_SIZE", 1, low=1, high=10),
        cpu_threads=reader.number("CPU_THREADS", None, low=1, high=256),
        model_idle_s=reader.number("MODEL_IDLE_S", 900),
        redis_url=reader.parsed("REDIS_URL", None, _redis_url, "redis://host:6379/0", secret=True),
        command_prefixes=reader.parsed("COMMAND_PREFIXES", "/.", _prefixes, "/."),
        deliver=Delivery(reader.choice("DELIVER", "private", tuple(Delivery))),
        progress=reader.choice("PROGRESS", "message", PROGRESS),
        mark_played=YES_NO[reader.choice("MARK_PLAYED", "false", tuple(YES_NO))],
        merge_pause_s=reader.number("MERGE_PAUSE_S", 3, high=600),
        tracked=tuple(part for part in _list(values.get("TRACKED", "")) if part),
        auto=reader.parsed("AUTO", frozenset({"saved"}), _switches, ",".join(SWITCHES)),
        max_duration_s=reader.number("MAX_DURATION_S", 7200, low=1),
        max_file_mb=reader.number("MAX_FILE_MB", 200, low=1, high=4000),
        catch_up_max_age_h=reader.number("CATCH_UP_MAX_AGE_H", 48),
        log_level=reader.choice("LOG_LEVEL", "INFO", LOG_LEVELS),
        log_format=reader.choice("LOG_FORMAT", "text", LOG_FORMATS),
        color=not values.get("NO_COLOR") and values.get("TERM") != "dumb",
        sandbox=reader.parsed("STENOGRAM_SANDBOX", None, lambda raw: Path(raw).absolute(), "a file"),
    )
    reader.choice("UI_LANGUAGE", "en", LANGUAGES)
    return settings, tuple(reader.problems)


class _Reader:
    """Reads one setting at a time, noting what is wrong instead of stopping at it."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = values
        self.problems: list[Problem] = []

    def text(self, name: str) -> str | None:
        return self._values.get(name, "").strip() or None

    def parsed(self, name: str, default: T, parse: Callable[[str], T], expected: str, *, secret: bool = False) -> T:
        raw = self.text(name)
        if raw is None:
            return default
        try:
            return parse(raw)
        except ValueError:
            self.problems.append(Problem("wrong", name, "…" if secret else raw, expected))
            return default

    def choice(self, name: str, default: str, allowed: tuple[str, ...]) -> str:
        by_lower = {value.lower(): value for value in allowed}

        def parse(raw: str) -> str:
            if raw.lower() not in by_lower:
                raise ValueError
            return by_lower[raw.lower()]

        return self.parsed(name, default, parse, " | ".join(allowed))

    def number(self, name: str, default: _N, *, low: int = 0, high: int = 10**9) -> int | _N:
        def parse(raw: str) -> int | _N:
            value = int(raw)
            if not low <= value <= high:
                raise ValueError
            return value

        expected = f"{low}…{high}" if high < 10**9 else f"≥ {low}"
        start: int | _N = default
        return self.parsed(name, start, parse, expected)


_N = TypeVar("_N", int, None)


def _list(raw: str) -> list[str]:
    return [part.strip() for part in raw.replace("\n", ",").split(",")]


def _switches(raw: str) -> frozenset[str]:
    chosen = frozenset(part.lower() for part in _list(raw) if part)
    if not chosen <= frozenset(SWITCHES):
        raise ValueError
    return chosen


def _model(raw: str) -> str:
    folder = Path(raw).expanduser()
    return str(folder.absolute()) if folder.is_dir() else raw  # the program works in another directory


def _prefixes(raw: str) -> str:
    if any(char.isalnum() or char.isspace() for char in raw):
        raise ValueError
    return raw


def _redis_url(raw: str) -> str:
    parts = urlsplit(raw)
    if parts.scheme not in ("redis", "rediss", "unix") or not (parts.hostname or parts.scheme == "unix"):
        raise ValueError
    return raw
