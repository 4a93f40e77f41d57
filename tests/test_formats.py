from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from transcriber.chat.rich import sendable
from transcriber.chat.subtitles import as_srt, as_vtt
from transcriber.domain import Segment, Transcript
from transcriber.formats import FORMATS, as_json, as_txt

TALK = Transcript(
    (Segment(0.4, 1.58, "meet me at seven"), Segment(3661.5, 3662.0, "до встречи")), "en", 0.98, 3700, "small", 12.5
)
NOTHING = Transcript((), "", 0.0, 4.0, "small", 0.1)


def saying(*texts: str) -> Transcript:
    return Transcript(tuple(Segment(i, i + 1, text) for i, text in enumerate(texts)), "en", 1, 10, "small", 1)


def test_text_is_the_words_on_one_line() -> None:
    assert as_txt(TALK) == "meet me at seven до встречи\n"
    assert as_txt(NOTHING) == "\n"


def test_srt_numbers_its_cues_and_writes_times_with_a_comma() -> None:
    assert as_srt(TALK) == (
        "1\n00:00:00,400 --> 00:00:01,580\nmeet me at seven\n\n2\n01:01:01,500 --> 01:01:02,000\nдо встречи\n"
    )


def test_vtt_has_its_header_and_times_with_a_point() -> None:
    assert as_vtt(TALK) == (
        "WEBVTT\n\n00:00:00.400 --> 00:00:01.580\nmeet me at seven\n\n01:01:01.500 --> 01:01:02.000\nдо встречи\n"
    )
    assert as_vtt(NOTHING) == "WEBVTT\n"


def test_json_holds_everything_with_times_in_seconds() -> None:
    assert json.loads(as_json(TALK)) == {
        "text": "meet me at seven до встречи",
        "language": "en",
        "language_probability": 0.98,
        "duration": 3700,
        "model": "small",
        "segments": [
            {"start": 0.4, "end": 1.58, "text": "meet me at seven"},
            {"start": 3661.5, "end": 3662.0, "text": "до встречи"},
        ],
    }
    assert "до встречи" in as_json(TALK)


def test_what_is_said_cannot_become_markup_or_another_cue() -> None:
    hostile = saying("a <b>bold</b> & sly\n\n2\n00:00:00,000 --> 00:00:09,000\nlie")
    assert as_srt(hostile).count(" --> ") == 1
    assert as_vtt(hostile).count(" --> ") == 1
    assert "&lt;b&gt;bold&lt;/b&gt; &amp; sly" in as_vtt(hostile)


def test_a_cue_without_length_is_shown_for_a_moment() -> None:
    still = Transcript((Segment(2.0, 2.0, "oh"),), "en", 1, 3, "small", 1)
    assert "00:00:02,000 --> 00:00:02,100" in as_srt(still)


@given(st.lists(st.text(min_size=1, max_size=40), max_size=5))
def test_every_format_ends_with_a_newline_and_keeps_one_cue_per_segment_with_words(texts: list[str]) -> None:
    transcript = saying(*texts)
    spoken = [text for text in texts if sendable(text).split()]
    for render in FORMATS.values():
        assert render(transcript).endswith("\n")
    assert as_srt(transcript).count(" --> ") == len(spoken)
    assert as_vtt(transcript).count(" --> ") == len(spoken)
