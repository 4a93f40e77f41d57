"""A transcript in paragraphs, and in a long one the time at which each begins.

Clients turn `12:05` into a jump to that place of the sound when the message answers a recording; elsewhere it is
plain text to find the place by.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import floor

from transcriber.chat.rich import sendable
from transcriber.chat.splitting import SENTENCE_END, after_space, ends_sentence, opening
from transcriber.chat.texts import Texts
from transcriber.domain import Segment, Transcript

STAMPS_FROM_S = 120.0  # a shorter recording is heard again sooner than a place in it is found

_SHORT, _USUAL, _LONGEST = 100, 400, 800  # characters: about three, ten and twenty lines on a phone
_PAUSE_S = 2.0  # ends a paragraph that is not short
_LONG_PAUSE_S = 5.0  # ends any


def laid_out(transcript: Transcript, texts: Texts) -> str:
    """All words as people read them; empty if nothing was said that could be shown."""
    found = paragraphs(transcript.segments)
    if transcript.duration_s < STAMPS_FROM_S or len(found) < 2:
        return "\n\n".join(text for _, text in found)
    longest_s = transcript.duration_s
    return "\n\n".join(f"{texts.clock(floor(min(max(0.0, at_s), longest_s)))} {text}" for at_s, text in found)


def paragraphs(segments: tuple[Segment, ...]) -> list[tuple[float, str]]:
    """All words, in order, as (start in seconds, paragraph).

    A paragraph ends at a pause, or at a sentence end once it is long enough; speech without either is cut anyway. Its
    start is exact where a segment begins, and reckoned from the number of letters within one."""
    found: list[tuple[float, str]] = []
    last_end_s = 0.0
    for segment in segments:
        pause_s, glue = segment.start_s - last_end_s, " "
        for at_s, piece in _pieces(segment):
            if found and not _ends(found[-1][1], pause_s, piece):
                found[-1] = found[-1][0], found[-1][1] + glue + piece
            else:
                found.append((at_s, piece))
            pause_s, glue, last_end_s = 0.0, "", segment.end_s
    return [(at_s, text.rstrip()) for at_s, text in found]


def _pieces(segment: Segment) -> Iterator[tuple[float, str]]:
    """The sentences of a segment, with the white space after each, and when each begins. What is too long for a
    paragraph is cut between words."""
    text = sendable(segment.text).strip()
    if not text:
        return
    per_character_s = max(0.0, segment.end_s - segment.start_s) / len(text)
    at = 0
    for end in [*(found.end() for found in SENTENCE_END.finditer(text)), len(text)]:
        while at < end:
            until = at + len(opening(text[at : min(end, at + _LONGEST + 1)], _LONGEST))
            while until < end and not text[until].isspace():
                until += 1
            until = after_space(text, until)
            yield segment.start_s + at * per_character_s, text[at:until]
            at = until


def _ends(paragraph: str, pause_s: float, following: str) -> bool:
    length = len(paragraph)
    return (
        pause_s >= _LONG_PAUSE_S
        or (pause_s >= _PAUSE_S and length >= _SHORT)
        or (length >= _USUAL and ends_sentence(paragraph))
        or length + len(following) > _LONGEST
    )
