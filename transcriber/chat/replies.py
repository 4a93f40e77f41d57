"""A transcript, or the lack of one, as the messages that people see: pure functions.

What was said is never parsed: all formatting lies beside the text, so no word can become markup, a mention or a
command of ours (commands are taken from messages the owner typed, never from what this program sent).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from transcriber.chat.headings import further_heading, heading, list_line
from transcriber.chat.languages import language_name
from transcriber.chat.rich import CAPTION_UNITS, MESSAGE_UNITS, Builder, head, units
from transcriber.chat.splitting import opening, split, tail
from transcriber.chat.texts import Texts
from transcriber.chat.transcript_file import file_content, file_name
from transcriber.domain import Job, Progress, Rich, SpanKind, Transcript
from transcriber.errors import StenogramError

QUOTE_UNITS = 600  # a body longer than this is collapsed
MAX_PARTS = 3  # more than this become a file
_DOUBTFUL = 0.7  # a language detected with less than this is named, and how to correct it
_TAIL_UNITS = 600  # of the text so far: what fits on a phone's screen
_BAR_CELLS = 12
MOST_LISTED = 25
# Asking again changes nothing about these.
_HOPELESS = frozenset({"gone", "unreadable", "empty", "no_sound", "truncated"})


@dataclass(frozen=True, slots=True)
class FilePart:
    """A document to be sent."""

    name: str
    content: bytes
    caption: Rich


Part = Rich | FilePart


def private_parts(job: Job, transcript: Transcript, texts: Texts) -> tuple[Part, ...]:
    """The messages for Saved Messages. The first is the one that showed the progress."""
    text = transcript.text
    if not text:
        return (_under_heading(job, texts, texts("note.nothing_said")),)
    first = heading(job, texts).add("\n").append(_remarks(job, transcript, texts))
    bodies = split(text, MESSAGE_UNITS - first.units, MESSAGE_UNITS - _further(job, 1, MAX_PARTS).units)
    if job.request.as_file or len(bodies) > MAX_PARTS:
        return _pointer(first, transcript, texts), _file(job, transcript, texts, bare=False)
    parts = [_with_body(first, bodies[0]).rich()]
    parts += [_with_body(_further(job, n, len(bodies)), body).rich() for n, body in enumerate(bodies) if n]
    return tuple(parts)


def bare_parts(job: Job, transcript: Transcript, texts: Texts) -> tuple[Part, ...]:
    """The messages for a chat with others: the words and nothing else. Nothing said, no messages."""
    bodies = split(transcript.text, MESSAGE_UNITS, MESSAGE_UNITS)
    if bodies and (job.request.as_file or len(bodies) > MAX_PARTS):
        return (_file(job, transcript, texts, bare=True),)
    return tuple(_with_body(Builder(), body).rich() for body in bodies)


def caption(transcript: Transcript) -> Rich | None:
    """The words as a caption, if there are any and they fit."""
    text = transcript.text
    return _with_body(Builder(), text).rich() if 0 < units(text) <= CAPTION_UNITS else None


def progress_message(job: Job, progress: Progress, texts: Texts) -> Rich:
    """How far a note is: its position in the sound, and the end of the text so far."""
    full = int(progress.fraction * _BAR_CELLS)
    bar = "▓" * full + "░" * (_BAR_CELLS - full)
    builder = heading(job, texts).add(f"\n{bar} {texts('note.percent', fraction=progress.fraction)}")
    if so_far := tail(progress.text.strip(), _TAIL_UNITS):
        builder.add("\n" + so_far)
    return builder.rich()


def failed_message(job: Job, error: StenogramError, texts: Texts) -> Rich:
    """Why a note has no transcript and what to do about it."""
    builder = heading(job, texts).add("\n⚠️ " + texts.error(error))
    if error.key not in _HOPELESS:
        builder.add("\n" + texts("note.retry", id=job.id))
    return _fitting(builder.rich())


def cancelled_message(job: Job, texts: Texts) -> Rich:
    """That the owner stopped it."""
    return _under_heading(job, texts, texts("note.cancelled", id=job.id))


def held_message(jobs: Sequence[Job], texts: Texts) -> Rich:
    """What was found while catching up and left alone for its age, and how to get it after all."""
    ids = f"#{jobs[0].id}" if len(jobs) == 1 else f"#{jobs[0].id} – #{jobs[-1].id}"
    builder = Builder().add(texts("note.held", n=len(jobs), ids=ids))
    add_list(builder, jobs, texts, lambda job: list_line(job, texts), len(jobs))
    return builder.add("\n" + texts("note.held_how", id=jobs[0].id)).rich()


def add_list(
    builder: Builder, jobs: Sequence[Job], texts: Texts, line: Callable[[Job], Builder], total: int
) -> Builder:
    """One line per job, as many as suit a phone, and how many more there are of `total`."""
    for job in jobs[:MOST_LISTED]:
        builder.add("\n").append(line(job).rich())
    if total > MOST_LISTED:
        builder.add("\n" + texts("note.more", n=total - MOST_LISTED))
    return builder


def _under_heading(job: Job, texts: Texts, line: str) -> Rich:
    return heading(job, texts).add("\n").add(line, SpanKind.ITALIC).rich()


def _further(job: Job, part: int, parts: int) -> Builder:
    return further_heading(job, part, parts).add("\n")


def _remarks(job: Job, transcript: Transcript, texts: Texts) -> Rich:
    builder = Builder()
    if job.note.duration_s <= 0:  # the heading could not say it
        builder.add(texts("note.length", length_s=transcript.duration_s) + "\n", SpanKind.ITALIC)
    if transcript.language_probability < _DOUBTFUL:
        language = language_name(transcript.language, texts.language)
        other = "en" if transcript.language == "ru" else "ru"
        builder.add(texts("note.language", language=language, id=job.id, other=other) + "\n", SpanKind.ITALIC)
    return builder.rich()


def _with_body(builder: Builder, body: str) -> Builder:
    return builder.add(body, SpanKind.QUOTE if units(body) > QUOTE_UNITS else None)


def _pointer(first: Builder, transcript: Transcript, texts: Texts) -> Rich:
    return first.add(texts("note.in_file", n=len(transcript.text.split())), SpanKind.ITALIC).rich()


def _file(job: Job, transcript: Transcript, texts: Texts, *, bare: bool) -> FilePart:
    builder = Builder() if bare else _further(job, 1, 2)
    first_lines = opening(transcript.text, CAPTION_UNITS - builder.units - 2)
    if first_lines != transcript.text:
        first_lines = first_lines.rstrip() + " …"
    content = file_content(job, transcript, texts, bare=bare)
    return FilePart(file_name(job, texts), content, _with_body(builder, first_lines).rich())


def _fitting(text: Rich) -> Rich:
    # Only an error that quotes something endless gets here; the formatting all lies in the first line.
    return text if units(text.text) <= MESSAGE_UNITS else Rich(head(text.text, MESSAGE_UNITS), text.spans)
