"""One recording's way from bytes to words, in small steps, so that the engine process can serve others in between.

The recogniser could do the whole file in one call, but it then looks for speech and computes features for all of it
up front: over a gigabyte and many seconds for an hour of sound, during which a five-second note would wait.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from transcriber.domain import DecodeOptions, Segment
from transcriber.errors import Refused
from transcriber.speech import audio
from transcriber.speech.stretches import RATE, Block, Stretch, blocks, joined

SPEECH_STEP = 60 * RATE  # samples searched for speech between two chances for others (about 0.1 s of work)
PIN_LANGUAGE_AT = 0.5  # a language detected with at least this probability holds for the rest of the recording
DOUBTFUL_NO_SPEECH = 0.6  # where the speech detector heard nothing, the recogniser must be fairly sure that it does

# One pass, greedy, each window on its own: a slip does not spread, and a silent stretch does not start a loop. A
# window that looks like a loop or like guessing (the library's own thresholds) is decoded again, a little warmer.
SETTINGS: dict[str, Any] = {
    "condition_on_previous_text": False,
    "temperature": (0.0, 0.2, 0.4),
    "vad_filter": False,  # done here, in steps
}
VAD_SETTINGS = {"min_silence_duration_ms": 500}

Sound = NDArray[np.float32]
FindSpeech = Callable[[Sound], list[dict[str, int]]]


class HeardPart(Protocol):
    """What the recogniser says of one stretch."""

    start: float
    end: float
    text: str
    no_speech_prob: float


class HeardInfo(Protocol):
    """What the recogniser says of the whole."""

    language: str
    language_probability: float


class Recogniser(Protocol):
    """As much of `faster_whisper.WhisperModel` as is used."""

    def transcribe(self, audio: Sound, **settings: Any) -> tuple[Iterable[HeardPart], HeardInfo]: ...


@dataclass(frozen=True, slots=True)
class Step:
    """A bit of work was done; `duration_s` is 0 until it is measured."""

    done_s: float
    duration_s: float
    segment: Segment | None = None


@dataclass(frozen=True, slots=True)
class Heard:
    """What remains to be said when all segments were yielded."""

    language: str  # empty if it was neither given nor anything heard to detect it from
    language_probability: float
    duration_s: float


def hear(
    recogniser: Recogniser, find_speech: FindSpeech, path: Path, options: DecodeOptions, max_duration_s: float
) -> Generator[Step, None, Heard]:
    """Yield steps, some with a segment, in order and never going back; return the rest. Raises `Refused`."""
    samples = yield from _decoded(path, max_duration_s)
    duration_s = len(samples) / RATE
    language = options.language
    heard = Heard(language or "", 1.0 if language else 0.0, duration_s)
    speech = yield from _speech(find_speech, samples, duration_s)
    if not speech and audio.is_silent(samples):
        return heard
    done_s = 0.0
    for block in blocks(speech or [(0, len(samples))], lambda start, end: audio.quietest(samples, start, end)):
        parts, info = _recognise(recogniser, samples, block, options, language)
        if language is None and info.language_probability > heard.language_probability:
            heard = Heard(info.language, info.language_probability, duration_s)
        if heard.language_probability >= PIN_LANGUAGE_AT:
            language = heard.language
        yield Step(done_s, duration_s)
        for part in parts:
            start_s, end_s = block.original_s(part.start), block.original_s(part.end, is_end=True)
            done_s = min(duration_s, max(done_s, end_s))
            real = speech or part.no_speech_prob <= DOUBTFUL_NO_SPEECH
            yield Step(done_s, duration_s, Segment(start_s, end_s, part.text.strip()) if real else None)
    return heard


def _decoded(path: Path, max_duration_s: float) -> Generator[Step, None, audio.Samples]:
    decoding = audio.decode(path, max_duration_s)
    while True:
        try:
            next(decoding)
        except StopIteration as end:
            samples: audio.Samples = end.value
            return samples
        yield Step(0, 0)


def _speech(
    find_speech: FindSpeech, samples: audio.Samples, duration_s: float
) -> Generator[Step, None, list[Stretch]]:
    found: list[Stretch] = []
    for start in range(0, len(samples), SPEECH_STEP):
        piece = audio.as_float(samples[start : start + SPEECH_STEP])
        found += [(start + chunk["start"], start + chunk["end"]) for chunk in find_speech(piece)]
        yield Step(0, duration_s)
    return joined(found)


def _recognise(
    recogniser: Recogniser, samples: audio.Samples, block: Block, options: DecodeOptions, language: str | None
) -> tuple[Iterable[HeardPart], HeardInfo]:
    sound = audio.as_float(np.concatenate([samples[start:end] for start, end in block.stretches]))
    try:
        return recogniser.transcribe(
            sound,
            language=language,
            task="translate" if options.translate else "transcribe",
            beam_size=options.beam_size,
            hotwords=options.words.strip() or None,
            **SETTINGS,
        )
    except ValueError as error:  # all that the library checks here is whether it knows the language
        raise Refused("language_unknown", language=language or "") from error
