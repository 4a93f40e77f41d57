"""What an engine process may use: the kernel keeps it to that, and its end is survived."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.support.speech import MODEL, QUICK, repeated, running, sample, write_wav
from transcriber.domain import DecodeOptions
from transcriber.errors import EngineDied
from transcriber.speech import limits
from transcriber.speech.child import BLOCK_BYTES, SPARE_BYTES
from transcriber.speech.engine import Engine
from transcriber.speech.stretches import RATE

PLAIN = DecodeOptions(language="en")
HOME = Path(__file__).parents[1]


def ignore(_: object) -> None:
    pass


def python(code: str) -> subprocess.CompletedProcess[str]:
    """A process of its own, since these limits are for good."""
    start = f"from transcriber.speech import limits\n{code}"
    return subprocess.run([sys.executable, "-c", start], cwd=HOME, capture_output=True, text=True, timeout=30)


def kernel_limits(pid: int) -> dict[str, str]:
    """The soft limits of a process, by name."""
    rows = Path(f"/proc/{pid}/limits").read_text().splitlines()[1:]
    return {row[:26].strip(): row[26:47].strip() for row in rows}


@pytest.fixture
async def engine(tmp_path: Path) -> AsyncIterator[Engine]:
    async with running(tmp_path) as engine:
        yield engine


async def test_the_kernel_keeps_it_to_what_it_needs(engine: Engine) -> None:
    await engine.transcribe("1", sample("en_hello").path, PLAIN, ignore)
    (pid,) = engine.pids
    kept = kernel_limits(pid)
    assert (kept["Max file size"], kept["Max core file size"], kept["Max open files"]) == ("0", "0", "64")
    room_bytes = QUICK.room_for(MODEL)
    now_bytes = limits.private_bytes(Path(f"/proc/{pid}/status"))
    assert now_bytes < int(kept["Max data size"]) < now_bytes + room_bytes


def test_the_room_grows_with_the_longest_recording_and_the_model() -> None:
    hour, two = (replace(QUICK, max_duration_s=seconds).room_for(MODEL) for seconds in (3600, 7200))
    assert two - hour == 3 * 34_000 * 3600
    assert hour > BLOCK_BYTES + SPARE_BYTES + 3 * 32_000 * 3600


async def test_a_recording_that_needs_more_ends_the_process_and_the_next_one_works(tmp_path: Path) -> None:
    five_minutes = repeated(tmp_path / "long.wav", sample("en_long_60s"), 300)
    async with running(tmp_path, replace(QUICK, room_bytes=150_000_000)) as engine:
        with pytest.raises(EngineDied):
            await engine.transcribe("1", five_minutes, PLAIN, ignore)
        clip = sample("en_hello")
        assert (await engine.transcribe("2", clip.path, PLAIN, ignore)).text == clip.text
        assert engine.info().deaths == 1


async def test_the_longest_recording_needs_no_more_than_is_reckoned_for_it(tmp_path: Path) -> None:
    silence = write_wav(tmp_path / "silence.wav", np.zeros(1800 * RATE, dtype=np.int16))
    setup = replace(QUICK, runs_at_once=1, max_duration_s=1800)
    async with running(tmp_path, replace(setup, room_bytes=setup.room_for(MODEL) - SPARE_BYTES)) as engine:
        heard = await engine.transcribe("1", silence, PLAIN, ignore)
        assert (heard.text, heard.duration_s) == ("", 1800)
        assert engine.info().deaths == 0


def test_memory_beyond_the_room_is_refused() -> None:
    held = python("limits.shut(50_000_000)\nkept = bytearray(20_000_000)\nbytearray(100_000_000)")
    assert "MemoryError" in held.stderr
    assert "line 4" in held.stderr, "what fits was given"


def test_no_byte_gets_into_a_file(tmp_path: Path) -> None:
    told = python(f"limits.shut(50_000_000)\nwith open({str(tmp_path / 'x')!r}, 'wb') as file: file.write(b'1')")
    assert "OSError: [Errno 27]" in told.stderr
    assert (tmp_path / "x").read_bytes() == b""


def test_the_last_words_get_into_a_file(tmp_path: Path) -> None:
    with (tmp_path / "log").open("w") as log:
        subprocess.run(
            [sys.executable, "-c", "from transcriber.speech import limits, process\nimport sys\n"
             "sys.excepthook = process.report\nlimits.shut(50_000_000)\nbytearray(100_000_000)"],
            cwd=HOME, stderr=log, timeout=30, check=False,
        )  # fmt: skip
    assert (tmp_path / "log").read_text() == "engine process: MemoryError at <string>:5\n"


def test_a_tighter_limit_of_the_owners_stays() -> None:
    told = python(
        "import resource\n"
        "resource.setrlimit(resource.RLIMIT_NOFILE, (20, 20))\n"
        "limits.shut(50_000_000)\n"
        "print(resource.getrlimit(resource.RLIMIT_NOFILE))"
    )
    assert told.stdout == "(20, 20)\n"


def test_a_loop_without_end_is_ended() -> None:
    assert python("with limits.at_most(0.2):\n    while True: pass").returncode == -signal.SIGPROF


def test_computing_afterwards_is_free() -> None:
    code = "import time\nwith limits.at_most(0.1): pass\nwhile time.process_time() < 0.4: pass\nprint('done')"
    assert python(code).stdout == "done\n"


def test_private_memory_is_read_from_the_kernels_own_words(tmp_path: Path) -> None:
    (tmp_path / "status").write_text("Name:\tx\nVmData:\t   12 kB\nVmStk:\t 5 kB\n")
    assert limits.private_bytes(tmp_path / "status") == 12 * 1024
    assert limits.private_bytes() > 1_000_000
