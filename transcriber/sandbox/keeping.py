"""What Telegram makes of a text before it keeps it: some characters changed or gone, white space trimmed, and the
formatting moved along or refused. After TDLib (td/telegram/misc.cpp, clean_input_string), which mirrors the server.
"""

from __future__ import annotations

import copy

from transcriber.sandbox.faults import RpcError
from transcriber.sandbox.world import Tl

_GONE = frozenset("\r\u030a\u0333\u033f\u2028\u2029\u202a\u202b\u202c\u202d\u202e")


def as_kept(text: str, entities: list[Tl] | None) -> tuple[str, list[Tl] | None]:
    """The text and its formatting as they will be read back. Refuses formatting outside the text, and inside a
    character."""
    kept: list[str] = []
    moved: list[int | None] = [0]  # for each UTF-16 unit of the text where it lies now; None inside a character
    for character in text:
        now = "" if character in _GONE else " " if character < " " and character != "\n" else character
        kept.append(now)
        begins_at = moved[-1] or 0
        moved += [None] * (_units(character) - 1) + [begins_at + _units(now)]
    whole = "".join(kept)
    trimmed = whole.strip(" \n")
    before = _units(whole) - _units(whole.lstrip(" \n"))
    found = [_moved(entity, moved, before, _units(trimmed)) for entity in entities or []]
    return trimmed, [entity for entity in found if entity.length] or None


def _moved(entity: Tl, moved: list[int | None], before: int, length: int) -> Tl:
    edges = (entity.offset, entity.offset + entity.length)
    if entity.length <= 0 or not 0 <= edges[0] <= edges[1] < len(moved) or None in (moved[edges[0]], moved[edges[1]]):
        raise RpcError(400, "ENTITY_BOUNDS_INVALID")
    start, end = (min(max((moved[edge] or 0) - before, 0), length) for edge in edges)
    now = copy.copy(entity)
    now.offset, now.length = start, end - start
    return now


def _units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2
