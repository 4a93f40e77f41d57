"""Notes, jobs and transcripts for tests: say what matters, the rest is made up."""

from __future__ import annotations

from typing import Any

from transcriber.domain import (
    ChatKind,
    Delivery,
    FileFormat,
    Job,
    JobState,
    MediaKind,
    Note,
    Request,
    Segment,
    Sent,
    Transcript,
)


def a_note(message_id: int = 1, **known: Any) -> Note:
    values: dict[str, Any] = {
        "chat_id": 77,
        "message_id": message_id,
        "chat_kind": ChatKind.PRIVATE,
        "chat_title": "Friend",
        "sender_id": 77,
        "sender_name": "Friend",
        "outgoing": False,
        "kind": MediaKind.VOICE,
        "sent_at_s": 1_700_000_000.0,
        "duration_s": 5.0,
        "size_bytes": 20_000,
        "file_id": f"file-{message_id}",
    }
    return Note(**{**values, **known})


def a_job(message_id: int = 1, *, on_demand: bool = False, duration_s: float = 5.0, **known: Any) -> Job:
    values: dict[str, Any] = {
        "note": a_note(message_id, duration_s=duration_s),
        "request": Request(on_demand=on_demand),
        "created_at_s": 1000.0 + message_id,
    }
    return Job(**{**values, **known})


def a_transcript(*words: str) -> Transcript:
    segments = tuple(Segment(float(i), i + 1.0, word) for i, word in enumerate(words))
    return Transcript(segments, "en", 0.75, float(len(words)), "small", 0.1)


def a_full_job() -> Job:
    """Every field differs from what it is by itself."""
    return Job(
        note=a_note(
            2**31 - 1,
            chat_id=-1_002_147_483_647,
            chat_kind=ChatKind.CHANNEL,
            chat_title='Ёлка "quoted"\n🎄',
            sender_id=None,
            duration_s=0.1 + 0.2,
            chat_username="yolka",
            view_once=True,
            captioned=True,
        ),
        request=Request(language="ru", model="tiny", translate=True, as_file=FileFormat.TXT, on_demand=True),
        state=JobState.HELD,
        run=2,
        attempts=3,
        faults=1,
        created_at_s=1_700_000_000.123456,
        not_before_s=1_700_000_001.654321,
        owner="host:1",
        lease_until_s=1_700_000_060.1,
        transcript=a_transcript("Привет,", "мир"),
        delivery=Delivery.REPLY,
        sent=(Sent(0, 77, 5), Sent(1, -100, 6)),
        error="unreadable",
        finished_at_s=1_700_000_099.9,
    )
