"""Every sentence that people read, in the language they chose.

A sentence is a template with named details. Beyond plain `{name}` it may hold
- `{n:заметка|заметки|заметок}`: the plural form that fits (three in Russian, two in English), without the number;
- `{x:duration}` and the like (see `_Formatter`): a value as people write it;
- `[[ … {name} … ]]`: a piece shown only when each of its details was given and is not None, because a job keeps
  only the key of its error.
"""

from __future__ import annotations

import math
import re
import string
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, tzinfo
from typing import Any, Literal

from transcriber.chat.texts_archive_en import ENGLISH_ARCHIVE
from transcriber.chat.texts_archive_ru import RUSSIAN_ARCHIVE
from transcriber.chat.texts_chat_en import ENGLISH_CHAT
from transcriber.chat.texts_chat_ru import RUSSIAN_CHAT
from transcriber.chat.texts_cli_en import ENGLISH_CLI
from transcriber.chat.texts_cli_ru import RUSSIAN_CLI
from transcriber.chat.texts_doctor_en import ENGLISH_DOCTOR
from transcriber.chat.texts_doctor_ru import RUSSIAN_DOCTOR
from transcriber.chat.texts_en import ENGLISH, ENGLISH_MONTHS
from transcriber.chat.texts_lending_en import ENGLISH_LENDING
from transcriber.chat.texts_lending_ru import RUSSIAN_LENDING
from transcriber.chat.texts_note_en import ENGLISH_NOTE
from transcriber.chat.texts_note_ru import RUSSIAN_NOTE
from transcriber.chat.texts_ru import RUSSIAN, RUSSIAN_MONTHS
from transcriber.chat.texts_sandbox_en import ENGLISH_SANDBOX
from transcriber.chat.texts_sandbox_ru import RUSSIAN_SANDBOX
from transcriber.domain import known_as
from transcriber.errors import StenogramError

Language = Literal["ru", "en"]

TABLES: Mapping[Language, Mapping[str, str]] = {
    "ru": {
        **RUSSIAN,
        **RUSSIAN_NOTE,
        **RUSSIAN_CHAT,
        **RUSSIAN_ARCHIVE,
        **RUSSIAN_CLI,
        **RUSSIAN_SANDBOX,
        **RUSSIAN_DOCTOR,
        **RUSSIAN_LENDING,
    },
    "en": {
        **ENGLISH,
        **ENGLISH_NOTE,
        **ENGLISH_CHAT,
        **ENGLISH_ARCHIVE,
        **ENGLISH_CLI,
        **ENGLISH_SANDBOX,
        **ENGLISH_DOCTOR,
        **ENGLISH_LENDING,
    },
}
_MONTHS: Mapping[Language, tuple[str, ...]] = {"ru": RUSSIAN_MONTHS, "en": ENGLISH_MONTHS}
_OPTIONAL = re.compile(r"\[\[(.*?)\]\]", re.DOTALL)
_BYTES_PER_UNIT = 1024
COMMAND = re.compile(r"(?<![\w/:.])/(?=[a-z])")  # the beginning of a command in a template: not of a path or address


def language_from(*wishes: str | None) -> Language:
    """The language of the first wish that names one (`ru`, `ru_RU.UTF-8`, `Russian`, `en`, `C`…), else English.

    Give it the setting first, then what the locale says."""
    for wish in wishes:
        word = (wish or "").strip().lower()
        if word.startswith("ru"):
            return "ru"
        if word:
            return "en"
    return "en"


def plural(language: Language, n: float, forms: str) -> str:
    """The form of a word that stands beside the number `n`; `forms` are one|few|many or one|other."""
    words = forms.split("|")
    whole = math.floor(n) == n
    if language == "en":
        return words[0] if n == 1 else words[-1]
    if not whole:
        return words[1]
    units, tens = int(abs(n)) % 10, int(abs(n)) % 100
    if units == 1 and tens != 11:
        return words[0]
    if 2 <= units <= 4 and not 12 <= tens <= 14:
        return words[1]
    return words[2]


