"""One attempt at being connected, from beginning to end: start, attach, catch up, watch until it is dead, stop.

The library mends short drops by itself and says little about the rest (a session can be dead while `is_connected` is
true), so this asks Telegram, and after a while without a working session drops the client and leaves the next attempt
to the supervisor.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, NoReturn, Protocol

from pyrogram import Client, raw
from pyrogram.errors import RPCError
from pyrogram.handlers import MessageHandler
from pyrogram.session.session import AuthKeyNotFound, TransportError

from transcriber.boot import since_boot_s
from transcriber.clock import Clock
from transcriber.errors import FloodWait, Offline, Permanent, SignedOut, StoreUnavailable, Transient
from transcriber.protocols import Announce
from transcriber.telegram.catchup import CatchUp, ask
from transcriber.telegram.link import Link
from transcriber.telegram.translate import translated
from transcriber.telegram.until import until

log = logging.getLogger(__name__)

TOO_MANY_MISSES = 10  # sessions in a row that broke at once: the supervisor is more patient than the library

CLOCK_SET_S = 20.0  # less than what Telegram and the library put up with


class Line(Protocol):
    """What the rest of the program reaches Telegram through, told which client works."""

    def attach(self, client: Client) -> None: ...

    def detach(self) -> None: ...


class TelegramTime(Clock, Protocol):
    """A clock that can be told what time it is at Telegram."""

    def set(self, now_s: float) -> None: ...


@dataclass(frozen=True, slots=True)
class Timings:
    """How long things may take, in seconds; those marked real are not of the injected clock."""

    start_s: float = 20.0  # real; for the library an unreachable server is no error before 178 s
    patience_s: float = 10.0  # for the library to mend a drop by itself
    probe_every_s: float = 30.0
    probe_answer_s: float = 15.0  # real; with the one above: a silent death is noticed within 45 s
    held_after_s: float = 60.0  # online for so long: a connection that held
    scan_every_s: float = 900.0
    rescan_after_s: float = 10.0  # after a scan that was cut
    stop_s: float = 1.0  # real; for each of the two steps of stopping
    pace_s: float = 1.0  # real; between sessions that do not work


class Connection:
    """Makes attempts; `attempt` is what the supervisor runs."""

    def __init__(
        self,
        make: Callable[[], Client],
        line: Line,
        catch_up: CatchUp,
        clock: TelegramTime,
        announce: Announce,
        timings: Timings = Timings(),
    ) -> None:
        self._make = make
        self._line = line
        self._catch_up = catch_up
        self._clock = clock
        self._announce = announce
        self._timings = timings
        self._rescan = asyncio.Event()  # a live message could not be kept: the next scan has to come soon
        self._key_doubted = False  # Telegram said once that it does not know the key

    async def attempt(self, held: Callable[[], None]) -> NoReturn:
        """Be connected until that fails. Raises why: `Offline`, `FloodWait`, `SignedOut`…; `held` is called once the
        connection has been good for `held_after_s`."""
        self._announce("connecting")
        _mind_lost_errors(asyncio.get_running_loop(), self._rescan.set)
        client = self._make()
        link = Link(client, self._announce, self._timings.pace_s)
        client.add_handler(MessageHandler(self._hear))
        try:
            await self._start(client)
            await self._stay(client, link, held)
        except (asyncio.CancelledError, Permanent):
            link.silence()
            raise
        finally:
            self._line.detach()
            link.end()
            await close(client, self._timings.stop_s)

    async def _start(self, client: Client) -> None:
        threshold_s, client.sleep_threshold = client.sleep_threshold, 0  # a FloodWait is slept by the supervisor
        try:
            with translated():
                async with asyncio.timeout(self._timings.start_s):
                    await client.start()
        except Offline:
            self._doubt_key(client)
            raise
        client.sleep_threshold = threshold_s
        # The library learns it from the first answer of a session. Before anybody works: what they store has times.
        self._clock.set(client.server_time)
        self._key_doubted = False

    async def _stay(self, client: Client, link: Link, held: Callable[[], None]) -> NoReturn:
        """Serve one stretch after another in which there is a working session."""
        while True:
            self._line.attach(client)
            await until(
                link.offline.wait(),
                self._keep_caught_up(client),
                self._watch(client),
                self._hold(held),
            )
            self._line.detach()
            if link.misses > TOO_MANY_MISSES:
                raise Offline(reason="the connection keeps breaking")
            if not await _happens(link.online, self._clock, self._timings.patience_s):
                raise Offline(reason=f"no connection for {self._timings.patience_s:g} s")

    async def _keep_caught_up(self, client: Client) -> NoReturn:
        """Scan at once, then every `scan_every_s`, and sooner after a live message that could not be kept."""
        while True:
            self._rescan.clear()
            try:
                await self._catch_up.scan(client)
            except (Offline, StoreUnavailable) as error:
                log.warning("catching up was cut: %s", error)
                await self._clock.sleep(self._timings.rescan_after_s)
            else:
                await _happens(self._rescan, self._clock, self._timings.scan_every_s)

    async def _watch(self, client: Client) -> NoReturn:
        """Raise `Offline` when Telegram no longer answers, `SignedOut` when it no longer knows us."""
        started_at_s = _machine_started_at_s()
        while True:
            await self._clock.sleep(self._timings.probe_every_s)
            # The library counts by the machine's clock. After a jump it drops what Telegram pushes, in silence, until
            # some other session of its own happens to learn the time: only a new start finds what it dropped.
            if abs(_machine_started_at_s() - started_at_s) > CLOCK_SET_S:
                raise Offline(reason="the clock of this machine was set")
            try:
                await ask(client, raw.functions.updates.GetState(), self._timings.probe_answer_s)
            except FloodWait as wait:  # it answers, after all
                self._announce("flood_wait", seconds=wait.seconds)
                await self._clock.sleep(wait.seconds)
            except Offline:
                self._doubt_key(client)
                raise

    async def _hold(self, held: Callable[[], None]) -> None:
        await self._clock.sleep(self._timings.held_after_s)
        held()

    async def _hear(self, client: Client, message: Any) -> None:
        """Store and return: this runs in one of the library's few workers."""
        if message.scheduled:  # not sent yet, and its id counts otherwise
            return
        try:
            await self._catch_up.live(client, message)
        except Transient as error:
            log.warning("a live message waits for the next scan: %s", error)
            self._rescan.set()

    def _doubt_key(self, client: Client) -> None:
        """Believe Telegram that it does not know the key (-404) when two clients in a row were told so."""
        if not _key_unknown(client):
            return
        if self._key_doubted:
            raise SignedOut("key_unregistered")
        self._key_doubted = True
        raise Offline(reason="AuthKeyNotFound")


