"""Going on until it works: for the steps that must not be dropped because the store or Telegram is away."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

from transcriber.clock import Clock
from transcriber.errors import FloodWait, Refused, StoreUnavailable, Transient
from transcriber.protocols import Gateway
from transcriber.work.jobs import Lost

log = logging.getLogger(__name__)

T = TypeVar("T")

PAUSE_S = 2.0  # so that a link that only looks alive makes no hot loop
STORE_RETRY_S, LONGEST_STORE_RETRY_S = 1.0, 30.0
LONGEST_PAUSE_S = 300.0


class Patience:
    """Repeats a step until it is done; ended by cancellation only."""

    def __init__(self, gateway: Gateway, clock: Clock) -> None:
        self._gateway = gateway
        self._clock = clock

    async def stored(self, step: Callable[[], Awaitable[T]]) -> T:
        """Repeat a step of the store while the store does not answer."""
        delay_s = STORE_RETRY_S
        while True:
            try:
                return await step()
            except StoreUnavailable as error:
                log.warning("the store does not answer; again in %.0f s: %s", delay_s, error)
            await self._clock.sleep(delay_s)
            delay_s = min(LONGEST_STORE_RETRY_S, delay_s * 2)

    async def told(self, step: Callable[[], Awaitable[None]]) -> None:
        """Repeat a word to the owner until it is through, or until it cannot be brought at all."""
        pause_s = PAUSE_S
        while True:
            delay_s = pause_s
            try:
                return await step()
            except Lost:
                raise
            except FloodWait as error:
                delay_s = error.seconds
            except Transient as error:
                log.debug("a word to the owner has to wait: %s", error.key)
            except Refused as error:
                return log.warning("a word to the owner cannot be brought: %s", error.key)
            await self._clock.sleep(delay_s)
            await self._gateway.wait_online()
            pause_s = min(LONGEST_PAUSE_S, pause_s * 2)
