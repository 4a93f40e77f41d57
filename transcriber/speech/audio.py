"""Bytes from strangers become samples here, in the engine process only: a decoder that is tricked harms nobody else.

What is refused, and by which key: `empty` (no bytes), `unreadable` (no container or codec that we know),
`no_sound` (nothing to hear in it, or less than a tenth of a second), `truncated` (see `check_whole`) and
`too_long`. Durations are measured while decoding; what a file declares about itself is never trusted.
"""

from __future__ import annotations

import errno
import time
from array import array
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import BinaryIO

import av
import numpy as np
from numpy.typing import NDArray

from transcriber.errors import OverLimit, Unreadable
from transcriber.speech.stretches import RATE

# The containers people send. Without this list FFmpeg also reads text as ANSI art, and playlists, which may name
# other files and addresses; with no protocol allowed it cannot open anything but what it was given.
FORMATS = (
    "ogg,mov,mp4,m4a,3gp,3g2,mj2,mp3,wav,w64,flac,matroska,webm,aac,amr,ac3,eac3,asf,aiff,au,caf,avi,mpegts,mpeg,"
    "flv,ape,wv,tta,dsf,opus"
)
OPTIONS = {"format_whitelist": FORMATS, "protocol_whitelist": "none"}
STEP_S = 60.0  # sound decoded between two chances for others
# What a decoder may compute before it is taken for a trap. A small board decodes what people send at over 50 times
# its speed; the slowest known codec at over 10 times.
DECODE_CPU_S = 20.0
DECODE_CPU_S_PER_S = 0.2
RATES = range(1_000, 1_000_001)  # samples per second; beyond these a few bytes become hours, or a filter of gigabytes
GATHER_S, GATHER_MOST = 10, 480_000  # what is resampled at once: seconds, and samples (as many at the rate of Opus)
# IndexError: PyAV stumbles at a file's end over tracks that had appeared on the way.
UNREADABLE = (av.error.FFmpegError, OSError, IndexError)
SHORTEST = RATE // 10  # samples
SILENT_RMS = 0.001  # -60 dB of full scale: quieter than any microphone's own noise

Samples = NDArray[np.int16]


def decode(path: Path, max_duration_s: float, cpu_s: float = DECODE_CPU_S) -> Generator[float, None, Samples]:
    """Yield the seconds decoded so far, about once a minute of sound; return all of it: mono, 16 kHz.

    `cpu_s`: computing that it may take before there is sound to show for it. Raises `Unreadable` and `OverLimit`.
    """
    sound = array("h")  # grows in place, where joining parts at the end would need the memory twice
    told = 0.0
    try:
        with path.open("rb") as file:
            check_whole(file)
            for part in _samples(file, cpu_s):
                sound.frombytes(part.tobytes())
                if len(sound) > max_duration_s * RATE:
                    raise OverLimit("too_long", limit_s=max_duration_s)
                if len(sound) / RATE - told >= STEP_S:
                    told = len(sound) / RATE
                    yield told
    except UNREADABLE as error:
        headers_only = isinstance(error, av.error.EOFError) and _is_ogg(path)
        raise Unreadable("no_sound" if headers_only else "unreadable", reason=type(error).__name__) from error
    if len(sound) < SHORTEST:
        raise Unreadable("no_sound")
    return np.frombuffer(sound, dtype=np.int16)


