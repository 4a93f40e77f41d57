"""The composition root: builds every part, owns their lifetimes, the task group, the signals and the last deadline.

Read `_live` from top to bottom to know what there is, in which order it starts, and in which order it ends.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager, suppress

from config import logs
from config.settings import Settings
from transcriber import health, sign_in
from transcriber.chat.cards import Cards
from transcriber.chat.commands import Commands
from transcriber.chat.delivery import TranscriptDelivery
from transcriber.chat.texts import Texts
from transcriber.clock import Clock, SystemClock
from transcriber.data_dir import DATABASE, prepare
from transcriber.domain import Limits, Preferences
from transcriber.errors import SignedOut, StoreRefused, StoreUnavailable
from transcriber.greeting import greet
from transcriber.heartbeat import heartbeat
from transcriber.inbox import Inbox
from transcriber.lending.pool import Pool
from transcriber.manners import Manners
from transcriber.model_choice import engine_for, have_model
from transcriber.protocols import Announce, Archive, Engine, Store
from transcriber.sandbox import crash
from transcriber.speech.cpu import default_threads
from transcriber.speech.models import Models
from transcriber.status import ProgramStatus
from transcriber.stopping import permanent_in, until_told
from transcriber.storage.archive import open_archive
from transcriber.storage.store import open_channel, open_store
from transcriber.telegram.catchup import CatchUp
from transcriber.telegram.connection import Connection
from transcriber.telegram.gateway import TelegramGateway
from transcriber.telegram.lock import AccountLease, InstanceLock, holder_id
from transcriber.telegram.session import SessionFile
from transcriber.telegram.supervisor import backoff, supervise
from transcriber.tracked import FirstTracked
from transcriber.work.intake import Intake
from transcriber.work.jobs import Jobs
from transcriber.work.keeping import Keeping
from transcriber.work.patience import Patience
from transcriber.work.rules import Rules
from transcriber.work.worker import Worker

CLOSE_STORE_S = 1.0


async def run(settings: Settings, texts: Texts) -> int:
    """Run until a signal or a permanent error; returns the exit code. Raises `Permanent`."""
    logs.configure(settings.log_level, settings.log_format)
    crash.arm(settings.sandbox)
    announce = logs.Announcer(texts, settings.log_format)
    texts = Texts(texts.language, texts.zone, settings.command_prefixes[0])
    await until_told(_live(settings, texts, announce, SystemClock()), announce)
    announce("stopped")
    return 0


async def _live(settings: Settings, texts: Texts, announce: Announce, clock: SystemClock) -> None:
    announce("starting")
    threads = settings.cpu_threads or default_threads()
    announce("cpu_threads", n=threads)
    data_dir = prepare(settings.data_dir)
    async with AsyncExitStack() as stack:
        holder = holder_id(secrets.token_hex(4))
        lock = stack.enter_context(InstanceLock(data_dir, clock, holder))
        session = SessionFile(data_dir)
        await sign_in.ensure(settings, texts, session)

        models = Models(data_dir / "models")
        limits = Limits(settings.max_duration_s, settings.max_file_mb * 2**20, settings.catch_up_max_age_h * 3600)
        with _store_answering():
            store, archive = await _open_stores(stack, settings, clock)
            lease = AccountLease(store, clock, holder, lock.predecessors) if settings.redis_url else None
            if lease is not None:  # only a shared store can be another host's too
                await lease.take()
                stack.push_async_callback(_drop, lease)
            rules = Rules(store, first=first_preferences(settings))
            jobs = Jobs(store, clock)
            tracked = FirstTracked(settings.tracked, rules, store)
            await tracked.seed()
            announce("tracked_count", n=await tracked.count())
            here = await stack.enter_async_context(await engine_for(settings, models, store, threads, clock))
        pool = await _pool(stack, settings, here, clock)
        engine = pool or here

        gateway = TelegramGateway(clock)
        cards = Cards(store, archive, texts, settings.merge_pause_s)
        delivery = TranscriptDelivery(gateway, jobs, rules, cards, texts, clock)
        manners = Manners(
            delivery, gateway, store, clock, progress=settings.progress, mark_played=settings.mark_played
        )
        status = ProgramStatus(clock, manners, pool.lent if pool else tuple)
        worker = Worker(
            *(jobs, rules, engine, gateway, status, archive, limits, clock, data_dir / "spool"),
            beam_size=settings.beam_size,
            places=pool.places if pool else lambda: 0,
        )
        inbox = Inbox(Intake(rules, jobs, limits, clock), delivery, jobs, store)
        keeping = Keeping(store, archive, jobs, clock)
        commands = await stack.enter_async_context(
            Commands(
                *(jobs, rules, engine, gateway, texts, status, clock, settings.command_prefixes),
                known=store,
                shelf=store,
                archive=archive,
                keeping=keeping,
            )
        )
        catch_up = CatchUp(inbox, store, clock, prefixes=settings.command_prefixes)
        connection = Connection(
            sign_in.clients(settings, session),
            gateway,
            catch_up,
            clock=clock,
            announce=announce,
        )
        attempt = lease.around(connection.attempt) if lease else connection.attempt
        stack.callback(announce, "telegram_closed")
        stack.callback(health.remove, data_dir)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(worker.run(), name="worker")
                if pool is not None:
                    group.create_task(pool.run(), name="lenders")
                group.create_task(supervise(attempt, clock=clock, announce=announce), name="connection")
                group.create_task(inbox.pump(commands), name="commands")
                group.create_task(manners.run(), name="manners")
                group.create_task(have_model(models, engine.info().model, announce, clock), name="model")
                group.create_task(tracked.keep(gateway, clock, catch_up.put_back), name="tracked")
                group.create_task(
                    greet(inbox.complete, tracked, gateway, engine, Patience(gateway, clock), announce),
                    name="greeting",
                )
                group.create_task(keeping.run(inbox.complete.wait), name="keeping")
                group.create_task(heartbeat(data_dir, gateway, engine, store, clock), name="heartbeat")
        except* SignedOut as signed_out:
            session.set_aside(permanent_in(signed_out).key)
            raise


def first_preferences(settings: Settings) -> Preferences:
    """What holds until the owner changes it from the chat."""
    return Preferences(
        saved="saved" in settings.auto,
        private="private" in settings.auto,
        groups="groups" in settings.auto,
        mine="mine" in settings.auto,
        delivery=settings.deliver,
    )


async def _open_stores(stack: AsyncExitStack, settings: Settings, clock: Clock) -> tuple[Store, Archive]:
    database = settings.data_dir / DATABASE
    store = await stack.enter_async_context(open_store(settings.redis_url or database, clock=clock))
    archive = await stack.enter_async_context(open_archive(database))
    return store, archive


async def _pool(stack: AsyncExitStack, settings: Settings, engine: Engine, clock: Clock) -> Pool | None:
    """What lends work to other machines, where there is a store that they share."""
    if settings.redis_url is None:
        return None
    channel = await stack.enter_async_context(open_channel(settings.redis_url))
    most_s = float(settings.max_duration_s)
    return Pool(engine, channel, clock, backoff, me=secrets.token_hex(4), max_duration_s=most_s)


@contextmanager
def _store_answering() -> Iterator[None]:
    """At the start there is nothing to keep going: whoever started us decides when to try again."""
    try:
        yield
    except StoreUnavailable as error:
        raise StoreRefused("store_unreachable") from error


async def _drop(lease: AccountLease) -> None:
    with suppress(StoreUnavailable, TimeoutError):  # it runs out by itself
        async with asyncio.timeout(CLOSE_STORE_S):
            await lease.drop()
