"""Text with formatting beside it, measured as Telegram measures: in UTF-16 code units."""

from __future__ import annotations

import unicodedata

from transcriber.domain import Rich, Span, SpanKind

MESSAGE_UNITS = 4096  # the longest message Telegram takes
CAPTION_UNITS = 1024  # the longest caption
_NAME_UNITS = 40
_BLANK_LETTERS = "\u115f\u1160\u2800\u3164\uffa0"  # letters by category, nothing to the eye


def units(text: str) -> int:
    """Length in UTF-16 code units."""
    return len(text) + sum(character > "\uffff" for character in text)


def fits(text: str, limit: int) -> bool:
    """Whether `text` is at most `limit` units long; quick for a text that is far longer."""
    return len(text) <= limit and units(text) <= limit


def head(text: str, limit: int) -> str:
    """The longest beginning of `text` that fits `limit` units; characters stay whole."""
    if fits(text, limit):
        return text
    end, used = 0, 0
    for character in text:
        used += units(character)
        if used > limit:
            break
        end += 1
    return text[:end]


def clean_name(name: str, limit: int = _NAME_UNITS) -> str:
    """A name somebody else chose, made harmless to show: one line, nothing invisible, nothing that turns the
    direction of the text, at most `limit` units. May be empty."""
    spaced = "".join(" " if c.isspace() else c for c in name)
    visible = "".join(c for c in spaced if unicodedata.category(c)[0] != "C" and c not in _BLANK_LETTERS)
    line = " ".join(visible.split())
    return line if units(line) <= limit else head(line, limit - 1).rstrip() + "…"


class Builder:
    """Puts a message together piece by piece, keeping count of where each piece lies."""

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._spans: list[Span] = []
        self.units = 0

    def add(self, text: str, kind: SpanKind | None = None, url: str | None = None) -> Builder:
        """Append `text`; with a kind the whole of it is formatted so."""
        length = units(text)
        if kind is not None and length:
            self._spans.append(Span(kind, self.units, length, url))
        self._pieces.append(text)
        self.units += length
        return self

    def append(self, other: Rich) -> Builder:
        """Append something built before, with its formatting."""
        self._spans += [Span(s.kind, s.offset + self.units, s.length, s.url) for s in other.spans]
        return self.add(other.text)

    def rich(self) -> Rich:
        return Rich("".join(self._pieces), tuple(self._spans))
