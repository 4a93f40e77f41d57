"""Text with formatting beside it, measured as Telegram measures: in UTF-16 code units."""

from __future__ import annotations

import re
import unicodedata

from transcriber.domain import Rich, Span, SpanKind

MESSAGE_UNITS = 4096  # the longest message Telegram takes
CAPTION_UNITS = 1024  # the longest caption
_NAME_UNITS = 40
_BLANK_LETTERS = "\u115f\u1160\u2800\u3164\uffa0"  # letters by category, nothing to the eye
_LONGEST_SIGN = 40  # characters drawn as one; more than that is mischief, and may be cut

# Telegram puts spaces for control characters and takes some others out, which would move all that follows away from
# its formatting (what it does: td/telegram/misc.cpp, clean_input_string). What no encoding knows, it never gets.
_UNSENDABLE = re.compile("[\x00-\x09\x0b-\x1f\u030a\u0333\u033f\u2028-\u202e\ud800-\udfff]")
_LINE_ENDS = "\u2028\u2029"
_TAKEN_OUT = "\u030a\u0333\u033f\u202a\u202b\u202c\u202d\u202e"


def sendable(text: str) -> str:
    """`text` as Telegram would keep it, so that it need not change anything; never longer than it was."""
    return _UNSENDABLE.sub(lambda found: _instead(found[0]), text)


def units(text: str) -> int:
    """Length in UTF-16 code units."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def fits(text: str, limit: int) -> bool:
    """Whether `text` is at most `limit` units long; quick for a text that is far longer."""
    return len(text) <= limit and units(text) <= limit


def head(text: str, limit: int) -> str:
    """The longest beginning of `text` that fits `limit` units; what is drawn as one sign stays whole."""
    if fits(text, limit):
        return text
    end, used = 0, 0
    for character in text:
        used += 1 + (character > "\uffff")
        if used > limit:
            break
        end += 1
    for at in range(end, max(0, end - _LONGEST_SIGN), -1):
        if not is_inside_sign(text, at):
            return text[:at]
    return text[:end]


def is_inside_sign(text: str, at: int) -> bool:
    """Whether a cut at this index would part what is drawn as one: a letter and its accent, joined emoji, a flag."""
    if not 0 < at < len(text):
        return False
    before, after = text[at - 1], text[at]
    if _is_half_flag(before) and _is_half_flag(after):
        halves = 1
        while halves < _LONGEST_SIGN and at > halves and _is_half_flag(text[at - halves - 1]):
            halves += 1
        return halves % 2 == 1
    return before == "\u200d" or after == "\u200d" or _belongs_to_the_one_before(after)


def clean_name(name: str, limit: int = _NAME_UNITS) -> str:
    """A name somebody else chose, made harmless to show: one line, nothing invisible, nothing that turns the
    direction of the text, at most `limit` units. May be empty."""
    spaced = "".join(" " if c.isspace() else c for c in sendable(name))
    visible = "".join(c for c in spaced if unicodedata.category(c)[0] != "C" and c not in _BLANK_LETTERS)
    line = " ".join(visible.split())
    return line if units(line) <= limit else head(line, limit - 1).rstrip() + "…"


class Builder:
    """Puts a message together piece by piece, keeping count of where each piece lies.

    Telegram drops white space around a message, and clients show formatted white space badly. So nothing formatted
    begins or ends with it, and neither does the whole."""

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._spans: list[Span] = []
        self.units = 0

    def add(self, text: str, kind: SpanKind | None = None, url: str | None = None) -> Builder:
        """Append `text`; with a kind the whole of it is formatted so, but for white space around it."""
        text = sendable(text)
        if kind is not None and (shown := text.strip()):
            before = text[: len(text) - len(text.lstrip())]
            self._spans.append(Span(kind, self.units + units(before), units(shown), url))
        self._pieces.append(text)
        self.units += units(text)
        return self

    def append(self, other: Rich) -> Builder:
        """Append something built before, with its formatting."""
        self._spans += [Span(s.kind, s.offset + self.units, s.length, s.url) for s in other.spans]
        return self.add(other.text)

    def rich(self) -> Rich:
        """The whole, without white space around it."""
        text = "".join(self._pieces)
        before = units(text[: len(text) - len(text.lstrip())])
        return Rich(text.strip(), tuple(Span(s.kind, s.offset - before, s.length, s.url) for s in self._spans))


def _instead(character: str) -> str:
    if character in _TAKEN_OUT:
        return ""
    if character in _LINE_ENDS:
        return "\n"
    return "\ufffd" if "\ud800" <= character <= "\udfff" else " "


def _is_half_flag(character: str) -> bool:
    return "\U0001f1e6" <= character <= "\U0001f1ff"


def _belongs_to_the_one_before(character: str) -> bool:
    is_skin_tone = "\U0001f3fb" <= character <= "\U0001f3ff"
    is_tag = "\U000e0020" <= character <= "\U000e007f"  # the flags of regions are made of these
    return unicodedata.category(character)[0] == "M" or is_skin_tone or is_tag
