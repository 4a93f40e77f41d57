"""Stretches of speech in a recording, and how they are packed for the recogniser: pure arithmetic on samples."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import accumulate

RATE = 16_000  # samples per second that Whisper hears
# Speech of at most this length is given to the recogniser at once. Its features are computed up front (about a
# second and 200 MB for five minutes), and nobody else can have a turn meanwhile.
BLOCK = 300 * RATE
QUIET_WITHIN = 10 * RATE  # where speech without a pause must be cut, the quietest moment of the last ten seconds

Stretch = tuple[int, int]  # first sample, and the one after the last


@dataclass(frozen=True, slots=True)
class Block:
    """Stretches that are heard as one piece, with the silence between them left out."""

    stretches: tuple[Stretch, ...]

    @property
    def length(self) -> int:
        """Samples of speech in it."""
        return sum(end - start for start, end in self.stretches)

    def original_s(self, heard_s: float, *, is_end: bool = False) -> float:
        """Where in the recording a moment of the piece was, in seconds."""
        sample = round(heard_s * RATE)
        ends = list(accumulate(end - start for start, end in self.stretches))
        # A segment that ends exactly with a stretch ends there, not at the start of the next one.
        index = min(bisect_right(ends, sample - 1 if is_end else sample), len(ends) - 1)
        start, end = self.stretches[index]
        before = ends[index - 1] if index else 0
        return round(min(start + max(0, sample - before), end) / RATE, 2)


def joined(stretches: Iterable[Stretch]) -> list[Stretch]:
    """The same sound with touching and overlapping stretches made one."""
    result: list[Stretch] = []
    for start, end in sorted(stretches):
        if result and start <= result[-1][1]:
            result[-1] = result[-1][0], max(end, result[-1][1])
        elif end > start:
            result.append((start, end))
    return result


def blocks(
    stretches: Iterable[Stretch], quietest: Callable[[int, int], int], longest: int = BLOCK
) -> Iterator[Block]:
    """Pack stretches, in order, into blocks of at most `longest` samples; each sample goes into exactly one.

    A stretch is cut only if it is longer than a block by itself, at the sample that `quietest(start, end)` names.
    """
    held: list[Stretch] = []
    for stretch in stretches:
        for piece in _cut(stretch, quietest, longest):
            if held and Block((*held, piece)).length > longest:
                yield Block(tuple(held))
                held = []
            held.append(piece)
    if held:
        yield Block(tuple(held))


def _cut(stretch: Stretch, quietest: Callable[[int, int], int], longest: int) -> Iterator[Stretch]:
    start, end = stretch
    while end - start > longest:
        latest = start + longest
        at = min(max(quietest(max(start + 1, latest - QUIET_WITHIN), latest), start + 1), latest)
        yield start, at
        start = at
    yield start, end
