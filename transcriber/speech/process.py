"""The engine process, `python -m transcriber.speech.process PARENT_PID`: one model, working until told to stop.

It speaks wire.py on stdin and stdout and does nothing else. It dies with its parent, however that ends, and it is the
process the kernel takes first when memory runs out. What it may use is limited (see limits.py): who sends a file that
asks for more ends this process, and nothing else.
"""

from __future__ import annotations

import ctypes
import os
import queue
import resource
import signal
import sys
import threading
import time
from collections.abc import Generator
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, BinaryIO, NoReturn

from transcriber.domain import DecodeOptions
from transcriber.errors import Refused
from transcriber.speech import limits, turns, wire

if TYPE_CHECKING:
    from transcriber.speech.hearing import FindSpeech, Heard, Step

STDERR = 2  # its descriptor
PR_SET_PDEATHSIG = 1  # linux/prctl.h
# Opening a file, or decoding a minute of its sound, takes a fraction of a second of computing.
DECODING_STEP_CPU_S = 60.0


def main(parent_pid: int) -> int:
    """Serve one parent until its end of the pipe closes."""
    out = take_stdout()
    sys.excepthook = report
    shield(parent_pid)
    inbox: queue.SimpleQueue[wire.Message] = queue.SimpleQueue()
    threading.Thread(target=listen, args=(sys.stdin.buffer, inbox), daemon=True).start()
    order = inbox.get()
    if not isinstance(order, wire.Load):
        return 2
    server = Server(out)
    try:
        server.load(order)
    except (ImportError, OSError, RuntimeError, ValueError, MemoryError) as error:
        server.send(wire.LoadFailed(type(error).__name__))
        return 1
    limits.shut(order.room_bytes)
    # PyAV prints a page about errors that it drops; where that goes to a file, the limits make it an error of ours.
    sys.stderr = Path(os.devnull).open("w")  # noqa: SIM115  (for as long as the process lives)
    server.send(wire.Ready())
    server.serve(inbox)
    return 0


def take_stdout() -> BinaryIO:
    """Keep the real stdout for messages; whatever a library prints goes to stderr."""
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return out


def report(kind: type[BaseException], _error: BaseException, trace: TracebackType | None) -> NoReturn:
    """Say in one line which error ends the process, and where; its message might hold words that were said. Then be
    gone: Python on its way out would trip over the thread that reads, and write a page about it."""
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}" if trace else "?"
    limits.may_write()
    os.write(STDERR, f"engine process: {kind.__name__} at {where}\n".encode())
    os._exit(1)


def shield(parent_pid: int) -> None:
    """Die with the parent, be the kernel's first choice, leave no core file, never go to the network."""
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent_pid:  # it was gone before the line above
        os._exit(0)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with open("/proc/self/oom_score_adj", "w") as file:  # noqa: PTH123  (a kernel switch, not a file)
        file.write("1000")
    os.environ["HF_HUB_OFFLINE"] = "1"  # read when the libraries are imported, which is later


def listen(lines: BinaryIO, inbox: queue.SimpleQueue[wire.Message]) -> None:
    """Put every message into the inbox; when the parent closes its end, be gone at once, even in mid-window."""
    try:
        for line in lines:
            inbox.put(wire.decode(line))
    finally:
        os._exit(0)


@dataclass(slots=True)
class Run:
    """One recording under way."""

    steps: Generator[Step, None, Heard]
    left_s: float
    waiting_since_s: float
    took_s: float = 0.0
    decoding: bool = True


class Server:
    """Holds the model and the runs, and lets them work in turns."""

    def __init__(self, out: BinaryIO) -> None:
        self._out = out
        self._runs: dict[int, Run] = {}

    def send(self, message: wire.Message) -> None:
        """Write one line; a parent that is gone ends the process by itself (see `listen`)."""
        self._out.write(wire.encode(message))
        self._out.flush()

    def load(self, order: wire.Load) -> None:
        """Import the libraries (most of a second, so only now) and load the model from its folder."""
        import av.logging
        import numpy as np
        from faster_whisper import WhisperModel
        from faster_whisper.vad import VadOptions, get_speech_timestamps

        from transcriber.speech import audio, hearing, stretches

        av.logging.set_level(av.logging.PANIC)
        self._audio, self._hearing = audio, hearing
        options = VadOptions(**hearing.VAD_SETTINGS)
        self._find_speech: FindSpeech = lambda sound: get_speech_timestamps(sound, options)
        self._model = WhisperModel(
            order.folder, device="cpu", compute_type=order.compute_type, cpu_threads=order.threads
        )
        silence = np.zeros(stretches.RATE // 2, dtype=np.float32)
        self._find_speech(silence)  # it loads a small model of its own when first used: now, while files can be read
        if order.trial:
            list(self._model.transcribe(silence, language="en", **hearing.SETTINGS)[0])

    def serve(self, inbox: queue.SimpleQueue[wire.Message]) -> None:
        """Take messages as they come, and between them one step of one run."""
        while True:
            while not (self._runs and inbox.empty()):
                self._take(inbox.get())
            self._step(turns.choose(self._turns(), time.monotonic()))

    def _turns(self) -> list[turns.Turn]:
        return [turns.Turn(number, run.left_s, run.waiting_since_s) for number, run in self._runs.items()]

    def _take(self, message: wire.Message) -> None:
        match message:
            case wire.Transcribe():
                path = Path(message.path)
                options = DecodeOptions(message.language, message.translate, message.words, message.beam_size)
                steps = self._hearing.hear(self._model, self._find_speech, path, options, message.max_duration_s)
                with limits.at_most(DECODING_STEP_CPU_S):
                    declared_s = self._audio.declared_s(path)
                self._runs[message.run] = Run(steps, declared_s, time.monotonic())
            case wire.Cancel():
                if (run := self._runs.pop(message.run, None)) is not None:
                    run.steps.close()
                self.send(wire.Failed(message.run, "CancelledByOwner", "cancelled", {}))

    def _step(self, number: int) -> None:
        run = self._runs[number]
        started_s = time.monotonic()
        try:
            with limits.at_most(DECODING_STEP_CPU_S) if run.decoding else nullcontext():
                step = next(run.steps)
        except StopIteration as end:
            run.took_s += time.monotonic() - started_s
            self._finish(number, run, end.value)
        except Refused as error:
            del self._runs[number]
            details = {name: v if isinstance(v, int | float) else str(v) for name, v in error.details.items()}
            self.send(wire.Failed(number, type(error).__name__, error.key, details))
        else:
            run.waiting_since_s = time.monotonic()
            run.took_s += run.waiting_since_s - started_s
            self._tell(number, run, step)

    def _tell(self, number: int, run: Run, step: Step) -> None:
        if step.duration_s:
            run.decoding = False
            run.left_s = step.duration_s - step.done_s
        segment = (step.segment.start_s, step.segment.end_s, step.segment.text) if step.segment else None
        self.send(wire.Moved(number, step.done_s, step.duration_s, segment))

    def _finish(self, number: int, run: Run, heard: Heard) -> None:
        del self._runs[number]
        probability = float(heard.language_probability)
        self.send(wire.Finished(number, heard.language, probability, heard.duration_s, run.took_s))


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
