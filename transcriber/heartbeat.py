"""Keeps the health file fresh, which is what `check` reads."""

from __future__ import annotations

import asyncio
import logging
import os
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

from transcriber import health
from transcriber.boot import since_boot_s, this_boot
from transcriber.clock import Clock
from transcriber.domain import JobState
from transcriber.errors import StoreUnavailable
from transcriber.protocols import Engine, Store
from transcriber.telegram.gateway import TelegramGateway

log = logging.getLogger(__name__)


async def heartbeat(data_dir: Path, gateway: TelegramGateway, engine: Engine, store: Store, clock: Clock) -> NoReturn:
    """Write it every 10 s and whenever the connection comes or goes, for ever."""
    boot = this_boot()
    while True:
        counts: dict[JobState, int] = {}
        with suppress(StoreUnavailable):
            counts = await store.count_jobs()
        link = gateway.info()
        at_s = since_boot_s()
        beat = health.Health(
            boot=boot,
            at_s=at_s,
            pid=os.getpid(),
            online=link.online,
            store=bool(counts),
            since_s=None if link.since_s is None else at_s - (clock.now() - link.since_s),
            waiting=counts.get(JobState.WAITING, 0),
            running=counts.get(JobState.RUNNING, 0),
            model=engine.info().model,
        )
        try:
            health.write(data_dir, beat)
        except OSError as error:  # a full disk: the file then expires, which says it
            log.warning("health file not written: %s", error.strerror)
        # At once when the connection comes or goes, so that `check` is never behind what the owner was told.
        with suppress(TimeoutError):
            async with asyncio.timeout(health.WRITE_EVERY_S):
                await gateway.wait_change()
