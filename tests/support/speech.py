"""The bundled model, its sample clips and their true words, and a running engine to try them on."""

from __future__ import annotations

import json
import wave
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from transcriber.clock import Clock, SystemClock
from transcriber.speech import audio
from transcriber.speech.child import Setup
from transcriber.speech.engine import Engine
from transcriber.speech.models import Models
from transcriber.speech.stretches import RATE

HOME = Path(__file__).parents[2] / "tools/speech_model"
MODEL = HOME / "ct2"
SAMPLES = HOME / "samples"
QUICK = Setup(threads=2)


@dataclass(frozen=True, slots=True)
class Sample:
    """One clip of the bundled set."""

    path: Path
    language: str | None
    duration_s: float
    text: str

    @property
    def is_long(self) -> bool:
        return self.duration_s > 20


def samples() -> list[Sample]:
    """All clips, with what is said in them."""
    listed = json.loads((SAMPLES / "samples.json").read_text(encoding="utf-8"))
    return [Sample(SAMPLES / one["file"], one["language"], one["duration"], one["text"]) for one in listed]


def sample(name: str) -> Sample:
    """One clip by its name without the ending."""
    return next(one for one in samples() if one.path.stem == name)


def words_wrong(truth: str, heard: str) -> int:
    """Edit distance in words: left out, put in or another one."""
    row = list(range(len(heard.split()) + 1))
    for i, right in enumerate(truth.split(), 1):
        diagonal, row[0] = row[0], i
        for j, word in enumerate(heard.split(), 1):
            diagonal, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, diagonal + (right != word))
    return row[-1]


def pcm(path: Path) -> audio.Samples:
    """The samples of a clip."""
    decoding = audio.decode(path, 3600)
    while True:
        try:
            next(decoding)
        except StopIteration as end:
            done: audio.Samples = end.value
            return done


def write_wav(path: Path, sound: audio.Samples) -> Path:
    """Mono, 16 bits, 16 kHz."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(sound.tobytes())
    return path


def repeated(path: Path, clip: Sample, seconds: float) -> Path:
    """The clip over and over, for that long."""
    sound = pcm(clip.path)
    return write_wav(path, np.resize(sound, int(seconds * RATE)))


async def _forget(_: str) -> None:
    return None


@asynccontextmanager
async def running(
    tmp_path: Path,
    setup: Setup = QUICK,
    clock: Clock | None = None,
    model: str = str(MODEL),
    remember: Callable[[str], Awaitable[None]] = _forget,
    fallback: tuple[str, ...] = (),
    available_bytes: Callable[[], int] = lambda: 1 << 40,
) -> AsyncIterator[Engine]:
    """An engine with the bundled model and a folder of its own for others."""
    models = Models(tmp_path / "models", stalled_after_s=20)
    async with Engine(
        models,
        model,
        setup,
        clock or SystemClock(),
        remember=remember,
        fallback=fallback,
        available_bytes=available_bytes,
    ) as engine:
        yield engine
