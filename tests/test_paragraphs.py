"""A transcript in paragraphs: all words, each paragraph short enough for a phone, with times in a long one."""

from __future__ import annotations

import re
from datetime import UTC

import pytest
from hypothesis import example, given, settings

from tests.support.said import letters, segments, transcripts
from transcriber.chat.paragraphs import laid_out, paragraphs
from transcriber.chat.texts import Texts
from transcriber.domain import Segment, Transcript

EN = Texts("en", UTC)
patient = settings(deadline=None)  # other work may hold up any one example


def heard(*found: Segment, duration_s: float) -> Transcript:
    return Transcript(found, "en", 1.0, duration_s, "small", 1.0)


@patient
@given(segments)
@example((Segment(0, 1, "\0"), Segment(1, 2, "a")))
def test_no_word_is_lost_or_repeated_and_no_paragraph_is_endless_unless_a_word_is(found: tuple[Segment, ...]) -> None:
    made = paragraphs(found)
    assert letters("".join(text for _, text in made)) == letters("".join(segment.text for segment in found))
    assert all(text == text.strip() and text for _, text in made)
    assert all(len(text) <= 801 for _, text in made if max(map(len, text.split())) < 10)  # 801: with a space between


@patient
@given(transcripts)
def test_in_a_long_transcript_only_times_are_added(transcript: Transcript) -> None:
    rest = laid_out(transcript, EN)
    plain = [text for _, text in paragraphs(transcript.segments)]
    has_times = transcript.duration_s >= 120 and len(plain) > 1
    for number, text in enumerate(plain):
        rest = rest.removeprefix("\n\n") if number else rest
        stamp = re.match(r"(\d:)?\d?\d:\d\d ", rest) if has_times else None
        assert bool(stamp) == has_times
        rest = rest[stamp.end() :] if stamp else rest
        assert rest.startswith(text)
        rest = rest[len(text) :]
    assert rest == ""


def test_paragraphs_end_at_pauses_and_at_sentences_once_long_enough() -> None:
    said = [Segment(0, 1, "One."), Segment(1, 2, "Two."), Segment(9, 10, ""), Segment(10, 11, " Three. ")]
    long = [Segment(11, 12, "x" * 400), Segment(12, 13, "end."), Segment(13, 14, "Next.")]
    assert paragraphs(tuple(said + long)) == [(0, "One. Two."), (10, "Three. " + "x" * 400 + " end."), (13, "Next.")]


def test_a_short_pause_ends_only_what_is_long_enough_to_be_a_paragraph() -> None:
    said = (Segment(0, 1, "Well."), Segment(4, 5, "x" * 100), Segment(8, 9, "And then."))
    assert paragraphs(said) == [(0, "Well. " + "x" * 100), (8, "And then.")]


def test_speech_without_pauses_has_paragraphs_that_begin_where_sentences_do() -> None:
    sentence = "This goes on and on without a breath. "
    said = tuple(Segment(i * 30.0, i * 30.0 + 30, sentence * 20) for i in range(4))  # sentences of 1.5 s
    made = paragraphs(said)
    assert [text.count("breath.") for _, text in made] == [11, 11, 11, 11, 11, 11, 11, 3]
    assert [round(at_s, 1) for at_s, _ in made][:3] == [0.0, 16.5, 33.0]


def test_speech_without_pauses_and_full_stops_has_paragraphs_that_begin_where_segments_do() -> None:
    said = tuple(Segment(i * 5.0, i * 5.0 + 5, "and so on " * 15) for i in range(12))
    made = paragraphs(said)
    assert [at_s for at_s, _ in made] == [0, 25, 50]
    assert all(len(text) <= 800 for _, text in made)


def test_a_word_is_not_cut_in_two() -> None:
    assert paragraphs((Segment(0, 1, "x" * 2000 + " then"),)) == [
        (0, "x" * 2000),
        (pytest.approx(0.9975, abs=0.001), "then"),
    ]


def test_a_short_recording_has_no_times() -> None:
    said = [Segment(0, 1, "One."), Segment(110, 111, "Two.")]
    assert laid_out(heard(*said, duration_s=119.9), EN) == "One.\n\nTwo."
    assert laid_out(heard(*said, duration_s=120), EN) == "0:00 One.\n\n1:50 Two."


def test_a_single_paragraph_needs_no_time() -> None:
    assert laid_out(heard(Segment(300, 301, "Oops."), duration_s=600), EN) == "Oops."


@pytest.mark.parametrize(("at_s", "shown_as"), [(-5.0, "0:00"), (1e9, "1:02:05"), (float("nan"), "0:00")])
def test_a_time_that_cannot_be_is_held_to_the_recording(at_s: float, shown_as: str) -> None:
    wild = heard(Segment(at_s, at_s, "x" * 700), Segment(20, 21, "x" * 700), duration_s=3725)
    assert laid_out(wild, EN).startswith(f"{shown_as} x")


def test_the_time_is_never_after_the_word_it_stands_before() -> None:
    shown = laid_out(heard(Segment(0, 1, "One."), Segment(12.9, 14, "Two."), duration_s=130), EN)
    assert shown == "0:00 One.\n\n0:12 Two."
