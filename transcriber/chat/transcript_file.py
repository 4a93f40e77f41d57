"""A transcript as a text file: paragraphs with the time at which each begins."""

from __future__ import annotations

from transcriber.chat.headings import mark, who
from transcriber.chat.texts import Texts
from transcriber.domain import Job, Segment, Transcript

_PARAGRAPH_CHARACTERS = 400  # a paragraph ends at the first sentence end after this many
_PAUSE_S = 2.0  # or at a pause this long


def file_name(job: Job, texts: Texts) -> str:
    """A name that sorts by time and says nothing about whoever spoke."""
    return f"{texts('note.file')} {texts.local(job.note.sent_at_s):%Y-%m-%d %H-%M}.txt"


def file_content(job: Job, transcript: Transcript, texts: Texts, *, bare: bool) -> bytes:
    """UTF-8 text; `bare` leaves out the lines about who and when, for a file that others will see."""
    about = "" if bare else _about(job, transcript, texts) + "\n\n"
    body = "\n\n".join(f"[{texts.clock(start_s)}] {text}" for start_s, text in paragraphs(transcript.segments))
    return f"{about}{body}\n".encode("utf-8", "replace")


def paragraphs(segments: tuple[Segment, ...]) -> list[tuple[float, str]]:
    """All words, in order, as (start in seconds, paragraph)."""
    found: list[tuple[float, str]] = []
    last_end_s = 0.0
    for segment in segments:
        text = segment.text.strip()
        if not text:
            continue
        if found and not _ends(found[-1][1], segment.start_s - last_end_s):
            found[-1] = (found[-1][0], f"{found[-1][1]} {text}")
        else:
            found.append((segment.start_s, text))
        last_end_s = segment.end_s
    return found


def _ends(paragraph: str, pause_s: float) -> bool:
    long_enough = len(paragraph) >= _PARAGRAPH_CHARACTERS and paragraph.endswith((".", "!", "?", "…"))
    return pause_s >= _PAUSE_S or long_enough


def _about(job: Job, transcript: Transcript, texts: Texts) -> str:
    when = texts.moment(job.note.sent_at_s, year=True)
    pieces = [who(job.note, texts), when, texts.clock(transcript.duration_s), transcript.language, mark(job)]
    return " · ".join(piece for piece in pieces if piece)
