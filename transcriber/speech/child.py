"""The parent's side of one engine process: messages in and out, deadlines, and the end of it."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
import math
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import transcriber
from transcriber.clock import Clock
from transcriber.domain import DecodeOptions, Progress, Segment
from transcriber.errors import CancelledByOwner, EngineDied, ModelRefused, OverLimit, Refused, Unreadable
from transcriber.speech import memory, wire

log = logging.getLogger(__name__)

CANCEL_GRACE_S = 0.8  # a run that is not dropped by then (a long window) ends with the process
LINE_LIMIT_BYTES = 1 << 20  # a message holds one segment: a longer line is not one of ours
LOOK_EVERY_S = 30.0
KILL_WITHIN_S = 2.0
REFUSALS: dict[str, type[Refused]] = {
    "Unreadable": Unreadable,
    "OverLimit": OverLimit,
    "CancelledByOwner": CancelledByOwner,
}


# What an engine process may take for its work once the model is loaded; more than enough for what people send (its
# peak was 314 MB for five minutes of sound, 655 MB for two hours), and an end to what nobody meant well.
BLOCK_BYTES = 400_000_000  # the features of five minutes of speech
SPARE_BYTES = 512_000_000  # decoders, and the recogniser's own buffers; those grow with the model, see `room_for`
SOUND_BYTES_PER_S = 34_000  # 16 bits, 16 kHz, and what a growing array reserves


@dataclass(frozen=True, slots=True)
class Setup:
    """How engine processes are run; the same for all of them."""

    threads: int
    compute_type: str = "int8"
    idle_s: float = 900.0  # 0: never unloaded
    max_duration_s: float = 7200.0
    load_within_s: float = 300.0
    silent_for_s: float = 600.0  # no word for this long while working: taken for dead
    runs_at_once: int = 3  # recordings that are held in memory together: the slots of the worker
    room_bytes: int | None = None  # memory for its work; None: see `room_for`

    def room_for(self, folder: Path) -> int:
        """Memory that a process with this model may take beyond what loading took."""
        if self.room_bytes is not None:
            return self.room_bytes
        sound_bytes = self.runs_at_once * SOUND_BYTES_PER_S * math.ceil(self.max_duration_s)
        return BLOCK_BYTES + SPARE_BYTES + sound_bytes + (folder / "model.bin").stat().st_size


@dataclass(slots=True)
class _Run:
    """What the parent knows of one recording under way."""

    done: asyncio.Future[wire.Finished]
    on_progress: Callable[[Progress], None]
    segments: list[Segment] = field(default_factory=list)
    text: str = ""


class Child:
    """One engine process with one model in it. Made by `start`; `follow` must run until it returns."""

    def __init__(self, process: asyncio.subprocess.Process, setup: Setup, clock: Clock) -> None:
        self._process = process
        self._setup = setup
        self._clock = clock
        self._numbers = itertools.count(1)
        self._runs: dict[int, _Run] = {}
        self._leaving: set[int] = set()  # cancelled, and not yet confirmed
        self._loaded: asyncio.Future[wire.Message] = asyncio.get_running_loop().create_future()
        self._heard_at_s = clock.monotonic()
        self._retired = False
        self._told_to_end = False

    @classmethod
    async def start(cls, setup: Setup, clock: Clock) -> Child:
        """Start the process; nothing is loaded yet.

        It gets an environment of its own: the process that meets strangers' bytes holds none of our secrets.
        """
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-m", "transcriber.speech.process", str(os.getpid())),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=LINE_LIMIT_BYTES,
            start_new_session=True,  # Ctrl-C is for the parent to act on
            env={
                "HOME": "/",
                "LANG": "C.UTF-8",
                "PATH": os.defpath,
                "PYTHONPATH": str(Path(transcriber.__file__).parents[1]),
                "PYTHONDONTWRITEBYTECODE": "1",
                # onnxruntime, which finds the speech in a recording, reports its use to its makers unless told not to
                # (seen: a name looked up 9 s after the first recording). Nothing leaves this machine.
                "ORT_DISABLE_TELEMETRY": "1",
            },
        )
        return cls(process, setup, clock)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether new work can be given to it."""
        return self._process.returncode is None and not self._told_to_end

    @property
    def busy(self) -> bool:
        return bool(self._runs or self._leaving)

    @property
    def was_lost(self) -> bool:
        """Whether it ended without having been told to."""
        return not self._told_to_end

    @property
    def ended(self) -> int | None:
        """How it ended: its exit code, or the signal's number made negative; None while it runs."""
        return self._process.returncode

    def memory_bytes(self) -> int | None:
        return memory.resident_bytes(self.pid) if self.alive else None

    async def load(self, folder: Path, *, trial: bool) -> None:
        """Load the model. Raises `ModelRefused` (and the process is gone) if it does not load or does not fit."""
        room_bytes = self._setup.room_for(folder)
        self._send(wire.Load(str(folder), self._setup.compute_type, self._setup.threads, trial, room_bytes))
        try:
            async with asyncio.timeout(self._setup.load_within_s):
                answer = await self._loaded
        except TimeoutError as error:
            raise ModelRefused("model_broken", reason="timeout") from error
        finally:
            if not (self._loaded.done() and not self._loaded.cancelled() and self._is_ready()):
                self.kill()
        if isinstance(answer, wire.LoadFailed):
            raise ModelRefused(
                "model_too_big" if answer.reason == "MemoryError" else "model_broken", reason=answer.reason
            )

    def _is_ready(self) -> bool:
        return self._loaded.exception() is None and isinstance(self._loaded.result(), wire.Ready)

    async def transcribe(
        self, path: Path, options: DecodeOptions, on_progress: Callable[[Progress], None]
    ) -> tuple[wire.Finished, tuple[Segment, ...]]:
        """One recording. If the caller is cancelled, the run is too. Raises `EngineDied`, `Refused`."""
        if not self.alive:
            raise EngineDied
        number = next(self._numbers)
        run = self._runs[number] = _Run(asyncio.get_running_loop().create_future(), on_progress)
        self._heard_at_s = self._clock.monotonic()
        self._send(
            wire.Transcribe(
                number,
                str(path),
                options.language,
                options.translate,
                options.words,
                options.beam_size,
                self._setup.max_duration_s,
            )
        )
        try:
            finished = await run.done
        except asyncio.CancelledError:
            self._drop(number)
            raise
        finally:
            self._runs.pop(number, None)
            self._end_if_unneeded()
        return finished, tuple(run.segments)

    def retire(self) -> None:
        """Finish what is running and then end; nothing new is to be given to it."""
        self._retired = True
        self._end_if_unneeded()

    def kill(self) -> None:
        """End it now."""
        self._told_to_end = True
        self._signal()

    def _signal(self) -> None:
        # Not `process.kill()`: that polls first and so may take the exit status away from the event loop.
        if self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)

    async def wait(self) -> None:
        """Return when the process is gone, or after two seconds (a process the kernel cannot end yet)."""
        try:
            async with asyncio.timeout(KILL_WITHIN_S):
                await self._process.wait()
        except TimeoutError:
            log.warning("engine process %s does not end", self.pid)

    async def follow(self) -> None:
        """Read what it says until it ends; then every run on it raises `EngineDied`."""
        assert self._process.stdout is not None  # noqa: S101  (started with a pipe, see `start`)
        try:
            while line := await self._process.stdout.readline():
                self._hear(wire.decode(line))
        except ValueError:  # also `WireBroken`: not our language, so not our process any more
            log.warning("engine process %s broke the protocol", self.pid)
            self._signal()
        finally:
            await self._bury()

    async def watch(self) -> None:
        """Unload it when it had nothing to do for long; kill it when it should have said something and did not."""
        while self.alive:
            wait_s = self._due_at_s() - self._clock.monotonic()
            if wait_s <= 0:
                log.info("engine process %s ends: %s", self.pid, "silent" if self.busy else "idle")
                if self.busy:
                    self._signal()  # lost, not told to end
                else:
                    self.kill()
                return
            await self._clock.sleep(min(wait_s, LOOK_EVERY_S))

    def _due_at_s(self) -> float:
        if self.busy:
            return self._heard_at_s + self._setup.silent_for_s
        if not self._loaded.done():  # `load` has a deadline of its own
            return math.inf
        return self._heard_at_s + self._setup.idle_s if self._setup.idle_s else math.inf

    async def _bury(self) -> None:
        # Its end of the pipe is closed, so it is ending. Waited for where we ended it, too: who lets go of it before
        # the event loop knows of its end may close that loop, with the process still open in it.
        await self.wait()
        lost = EngineDied(code=self._process.returncode)
        if not self._loaded.done():
            key = "model_too_big" if self._process.returncode == -signal.SIGKILL else "model_broken"
            self._loaded.set_exception(ModelRefused(key, reason="died"))
            self._loaded.exception()  # nobody may be waiting any more
        for run in self._runs.values():
            if not run.done.done():
                run.done.set_exception(lost)
        self._leaving.clear()

    def _hear(self, message: wire.Message) -> None:
        self._heard_at_s = self._clock.monotonic()
        match message:
            case wire.Ready() | wire.LoadFailed():
                if not self._loaded.done():
                    self._loaded.set_result(message)
            case wire.Moved(run=number) if number in self._runs:
                self._move(self._runs[number], message)
            case wire.Finished(run=number) | wire.Failed(run=number):
                self._leaving.discard(number)
                if (run := self._runs.get(number)) is not None and not run.done.done():
                    _settle(run.done, message)
                self._end_if_unneeded()

    def _move(self, run: _Run, moved: wire.Moved) -> None:
        if moved.segment is not None:
            start_s, end_s, text = moved.segment
            run.segments.append(Segment(float(start_s), float(end_s), str(text)))
            run.text = f"{run.text} {text}".strip()
        run.on_progress(Progress(float(moved.done_s), float(moved.duration_s), run.text))

    def _drop(self, number: int) -> None:
        if not self.alive:
            return
        self._leaving.add(number)
        self._send(wire.Cancel(number))
        asyncio.get_running_loop().call_later(CANCEL_GRACE_S, self._kill_if_leaving, number)

    def _kill_if_leaving(self, number: int) -> None:
        if number in self._leaving:
            self.kill()

    def _end_if_unneeded(self) -> None:
        if self._retired and not self.busy:
            self.kill()

    def _send(self, message: wire.Message) -> None:
        assert self._process.stdin is not None  # noqa: S101  (started with a pipe, see `start`)
        if not self._process.stdin.is_closing():
            self._process.stdin.write(wire.encode(message))


def _settle(done: asyncio.Future[wire.Finished], message: wire.Finished | wire.Failed) -> None:
    if isinstance(message, wire.Finished):
        done.set_result(message)
    else:
        done.set_exception(REFUSALS.get(message.kind, Refused)(message.key, **message.details))
