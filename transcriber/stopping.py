"""Stopping when told, in time whatever hangs."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

from transcriber.errors import Permanent
from transcriber.protocols import Announce

EXIT_DEADLINE_S = 2.5  # SIGTERM to exit stays under 3 s whatever hangs: starting recovers what stopping left undone


async def until_told(live: Coroutine[Any, Any, None], announce: Announce) -> None:
    """Live until a signal says to stop. Raises the `Permanent` that ended it before."""
    with stop_on_signal(announce) as stop:
        try:
            await live
        except asyncio.CancelledError:
            if not stop.is_set():
                raise
        except BaseExceptionGroup as group:
            raise permanent_in(group) from group


def permanent_in(group: BaseExceptionGroup[BaseException]) -> Permanent:
    """The error that stops the program; anything else in there is a bug of ours and is raised as it is."""
    permanent, rest = group.split(Permanent)
    found: BaseException | None = permanent or rest
    while isinstance(found, BaseExceptionGroup):
        found = found.exceptions[0]
    if isinstance(found, Permanent):
        return found
    raise found or group


@contextmanager
def stop_on_signal(announce: Announce) -> Iterator[asyncio.Event]:
    """The first SIGTERM or SIGINT cancels this task and ends the process soon in any case; a second ends it now."""
    loop, task, stop = asyncio.get_running_loop(), asyncio.current_task(), asyncio.Event()
    deadline = threading.Timer(EXIT_DEADLINE_S, _exit_now, (0,))
    deadline.daemon = True

    def on_signal(number: int) -> None:
        if stop.is_set():
            _exit_now(128 + number)
        stop.set()
        announce("signal", number=number)
        announce("stopping")
        deadline.start()
        if task is not None:
            task.cancel()

    signals = (signal.SIGTERM, signal.SIGINT)
    for number in signals:
        loop.add_signal_handler(number, on_signal, number)
    try:
        yield stop
    finally:
        for number in signals:
            loop.remove_signal_handler(number)
        deadline.cancel()


def _exit_now(code: int) -> NoReturn:
    sys.stdout.flush()
    os._exit(code)
