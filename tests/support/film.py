"""Films for tests: a sound of ours under a few black frames, as a phone would record a video note."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np


def mute_film(folder: Path, seconds: float = 3.0, frames_per_s: int = 10) -> bytes:
    """A film without a sound track."""
    target = folder / "mute.mp4"
    with av.open(str(target), "w") as film:
        picture = film.add_stream("mpeg4", rate=frames_per_s, width=64, height=64, pix_fmt="yuv420p")
        black = av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), dtype=np.uint8), format="rgb24")
        for number in range(int(seconds * frames_per_s)):
            black.pts = number
            film.mux(picture.encode(black))
        film.mux(picture.encode(None))
    return target.read_bytes()


def film_of(sound: Path, folder: Path, size: int = 64, frames_per_s: int = 10) -> bytes:
    """An MP4 (H.264 or MPEG-4 picture, AAC sound) with that sound in it."""
    target = folder / "film.mp4"
    with av.open(str(sound)) as source, av.open(str(target), "w") as film:
        heard = source.streams.audio[0]
        picture = film.add_stream("mpeg4", rate=frames_per_s, width=size, height=size, pix_fmt="yuv420p")
        voice = film.add_stream("aac", rate=48000, layout="mono")
        seconds = 0.0
        for frame in source.decode(heard):
            seconds = max(seconds, frame.time + frame.samples / frame.sample_rate)
            film.mux(voice.encode(frame))
        film.mux(voice.encode(None))
        black = av.VideoFrame.from_ndarray(np.zeros((size, size, 3), dtype=np.uint8), format="rgb24")
        for number in range(int(seconds * frames_per_s)):
            black.pts = number
            film.mux(picture.encode(black))
        film.mux(picture.encode(None))
    return target.read_bytes()
