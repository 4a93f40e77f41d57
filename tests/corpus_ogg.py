"""Ogg pages taken apart and put together again, with true checksums, so that a trick gets past the container."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable
from random import Random

from tests.corpus_media import whole

POLYNOMIAL = 0x04C11DB7  # RFC 3533, section 6: not reflected, nothing inverted
FIRST, LAST = 2, 4  # flags of a page


def _table() -> list[int]:
    table = []
    for byte in range(256):
        register = byte << 24
        for _ in range(8):
            register = (register << 1) ^ (POLYNOMIAL if register & 0x80000000 else 0)
        table.append(register & 0xFFFFFFFF)
    return table


TABLE = _table()


def signed(page: bytes) -> bytes:
    """The same page with the checksum that belongs to it."""
    crc = 0
    blank = page[:22] + bytes(4) + page[26:]
    for byte in blank:
        crc = (crc << 8 & 0xFFFFFFFF) ^ TABLE[crc >> 24 ^ byte]
    return blank[:22] + struct.pack("<I", crc) + blank[26:]


def page(packets: Iterable[bytes], granule: int, number: int, flags: int = 0, serial: int = 1) -> bytes:
    """One page with these packets in it, all of them whole."""
    body = list(packets)
    lacing = b"".join(b"\xff" * (len(one) // 255) + bytes([len(one) % 255]) for one in body)
    assert len(lacing) < 256
    head = struct.pack("<4sBBqIIIB", b"OggS", 0, flags, granule, serial, number, 0, len(lacing))
    return signed(head + lacing + b"".join(body))


def pages(data: bytes) -> list[bytes]:
    """The pages of a whole Ogg."""
    found, at = [], 0
    while at < len(data):
        lacing = data[at + 27 : at + 27 + data[at + 26]]
        end = at + 27 + len(lacing) + sum(lacing)
        found.append(data[at:end])
        at = end
    return found


def opus_head(channels: int = 1, skip: int = 0, rate: int = 48_000, gain: int = 0, family: int = 0) -> bytes:
    """The first packet of an Opus stream (RFC 7845, section 5.1)."""
    mapping = bytes([1, 0]) + bytes(range(min(channels, 200))) if family else b""
    return struct.pack("<8sBBHIhB", b"OpusHead", 1, channels, skip, rate, gain, family) + mapping


def opus(packets: list[bytes], samples_each: int, head: bytes, tags: bytes | None = None) -> bytes:
    """A stream of these packets, 200 to a page."""
    tags = tags if tags is not None else b"OpusTags" + struct.pack("<I4sI", 4, b"none", 0)
    out = [page([head], 0, 0, FIRST), page([tags], 0, 1)]
    for start in range(0, len(packets), 200):
        some = packets[start : start + 200]
        is_last = start + 200 >= len(packets)
        out.append(page(some, (start + len(some)) * samples_each, len(out), LAST if is_last else 0))
    return b"".join(out)


def silence(hours: float) -> bytes:
    """Hours of Opus that were never sent: packets of two bytes, 120 ms of "nothing" each."""
    empty = bytes([0x1B, 0x02])  # SILK, 60 ms; two frames of no bytes
    return opus([empty] * round(hours * 30_000), 5760, opus_head())


def _swap(chance: Random, data: bytes) -> bytes:
    parts = pages(data)
    a, b = chance.randrange(len(parts)), chance.randrange(len(parts))
    parts[a], parts[b] = parts[b], parts[a]
    return b"".join(parts)


def _repeat(chance: Random, data: bytes) -> bytes:
    parts = pages(data)
    at = chance.randrange(len(parts))
    return b"".join(parts[:at] + [parts[at]] * chance.choice((2, 20)) + parts[at:])


def _drop(chance: Random, data: bytes) -> bytes:
    parts = pages(data)
    del parts[chance.randrange(len(parts))]
    return b"".join(parts)


def _granule(chance: Random, data: bytes) -> bytes:
    value = chance.choice((-1, -(2**63), 2**63 - 1, 2**40, 0, chance.getrandbits(40)))
    parts = pages(data)
    chosen = range(len(parts)) if chance.random() < 0.5 else [chance.randrange(len(parts))]
    for at in chosen:
        parts[at] = signed(parts[at][:6] + struct.pack("<q", value) + parts[at][14:])
    return b"".join(parts)


def _serial(chance: Random, data: bytes) -> bytes:
    parts = pages(data)
    for at in range(chance.randrange(len(parts)), len(parts)):
        parts[at] = signed(parts[at][:14] + struct.pack("<I", chance.choice((0, 7, at))) + parts[at][18:])
    return b"".join(parts)


def _inside(chance: Random, data: bytes) -> bytes:
    """Bits flipped in what the codec reads, with the checksum of the page made true again."""
    parts = pages(data)
    for at in range(2, len(parts)):
        damaged = bytearray(parts[at])
        for _ in range(chance.choice((1, 5, 50))):
            body = 27 + damaged[26]
            damaged[chance.randrange(body, len(damaged))] ^= 1 << chance.randrange(8)
        parts[at] = signed(bytes(damaged))
    return b"".join(parts)


def _noise(chance: Random, _: bytes) -> bytes:
    """Opus packets of any bytes at all."""
    packets = [chance.randbytes(chance.randrange(1, 80)) for _ in range(chance.randrange(1, 300))]
    return opus(packets, 960, opus_head(chance.choice((1, 2))))


def _head(chance: Random, data: bytes) -> bytes:
    """A first packet that says strange things of a stream that is good."""
    head = opus_head(
        channels=chance.choice((0, 1, 2, 3, 8, 255)),
        skip=chance.choice((0, 312, 65_535)),
        rate=chance.choice((0, 1, 48_000, 2**32 - 1)),
        gain=chance.choice((-32_768, 0, 32_767)),
        family=chance.choice((0, 1, 2, 3, 255)),
    )
    return b"".join([page([head], 0, 0, FIRST, serial=_serial_of(data)), *pages(data)[1:]])


def _tags(chance: Random, data: bytes) -> bytes:
    length = chance.choice((0, 5, 2**31 - 1, 2**32 - 1))
    tags = b"OpusTags" + struct.pack("<I", length) + chance.randbytes(40)
    first, _, *rest = pages(data)
    return b"".join([first, page([tags], 0, 1, serial=_serial_of(data)), *rest])


def _chain(chance: Random, data: bytes) -> bytes:
    others = [one for name, one in whole().items() if name.startswith("ogg") or one.startswith(b"OggS")]
    return data + b"".join(chance.choice(others) for _ in range(chance.choice((1, 2, 30))))


def _interleaved(chance: Random, data: bytes) -> bytes:
    second = pages(whole()[chance.choice(("ogg_flac", "noise"))])
    other = [signed(one[:14] + b"\x99\x88\x77\x66" + one[18:]) for one in second]
    mixed = pages(data)
    for one in other:
        mixed.insert(chance.randrange(len(mixed) + 1), one)
    return b"".join(mixed)


def _serial_of(data: bytes) -> int:
    return int.from_bytes(data[14:18], "little")


TRICKS: dict[str, Callable[[Random, bytes], bytes]] = {
    "swapped_pages": _swap,
    "repeated_page": _repeat,
    "missing_page": _drop,
    "wrong_granule": _granule,
    "changing_serial": _serial,
    "flipped_in_packets": _inside,
    "any_packets": _noise,
    "strange_head": _head,
    "strange_tags": _tags,
    "chained": _chain,
    "interleaved": _interleaved,
}
