"""The line that tells the owner which note a message is about, and the way back to that note.

The first line of every message of ours about a note is unique to note and run, and the same in progress and result:
the gateway finds a message it may have sent before by that line.
"""

from __future__ import annotations

from transcriber.chat.rich import Builder, clean_name
from transcriber.chat.texts import Texts
from transcriber.domain import ChatKind, Job, MediaKind, Note, SpanKind

_ICONS = {
    MediaKind.VOICE: "🎙",
    MediaKind.VIDEO_NOTE: "📹",
    MediaKind.AUDIO: "🎵",
    MediaKind.VIDEO: "🎬",
    MediaKind.DOCUMENT: "📎",
}
_CHANNEL_PREFIX = 1_000_000_000_000  # Bot-API ids of supergroups and channels are -100 followed by the bare id
_DOT = " · "


def link_to(note: Note) -> str | None:
    """Where a tap on the time leads; None in Saved Messages, where the result is a reply to the note.

    The links of supergroups and channels work in every client, and in a forum without naming the topic. Private chats
    and basic groups have no such links, so theirs is a best effort: see "Links to notes" in docs/decisions.md."""
    return None if note.chat_kind is ChatKind.SAVED else address(note)


def address(note: Note) -> str:
    """The same for every note: in a list of notes there is no reply to tap on."""
    if note.chat_id > 0:
        return f"tg://openmessage?user_id={note.chat_id}&message_id={note.message_id}"
    if note.chat_username:
        return f"https://t.me/{note.chat_username}/{note.message_id}"
    if note.chat_id < -_CHANNEL_PREFIX:
        return f"https://t.me/c/{-note.chat_id - _CHANNEL_PREFIX}/{note.message_id}"
    return f"tg://openmessage?chat_id={-note.chat_id}&message_id={note.message_id}"


def mark(job: Job) -> str:
    """The short name of a job: "#12", on its second run "#12 (2)"."""
    return f"#{job.id}" if job.run == 1 else f"#{job.id} ({job.run})"


def who(note: Note, texts: Texts) -> str:
    """Who speaks, and where when that is another question: "Anna · Family", "You → Anna"; empty in Saved Messages."""
    if note.chat_kind is ChatKind.SAVED:
        return ""
    sender = clean_name(note.sender_name) or texts("note.nameless")
    chat = clean_name(note.chat_title) or texts("note.nameless")
    if note.chat_kind is ChatKind.PRIVATE:
        return texts("note.from_me", chat=chat) if note.outgoing else sender
    if note.sender_id is None:
        return chat
    return (texts("note.me") if note.outgoing else sender) + _DOT + chat


def heading(job: Job, texts: Texts) -> Builder:
    """First line of the note's message: who, when (a link to the note), how long, and its number."""
    builder = Builder().add(f"{_ICONS[job.note.kind]} ")
    return _describe(builder, job, texts).add(_DOT + mark(job))


def further_heading(job: Job, part: int, parts: int) -> Builder:
    """First line of the second and later messages of one note."""
    return Builder().add(f"{_ICONS[job.note.kind]} {mark(job)}{_DOT}{part + 1}/{parts}", SpanKind.BOLD)


def list_line(job: Job, texts: Texts) -> Builder:
    """One note in a list: its number first, because that is what is typed next."""
    return _describe(Builder().add(f"#{job.id}", SpanKind.CODE).add(" "), job, texts)


def list_note(note: Note, seen_at_s: float, texts: Texts) -> Builder:
    """One note in a list of what was said: who, when (a link to the note), how long."""
    return _describe_note(Builder(), note, seen_at_s, texts, address(note), texts("note.saved"))


def _describe(builder: Builder, job: Job, texts: Texts) -> Builder:
    return _describe_note(builder, job.note, job.created_at_s, texts, link_to(job.note))


def _describe_note(
    builder: Builder, note: Note, seen_at_s: float, texts: Texts, link: str | None, nobody: str = ""
) -> Builder:
    if name := who(note, texts) or nobody:
        builder.add(name, SpanKind.BOLD).add(_DOT)
    other_year = bool(seen_at_s) and texts.local(note.sent_at_s).year != texts.local(seen_at_s).year
    builder.add(texts.moment(note.sent_at_s, year=other_year), SpanKind.LINK if link else None, link)
    if note.duration_s > 0:
        builder.add(_DOT + texts.clock(note.duration_s))
    return builder
