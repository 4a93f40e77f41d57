"""Turns, stretches of speech and the way of one recording: the parts of the engine process that are pure logic."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.speech import write_wav
from transcriber.domain import DecodeOptions, Segment
from transcriber.speech import wire
from transcriber.speech.hearing import FindSpeech, Heard, Sound, Step, hear
from transcriber.speech.stretches import RATE, Block, Stretch, blocks, joined
from transcriber.speech.turns import Turn, choose

stretches = st.lists(st.tuples(st.integers(0, 5000), st.integers(1, 800)), max_size=12).map(
    lambda pairs: [(start, start + length) for start, length in pairs]
)


def test_the_shortest_remaining_goes_first() -> None:
    assert choose([Turn(1, 3600, 0), Turn(2, 5, 0)], 0) == 2


def test_an_hour_of_sound_gets_a_turn_within_two_minutes_of_a_stream_of_short_notes() -> None:
    long = Turn(1, 3600, 0)
    waits = next(now_s for now_s in range(1000) if choose([long, Turn(2 + now_s, 5, now_s)], now_s) == 1)
    assert 60 < waits <= 120


def test_two_alike_alternate() -> None:
    waiting_since_s = {1: 0.0, 2: 0.0}
    order = []
    for now_s in range(1, 7):
        number = choose([Turn(n, 100, since_s) for n, since_s in waiting_since_s.items()], now_s)
        waiting_since_s[number] = now_s
        order.append(number)
    assert order == [1, 2, 1, 2, 1, 2]


@given(stretches)
def test_joined_stretches_cover_the_same_samples_without_touching(found: list[Stretch]) -> None:
    result = joined(found)
    assert {s for start, end in found for s in range(start, end)} == {s for a, b in result for s in range(a, b)}
    assert all(before[1] < after[0] for before, after in pairwise(result))


@given(stretches, st.integers(5, 1000))
def test_blocks_hold_every_sample_once_in_order_and_none_is_too_long(found: list[Stretch], longest: int) -> None:
    speech = joined(found)
    packed = list(blocks(speech, lambda _, end: end, longest))
    flat = [s for block in packed for a, b in block.stretches for s in range(a, b)]
    assert flat == [s for a, b in speech for s in range(a, b)]
    assert all(0 < block.length <= longest for block in packed)


def test_speech_without_a_pause_is_cut_where_it_is_quietest() -> None:
    asked: list[tuple[int, int]] = []

    def quietest(start: int, end: int) -> int:
        asked.append((start, end))
        return end - RATE

    packed = list(blocks([(0, 25 * RATE)], quietest, longest=20 * RATE))
    assert [block.stretches for block in packed] == [((0, 19 * RATE),), ((19 * RATE, 25 * RATE),)]
    assert asked == [(10 * RATE, 20 * RATE)]


def test_moments_of_a_block_are_found_again_in_the_recording() -> None:
    block = Block(((10 * RATE, 12 * RATE), (60 * RATE, 65 * RATE)))
    assert block.original_s(0) == 10
    assert block.original_s(1.5) == 11.5
    assert block.original_s(2.0) == 60  # a beginning belongs to what follows
    assert block.original_s(2.0, is_end=True) == 12  # an end to what was before
    assert block.original_s(7.0, is_end=True) == 65
    assert block.original_s(30.0, is_end=True) == 65  # the recogniser may run over the edge


@pytest.mark.parametrize(
    "message",
    [
        wire.Load("folder", "int8", 2, True, 1 << 30),
        wire.Transcribe(1, "/data/\udcff.ogg", None, False, "слова", 1, 10.0),
        wire.Cancel(3),
        wire.Ready(),
        wire.LoadFailed("RuntimeError"),
        wire.Finished(1, "ru", 0.5, 2.0, 0.25),
        wire.Failed(1, "Unreadable", "empty", {"limit_s": 3}),
    ],
)
def test_messages_survive_the_pipe(message: wire.Message) -> None:
    line = wire.encode(message)
    assert line.count(b"\n") == 1
    assert wire.decode(line) == message


@pytest.mark.parametrize(
    "line", [b"", b"nonsense\n", b"[]\n", b'{"is": "Ready", "more": 1}\n', b'{"is": "Exit"}\n', b'{"is": []}\n']
)
def test_a_line_that_is_no_message_is_noticed(line: bytes) -> None:
    with pytest.raises(wire.WireBroken):
        wire.decode(line)


@dataclass
class Part:
    start: float
    end: float
    text: str
    no_speech_prob: float = 0.0


@dataclass
class Info:
    language: str
    language_probability: float


class FakeRecogniser:
    """Says one part per call and keeps how it was asked."""

    def __init__(self, *parts: Part, languages: Iterable[Info] = ()) -> None:
        self.parts = list(parts)
        self.languages = list(languages) or [Info("en", 0.9)]
        self.asked: list[dict[str, Any]] = []
        self.heard_s: list[float] = []

    def transcribe(self, audio: Sound, **settings: Any) -> tuple[list[Part], Info]:
        self.asked.append(settings)
        self.heard_s.append(len(audio) / RATE)
        info = self.languages[min(len(self.asked), len(self.languages)) - 1]
        return self.parts, info


def finding(*chunks: tuple[float, float]) -> FindSpeech:
    """Speech at these seconds of the first minute."""
    left = [[{"start": int(a * RATE), "end": int(b * RATE)} for a, b in chunks]]
    return lambda _: left.pop() if left else []


def noise(path: Path, seconds: float) -> Path:
    return write_wav(path, np.random.default_rng(1).integers(-3000, 3000, int(seconds * RATE), dtype=np.int16))


def run(
    recogniser: FakeRecogniser, find: FindSpeech, path: Path, options: DecodeOptions | None = None
) -> tuple[list[Step], Heard]:
    steps = hear(recogniser, find, path, options or DecodeOptions(), 3600)
    seen = []
    while True:
        try:
            seen.append(next(steps))
        except StopIteration as end:
            heard: Heard = end.value
            return seen, heard


def test_only_speech_is_recognised_and_times_are_those_of_the_recording(tmp_path: Path) -> None:
    recogniser = FakeRecogniser(Part(0, 2, " first "), Part(2, 3, "second"))
    steps, heard = run(recogniser, finding((5, 7), (20, 21)), noise(tmp_path / "a.wav", 30))
    assert recogniser.heard_s == [3]
    assert [step.segment for step in steps if step.segment] == [Segment(5, 7, "first"), Segment(20, 21, "second")]
    assert heard == Heard("en", 0.9, 30)


def test_the_settings_are_those_of_the_house(tmp_path: Path) -> None:
    recogniser = FakeRecogniser(Part(0, 1, "x"))
    options = DecodeOptions("ru", translate=True, words=" Anna, Lena ", beam_size=5)
    _, heard = run(recogniser, finding((0, 1)), noise(tmp_path / "a.wav", 2), options)
    assert recogniser.asked == [
        {
            "language": "ru",
            "task": "translate",
            "beam_size": 5,
            "hotwords": "Anna, Lena",
            "condition_on_previous_text": False,
            "temperature": (0.0, 0.2, 0.4),
            "vad_filter": False,
        }
    ]
    assert (heard.language, heard.language_probability) == ("ru", 1.0)


def test_where_no_speech_is_found_one_more_look_is_taken_and_only_believed_when_sure(tmp_path: Path) -> None:
    recogniser = FakeRecogniser(Part(0, 1, "thank you", no_speech_prob=0.9), Part(1, 2, "help", no_speech_prob=0.1))
    steps, _ = run(recogniser, finding(), noise(tmp_path / "a.wav", 4))
    assert recogniser.heard_s == [4]
    assert [step.segment.text for step in steps if step.segment] == ["help"]


def test_silence_is_not_even_looked_at_twice(tmp_path: Path) -> None:
    path = write_wav(tmp_path / "silence.wav", np.zeros(5 * RATE, dtype=np.int16))
    recogniser = FakeRecogniser(Part(0, 1, "thank you"))
    steps, heard = run(recogniser, finding(), path)
    assert recogniser.asked == []
    assert [step.segment for step in steps if step.segment] == []
    assert heard == Heard("", 0.0, 5)


@pytest.mark.parametrize(
    ("detected", "asked", "said"),
    [
        ([Info("ru", 0.9), Info("en", 0.99)], [None, "ru"], Heard("ru", 0.9, 700)),
        ([Info("en", 0.3), Info("ru", 0.8)], [None, None], Heard("ru", 0.8, 700)),
    ],
)
def test_a_language_once_surely_detected_holds_for_the_rest(
    tmp_path: Path, detected: list[Info], asked: list[str | None], said: Heard
) -> None:
    recogniser = FakeRecogniser(Part(0, 1, "x"), languages=detected)
    everything: FindSpeech = lambda sound: [{"start": 0, "end": len(sound)}]  # noqa: E731  (typed this way)
    _, heard = run(recogniser, everything, noise(tmp_path / "a.wav", 700))
    assert [settings["language"] for settings in recogniser.asked][:2] == asked
    assert all(0 < seconds <= 300 for seconds in recogniser.heard_s)
    assert sum(recogniser.heard_s) == pytest.approx(700)
    assert heard == said
