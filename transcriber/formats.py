"""A transcript as text, subtitles or data: pure functions, each returns a whole file that ends with a newline."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from types import MappingProxyType

from transcriber.chat.subtitles import as_srt, as_vtt
from transcriber.domain import Transcript, known_as


def as_txt(transcript: Transcript) -> str:
    """The words on one line; an empty line if nothing was said."""
    return transcript.text + "\n"


def as_json(transcript: Transcript) -> str:
    """One object; times in seconds. `language` is empty when nothing was said to tell it from."""
    return (
        json.dumps(
            {
                "text": transcript.text,
                "language": transcript.language,
                "language_probability": round(transcript.language_probability, 4),
                "duration": round(transcript.duration_s, 3),
                "model": known_as(transcript.model),
                "segments": [
                    {"start": segment.start_s, "end": segment.end_s, "text": segment.text.strip()}
                    for segment in transcript.segments
                ],
            },
            ensure_ascii=False,
            indent=2,
        )
        + "\n"
    )


FORMATS: Mapping[str, Callable[[Transcript], str]] = MappingProxyType(
    {"txt": as_txt, "srt": as_srt, "vtt": as_vtt, "json": as_json}
)
