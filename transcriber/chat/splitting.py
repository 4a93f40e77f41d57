"""A long text cut into parts that fit, where a reader would pause."""

from __future__ import annotations

import re

from transcriber.chat.rich import fits, head

# Possessive, and beginning only where the marks begin: a recogniser that goes astray writes thousands of dots.
_SENTENCE_END = re.compile(r"(?<![.!?…。！？])[.!?…。！？]++[\"'»”’)\]]*+(?=\s)")
_WORD_END = re.compile(r"\S(?=\s)")


def split(text: str, first_limit: int, limit: int) -> list[str]:
    """Cut `text` into parts of at most `first_limit` units for the first and `limit` for the others.

    Cuts lie at sentence ends, else at word ends, else anywhere between characters; only the white space at a cut
    is dropped, nothing is lost or repeated. No text, no parts."""
    parts: list[str] = []
    rest, room = text.strip(), first_limit
    while not fits(rest, room):
        part = opening(rest, room)
        parts.append(part.rstrip())
        rest, room = rest[len(part) :].lstrip(), limit
    return [*parts, rest] if rest else parts


def tail(text: str, limit: int) -> str:
    """The end of `text` that fits `limit` units, from the start of a word where there is one."""
    if fits(text, limit):
        return text
    backwards = head(text[::-1], limit - 2)
    end = backwards[::-1]
    words = end.split(maxsplit=1)
    return "… " + (words[1] if len(words) > 1 else end)


def opening(text: str, limit: int) -> str:
    """The beginning of `text` that fits `limit` units, cut where a reader would pause."""
    if fits(text, limit):
        return text
    # A pause in the first half of the room is passed over: better a word end than a part of three words.
    window = head(text, limit)
    followed = text[: len(window) + 1]  # one more character, to see whether a word ends just here
    for pause in (_SENTENCE_END, _WORD_END):
        ends = [found.end() for found in pause.finditer(followed) if found.end() <= len(window)]
        if ends and ends[-1] >= len(window) // 2:
            return text[: ends[-1]]
    return window
