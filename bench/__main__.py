"""`make bench`: the time from a voice note's arrival to its text, through the whole program, against the bare engine.

Each clip goes through the real program (a process of its own, signed in to the sandbox over TCP, from the push of
the note to its final text in Saved Messages) and through a bare `WhisperModel.transcribe` with the same settings, in
turn, in the same run; medians, and their ratio. `python -m bench.speech` shows the engine alone.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import tempfile
import time
from pathlib import Path

from bench.speech import HOME, LENGTHS_S, MB, REPEATS, Bare, make_clips, measure, peak_bytes
from transcriber.sandbox.conversation import is_progress
from transcriber.sandbox.program import SESSION_NAME, program, settings_for
from transcriber.sandbox.server import SandboxServer
from transcriber.sandbox.world import Tl
from transcriber.speech import cpu

WITHIN_S = 300.0


class WholeProgram:
    """A friend sends the clip; the time ends when its text stands in Saved Messages."""

    def __init__(self, srv: SandboxServer, friend: Tl) -> None:
        self._srv = srv
        self._friend = friend

    async def __call__(self, path: Path) -> float:
        seconds, before = int(path.stem), len(self._srv.actions)
        sound = await asyncio.to_thread(path.read_bytes)
        started_s = time.perf_counter()
        self._srv.deliver_voice(self._friend, None, sound, seconds)
        await self._srv.wait_for(
            lambda action: action.kind in ("send", "edit", "media") and not is_progress(action.text or ""),
            WITHIN_S,
            before,
        )
        return time.perf_counter() - started_s

    async def speaks_english(self) -> None:
        """Pin the language, as it is for the bare engine."""
        before = len(self._srv.actions)
        self._srv.deliver_text(self._srv.me, self._friend, "/lang en")
        await self._srv.wait_for(lambda action: action.kind == "send", WITHIN_S, before)


async def run(model: Path, repeats: int) -> int:
    """Measure and print the table."""
    threads = cpu.default_threads()
    with tempfile.TemporaryDirectory(prefix="stenogram-bench-") as name:
        folder = Path(name)
        clips = make_clips(folder)
        async with SandboxServer() as srv:
            friend = srv.add_user("Ann", "ann")
            await srv.write_session_file(folder / SESSION_NAME)
            seam = srv.write_seam_file(folder / "sandbox.json")
            settings = {**settings_for(folder, seam, [friend.id], "en"), "MODEL": str(model), "MODEL_IDLE_S": "0"}
            async with program({**settings, "CPU_THREADS": str(threads)}) as running:
                bare = Bare(model, threads)
                try:
                    await running.wait_line("📋")
                    whole = WholeProgram(srv, friend)
                    await whole.speaks_english()
                    for way in (bare, whole):  # loading is not measured
                        await way(clips["5 s"])
                    medians = await measure(clips, (bare, whole), repeats)
                    (engine,) = _children(running.process.pid)
                    peaks = {
                        "program": peak_bytes(running.process.pid),
                        "engine process": peak_bytes(engine),
                        "bare engine": peak_bytes(bare.pid),
                    }
                finally:
                    bare.close()
    print(f"{'clip':>8}  {'bare':>8}  {'program':>8}  ratio   (median of {repeats}, {threads} threads)")
    for clip in LENGTHS_S:
        bare_s, program_s = medians[clip]
        print(f"{clip:>8}  {bare_s:7.2f}s  {program_s:7.2f}s  {program_s / bare_s:5.2f}")
    print("peak memory: " + ", ".join(f"{name} {peak / MB:.0f} MB" for name, peak in peaks.items()))
    return 0


def _children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def main() -> int:
    """Read the arguments and run."""
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--model", type=Path, default=HOME / "ct2")
    parser.add_argument("--repeats", type=int, default=REPEATS)
    arguments = parser.parse_args()
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # for the bare engine, as in the program
    return asyncio.run(run(arguments.model, arguments.repeats))


if __name__ == "__main__":
    sys.exit(main())
