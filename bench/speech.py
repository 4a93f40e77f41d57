"""`python -m bench.speech`: how much the house adds to the recogniser's own time, and how much memory it takes.

Each clip goes through the engine (its own process, messages, turns) and through a bare `WhisperModel.transcribe`
with the same settings, in turn, in the same run; the median of the repeats is shown. `measure` is also meant for
other ways of getting a clip transcribed (the whole program against a sandbox): give it another `Way`.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import subprocess
import sys
import tempfile
import time
import wave
from collections.abc import Awaitable, Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from transcriber.clock import SystemClock
from transcriber.domain import DecodeOptions
from transcriber.speech import audio, cpu
from transcriber.speech.child import Setup
from transcriber.speech.engine import Engine
from transcriber.speech.models import Models
from transcriber.speech.stretches import RATE

HOME = Path(__file__).parents[1] / "tools/speech_model"
LENGTHS_S = {"5 s": 5, "30 s": 30, "10 min": 600}
REPEATS = 3
MB = 1_000_000

Way = Callable[[Path], Awaitable[float]]  # transcribes a clip; returns the seconds it took


@dataclass(frozen=True, slots=True)
class Row:
    """Medians for one clip, in seconds."""

    clip: str
    bare_s: float
    engine_s: float

    @property
    def ratio(self) -> float:
        return self.engine_s / self.bare_s


def make_clips(folder: Path, sample: Path = HOME / "samples/en_long_60s.ogg") -> dict[str, Path]:
    """Recordings of the stated lengths, made of one sample over and over."""
    decoding = audio.decode(sample, 3600)
    while True:
        try:
            next(decoding)
        except StopIteration as end:
            sound = end.value
            break
    clips = {}
    for name, seconds in LENGTHS_S.items():
        clips[name] = folder / f"{seconds}.wav"
        with wave.open(str(clips[name]), "wb") as file:
            file.setparams((1, 2, RATE, 0, "NONE", ""))
            file.writeframes(np.resize(sound, seconds * RATE).tobytes())
    return clips


async def measure(clips: dict[str, Path], ways: Sequence[Way], repeats: int) -> dict[str, list[float]]:
    """Median seconds per clip, one for each way, the ways taking turns so that a busy moment hits them alike."""
    medians = {}
    for name, path in clips.items():
        times: list[list[float]] = [[] for _ in ways]
        for _ in range(repeats):
            for way, taken in zip(ways, times, strict=True):
                taken.append(await way(path))
        medians[name] = [statistics.median(taken) for taken in times]
    return medians


class Bare:
    """A plain `WhisperModel` in a process of its own, so that its memory can be told from ours."""

    def __init__(self, model: Path, threads: int) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bench.bare", str(model), str(threads)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.pid = self._process.pid

    async def __call__(self, path: Path) -> float:
        answer = await asyncio.to_thread(self._ask, str(path))
        return float(answer)

    def close(self) -> None:
        self._process.kill()
        self._process.communicate()

    def _ask(self, line: str) -> str:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()
        return self._process.stdout.readline()


def peak_bytes(pid: int | str) -> int:
    """The most memory a process has had so far."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    return 0


async def _forget(_: str) -> None:
    return None


async def run(model: Path, repeats: int) -> tuple[list[Row], dict[str, int]]:
    """Rows for each clip, and peak memory in bytes by process."""
    setup = Setup(threads=cpu.default_threads())
    with ExitStack() as stack:
        clips = make_clips(Path(stack.enter_context(tempfile.TemporaryDirectory())))
        bare = Bare(model, setup.threads)
        stack.callback(bare.close)
        async with Engine(Models(model.parent), str(model), setup, SystemClock(), remember=_forget) as engine:

            async def through_engine(path: Path) -> float:
                started_s = time.perf_counter()
                await engine.transcribe("bench", path, DecodeOptions(language="en"), lambda _: None)
                return time.perf_counter() - started_s

            for way in (bare, through_engine):  # loading is not measured
                await way(clips["5 s"])
            medians = await measure(clips, (bare, through_engine), repeats)
            (child,) = engine.pids
            peaks = {"program": peak_bytes("self"), "engine process": peak_bytes(child), "bare": peak_bytes(bare.pid)}
        return [Row(name, *times) for name, times in medians.items()], peaks


def main() -> int:
    """Print a table, or JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, default=HOME / "ct2")
    parser.add_argument("--repeats", type=int, default=REPEATS)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    rows, peaks = asyncio.run(run(arguments.model, arguments.repeats))
    if arguments.json:
        print(
            json.dumps({"clips": {row.clip: [row.bare_s, row.engine_s, row.ratio] for row in rows}, "peaks": peaks})
        )
        return 0
    print(f"{'clip':>8}  {'bare':>8}  {'engine':>8}  ratio   (median of {arguments.repeats})")
    for row in rows:
        print(f"{row.clip:>8}  {row.bare_s:7.2f}s  {row.engine_s:7.2f}s  {row.ratio:5.2f}")
    print("peak memory: " + ", ".join(f"{name} {peak / MB:.0f} MB" for name, peak in peaks.items()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
