"""A transcript as text, subtitles or data: pure functions, each returns a whole file that ends with a newline."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from types import MappingProxyType

from transcriber.domain import Transcript


def as_txt(transcript: Transcript) -> str:
    """The words on one line; an empty line if nothing was said."""
    return transcript.text + "\n"


def as_srt(transcript: Transcript) -> str:
    """SubRip: numbered cues, times with a comma."""
    cues = (
        f"{number}\n{_time(start_s, ',')} --> {_time(end_s, ',')}\n{text.replace('-->', '->')}\n"
        for number, (start_s, end_s, text) in enumerate(_cues(transcript), 1)
    )
    return "\n".join(cues) or "\n"


def as_vtt(transcript: Transcript) -> str:
    """WebVTT: times with a point; what could be read as markup is escaped."""
    cues = (
        f"\n{_time(start_s, '.')} --> {_time(end_s, '.')}\n{_escaped(text)}\n"
        for start_s, end_s, text in _cues(transcript)
    )
    return "WEBVTT\n" + "".join(cues)


def as_json(transcript: Transcript) -> str:
    """One object; times in seconds. `language` is empty when nothing was said to tell it from."""
    return (
        json.dumps(
            {
                "text": transcript.text,
                "language": transcript.language,
                "language_probability": round(transcript.language_probability, 4),
                "duration": round(transcript.duration_s, 3),
                "model": transcript.model,
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


def _cues(transcript: Transcript) -> list[tuple[float, float, str]]:
    """Start, end and words on one line (an empty line would end a cue); players drop cues of no length."""
    return [
        (segment.start_s, max(segment.end_s, segment.start_s + 0.1), text)
        for segment in transcript.segments
        if (text := " ".join(segment.text.split()))
    ]


def _time(seconds: float, point: str) -> str:
    milliseconds = round(seconds * 1000)
    hours, rest = divmod(milliseconds, 3_600_000)
    minutes, rest = divmod(rest, 60_000)
    return f"{hours:02}:{minutes:02}:{rest // 1000:02}{point}{rest % 1000:03}"


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
