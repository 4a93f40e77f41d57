"""What a row of the table is."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from tests.faults.scene import Scene


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault and what the program owes in it. How the test sees that is the docstring of `play`; what every row
    asserts besides stands in `Scene.holds`."""

    name: str
    must: str
    play: Callable[[Scene], Awaitable[None]]
    waits_for: str = ""  # whose clock makes the row long; such rows are played side by side

    @property
    def seen(self) -> str:
        """How the test sees it: one sentence."""
        return " ".join((self.play.__doc__ or "").split())
