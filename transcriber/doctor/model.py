"""The check of the model: which one it is, whether it is here, and whether it fits."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from urllib.parse import quote

from transcriber import health
from transcriber.boot import since_boot_s
from transcriber.doctor.finding import Case, Finding, bad, good, warn
from transcriber.domain import ModelInfo
from transcriber.errors import ModelRefused, StoreRefused, StoreUnavailable
from transcriber.speech import memory
from transcriber.speech.models import Models

KEYS = ("model", "model.good")  # as model_choice.py has them, which needs the packages


@dataclass(frozen=True, slots=True)
class Judged:
    """The model that is judged, and why this one."""

    info: ModelInfo
    chosen: bool  # with /model, and not the one of the settings
    seen: bool  # whether the choice could be looked at


def model(case: Case, available_bytes: Callable[[], int] = memory.available_bytes) -> Iterator[Finding]:
    """Known, here or still to come, and small enough for the memory that this process may use."""
    try:
        which = judged(case)
    except ModelRefused as error:
        yield Finding("bad", "model_wrong", because=error)
        return
    info = which.info
    if which.chosen:
        yield good("model_chosen", model=info.name, setting=case.settings.model)
    if not which.seen:
        yield warn("model_unseen", setting=case.settings.model)
    yield (
        good("model", model=info.name)
        if info.present
        else good("model_away", model=info.name, size=info.download_bytes)
    )
    if info.memory_bytes is None:
        return
    found = {"model": info.name, "needed": info.memory_bytes, "free": available_bytes()}
    runs, _, _ = health.verdict(case.settings.data_dir, since_boot_s())
    if info.memory_bytes <= available_bytes():
        yield good("memory", **found)
    elif runs:  # and holds the model already, most likely
        yield good("memory_in_use", **found)
    else:
        yield bad("memory_short", **found)


def judged(case: Case) -> Judged:
    """The model that the next start would use: the last one in use that is still there, else that of the settings.
    Raises `ModelRefused`."""
    settings = case.settings
    models = Models(settings.data_dir / "models")
    remembered = _remembered(case)
    for name in filter(None, remembered or ()):
        with suppress(ModelRefused):
            models.check(name)
            return Judged(_info(models, name, settings.compute_type), _differ(models, name, settings.model), True)
    models.check(settings.model)
    return Judged(_info(models, settings.model, settings.compute_type), False, remembered is not None)


def _info(models: Models, name: str, compute_type: str) -> ModelInfo:
    proper = models.name_of(name)
    return next(info for info in models.infos(name, compute_type) if info.name == proper)


def _differ(models: Models, name: str, other: str) -> bool:
    return models.name_of(name) != models.name_of(other)


def _remembered(case: Case) -> list[str] | None:
    """What the store has of the models in use, the last one first; None if it cannot be looked at."""
    url = case.settings.redis_url
    if url is None:
        return _in_file(case)
    try:
        from transcriber.storage.redis import settings  # needs its package

        last, good = asyncio.run(settings(url, KEYS))
    except (ModuleNotFoundError, StoreUnavailable, StoreRefused):  # said by the checks of those
        return None
    return [last or "", *(good or "").split("\n")]


def _in_file(case: Case) -> list[str]:
    path = case.settings.data_dir / "stenogram.db"
    try:
        with closing(sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True, timeout=1)) as connection:
            stored = dict(connection.execute("SELECT key, value FROM settings WHERE key IN (?, ?)", KEYS))
    except sqlite3.Error:
        return []
    last, good = (stored.get(key, "") for key in KEYS)
    return [last, *good.split("\n")]
