"""Files whose headers lie: sizes, lengths, rates, channels and tables that have nothing to do with what follows."""

from __future__ import annotations

import struct
from collections.abc import Callable
from random import Random

import numpy as np

from tests import corpus_ogg
from tests.corpus_media import Track, container, whole
from transcriber.speech.stretches import RATE

HUGE = (0, 1, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFE, 0xFFFFFFFF)
HOUR_S = 3600


def wav(
    body: bytes, channels: int = 1, rate: int = RATE, bits: int = 16, form: int = 1, sizes: int | None = None
) -> bytes:
    """A RIFF file with these claims in its header."""
    align = channels * bits // 8 & 0xFFFF
    told = min(rate * align, 0xFFFFFFFF)
    size = len(body) if sizes is None else sizes
    head = struct.pack(
        "<4sI4s4sIHHIIHH", b"RIFF", size, b"WAVE", b"fmt ", 16, form, channels, rate, told, align, bits
    )
    return head + struct.pack("<4sI", b"data", size) + body


def _wav(chance: Random) -> bytes:
    return wav(
        whole()["wav_s16"][-32_000:],
        channels=chance.choice((0, 1, 2, 3, 255, 65_535)),
        rate=chance.choice((0, 1, 7, 999, 8_000, 44_101, 192_000, 0x7FFFFFFF, 0xFFFFFFFF)),
        bits=chance.choice((0, 1, 7, 8, 16, 24, 32, 64, 255)),
        form=chance.choice((0, 1, 2, 3, 6, 7, 0x11, 0x31, 0x55, 0xFF, 0xFFFE, chance.randrange(0x10000))),
        sizes=chance.choice((None, None, *HUGE)),
    )


def _flac(chance: Random) -> bytes:
    """STREAMINFO (RFC 9639, section 8.2) with other numbers in it; the frames say "as in STREAMINFO" or not."""
    data = bytearray(whole()["flac"])
    info = 8
    rate, channels = chance.choice((1, 10, 1_000, RATE, 655_350)), chance.randrange(8)
    bits, samples = chance.choice((4, 16, 24, 32)) - 1, chance.choice((0, 1, 2**36 - 1, 40_000))
    data[info + 10 : info + 18] = (rate << 44 | channels << 41 | bits << 36 | samples).to_bytes(8, "big")
    data[info : info + 4] = struct.pack(">HH", *chance.choices((0, 1, 16, 4_608, 65_535), k=2))
    return bytes(data)


def _patched(data: bytes, kind: bytes, offset: int, value: bytes) -> bytes:
    """That many bytes after the name of every atom of this kind, other bytes."""
    out, at = bytearray(data), -1
    while (at := data.find(kind, at + 1)) >= 0:
        out[at + 4 + offset : at + 4 + offset + len(value)] = value
    return bytes(out)


def _mp4(chance: Random) -> bytes:
    """One table or header of an MP4 that claims anything (ISO/IEC 14496-12)."""
    data = whole()[chance.choice(("mp4_aac", "mp4_stereo", "mov_alac", "mp4_film", "mp4_12_tracks"))]
    number = struct.pack(">I", chance.choice((*HUGE, 1_000_000_000, chance.getrandbits(32))))
    kind, offset, value = chance.choice(
        (
            (b"stsz", 4, number + struct.pack(">I", chance.choice(HUGE))),  # one size for all, and how many
            (b"stsz", 8, number),
            (b"stts", 4, number),
            (b"stts", 8, number),
            (b"stts", 12, number),
            (b"stsc", 4, number),
            (b"stsc", 12, number),
            (b"stco", 4, number),
            (b"stco", 8, number),
            (b"mvhd", 12, number),  # units a second
            (b"mvhd", 16, number),  # how long
            (b"mdhd", 12, number),
            (b"mdhd", 16, number),
            (b"elst", 4, number),
            (b"elst", 8, number * 2),
            (b"mp4a", 16, struct.pack(">H", chance.choice((0, 1, 3, 255, 65_535)))),  # channels
            (b"mp4a", 24, number),  # samples a second
            (b"esds", chance.randrange(30), chance.randbytes(8)),
            (b"hdlr", 8, chance.choice((b"vide", b"text", b"tmcd", b"meta"))),
            (b"stsd", 12, chance.choice((b"mp4v", b"alac", b"samr", b"enca", b"sowt", b"QDM2", b"\0\0\0\0"))),
        )
    )
    return _patched(data, kind, offset, value)


