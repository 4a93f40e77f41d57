"""Try for ever, ever more patiently: runs one attempt after another. Knows nothing of Telegram."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable, Iterator
from typing import NoReturn, Protocol

from transcriber.clock import Clock
from transcriber.errors import FloodWait, Offline, Permanent, StenogramError, StoreUnavailable
from transcriber.protocols import Announce

log = logging.getLogger(__name__)

FIRST_DELAY_S = 5
LONGEST_DELAY_S = 300


class Attempt(Protocol):
    """One connection from beginning to end; ends by raising what went wrong."""

    async def __call__(self, held: Callable[[], None]) -> None:
        """Calls `held` once the connection has lasted long enough to be called good."""
        ...


def backoff(first_s: int = FIRST_DELAY_S, longest_s: int = LONGEST_DELAY_S) -> Iterator[int]:
    """The delays before each next attempt, in seconds: 5, 10, 20, 40, 80, 160, 300, 300…"""
    delay_s = first_s
    while True:
        yield min(delay_s, longest_s)
        delay_s = min(delay_s * 2, longest_s)


async def supervise(attempt: Attempt, *, clock: Clock, announce: Announce) -> NoReturn:
    """Run `attempt` again and again, waiting longer after each failure and as long as asked after a FloodWait.

    Only `Permanent` and cancellation end it; both do so at once, in the middle of a wait too.
    """
    delays = backoff()

    def held() -> None:
        nonlocal delays
        delays = backoff()

    while True:
        try:
            await attempt(held)
        except Permanent:
            raise
        except FloodWait as wait:
            # The wait that was asked for is all of it: the delays neither add to it nor grow by it.
            announce("flood_wait", seconds=wait.seconds)
            await clock.sleep(wait.seconds)
            continue
        except (Offline, StoreUnavailable) as error:
            announce("network_error", error=describe(error))
        except StenogramError as error:
            announce("api_error", error=describe(error))
        except Exception as error:  # noqa: BLE001 - whatever it was, the program goes on; nowhere else is this right
            log.error("unexpected %s", _where(error))
            announce("unexpected", error=describe(error))
        delay_s = next(delays)
        announce("reconnect_in", seconds=delay_s)
        await clock.sleep(delay_s)


def describe(error: Exception) -> str:
    """What went wrong in a few words: never a foreign message, which may hold names, numbers or keys."""
    if isinstance(error, StenogramError):
        return str(error.details.get("reason", error))
    return type(error).__name__


def _where(error: Exception) -> str:
    """The kind of error and the lines of code it passed through, without any of its values."""
    frames = traceback.extract_tb(error.__traceback__)[-5:]
    return " < ".join([type(error).__name__, *(f"{frame.name}:{frame.lineno}" for frame in reversed(frames))])
