"""The bad recordings given to the real engine, one after the other, and what became of each."""

from __future__ import annotations

import asyncio
import os
import tempfile
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

from tests.corpus import Bad, corpus
from tests.support.speech import QUICK, running
from transcriber.chat.texts import Texts
from transcriber.domain import DecodeOptions
from transcriber.errors import EngineDied, StenogramError
from transcriber.speech import memory
from transcriber.speech.engine import Engine

TRIES = 2  # as the program does: a note under which the engine died twice running is given up
LOOK_EVERY_S = 0.02
SETTLED_S = 0.5  # the last answer comes before its sound is let go
PLAIN = DecodeOptions(language="en")  # the language is not what is tried out here


@dataclass(frozen=True, slots=True)
class Answer:
    """What one file came to."""

    name: str
    outcome: str  # "words", "nothing said", or the key of an error
    said: tuple[str, ...]  # the sentence of the error in both languages; empty for a transcript
    took_s: float
    deaths: int


@dataclass(slots=True)
class Result:
    """What a whole run came to."""

    answers: list[Answer] = field(default_factory=list)
    processes: set[int] = field(default_factory=set)  # engine processes that there were
    under_way: str = ""  # the file that the engine has now
    deaths: int = 0
    peak_bytes: int = 0  # of an engine process
    peak_at: str = ""  # the file it had then
    idle_bytes: int = 0  # of the last one, when it had nothing more to do

    @property
    def outcomes(self) -> Counter[str]:
        return Counter(answer.outcome for answer in self.answers)


async def run(files: Iterable[Bad], folder: Path, max_duration_s: float = 7200) -> Result:
    """Give each to one engine that has the default limits."""
    result = Result()
    texts = Texts("en"), Texts("ru")
    sounds = folder / "sounds"
    sounds.mkdir()
    async with running(folder, replace(QUICK, max_duration_s=max_duration_s)) as engine, asyncio.TaskGroup() as group:
        looking = group.create_task(_look(engine, result))
        for bad in files:
            path = sounds / f"{bad.name}.sound"
            path.write_bytes(bad.content)
            result.under_way = bad.name
            result.answers.append(await _answer(engine, bad.name, path, texts))
            path.unlink()
        result.deaths = engine.info().deaths
        await asyncio.sleep(SETTLED_S)
        result.idle_bytes = engine.info().memory_bytes or 0
        looking.cancel()
    return result


async def _answer(engine: Engine, name: str, path: Path, texts: tuple[Texts, ...]) -> Answer:
    started_s, deaths = time.monotonic(), engine.info().deaths

    def answer(outcome: str, said: tuple[str, ...] = ()) -> Answer:
        return Answer(name, outcome, said, time.monotonic() - started_s, engine.info().deaths - deaths)

    for attempt in range(TRIES):
        try:
            transcript = await engine.transcribe(f"{name}-{attempt}", path, PLAIN, lambda _: None)
        except EngineDied as error:
            last: StenogramError = error
        except StenogramError as error:
            last = error
            break
        else:
            return answer("words" if transcript.text else "nothing said")
    return answer(last.key, tuple(text.failure(last.key, **last.details) for text in texts))


async def _look(engine: Engine, result: Result) -> None:
    """Note the memory of whatever engine process there is, often."""
    while True:
        for pid in engine.pids:
            result.processes.add(pid)
            if (now_bytes := memory.resident_bytes(pid) or 0) > result.peak_bytes:
                result.peak_bytes, result.peak_at = now_bytes, result.under_way
        await asyncio.sleep(LOOK_EVERY_S)


async def report(seed: int, count: int) -> int:
    """Run the corpus of this seed and print the figures; 0 if nothing killed the engine."""
    started_s = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="corpus-") as folder:
        result = await run(corpus(seed, count), Path(folder))
    print(f"{count} files of seed {seed} in {time.monotonic() - started_s:.0f} s")
    for outcome, many in result.outcomes.most_common():
        print(f"{many:6} {outcome}")
    print(f"{result.deaths:6} deaths of the engine, {len(result.processes)} processes started")
    for answer in result.answers:
        if answer.deaths:
            print(f"       {answer.name}: {answer.deaths} deaths, then {answer.outcome}")
    for answer in sorted(result.answers, key=lambda answer: -answer.took_s)[:5]:
        print(f"{answer.took_s:6.2f} s {answer.name} ({answer.outcome})")
    peak, idle = result.peak_bytes / 1e6, result.idle_bytes / 1e6
    print(f"{peak:6.0f} MB at the engine's peak ({result.peak_at}), {idle:.0f} MB after the last file")
    print(f"{(memory.resident_bytes(os.getpid()) or 0) / 1e6:6.0f} MB in this process, which made the files")
    return 1 if result.deaths else 0
