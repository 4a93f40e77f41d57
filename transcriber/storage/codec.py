"""The program's values as JSON documents, written field by field: what is stored changes only when this file does.

Every document carries the version of its format. Keys that are not known are skipped, keys that are missing take the
value they had before they existed; a document of a newer format, or one that makes no sense, is refused.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, TypeVar

from transcriber.domain import (
    ChatKind,
    ChatRules,
    Delivery,
    FileFormat,
    Job,
    JobState,
    Listening,
    MediaKind,
    Note,
    Request,
    Segment,
    Sent,
    Transcript,
)
from transcriber.errors import StoreRefused

FORMAT = 1

Document = dict[str, Any]
T = TypeVar("T")


def note_to_dict(note: Note) -> Document:
    return {
        "chat_id": note.chat_id,
        "message_id": note.message_id,
        "chat_kind": note.chat_kind.value,
        "chat_title": note.chat_title,
        "sender_id": note.sender_id,
        "sender_name": note.sender_name,
        "outgoing": note.outgoing,
        "kind": note.kind.value,
        "sent_at_s": note.sent_at_s,
        "duration_s": note.duration_s,
        "size_bytes": note.size_bytes,
        "file_id": note.file_id,
        "chat_username": note.chat_username,
        "view_once": note.view_once,
        "captioned": note.captioned,
    }


def note_from_dict(raw: Document) -> Note:
    return Note(
        chat_id=raw["chat_id"],
        message_id=raw["message_id"],
        chat_kind=ChatKind(raw["chat_kind"]),
        chat_title=raw["chat_title"],
        sender_id=raw["sender_id"],
        sender_name=raw["sender_name"],
        outgoing=raw["outgoing"],
        kind=MediaKind(raw["kind"]),
        sent_at_s=raw["sent_at_s"],
        duration_s=raw["duration_s"],
        size_bytes=raw["size_bytes"],
        file_id=raw["file_id"],
        chat_username=raw.get("chat_username"),
        view_once=raw.get("view_once", False),
        captioned=raw.get("captioned", False),
    )


def request_to_dict(request: Request) -> Document:
    return {
        "language": request.language,
        "model": request.model,
        "translate": request.translate,
        "as_file": request.as_file and request.as_file.value,
        "on_demand": request.on_demand,
    }


def request_from_dict(raw: Document) -> Request:
    return Request(
        language=raw.get("language"),
        model=raw.get("model"),
        translate=raw.get("translate", False),
        as_file=_file_format(raw.get("as_file")),
        on_demand=raw.get("on_demand", False),
    )


def transcript_to_dict(transcript: Transcript) -> Document:
    """Segments are [start_s, end_s, text]: an hour of speech has a thousand of them."""
    return {
        "segments": [[s.start_s, s.end_s, s.text] for s in transcript.segments],
        "language": transcript.language,
        "language_probability": transcript.language_probability,
        "duration_s": transcript.duration_s,
        "model": transcript.model,
        "took_s": transcript.took_s,
    }


def transcript_from_dict(raw: Document) -> Transcript:
    return Transcript(
        segments=tuple(Segment(start_s, end_s, text) for start_s, end_s, text, *_ in raw["segments"]),
        language=raw["language"],
        language_probability=raw["language_probability"],
        duration_s=raw["duration_s"],
        model=raw["model"],
        took_s=raw["took_s"],
    )


def rules_to_dict(rules: ChatRules) -> Document:
    return {
        "chat_id": rules.chat_id,
        "title": rules.title,
        "listening": rules.listening.value,
        "delivery": rules.delivery and rules.delivery.value,
        "language": rules.language,
        "all_sound": rules.all_sound,
        "words": rules.words,
    }


def rules_from_dict(raw: Document) -> ChatRules:
    return ChatRules(
        chat_id=raw["chat_id"],
        title=raw.get("title", ""),
        listening=Listening(raw.get("listening", Listening.DEFAULT)),
        delivery=_delivery(raw.get("delivery")),
        language=raw.get("language"),
        all_sound=raw.get("all_sound", False),
        words=raw.get("words", ""),
    )


def job_to_dict(job: Job) -> Document:
    return {
        "note": note_to_dict(job.note),
        "request": request_to_dict(job.request),
        "id": job.id,
        "version": job.version,
        "state": job.state.value,
        "run": job.run,
        "attempts": job.attempts,
        "faults": job.faults,
        "created_at_s": job.created_at_s,
        "not_before_s": job.not_before_s,
        "owner": job.owner,
        "lease_until_s": job.lease_until_s,
        "transcript": job.transcript and transcript_to_dict(job.transcript),
        "delivery": job.delivery and job.delivery.value,
        "sent": [[s.part, s.chat_id, s.message_id] for s in job.sent],
        "error": job.error,
        "finished_at_s": job.finished_at_s,
    }


def job_from_dict(raw: Document) -> Job:
    transcript = raw.get("transcript")
    return Job(
        note=note_from_dict(raw["note"]),
        request=request_from_dict(raw.get("request", {})),
        id=raw.get("id", 0),
        version=raw.get("version", 0),
        state=JobState(raw.get("state", JobState.WAITING)),
        run=raw.get("run", 1),
        attempts=raw.get("attempts", 0),
        faults=raw.get("faults", 0),
        created_at_s=raw.get("created_at_s", 0.0),
        not_before_s=raw.get("not_before_s", 0.0),
        owner=raw.get("owner"),
        lease_until_s=raw.get("lease_until_s", 0.0),
        transcript=None if transcript is None else transcript_from_dict(transcript),
        delivery=_delivery(raw.get("delivery")),
        sent=tuple(Sent(part, chat_id, message_id) for part, chat_id, message_id, *_ in raw.get("sent", ())),
        error=raw.get("error"),
        finished_at_s=raw.get("finished_at_s"),
    )


def pack(document: Document) -> str:
    """One line of ASCII that says which format it is in."""
    return json.dumps({"v": FORMAT, **document}, separators=(",", ":"))


def unpack(text: str, read: Callable[[Document], T]) -> T:
    """Read a packed document. Raises `StoreRefused`: `store_newer` or `store_damaged`."""
    try:
        raw = json.loads(text)
        if raw["v"] > FORMAT:
            raise StoreRefused("store_newer", found=raw["v"], known=FORMAT)
        return read(raw)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        # Only the kind of mistake is told: the document has names and words in it.
        raise StoreRefused("store_damaged", what=read.__name__.removesuffix("_from_dict")) from error


def _delivery(name: str | None) -> Delivery | None:
    return None if name is None else Delivery(name)


def _file_format(wanted: str | bool | None) -> FileFormat | None:
    if isinstance(wanted, bool):  # so it was written when there was only one
        return FileFormat.TXT if wanted else None
    return None if wanted is None else FileFormat(wanted)
