"""A transcript, or the lack of one, as the messages that people see: pure functions.

What was said is never parsed: all formatting lies beside the text, so no word can become markup, a mention or a
command of ours (commands are taken from messages the owner typed, never from what this program sent).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil, floor

from transcriber.chat.failures import HOPELESS
from transcriber.chat.headings import further_heading, heading, list_line
from transcriber.chat.languages import language_name
from transcriber.chat.paragraphs import laid_out
from transcriber.chat.rich import CAPTION_UNITS, MESSAGE_UNITS, Builder, fits, head, sendable, units
from transcriber.chat.splitting import opening, split, tail
from transcriber.chat.texts import Texts
from transcriber.chat.transcript_file import file_content, file_name
from transcriber.domain import FileFormat, Job, Progress, Rich, SpanKind, Transcript
from transcriber.errors import StenogramError

QUOTE_UNITS = 600  # a body longer than this is collapsed
MAX_PARTS = 3  # more than this become a file
_DOUBTFUL = 0.7  # a language detected with less than this is named, and how to correct it
_TAIL_UNITS = 600  # of the text so far: what fits on a phone's screen
_BAR_CELLS = 10  # with percent and times still one line on a phone
_REASON_UNITS = 1000  # of why there is no transcript: an error may quote something endless
_WORTH_TELLING_S = 1.0
_DOT = " · "
MOST_LISTED = 25


@dataclass(frozen=True, slots=True)
class FilePart:
    """A document to be sent."""

    name: str
    content: bytes
    caption: Rich


Part = Rich | FilePart


def private_parts(job: Job, transcript: Transcript, texts: Texts) -> tuple[Part, ...]:
    """The messages for Saved Messages. The first is the one that showed the progress."""
    text = laid_out(transcript, texts)
    if not text:
        return (_under_heading(job, texts, texts("note.nothing_said")),)
    first = _remark(heading(job, texts).add("\n"), job, transcript, texts)
    room = MESSAGE_UNITS - _further(job, 1, MAX_PARTS).units
    bodies = split(text, MESSAGE_UNITS - first.units, room, most=MAX_PARTS + 1)
    if job.request.as_file or len(bodies) > MAX_PARTS:
        return _pointer(first, transcript, texts), _file(job, transcript, texts, text, bare=False)
    parts = [_with_body(first, bodies[0]).rich()]
    parts += [_with_body(_further(job, n, len(bodies)), body).rich() for n, body in enumerate(bodies) if n]
    return tuple(parts)


def bare_parts(job: Job, transcript: Transcript, texts: Texts) -> tuple[Part, ...]:
    """The messages for a chat with others: the words and nothing else. Nothing said, no messages."""
    text = laid_out(transcript, texts)
    bodies = split(text, MESSAGE_UNITS, MESSAGE_UNITS, most=MAX_PARTS + 1)
    if bodies and (job.request.as_file or len(bodies) > MAX_PARTS):
        return (_file(job, transcript, texts, text, bare=True),)
    return tuple(_with_body(Builder(), body).rich() for body in bodies)


def caption(transcript: Transcript) -> Rich | None:
    """The words as a caption, if there are any and they fit: too few for paragraphs and times."""
    text = sendable(transcript.text).strip()
    return _with_body(Builder(), text).rich() if text and fits(text, CAPTION_UNITS) else None


def progress_message(job: Job, progress: Progress, texts: Texts) -> Rich:
    """How far a note is in its sound, how long that took and may take yet, and the end of the text so far."""
    full = int(progress.fraction * _BAR_CELLS)
    bar = "▓" * full + "░" * (_BAR_CELLS - full)
    builder = heading(job, texts).add(f"\n{bar} {texts('note.percent', fraction=progress.fraction)}")
    if progress.elapsed_s >= _WORTH_TELLING_S:
        expected_s = None if progress.expected_s is None else _rounded_up_s(progress.expected_s)
        builder.add(_DOT + texts("note.elapsed", elapsed_s=floor(progress.elapsed_s), expected_s=expected_s))
    if so_far := tail(progress.text.strip(), _TAIL_UNITS):
        builder.add("\n" + so_far)
    return builder.rich()


def failed_message(job: Job, error: StenogramError, texts: Texts) -> Rich:
    """Why a note has no transcript and what to do about it."""
    builder = heading(job, texts).add("\n⚠️ " + head(texts.error(error), _REASON_UNITS))
    if error.key not in HOPELESS:
        builder.add("\n" + texts("note.retry", id=job.id))
    return builder.rich()


def cancelled_message(job: Job, texts: Texts) -> Rich:
    """That the owner stopped it."""
    return _under_heading(job, texts, texts("note.cancelled", id=job.id))


def held_message(jobs: Sequence[Job], texts: Texts) -> Rich:
    """What was found while catching up and left alone for its age, and how to get it after all."""
    ids = f"#{jobs[0].id}" if len(jobs) == 1 else f"#{jobs[0].id} – #{jobs[-1].id}"
    builder = Builder().add(texts("note.held", n=len(jobs), ids=ids))
    add_list(builder, jobs, texts, lambda job: list_line(job, texts), len(jobs))
    how = texts("note.held_how_one" if len(jobs) == 1 else "note.held_how", id=jobs[0].id)
    return builder.add("\n" + how).rich()


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


def _remark(builder: Builder, job: Job, transcript: Transcript, texts: Texts) -> Builder:
    """What the heading could not say: a measured length, what was asked for by hand, a language that is a guess."""
    facts = []
    if job.note.duration_s <= 0:
        facts.append(texts("note.length", length_s=transcript.duration_s))
    language = language_name(transcript.language, texts.language)
    if job.request.translate and transcript.language not in ("", "en"):
        facts.append(texts("note.translated", language=language))
    if job.request.model is not None:
        facts.append(texts("note.model", model=transcript.model))
    if facts:
        builder.add(_DOT.join(facts), SpanKind.ITALIC).add("\n")
    if transcript.language and transcript.language_probability < _DOUBTFUL:
        retry = ("en" if transcript.language == "ru" else "ru") + (" translate" if job.request.translate else "")
        builder.add(texts("note.language", language=language, id=job.id, other=retry), SpanKind.ITALIC).add("\n")
    return builder


def _with_body(builder: Builder, body: str) -> Builder:
    return builder.add(body, SpanKind.QUOTE if units(body) > QUOTE_UNITS else None)


def _pointer(first: Builder, transcript: Transcript, texts: Texts) -> Rich:
    return first.add(texts("note.in_file", n=len(transcript.text.split())), SpanKind.ITALIC).rich()


def _file(job: Job, transcript: Transcript, texts: Texts, text: str, *, bare: bool) -> FilePart:
    builder = Builder() if bare else _further(job, 1, 2)
    first_lines = opening(text, CAPTION_UNITS - builder.units - 2)
    if first_lines != text:
        first_lines = first_lines.rstrip() + " …"
    kind = job.request.as_file or FileFormat.TXT
    content = file_content(job, transcript, texts, bare=bare, kind=kind)
    return FilePart(file_name(job, texts, kind), content, _with_body(builder, first_lines).rich())


def _rounded_up_s(expected_s: float) -> float:
    """As exact as a guess deserves."""
    step_s = 1 if expected_s < 15 else 5 if expected_s < 120 else 15 if expected_s < 600 else 60
    return ceil(expected_s / step_s) * step_s
