"""What the owner typed, taken apart forgivingly: pure functions."""

from __future__ import annotations

import re
from dataclasses import dataclass

_NAME = re.compile(r"[a-z]+\Z")
_TME = re.compile(r"(?:https?://)?(?:www\.)?(?:t|telegram)\.me/(c/)?([A-Za-z0-9_]+)(?:/.*)?\Z")
_USERNAME = re.compile(r"[A-Za-z]\w{3,31}\Z", re.ASCII)
_NUMBER = re.compile(r"#?(\d{1,9})\Z")

_ON = frozenset({"on", "yes", "1", "true", "вкл", "включить", "включи", "да"})
_OFF = frozenset({"off", "no", "0", "false", "выкл", "выключить", "выключи", "нет"})
ALL_WORDS = frozenset({"all", "все", "всё", "всех", "всем"})
DEFAULT_WORDS = ALL_WORDS | {"default", "умолчанию", "везде", "everywhere"}
SUBTITLE_WORDS = frozenset({"srt", "subtitles", "субтитры", "субтитрами"})
FILE_WORDS = frozenset({"file", "txt", "файл", "файлом"}) | SUBTITLE_WORDS
TRANSLATE_WORDS = frozenset({"translate", "перевод", "переведи", "перевести"})


@dataclass(frozen=True, slots=True)
class Parsed:
    """A command's name in lower case, and what stood after it."""

    name: str
    args: tuple[str, ...]


def parse(text: str, prefixes: str) -> Parsed | None:
    """The command that a message is, if it has the form of one: a prefix, a Latin word, then arguments."""
    words = text.split()
    if not words or words[0][0] not in prefixes:
        return None
    name = words[0][1:].lower()
    return Parsed(name, tuple(words[1:])) if _NAME.match(name) else None


def switch(word: str) -> bool | None:
    """On or off, in either language; None if it is neither."""
    lowered = word.lower()
    return True if lowered in _ON else False if lowered in _OFF else None


def number(word: str) -> int | None:
    """The number of a job: "12" or "#12"."""
    found = _NUMBER.match(word)
    return int(found[1]) if found else None


def target_name(word: str) -> str:
    """A person or chat as the gateway wants it: "@name" for every way to write a name, a Bot-API id for the
    private links of supergroups; anything else as it is."""
    if link := _TME.match(word):
        return f"-100{link[2]}" if link[1] else f"@{link[2]}"
    return f"@{word}" if _USERNAME.match(word) else word


def model_name(words: tuple[str, ...], known: list[str]) -> str:
    """The model that was meant: "Large V3" is large-v3 if the catalogue has that; paths and hub ids stay as
    they were typed."""
    typed = " ".join(words)
    wanted = re.sub(r"[\s_-]+", "-", typed.lower())
    return next((name for name in known if name.lower() == wanted), typed)
