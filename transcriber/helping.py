"""The verb `worker`: lends this machine's CPU to the program on another one. No Telegram, no account, no archive."""

from __future__ import annotations

import secrets
import socket
from contextlib import AsyncExitStack
from pathlib import Path

from config import logs
from config.settings import Settings
from transcriber.chat.texts import Texts
from transcriber.clock import Clock, SystemClock
from transcriber.data_dir import prepare
from transcriber.errors import AlreadyRunning, Problem, SettingsWrong, StoreRefused, StoreUnavailable
from transcriber.lending.lender import Lender
from transcriber.lending.messages import LENDERS
from transcriber.lending.spell import Machine
from transcriber.protocols import Announce
from transcriber.speech.child import Setup
from transcriber.speech.cpu import default_threads
from transcriber.speech.engine import Engine
from transcriber.speech.models import Models
from transcriber.stopping import until_told
from transcriber.storage.store import open_channel
from transcriber.telegram.lock import InstanceLock, holder_id
from transcriber.telegram.supervisor import backoff

LOCK_NAME = "worker.lock"
EXAMPLE = "redis://:password@host:6379/0"


async def help_out(settings: Settings, texts: Texts) -> int:
    """Lend it until a signal or a permanent error; returns the exit code. Raises `Permanent`."""
    if settings.redis_url is None:
        raise SettingsWrong(problems=(Problem("redis_needed", "REDIS_URL", "", EXAMPLE),))
    logs.configure(settings.log_level, settings.log_format)
    announce = logs.Announcer(texts, settings.log_format)
    await until_told(_live(settings, settings.redis_url, announce, SystemClock()), announce)
    announce("lending_stopped")
    return 0


async def _live(settings: Settings, url: str, announce: Announce, clock: Clock) -> None:
    announce("lending_starting")
    threads = settings.cpu_threads or default_threads()
    announce("cpu_threads", n=threads)
    data_dir = prepare(settings.data_dir)
    machine = Machine(secrets.token_hex(4), socket.gethostname().partition(".")[0], threads)
    folder = data_dir / "models"
    models = Models(folder)

    def engine(max_duration_s: float) -> Engine:
        setup = Setup(threads, settings.compute_type, float(settings.model_idle_s), max_duration_s)
        return Engine(models, "", setup, clock, remember=_forget)

    async with AsyncExitStack() as stack:
        try:
            stack.enter_context(InstanceLock(data_dir, clock, holder_id(machine.id), LOCK_NAME))
        except AlreadyRunning as error:
            raise AlreadyRunning("already_lending", **error.details) from error
        channel = await stack.enter_async_context(open_channel(url))
        try:
            async with channel.listen(LENDERS):
                pass
        except StoreUnavailable as error:  # whoever started us decides when to try again
            raise StoreRefused("store_unreachable") from error
        lender = Lender(
            *(machine, channel, clock, backoff),
            engines=engine,
            model_here=lambda model: name_here(model, folder),
            spool=data_dir / "spool",
            announce=announce,
        )
        stack.push_async_callback(lender.leave)
        await lender.run()


def name_here(model: str, folder: Path) -> str:
    """What the program's model is called on this machine: its folder may lie among the models here instead."""
    path = Path(model)
    mine = folder / path.name
    return str(mine) if path.is_absolute() and not path.is_dir() and mine.is_dir() else model


async def _forget(_: str) -> None:
    """The program says which model it is, every time."""
