"""A transcript as subtitles: pure functions, each returns a whole file that ends with a newline."""

from __future__ import annotations

from transcriber.chat.rich import sendable
from transcriber.domain import Transcript


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


def _cues(transcript: Transcript) -> list[tuple[float, float, str]]:
    """Start, end and words on one line (an empty line would end a cue); players drop cues of no length."""
    return [
        (segment.start_s, max(segment.end_s, segment.start_s + 0.1), text)
        for segment in transcript.segments
        if (text := " ".join(sendable(segment.text).split()))
    ]


def _time(seconds: float, point: str) -> str:
    milliseconds = round(seconds * 1000)
    hours, rest = divmod(milliseconds, 3_600_000)
    minutes, rest = divmod(rest, 60_000)
    return f"{hours:02}:{minutes:02}:{rest // 1000:02}{point}{rest % 1000:03}"


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
