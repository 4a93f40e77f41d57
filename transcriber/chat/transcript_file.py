"""A transcript as a file: text in paragraphs, or subtitles."""

from __future__ import annotations

from transcriber.chat.headings import mark, who
from transcriber.chat.paragraphs import laid_out
from transcriber.chat.rich import sendable
from transcriber.chat.subtitles import as_srt
from transcriber.chat.texts import Texts
from transcriber.domain import FileFormat, Job, Transcript


def file_name(job: Job, texts: Texts, kind: FileFormat = FileFormat.TXT) -> str:
    """A name that sorts by time and says nothing about whoever spoke."""
    return f"{texts('note.file')} {texts.local(job.note.sent_at_s):%Y-%m-%d %H-%M}.{kind}"


def file_content(
    job: Job, transcript: Transcript, texts: Texts, *, bare: bool, kind: FileFormat = FileFormat.TXT
) -> bytes:
    """UTF-8 text; `bare` leaves out the lines about who and when, for a file that others will see. Subtitles have no
    room for such lines."""
    if kind is FileFormat.SRT:
        return as_srt(transcript).encode()
    about = "" if bare else _about(job, transcript, texts) + "\n\n"
    return f"{about}{laid_out(transcript, texts)}\n".encode()


def _about(job: Job, transcript: Transcript, texts: Texts) -> str:
    when = texts.moment(job.note.sent_at_s, year=True)
    pieces = [who(job.note, texts), when, texts.clock(transcript.duration_s), transcript.language, mark(job)]
    return sendable(" · ".join(piece for piece in pieces if piece))