def _atom_size(chance: Random) -> bytes:
    """An atom that is said to be longer or shorter than it is."""
    data = whole()[chance.choice(("mp4_aac", "mov_alac", "mp4_film"))]
    kind = chance.choice((b"ftyp", b"moov", b"mdat", b"trak", b"mdia", b"minf", b"stbl", b"stsd", b"esds", b"udta"))
    at = max(4, data.find(kind))
    return data[: at - 4] + struct.pack(">I", chance.choice((*HUGE, 7, 8, 9, len(data)))) + data[at:]


def _nested(chance: Random) -> bytes:
    """Atoms within atoms within atoms."""
    inner, depth = b"", chance.choice((10, 1_000, 20_000))
    kinds = chance.choice(((b"moov",), (b"moov", b"trak", b"mdia", b"minf", b"stbl"), (b"udta", b"meta", b"ilst")))
    total = 8 * depth
    for level in range(depth):
        inner += struct.pack(">I", total - 8 * level) + kinds[level % len(kinds)]
    return whole()["mp4_aac"][:32] + inner + chance.randbytes(200)


def _nested_matroska(chance: Random) -> bytes:
    """Elements of unknown size within each other (RFC 8794, section 6.2)."""
    head = whole()["webm_opus"][:36]
    element = chance.choice((b"\x18\x53\x80\x67", b"\x1f\x43\xb6\x75", b"\x16\x54\xae\x6b", b"\xa0"))
    return head + (element + b"\x01" + b"\xff" * 7) * chance.choice((1, 100, 5_000)) + chance.randbytes(100)


def _matroska(chance: Random) -> bytes:
    """Numbers of a Matroska file that are none, or too large."""
    data = whole()[chance.choice(("webm_opus", "mkv_flac", "mkv_film", "mkv_40_tracks"))]
    strange = chance.choice((float("nan"), float("inf"), -1.0, 0.0, 1e300, 1e9))
    trick = chance.randrange(5)
    if trick == 0:  # Duration
        at = data.find(b"\x44\x89\x88")
        return data[: at + 3] + struct.pack(">d", strange) + data[at + 11 :] if at > 0 else data[:400]
    if trick == 1:  # SamplingFrequency
        at = data.find(b"\xb5\x88")
        return data[: at + 2] + struct.pack(">d", strange) + data[at + 10 :] if at > 0 else data[:500]
    if trick == 2:  # Channels
        at = data.find(b"\x9f\x81")
        return data[: at + 2] + bytes([chance.choice((0, 9, 255))]) + data[at + 3 :]
    if trick == 3:  # the size of the first cluster
        at = data.find(b"\x1f\x43\xb6\x75") + 4
        return data[:at] + b"\x01" + chance.choice((b"\xff" * 7, b"\0" * 7, b"\x7f" * 7)) + data[at + 8 :]
    at = data.find(b"\x63\xa2")  # CodecPrivate
    return data[: at + 2] + b"\x01\x00\x00\x00\x7f\xff\xff\xff" + data[at + 3 :]


def _silence(hours: float, rate: int) -> bytes:
    """Hours of nothing as FLAC, which keeps a block of equal samples in a few bytes."""
    return container("flac", [Track("flac", rate)], np.zeros(round(hours * HOUR_S * rate), dtype=np.int16), rate=rate)


def _slow_wav(chance: Random) -> bytes:
    """A few bytes that claim to be hours: one sample a second, or 1000."""
    return wav(
        bytes(range(256)) * 400, rate=chance.choice((1, 10, 1_000)), bits=8, sizes=chance.choice((None, 0xFFFFFFFF))
    )


def _slow_flac(_: Random) -> bytes:
    """The same as FLAC: frames that last a minute each."""
    data = bytearray(_silence(0.02, 1_000))
    info = 8
    data[info + 10 : info + 13] = (1 << 4).to_bytes(3, "big")  # a sample a second, one channel
    return bytes(data)


TRICKS: dict[str, Callable[[Random], bytes]] = {
    "wav_header": _wav,
    "flac_header": _flac,
    "mp4_table": _mp4,
    "mp4_atom_size": _atom_size,
    "mp4_nested": _nested,
    "matroska_number": _matroska,
    "matroska_nested": _nested_matroska,
    "slow_wav": _slow_wav,
    "slow_flac": _slow_flac,
}
# Expensive to hear, so there are few of them.
BOMBS: dict[str, Callable[[], bytes]] = {
    "opus_silence_1h": lambda: corpus_ogg.silence(1),
    "opus_silence_10h": lambda: corpus_ogg.silence(10),
    "flac_silence_1h": lambda: _silence(1, 8_000),
    "flac_silence_10h": lambda: _silence(10, 1_000),
}
