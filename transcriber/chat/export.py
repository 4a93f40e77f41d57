"""The archive as files: Markdown to read, JSON for programs; piece by piece, so that any length fits in memory."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from transcriber.chat.headings import address, who
from transcriber.chat.paragraphs import laid_out
from transcriber.chat.rich import clean_name
from transcriber.chat.texts import Texts
from transcriber.domain import Note, Transcript

_MARKUP = re.compile(r"([\\`*_{}\[\]<>#|~&$])")
_LINE_BEGINS = re.compile(r"^[^\S\n]*(?:([-+=])|(\d+)([.)]))?", re.MULTILINE)  # an indented line would be code

Entries = AsyncIterator[tuple[Note, Transcript]]


@dataclass(frozen=True, slots=True)
class Format:
    """How a file begins, how a note stands in it, what stands between two, and how it ends."""

    begin: str
    entry: Callable[[Note, Transcript, Texts], str]
    between: str
    end: str


@dataclass(frozen=True, slots=True)
class File:
    """A whole file, and of how many notes it is, sent from when to when."""

    content: bytes
    count: int
    first_s: float
    last_s: float


async def exported(
    entries: Entries, kind: str, texts: Texts, most_bytes: int
) -> AsyncIterator[tuple[bytes, Note | None]]:
    """Pieces of files, each with its note; the last of a file has none. A file ends before it is longer than
    `most_bytes`, unless it has one note only. No notes: no file."""
    form = FORMATS[kind]
    size = 0
    async for note, transcript in entries:
        piece = form.entry(note, transcript, texts).encode("utf-8", "replace")
        if size and size + len(piece) > most_bytes:
            yield form.end.encode(), None
            size = 0
        before = (form.between if size else form.begin).encode()
        yield before + piece, note
        size += len(before) + len(piece)
    if size:
        yield form.end.encode(), None


async def files(entries: Entries, kind: str, texts: Texts, most_bytes: int) -> AsyncIterator[File]:
    """Whole files, one after the other."""
    pieces: list[bytes] = []
    times: list[float] = []
    async for piece, note in exported(entries, kind, texts, most_bytes):
        pieces.append(piece)
        if note is not None:
            times.append(note.sent_at_s)
            continue
        made = File(b"".join(pieces), len(times), times[0], times[-1])
        pieces, times = [], []
        yield made


def as_markdown(note: Note, transcript: Transcript, texts: Texts) -> str:
    """A heading that says who, when and how long, then what was said, nothing of it read as markup."""
    when = f"[{texts.moment(note.sent_at_s, year=True)}]({address(note)})"
    pieces = [
        _plain(who(note, texts) or texts("note.saved")),
        when,
        texts.clock(_length_s(note, transcript)),
        transcript.language,
    ]
    body = [_plain(paragraph) for paragraph in laid_out(transcript, texts).split("\n\n") if paragraph]
    return "\n\n".join(["## " + " · ".join(piece for piece in pieces if piece), *body]) + "\n"


def as_json(note: Note, transcript: Transcript, texts: Texts) -> str:
    """One object on one line; times in seconds."""
    return json.dumps(
        {
            **about(note, texts),
            "duration_s": round(_length_s(note, transcript), 3),
            "language": transcript.language,
            "model": transcript.model,
            "text": transcript.text,
            "segments": [
                {"start_s": segment.start_s, "end_s": segment.end_s, "text": segment.text.strip()}
                for segment in transcript.segments
            ],
        },
        ensure_ascii=False,
    )


def about(note: Note, texts: Texts) -> dict[str, object]:
    """Who sent it, where, when, and the way back to it; the time is local, with its offset."""
    return {
        "chat": {
            "id": note.chat_id,
            "kind": note.chat_kind.value,
            "title": clean_name(note.chat_title),
            "username": note.chat_username,
        },
        "message_id": note.message_id,
        "sender": {"id": note.sender_id, "name": clean_name(note.sender_name)},
        "outgoing": note.outgoing,
        "kind": note.kind.value,
        "sent_at": texts.local(note.sent_at_s).isoformat(timespec="seconds"),
        "link": address(note),
        "duration_s": note.duration_s,
    }


FORMATS: Mapping[str, Format] = MappingProxyType(
    {"md": Format("", as_markdown, "\n", ""), "json": Format("[\n", as_json, ",\n", "\n]\n")}
)


def _length_s(note: Note, transcript: Transcript) -> float:
    return transcript.duration_s or note.duration_s


def _plain(text: str) -> str:
    """Text that stands in Markdown as it is."""
    return _LINE_BEGINS.sub(_escaped, _MARKUP.sub(r"\\\1", text))


def _escaped(found: re.Match[str]) -> str:
    sign, number, after = found.groups()
    return f"\\{sign}" if sign else f"{number}\\{after}" if number else ""