class Texts:
    """`texts("key", **details)` is the sentence; an unknown key is a mistake of ours and raises `KeyError`."""

    def __init__(self, language: Language, zone: tzinfo | None = None, prefix: str = "/") -> None:
        self.language: Language = language
        self.zone = zone  # None: the zone of this machine
        self.prefix = prefix  # what the owner's commands begin with; in the templates it is always "/"
        self._table = {key: COMMAND.sub(lambda _: prefix, template) for key, template in TABLES[language].items()}
        self._formatter = _Formatter(self)

    def __call__(self, key: str, /, **details: object) -> str:
        template = _OPTIONAL.sub(lambda piece: self._optional(piece[1], details), self._table[key])
        return self._formatter.vformat(template, (), details)

    def failure(self, key: str, /, **details: object) -> str:
        """Why something went wrong and what to do; any key of an error will do, even one without a sentence."""
        known = f"error.{key}" in self._table
        return self(f"error.{key}", **details) if known else self("error.unexpected", error=key)

    def at_terminal(self, key: str, /, **details: object) -> str:
        """The same for someone at a terminal, where chat commands are no help."""
        own = f"terminal.{key}"
        return self(own, **details) if own in self._table else self.failure(key, **details)

    def error(self, error: StenogramError) -> str:
        """The sentence of an error of ours."""
        return self.failure(error.key, **error.details)

    def number(self, value: float, digits: int = 1) -> str:
        """A number as it is written in this language; no fraction where there is none."""
        rounded = round(value, digits)
        if rounded == int(rounded):
            return str(int(rounded))
        written = f"{rounded:.{digits}f}".rstrip("0")
        return written.replace(".", ",") if self.language == "ru" else written

    def clock(self, seconds: float) -> str:
        """A length as players show it: 0:07, 12:05, 1:02:03."""
        whole = int(seconds + 0.5)
        hours, minutes, rest = whole // 3600, whole // 60 % 60, whole % 60
        return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"

    def duration(self, seconds: float) -> str:
        """A stretch of time in words, its two largest units: "2 h 5 min", "40 s"."""
        whole = int(seconds + 0.5)
        days, hours, minutes, rest = whole // 86400, whole // 3600 % 24, whole // 60 % 60, whole % 60
        units = [(days, "day"), (hours, "hour"), (minutes, "minute"), (rest, "second")]
        first = next((i for i, (n, _) in enumerate(units) if n), len(units) - 1)
        shown = [pair for pair in units[first : first + 2] if pair[0]] or [units[-1]]
        return " ".join(self(f"unit.{unit}", n=n) for n, unit in shown)

    def size(self, count_bytes: float) -> str:
        """A size in the unit that suits it."""
        value, unit = float(count_bytes), "bytes"
        for bigger in ("kib", "mib", "gib"):
            if value < _BYTES_PER_UNIT:
                break
            value, unit = value / _BYTES_PER_UNIT, bigger
        return self(f"unit.{unit}", n=self.number(value, 1 if value < 10 else 0))

    def moment(self, at_s: float, *, year: bool = False) -> str:
        """A moment in local time: "5 нояб 14:32"."""
        at = self.local(at_s)
        date = f"{at.day} {_MONTHS[self.language][at.month - 1]}"
        return f"{date} {at.year} {at:%H:%M}" if year else f"{date} {at:%H:%M}"

    def day(self, at_s: float) -> str:
        """The local day of a moment: "5 нояб 2026"."""
        return self.moment(at_s, year=True).rpartition(" ")[0]

    def local(self, at_s: float) -> datetime:
        """That Unix time in the owner's zone."""
        if self.zone is not None:
            return datetime.fromtimestamp(at_s, self.zone)
        return datetime.fromtimestamp(at_s).astimezone()

    def listed(self, names: object) -> str:
        """Several names with commas between them; a word for "none" if there are none."""
        words = [names] if isinstance(names, str) else [str(n) for n in names] if isinstance(names, Iterable) else []
        return ", ".join(word for word in words if word) or self("common.none")

    def _optional(self, piece: str, details: Mapping[str, object]) -> str:
        names = {name for _, name, _, _ in string.Formatter().parse(piece) if name}
        return piece if all(details.get(name) is not None for name in names) else ""


class _Formatter(string.Formatter):
    """Fills templates; the format specifications are those of the module's docstring."""

    def __init__(self, texts: Texts) -> None:
        self._texts = texts

    def format_field(self, value: Any, format_spec: str) -> str:  # Any: str.format takes whatever it is given
        texts = self._texts
        if "|" in format_spec:
            return plural(texts.language, value, format_spec)
        if not format_spec:
            return texts.number(value) if isinstance(value, float) else str(value)
        written: Mapping[str, Callable[[Any], str]] = {
            "duration": texts.duration,
            "clock": texts.clock,
            "size": texts.size,
            "moment": texts.moment,
            "day": texts.day,
            "list": texts.listed,
            "model": lambda name: known_as(str(name)),
            "percent": lambda fraction: f"{int(fraction * 100)} %",
        }
        return written[format_spec](value)
