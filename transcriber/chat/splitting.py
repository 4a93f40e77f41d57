"""A long text cut into parts that fit, where a reader would pause."""

from __future__ import annotations

import re

from transcriber.chat.rich import fits, head, is_inside_sign

_MARKS = ".!?…。！？؟।"
_CLOSING = "\"'»”’)\\]」』）"
# Possessive, and beginning only where the marks begin: a recogniser that goes astray writes thousands of dots.
# Chinese and Japanese put no space after a sentence.
SENTENCE_END = re.compile(rf"(?<![{_MARKS}])[{_MARKS}]++[{_CLOSING}]*+(?:(?=\s)|(?<=[。！？」』）]))")
_PARAGRAPH_END = re.compile(r"\S(?=\n\n)")
_WORD_END = re.compile(r"\S(?=\s)")
_SPACE = re.compile(r"\s*")


def split(text: str, first_limit: int, limit: int, most: int | None = None) -> list[str]:
    """Cut `text` into parts of at most `first_limit` units for the first and `limit` for the others (2 at least).

    Cuts lie at paragraph ends, else at sentence ends, else at word ends, else anywhere between characters; only the
    white space at a cut is dropped, nothing is lost or repeated. No text, no parts. With `most` it stops there: who
    gets that many knows that it is too long for fewer."""
    parts: list[str] = []
    at, room = after_space(text, 0), first_limit
    while at < len(text) and len(parts) != most:
        part = opening(text, room, at)
        parts.append(part.rstrip())
        at, room = after_space(text, at + len(part)), limit
    return parts


def opening(text: str, limit: int, start: int = 0) -> str:
    """The beginning of `text`, from `start`, that fits `limit` units, cut where a reader would pause."""
    followed = text[start : start + limit + 1]  # one character too many, to see whether a word ends just here
    if fits(followed, limit):
        return followed
    window = head(followed, limit)
    followed = followed[: len(window) + 1]
    # A pause in the first half of the room is passed over: better a word end than a part of three words.
    for pause in (_PARAGRAPH_END, SENTENCE_END, _WORD_END):
        ends = [found.end() for found in pause.finditer(followed) if found.end() <= len(window)]
        if ends and ends[-1] >= len(window) // 2:
            return followed[: ends[-1]]
    return window


def tail(text: str, limit: int) -> str:
    """The end of `text` that fits `limit` units, from the start of a word where there is one."""
    if fits(text, limit):
        return text
    start, used = len(text), 2  # for the "… " in front
    while used < limit:
        start -= 1
        used += 1 + (text[start] > "\uffff")
    start += used > limit
    words = text[start:].split(maxsplit=1)
    if len(words) > 1:
        return "… " + words[1]
    whole = (at for at in range(start, len(text)) if not is_inside_sign(text, at))
    return "… " + text[next(whole, start) :]


def ends_sentence(text: str) -> bool:
    """Whether a sentence ends where `text` ends."""
    return text.rstrip().rstrip(_CLOSING)[-1:] in tuple(_MARKS)


def after_space(text: str, at: int) -> int:
    """Where the white space that begins at this index ends."""
    found = _SPACE.match(text, at)
    return found.end() if found else at