def _is_ogg(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(4) == b"OggS"


def declared_s(path: Path) -> float:
    """What the file says of its length, 0 if nothing: good for choosing whose turn it is, and nothing else."""
    try:
        with path.open("rb") as file, av.open(file, metadata_errors="ignore", options=OPTIONS) as container:
            return max(0.0, (container.duration or 0) / 1_000_000)
    except UNREADABLE:
        return 0.0


def is_silent(samples: Samples) -> bool:
    """Whether no second of it is louder than -60 dB (RMS)."""
    for start in range(0, len(samples), RATE):
        second = as_float(samples[start : start + RATE])
        if float(np.sqrt(np.mean(second**2))) > SILENT_RMS:
            return False
    return True


def quietest(samples: Samples, start: int, end: int) -> int:
    """The middle of the quietest tenth of a second between two samples."""
    size = RATE // 10
    first = range(start, max(start + 1, end - size), size // 2)
    return min(first, key=lambda at: float(np.sum(as_float(samples[at : at + size]) ** 2))) + size // 2


def as_float(samples: Samples) -> NDArray[np.float32]:
    """The same sound as numbers between -1 and 1."""
    return samples.astype(np.float32) / np.float32(32768)


def _samples(file: BinaryIO, cpu_s: float) -> Iterator[Samples]:
    with av.open(file, metadata_errors="ignore", options=OPTIONS) as container:
        if not container.streams.audio:
            raise Unreadable("no_sound")
        resampler = _Resampler()
        for frame in _frames(container, cpu_s):
            yield from resampler.take(frame)
        yield from resampler.rest()


def _frames(container: av.container.InputContainer, cpu_s: float) -> Iterator[av.AudioFrame]:
    """Decoded frames. Damaged packets are stepped over, as a player would, and where a container can be followed
    no further, what came before counts."""
    packets = container.demux(container.streams.audio[0])
    took_s, got_s = 0.0, 0.0
    while took_s <= cpu_s + DECODE_CPU_S_PER_S * got_s:
        started_s = time.thread_time()
        try:
            frames = next(packets).decode()
        except StopIteration:
            return
        except av.error.InvalidDataError:
            frames = []
        except UNREADABLE as error:
            if (
                got_s and getattr(error, "errno", None) != errno.ENOMEM
            ):  # what asks for all the memory is no recording
                return
            raise
        took_s += time.thread_time() - started_s
        for frame in frames:
            if frame.sample_rate not in RATES:
                raise Unreadable(reason="rate")
            got_s += frame.samples / frame.sample_rate
            yield frame
    raise Unreadable(reason="endless")


class _Resampler:
    """Gathers frames into seconds before resampling them (a call per 20-ms frame costs more than the decoding)."""

    def __init__(self) -> None:
        self._start()

    def take(self, frame: av.AudioFrame) -> Iterator[Samples]:
        frame.pts = None  # gaps and overlaps in the time stamps are the sender's business
        try:
            self._fifo.write(frame)
        except ValueError:  # the stream changed its rate or channels: a new song in the same file
            yield from self.rest()
            self._start()
            self._fifo.write(frame)
        if self._fifo.samples >= min(GATHER_S * frame.sample_rate, GATHER_MOST):
            yield from self._resampled(self._fifo.read())

    def rest(self) -> Iterator[Samples]:
        if self._fifo.samples:
            yield from self._resampled(self._fifo.read())
            yield from self._resampled(None)

    def _start(self) -> None:
        self._fifo = av.AudioFifo()
        self._resample = av.AudioResampler(format="s16", layout="mono", rate=RATE).resample

    def _resampled(self, frame: av.AudioFrame | None) -> Iterator[Samples]:
        for done in self._resample(frame):
            samples: Samples = done.to_ndarray().reshape(-1)
            yield samples


def check_whole(file: BinaryIO) -> None:
    """Raise `Unreadable` if the file is empty (`empty`) or an Ogg that was cut off (`truncated`).

    An Ogg is a chain of pages that state their own size, so a file that ends inside a page was cut, and so was one
    whose last page ends inside a packet. Part of it could be decoded, but then part of a message would pass for the
    whole of it. An end-of-stream mark is not asked for: recorders in browsers leave it out. Other containers do not
    tell reliably; what is there of them is heard.
    """
    file.seek(0, 2)
    size = file.tell()
    if size == 0:
        raise Unreadable("empty")
    at, unfinished = 0, False
    while at < size:
        file.seek(at)
        header = file.read(27)
        if not header.startswith(b"OggS"):
            at = _next_page(file, at) if at else size  # no Ogg at all, or a player's tag between two pages
            continue
        lacing = file.read(header[26]) if len(header) == 27 else b""
        if len(header) < 27 or len(lacing) < header[26] or at + 27 + len(lacing) + sum(lacing) > size:
            raise Unreadable("truncated")
        at += 27 + len(lacing) + sum(lacing)
        unfinished = bool(lacing) and lacing[-1] == 255
    file.seek(0)
    if unfinished:
        raise Unreadable("truncated")


def _next_page(file: BinaryIO, at: int) -> int:
    """Where the next Ogg page starts, or the end of the file."""
    file.seek(at)
    overlap = b""
    while chunk := file.read(4_096):
        found = (overlap + chunk).find(b"OggS")
        if found >= 0:
            return at - len(overlap) + found
        overlap = chunk[-3:]
        at += len(chunk)
    return at
