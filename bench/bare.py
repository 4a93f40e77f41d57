"""The recogniser with nothing around it: paths on stdin, seconds on stdout. For comparison; see speech.py."""

from __future__ import annotations

import sys
import time

from faster_whisper import WhisperModel


def main(folder: str, threads: int) -> None:
    """The same settings as in transcriber/speech/hearing.py, all of them through the library."""
    model = WhisperModel(folder, device="cpu", compute_type="int8", cpu_threads=threads)
    for line in sys.stdin:
        started_s = time.perf_counter()
        segments, _ = model.transcribe(
            line.rstrip("\n"),
            language="en",
            beam_size=1,
            vad_filter=True,
            vad_parameters={"min_silence_duration_ms": 500},
            condition_on_previous_text=False,
            temperature=(0.0, 0.2, 0.4),
        )
        list(segments)
        print(time.perf_counter() - started_s, flush=True)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
