"""The check of the model: which one it is, whether it is here, and whether it fits."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from urllib.parse import quote

from transcriber import health
from transcriber.boot import since_boot_s
from transcriber.doctor.finding import Case, Finding, bad, good
from transcriber.domain import ModelInfo
from transcriber.errors import ModelRefused
from transcriber.speech import memory
from transcriber.speech.models import Models


def model(case: Case, available_bytes: Callable[[], int] = memory.available_bytes) -> Iterator[Finding]:
    """Known, here or still to come, and small enough for the memory that this process may use."""
    try:
        info = info_of(case)
    except ModelRefused as error:
        yield Finding("bad", "model_wrong", because=error)
        return
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


def info_of(case: Case) -> ModelInfo:
    """The model that the next start would use: the last one chosen in the chat, where that can be seen from here
    (not in Redis), else that of the settings. Raises `ModelRefused`."""
    settings = case.settings
    models = Models(settings.data_dir / "models")
    name = _chosen(case) or settings.model
    models.check(name)
    proper = models.name_of(name)
    return next(info for info in models.infos(name, settings.compute_type) if info.name == proper)


def _chosen(case: Case) -> str | None:
    if case.settings.redis_url is not None:
        return None
    path = case.settings.data_dir / "stenogram.db"
    try:
        with closing(sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True, timeout=1)) as connection:
            row = connection.execute("SELECT value FROM settings WHERE key = 'model'").fetchone()
    except sqlite3.Error:
        return None
    return str(row[0]) if row else None
