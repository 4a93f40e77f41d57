"""Which model the program works with: the last good one, across restarts; and that it is here in time."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from contextlib import suppress

from config.settings import Settings
from transcriber.clock import Clock
from transcriber.errors import ModelRefused, Problem, SettingsWrong
from transcriber.protocols import Announce, Store
from transcriber.speech.child import Setup
from transcriber.speech.engine import Engine
from transcriber.speech.models import CATALOGUE, Models
from transcriber.telegram.supervisor import backoff

log = logging.getLogger(__name__)

MODEL_KEY, GOOD_MODELS_KEY = "model", "model.good"


async def engine_for(settings: Settings, models: Models, store: Store, threads: int, clock: Clock) -> Engine:
    """The engine with the model that was last in use, and the ones that were good before it to fall back to."""
    good = [name for name in (await store.get(GOOD_MODELS_KEY) or "").split("\n") if name]

    async def remember(name: str) -> None:
        good[:] = [name, *(other for other in good if other != name)][:5]
        await store.set(GOOD_MODELS_KEY, "\n".join(good))
        await store.set(MODEL_KEY, name)

    return Engine(
        models,
        _first_model(models, [await store.get(MODEL_KEY) or "", *good], settings.model),
        Setup(threads, settings.compute_type, float(settings.model_idle_s), float(settings.max_duration_s)),
        clock,
        remember=remember,
        fallback=[*good, settings.model],
    )


def _first_model(models: Models, remembered: Sequence[str], setting: str) -> str:
    """The model last in use, else the last good one that is still there, else the first. Raises `SettingsWrong`."""
    for name in filter(None, remembered):
        with suppress(ModelRefused):
            models.check(name)
            return name
    try:
        models.check(setting)
    except ModelRefused as error:
        expected = " | ".join(known.name for known in CATALOGUE) + " | owner/name | folder"
        raise SettingsWrong(problems=(Problem("wrong", "MODEL", setting, expected),)) from error
    return setting


async def have_model(models: Models, name: str, announce: Announce, clock: Clock) -> None:
    """Download the model that the first note will need, and say how far that is: it may take long."""
    if models.present(name) is not None:
        return
    told = -1

    def progressed(fraction: float) -> None:
        nonlocal told
        if (tenth := int(fraction * 10)) > told:
            told = tenth
            announce("model_fetching", model=name, fraction=fraction)

    for delay_s in backoff():
        try:
            await models.fetch(name, progressed)
            return
        except ModelRefused as error:
            log.warning("model not downloaded: %s", error.key)
            announce("model_unfetched", model=name, seconds=delay_s)
        await clock.sleep(delay_s)
