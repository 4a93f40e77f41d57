"""What the owner typed, taken apart forgivingly: pure functions."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, tzinfo

_NAME = re.compile(r"[a-z]+\Z")
_TME = re.compile(r"(?:https?://)?(?:www\.)?(?:t|telegram)\.me/(c/|s/)?([A-Za-z0-9_]+)(?:[/?#].*)?\Z", re.IGNORECASE)
_USERNAME = re.compile(r"[A-Za-z]\w{3,31}\Z", re.ASCII)
_NUMBER = re.compile(r"[#№]?(\d{1,9})\Z")
# Cyrillic letters that look like Latin ones: on a phone nobody sees which keyboard was on.
_LOOKS_LATIN = str.maketrans("авеікмнорѕстухј", "abeikmhopsctyxj")
# In our own messages: the line about the chat before an answer, the marks a heading ends with ("#12 (2)"), the first
# line of a note that was added to a message, a line of a list.
_IN_CHAT = re.compile(r"\A💬 [^\n]*\n")
_MARK = re.compile(r"#(\d{1,9})")
_MARKS = re.compile(r"#\d{1,9}(?: \(\d+\))?(?:, #\d{1,9}(?: \(\d+\))?)*")
_FURTHER = re.compile(r"^\d\d:\d\d(?: · [\d:]+)? · #(\d{1,9})(?: \(\d+\))?$", re.MULTILINE)
_LISTED = re.compile(r"\s*#(\d{1,9}) ")
_AROUND = ",;."  # what gets typed around a word without being part of it
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}\Z")
_DAYS = re.compile(r"(\d{1,5})[dд]?\Z", re.IGNORECASE)
_DAY_S = 86_400.0

_ON = frozenset({"on", "yes", "1", "true", "вкл", "включить", "включи", "да"})
_OFF = frozenset({"off", "no", "0", "false", "выкл", "выключить", "выключи", "нет"})
ALL_WORDS = frozenset({"all", "все", "всё", "всех", "всем"})
HERE_WORDS = frozenset({"here", "здесь", "тут"})
SAVED_WORDS = frozenset({"saved", "избранное"})
FOREVER_WORDS = frozenset({"forever", "навсегда", "вечно", "всегда"})
DEFAULT_WORDS = ALL_WORDS | {"default", "умолчанию", "везде", "everywhere"}
NO_WORDS = frozenset({"-", "–", "—", "none", "no", "clear", "нет", "очистить", "убрать"})
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
    name = words[0][1:].lower().translate(_LOOKS_LATIN)
    return Parsed(name, tuple(words[1:])) if _NAME.match(name) else None


def parts(args: tuple[str, ...]) -> list[str]:
    """The words of a list, however it was separated, without the punctuation around them."""
    return [part for arg in args for word in re.split("[,;]", arg) if (part := word.strip(_AROUND))]


def without_here(words: list[str]) -> list[str]:
    """The words without those that mean "in this chat", which is meant by itself where no other is named."""
    return [word for word in words if word.lower() not in HERE_WORDS]


def without_default(words: list[str]) -> tuple[list[str], bool]:
    """The words in lower case without those that mean "for all chats", and whether there were such."""
    lowered = [word.lower() for word in without_here(words)]
    return [w for w in lowered if w not in DEFAULT_WORDS and w != "по"], any(w in DEFAULT_WORDS for w in lowered)


def switch(word: str) -> bool | None:
    """On or off, in either language; None if it is neither."""
    lowered = word.lower()
    return True if lowered in _ON else False if lowered in _OFF else None


def number(word: str) -> int | None:
    """The number of a job: "12", "#12" or "№12"."""
    found = _NUMBER.match(word)
    return int(found[1]) if found else None


def mentioned(text: str) -> list[int]:
    """The numbers of the notes that a message of ours is about, each once: those its heading ends with, those of
    notes that were added to it, or those of a list. What was said is not looked at, nor a number in a name."""
    heading, *rest = _IN_CHAT.sub("", text, count=1).split("\n")
    if heading.endswith(":"):
        marks = [found[1] for line in rest if (found := _LISTED.match(line))]
    else:
        runs = _MARKS.findall(heading)
        marks = _MARK.findall(runs[-1]) + _FURTHER.findall("\n".join(rest)) if runs else []
    return list(dict.fromkeys(int(mark) for mark in marks))


def target_name(word: str) -> str:
    """A person or chat as the gateway wants it: "@name" for every way to write a name, a Bot-API id for the
    private links of supergroups; anything else as it is."""
    if link := _TME.match(word):
        return f"-100{link[2]}" if (link[1] or "").lower() == "c/" else f"@{link[2]}"
    return f"@{word}" if _USERNAME.match(word) else word


def model_name(words: tuple[str, ...], known: list[str]) -> str:
    """The model that was meant: "Large V3" is large-v3 if the catalogue has that, a folder is meant by its name too;
    other paths and hub ids stay as they were typed."""
    typed = " ".join(words)
    wanted = _plain(typed)
    return next((name for name in known if wanted in (_plain(name), _plain(name.rsplit("/", 1)[-1]))), typed)


def _plain(name: str) -> str:
    return re.sub(r"[\s_-]+", "-", name.lower())


def days(word: str) -> int | None:
    """A number of days: "30", "30d"; None if it is none, or less than one."""
    found = _DAYS.match(word)
    return int(found[1]) or None if found else None


def since_s(word: str, now_s: float, zone: tzinfo | None) -> float | None:
    """The Unix time that "2026-10-01" (midnight there) or "7d" (days back) means; None if it is neither."""
    if word[-1:].lower() in ("d", "д") and (back := days(word)) is not None:
        return now_s - back * _DAY_S
    if not _DATE.match(word):
        return None
    try:
        return datetime.strptime(word, "%Y-%m-%d").replace(tzinfo=zone).timestamp()
    except (ValueError, OverflowError):
        return None
