"""Checks of what is elsewhere: Telegram's time, and Redis."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from functools import partial

from transcriber.doctor.finding import Case, Finding, bad, good, warn
from transcriber.errors import StoreRefused, StoreUnavailable
from transcriber.telegram import server_time

SKEW_S = 30.0  # the library's message numbers are times: further off, Telegram may not look at them at first
CLOCK_S = 3.0
OLDEST_REDIS = 6


def clock(case: Case, now: Callable[[], float] = time.time) -> Iterator[Finding]:
    """Whether Telegram can be reached, and how far this machine's clock is from its own. Asked without an account;
    only the address of one data centre is tried, and directly."""
    try:
        off_s = server_time.ask(server_time.address(case.settings.sandbox), CLOCK_S, now)
    except ValueError:
        yield warn("telegram_garbled")
        return
    except OSError as error:
        yield warn("telegram_away", reason=error.strerror)
        return
    if abs(off_s) > SKEW_S:
        yield warn("clock_fast" if off_s < 0 else "clock_slow", seconds=abs(off_s))
    else:
        yield good("clock")


def redis(case: Case) -> Iterator[Finding]:
    """With `REDIS_URL`: whether it answers, is new enough and keeps what it is given."""
    if case.settings.redis_url is None:
        return
    try:
        from transcriber.storage.redis import server  # needs its package

        version, keeps = asyncio.run(server(case.settings.redis_url))
    except ModuleNotFoundError:  # said by the check of the packages
        return
    except StoreUnavailable:
        yield Finding("bad", "redis_away", because=StoreRefused("store_unreachable"))
        return
    except StoreRefused as error:
        yield Finding("bad", "redis_away", because=error)
        return
    about = partial(good if int(version.split(".")[0]) >= OLDEST_REDIS else bad, version=version)
    yield about("redis") if about.func is good else about("redis_old")
    if not keeps:
        yield warn("redis_forgets")
