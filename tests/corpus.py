"""Bad recordings by the thousand, the same ones for the same seed.

    python -m tests.corpus --seed 1 --count 1000 DIR    writes them
    python -m tests.corpus --seed 1 --count 1000 --run  gives them to the real engine and says how each kind fared

A file is its number and the seed: any one of them can be made again without the others.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

from tests import corpus_headers, corpus_ogg
from tests.corpus_media import whole

BOMB_EVERY = 125
PLAYLIST = "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n/etc/passwd\n#EXT-X-ENDLIST\n"
TEXTS = (
    "",
    "\n",
    "hello, this is not sound\n" * 200,
    "\ufeff<?xml version='1.0'?><a>" + "&lol;" * 500,
    PLAYLIST,
    "ffconcat version 1.0\nfile '/etc/passwd'\n",
    "v=0\no=- 0 0 IN IP4 127.0.0.1\nm=audio 4000 RTP/AVP 0\n",
    "[Script Info]\nTitle: x\n[Events]\nDialogue: 0,0:00:00.00,9:59:59.00,Default,,0,0,0,,words\n",
    "OggS",
    "RIFF\0\0\0\0WAVE",
    "ID3\x04\0\0\x7f\x7f\x7f\x7f",
    "/status\n*bold* @someone",
)
Mutation = Callable[[Random, bytes], bytes]


@dataclass(frozen=True, slots=True)
class Bad:
    """One file, and what was done to it."""

    name: str
    content: bytes


def _cut(chance: Random, data: bytes) -> bytes:
    return data[: chance.choice((1, 3, 27, 58, chance.randrange(len(data)), len(data) - 1))]


def _headless(chance: Random, data: bytes) -> bytes:
    return data[chance.randrange(len(data)) :]


def _flip(chance: Random, data: bytes) -> bytes:
    out = bytearray(data)
    reach = len(out) if chance.random() < 0.5 else min(len(out), 1_000)  # the headers, or anywhere
    for _ in range(chance.choice((1, 10, 100, 1_000))):
        out[chance.randrange(reach)] ^= 1 << chance.randrange(8)
    return bytes(out)


def _blot(chance: Random, data: bytes) -> bytes:
    at, size = chance.randrange(len(data)), chance.choice((4, 100, 5_000))
    fill = chance.choice((b"\0" * size, b"\xff" * size, chance.randbytes(size)))
    return data[:at] + fill + data[at + size :]


def _insert(chance: Random, data: bytes) -> bytes:
    at = chance.randrange(len(data))
    return data[:at] + chance.randbytes(chance.choice((1, 7, 1_000, 50_000))) + data[at:]


def _remove(chance: Random, data: bytes) -> bytes:
    at = chance.randrange(len(data))
    return data[:at] + data[at + chance.choice((1, 7, 1_000)) :]


def _double(chance: Random, data: bytes) -> bytes:
    at, size = chance.randrange(len(data)), chance.choice((10, 1_000, 10_000))
    return data[: at + size] + data[at : at + size] * chance.choice((1, 5)) + data[at + size :]


def _number(chance: Random, data: bytes) -> bytes:
    """A number in the headers becomes 0, 1, or as large or as negative as can be."""
    at, size = chance.randrange(min(len(data), 1_500)), chance.choice((1, 2, 4, 8))
    value = chance.choice((0, 1, 2 ** (8 * size) - 1, 2 ** (8 * size - 1), 2 ** (8 * size - 1) - 1))
    return data[:at] + value.to_bytes(size, chance.choice(("big", "little"))) + data[at + size :]


def _splice(chance: Random, data: bytes) -> bytes:
    other = whole()[chance.choice(sorted(whole()))]
    return data[: chance.randrange(len(data))] + other[chance.randrange(len(other)) :]


def _other_header(chance: Random, data: bytes) -> bytes:
    other = whole()[chance.choice(sorted(whole()))]
    size = chance.choice((4, 12, 64, 512))
    return other[:size] + data[size:]


def _random(chance: Random, data: bytes) -> bytes:
    return data[: chance.choice((0, 4, 16, 64))] + chance.randbytes(chance.choice((1, 100, 10_000, 200_000)))


def _as_it_is(_: Random, data: bytes) -> bytes:
    return data


ANY: dict[str, Mutation] = {
    "cut": _cut,
    "headless": _headless,
    "flipped": _flip,
    "blotted": _blot,
    "inserted": _insert,
    "removed": _remove,
    "doubled": _double,
    "number": _number,
    "spliced": _splice,
    "other_header": _other_header,
    "random": _random,
    "whole": _as_it_is,
}


def bad(seed: int, number: int) -> Bad:
    """That one of the corpus of this seed."""
    chance = Random(f"{seed}/{number}")
    kind, content = _made(chance, number)
    return Bad(f"{number:05}-{kind}", content)


def _made(chance: Random, number: int) -> tuple[str, bytes]:
    if number % BOMB_EVERY == BOMB_EVERY - 1:
        bombs = sorted(corpus_headers.BOMBS)
        name = bombs[number // BOMB_EVERY % len(bombs)]
        return name, corpus_headers.BOMBS[name]()
    family = chance.choices(("any", "ogg", "header", "text"), (60, 20, 17, 3))[0]
    if family == "text":
        return "text", chance.choice(TEXTS).encode()
    if family == "header":
        trick = chance.choice(sorted(corpus_headers.TRICKS))
        return trick, corpus_headers.TRICKS[trick](chance)
    sources = sorted(name for name, data in whole().items() if family == "any" or data.startswith(b"OggS"))
    source = chance.choice(sources)
    table = ANY if family == "any" else corpus_ogg.TRICKS
    trick = chance.choice(sorted(table))
    content = table[trick](chance, whole()[source])
    if family == "any" and chance.random() < 0.3:  # more than one thing may be wrong
        second = chance.choice(sorted(ANY))
        content, trick = ANY[second](chance, content or b"\0"), f"{trick}+{second}"
    return f"{trick}-{source}", content


def corpus(seed: int, count: int) -> Iterator[Bad]:
    """All of them, in order."""
    return (bad(seed, number) for number in range(count))


def main() -> int:
    parser = argparse.ArgumentParser(description="Make bad recordings, or give them to the engine.")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--run", action="store_true", help="give them to the real engine")
    parser.add_argument("folder", type=Path, nargs="?")
    asked = parser.parse_args()
    if asked.run:
        from tests.corpus_run import report

        return asyncio.run(report(asked.seed, asked.count))
    if asked.folder is None:
        parser.error("a folder is needed, or --run")
    asked.folder.mkdir(parents=True, exist_ok=True)
    for one in corpus(asked.seed, asked.count):
        (asked.folder / one.name).write_bytes(one.content)
    return 0


if __name__ == "__main__":
    sys.exit(main())
