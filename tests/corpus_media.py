"""Whole recordings in every container that people send, as bytes: what the bad ones are made from."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import av
import numpy as np
from numpy.typing import NDArray

from tests.support.speech import SAMPLES, pcm, sample
from transcriber.speech.stretches import RATE

CLIPS = ("en_hello", "ru_hello", "en_digits", "ru_two_sentences", "en_random_words", "noise", "silence")
Sound = NDArray[np.int16]


@dataclass(frozen=True, slots=True)
class Track:
    """One sound track to be written."""

    codec: str
    rate: int = 48_000
    layout: str = "mono"
    options: tuple[tuple[str, str], ...] = ()


def container(form: str, tracks: Sequence[Track], sound: Sound, *, rate: int = RATE, pictures: int = 0) -> bytes:
    """These tracks, all with the same sound (mono, at that rate), in one file; the same bytes every time."""
    buffer = io.BytesIO()
    with av.open(buffer, "w", format=form, options={"fflags": "+bitexact"}) as out:
        film = None
        if pictures:
            film = out.add_stream("mpeg4", rate=10)
            film.width, film.height, film.pix_fmt = 64, 64, "yuv420p"
        streams = [
            out.add_stream(track.codec, rate=track.rate, layout=track.layout, options=dict(track.options))
            for track in tracks
        ]
        for stream in streams:
            stream.codec_context.flags |= 0x800000  # bitexact: no version of the library in the file
        for index in range(pictures):
            picture = np.full((64, 64, 3), index % 256, dtype=np.uint8)
            assert film is not None
            out.mux(film.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        if film is not None:
            out.mux(film.encode(None))
        for stream in streams:
            for start in range(0, len(sound), RATE):
                frame = av.AudioFrame.from_ndarray(sound[start : start + RATE].reshape(1, -1), "s16", "mono")
                frame.sample_rate, frame.pts = rate, start
                out.mux(stream.encode(frame))
            out.mux(stream.encode(None))
    return buffer.getvalue()


@cache
def whole() -> dict[str, bytes]:
    """Every kind of good file, by name: the bundled clips as they are, and one clip in each container."""
    files = {name: (SAMPLES / f"{name}.ogg").read_bytes() for name in CLIPS}
    said = pcm(sample("en_hello").path)
    opus, aac = Track("libopus"), Track("aac", 44_100)
    long_packets = Track("libopus", options=(("frame_duration", "120"),))
    files |= {
        "ogg_opus": container("ogg", [opus], said),
        "ogg_opus_120ms": container("ogg", [long_packets], said),
        "ogg_flac": container("ogg", [Track("flac", RATE)], said),
        "mp4_aac": container("mp4", [aac], said),
        "mp4_stereo": container("mp4", [Track("aac", 48_000, "stereo")], said),
        "mov_alac": container("mov", [Track("alac", 44_100)], said),
        "webm_opus": container("webm", [opus], said),
        "mkv_flac": container("matroska", [Track("flac", 22_050)], said),
        "mp3": container("mp3", [Track("libmp3lame", 44_100, "stereo")], said),
        "wav_s16": container("wav", [Track("pcm_s16le", RATE)], said),
        "wav_u8": container("wav", [Track("pcm_u8", 8_000)], said),
        "wav_f32": container("wav", [Track("pcm_f32le", 24_000, "stereo")], said),
        "wav_adpcm": container("wav", [Track("adpcm_ima_wav", 22_050)], said),
        "flac": container("flac", [Track("flac", RATE)], said),
        "aac_adts": container("adts", [aac], said),
        "ac3": container("ac3", [Track("ac3")], said),
        "caf": container("caf", [Track("pcm_s16be", RATE)], said),
        "aiff": container("aiff", [Track("pcm_s16be", RATE)], said),
        "mpegts": container("mpegts", [aac], said),
        "avi": container("avi", [Track("libmp3lame", 44_100)], said, pictures=20),
        "flv": container("flv", [aac], said),
        "mp4_film": container("mp4", [aac], said, pictures=20),
        "mkv_film": container("matroska", [opus], said, pictures=20),
        "mp4_mute": container("mp4", [], said, pictures=20),
        "mkv_mute": container("matroska", [], said, pictures=20),
        "mkv_40_tracks": container("matroska", [opus] * 40, said[: RATE // 2]),
        "mp4_12_tracks": container("mp4", [aac] * 12, said[: RATE // 2]),
    }
    return files