def _machine_started_at_s() -> float:
    """Unix time by this machine's clock: another one as soon as somebody sets it."""
    return time.time() - since_boot_s()


async def close(client: Client, step_s: float) -> None:
    """Stop a client in whatever state it is and free its session file. Never raises, never takes over 2 × `step_s`.

    `Client.stop()` does not do that: it waits for every queued update, fails on half-started clients, and leaves the
    session file locked when it fails. The client cannot be used again."""
    if client.is_initialized:
        await _quietly(client.terminate(), step_s)  # lets running handlers finish and saves the session file
    for task in (*client.dispatcher.handler_worker_tasks, client.updates_watchdog_task):
        if task is not None:
            task.cancel()
    sessions = (client.session, *client.media_sessions.values(), *client.sessions.values())
    await _quietly(asyncio.gather(*(one.stop() for one in sessions if one), return_exceptions=True), step_s)
    await _quietly(client.storage.close(), step_s)


async def _quietly(step: Awaitable[Any], deadline_s: float) -> None:
    """Do it if it can be done; what fails here was already dead, and says nothing new."""
    try:
        async with asyncio.timeout(deadline_s):
            (outcome,) = await asyncio.gather(step, return_exceptions=True)
    except TimeoutError as error:
        outcome = error
    if isinstance(outcome, BaseException):
        log.info("while stopping: %s", type(outcome).__name__)


async def _happens(event: asyncio.Event, clock: Clock, within_s: float) -> bool:
    """Wait for an event for so long; False if it did not come."""
    async with asyncio.TaskGroup() as group:
        waits = [group.create_task(event.wait()), group.create_task(clock.sleep(within_s))]
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        for wait in waits:
            wait.cancel()
    return event.is_set()


def _key_unknown(client: Client) -> bool:
    """Whether the client was told -404; the library says so nowhere but in the task that receives."""
    task = client.session.recv_task if client.session else None
    if task is None or not task.done() or task.cancelled():
        return False
    return isinstance(task.exception(), AuthKeyNotFound)


def _mind_lost_errors(loop: asyncio.AbstractEventLoop, update_lost: Callable[[], None]) -> None:
    """Act on what the library loses, and keep "Task exception was never retrieved" out of the log.

    When a session dies while it reconnects, it has no caller to tell; the watchdog notices anyway. When the session
    file cannot be written (a full disk), the update at hand is dropped: only a scan finds its message again."""
    before = loop.get_exception_handler()
    if getattr(before, "minds_lost_errors", False):
        return

    def handle(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        if isinstance(context.get("exception"), (RPCError, TransportError)):
            log.info("the library gave up a session: %s", type(context["exception"]).__name__)
        elif isinstance(context.get("exception"), sqlite3.Error):
            log.warning("the session file does not take an update: %s", context["exception"])
            update_lost()
        elif before is not None:
            before(loop, context)
        else:
            loop.default_exception_handler(context)

    handle.minds_lost_errors = True  # type: ignore[attr-defined]  # a mark on our own function
    loop.set_exception_handler(handle)
