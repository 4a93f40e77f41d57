"""The Redis store: restarts, silence, refusals, and a password that is told to nobody."""

from __future__ import annotations

import asyncio
import logging
import socket
import traceback
from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING

import pytest
from redis.exceptions import (
    AuthenticationError,
    BusyLoadingError,
    ConnectionError,  # noqa: A004 - as redis calls it
    DataError,
    MaxConnectionsError,
    NoPermissionError,
    OutOfMemoryError,
    ReadOnlyError,
    RedisError,
    ResponseError,
    TimeoutError,  # noqa: A004 - as redis calls it
)

from tests.support.clock import FakeClock
from tests.support.values import a_job
from transcriber.domain import ChatRules, JobState
from transcriber.errors import StenogramError, StoreRefused, StoreUnavailable
from transcriber.storage.redis import RedisStore, translated
from transcriber.storage.scripts import SCHEMA, SCHEMA_VERSION
from transcriber.storage.store import open_store

if TYPE_CHECKING:  # pytest loads it as a plugin
    from tests.support.redis import RedisServer


PASSWORD = "s3same-open"


@pytest.fixture
async def store(redis_server: RedisServer) -> AsyncIterator[RedisStore]:
    store = await RedisStore.open(redis_server.url)
    yield store
    await store.close()


async def restarted(server: RedisServer) -> None:
    """Beside the loop, which sees the connections end as it would anywhere."""
    await asyncio.to_thread(server.stop)
    await asyncio.to_thread(server.start)


# --- restarts and silence ---


async def test_a_restart_of_redis_between_two_calls_is_not_noticed(
    store: RedisStore, redis_server: RedisServer
) -> None:
    await asyncio.gather(*(store.insert_job(a_job(message_id)) for message_id in range(1, 21)))  # several connections
    await restarted(redis_server)
    job = await store.claim_job(owner="me", now_s=5000.0, lease_until_s=5060.0)
    assert job is not None
    assert job.id == 1
    assert (await store.count_jobs())[JobState.WAITING] == 19


async def test_while_redis_is_away_every_call_says_so_and_afterwards_all_is_there(
    store: RedisStore, redis_server: RedisServer
) -> None:
    job = await store.insert_job(a_job(1))
    redis_server.stop()
    for _ in range(3):
        with pytest.raises(StoreUnavailable):
            await store.insert_job(a_job(2))
        with pytest.raises(StoreUnavailable):
            await store.count_jobs()
    redis_server.start()
    assert await store.job(1) == job
    second = await store.insert_job(a_job(2))
    assert second is not None
    assert second.id == 2


async def test_what_was_acknowledged_outlives_a_crash_of_redis(store: RedisStore, redis_server: RedisServer) -> None:
    jobs = [await store.insert_job(a_job(message_id)) for message_id in range(1, 21)]
    await asyncio.to_thread(redis_server.kill)
    await asyncio.to_thread(redis_server.start)
    assert await store.jobs([JobState.WAITING]) == jobs


async def test_a_store_cannot_be_opened_while_redis_is_away(redis_server: RedisServer) -> None:
    redis_server.stop()
    with pytest.raises(StoreUnavailable):
        await RedisStore.open(redis_server.url)


async def test_a_server_that_never_answers_is_given_up_in_time() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        async with asyncio.timeout(2):
            with pytest.raises(StoreUnavailable):
                await RedisStore.open(f"redis://127.0.0.1:{port}", socket_s=0.1)


async def test_a_call_that_is_cancelled_leaves_no_answer_for_the_next_one(
    store: RedisStore, redis_server: RedisServer
) -> None:
    await store.set("a", "the answer to a")
    await store.set("b", "the answer to b")
    for turns in range(12):
        async with asyncio.TaskGroup() as tg:
            asking = tg.create_task(store.get("a"))
            for _ in range(turns):
                await asyncio.sleep(0)
            asking.cancel()
        assert await store.get("b") == "the answer to b"


# --- states of the server ---


async def test_a_server_without_memory_is_asked_again_later(store: RedisStore, redis_server: RedisServer) -> None:
    redis_server.say("CONFIG SET maxmemory 1")
    try:
        for change in (store.set("a", "b"), store.insert_job(a_job(1))):
            with pytest.raises(StoreUnavailable) as caught:
                await change
            assert caught.value.details == {"reason": "OOM"}
    finally:
        redis_server.say("CONFIG SET maxmemory 0")
    assert await store.insert_job(a_job(1)) is not None


async def test_a_replica_is_asked_again_later(store: RedisStore, redis_server: RedisServer) -> None:
    redis_server.say("REPLICAOF 127.0.0.1 1")
    try:
        for change in (store.set("a", "b"), store.insert_job(a_job(1))):
            with pytest.raises(StoreUnavailable) as caught:
                await change
            assert caught.value.details == {"reason": "READONLY"}
    finally:
        redis_server.say("REPLICAOF NO ONE")
    assert await store.insert_job(a_job(1)) is not None


async def test_a_layout_of_a_newer_version_is_refused_and_left_alone(redis_server: RedisServer) -> None:
    redis_server.say(f"SET {SCHEMA} {SCHEMA_VERSION + 1}")
    with pytest.raises(StoreRefused) as caught:
        await RedisStore.open(redis_server.url)
    assert caught.value.key == "store_newer"
    assert caught.value.details == {"found": SCHEMA_VERSION + 1, "known": SCHEMA_VERSION}
    assert redis_server.say("DBSIZE") == ":1\r\n"


async def test_keys_of_another_kind_in_our_place_are_refused(store: RedisStore, redis_server: RedisServer) -> None:
    redis_server.say("SET stenogram:settings something")
    with pytest.raises(StoreRefused):
        await store.get("a")


async def test_every_key_is_ours_by_name_and_only_leases_run_out(
    store: RedisStore, redis_server: RedisServer
) -> None:
    await store.set("a", "b")
    await store.put_rules(ChatRules(5))
    await store.move_cursor(5, 6)
    await store.insert_job(a_job(1))
    await store.take_lease("account", "me", 60)
    keys = [word for word in redis_server.say("KEYS *").split("\r\n") if word and word[0] not in "*$"]
    assert sorted(keys) == [
        "stenogram:cursors",
        "stenogram:job:1",
        "stenogram:jobs:ids",
        "stenogram:jobs:in:waiting",
        "stenogram:jobs:last",
        "stenogram:lease:account",
        "stenogram:rules",
        "stenogram:schema",
        "stenogram:settings",
    ]
    lives = {key: int(redis_server.say(f"TTL {key}")[1:]) for key in keys}
    assert 0 < lives.pop("stenogram:lease:account") <= 60
    assert set(lives.values()) == {-1}


@pytest.mark.parametrize(("kept", "warnings"), [("yes", 0), ("no", 1)])
async def test_a_server_that_keeps_nothing_is_warned_of(
    start_redis: Callable[..., RedisServer], caplog: pytest.LogCaptureFixture, kept: str, warnings: int
) -> None:
    server = start_redis("--appendonly", kept)
    with caplog.at_level(logging.WARNING):
        await (await RedisStore.open(server.url)).close()
    assert caplog.text.count("appendonly") == warnings


# --- the password ---


def everything_said(error: BaseException) -> str:
    return "".join(traceback.format_exception(error)) + repr(error) + str(error)


@pytest.fixture
def guarded(start_redis: Callable[..., RedisServer]) -> RedisServer:
    return start_redis("--requirepass", PASSWORD)


async def test_the_right_password_opens_and_is_not_shown(guarded: RedisServer) -> None:
    async with open_store(f"redis://:{PASSWORD}@127.0.0.1:{guarded.port}/0", clock=FakeClock()) as store:
        await store.set("a", "b")
        assert await store.get("a") == "b"
        assert PASSWORD not in repr(store)


@pytest.mark.parametrize("user", ["", f":not-{PASSWORD}@", f"somebody:not-{PASSWORD}@"])
async def test_a_wrong_password_is_refused_and_not_shown(guarded: RedisServer, user: str) -> None:
    with pytest.raises(StoreRefused) as caught:
        await RedisStore.open(f"redis://{user}127.0.0.1:{guarded.port}/0")
    assert caught.value.key == "store_access"
    assert PASSWORD not in everything_said(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        f"http://:{PASSWORD}@127.0.0.1:1",
        f"redis://:{PASSWORD}@127.0.0.1:port",
        f"redis://user:{PASSWORD}/x@127.0.0.1:1",
        f"redis://user:12?{PASSWORD}@127.0.0.1:1",
        f"redis://user:12#{PASSWORD}@127.0.0.1:1",
        f"redis://{PASSWORD}#12@127.0.0.1:1",
        f"redis://:{PASSWORD}@127.0.0.1:1?socket_timeout=soon",
        f"redis://:{PASSWORD}@[127.0.0.1:1",
    ],
)
async def test_a_url_that_makes_no_sense_is_refused_and_not_shown(url: str) -> None:
    with pytest.raises(StoreRefused) as caught:
        async with open_store(url, clock=FakeClock()):
            pytest.fail("opened")
    assert caught.value.key == "store_url"
    assert PASSWORD not in everything_said(caught.value)


async def test_a_server_that_is_not_there_does_not_make_the_password_known() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        with pytest.raises(StoreUnavailable) as caught:
            await RedisStore.open(f"redis://:{PASSWORD}@127.0.0.1:{port}/0")
    assert PASSWORD not in everything_said(caught.value)


# --- errors ---


@pytest.mark.parametrize(
    ("error", "meaning", "key"),
    [
        (ConnectionError("refused"), StoreUnavailable, "store_unavailable"),
        (TimeoutError("slow"), StoreUnavailable, "store_unavailable"),
        (BusyLoadingError("LOADING"), StoreUnavailable, "store_unavailable"),
        (MaxConnectionsError("many"), StoreUnavailable, "store_unavailable"),
        (ReadOnlyError("replica", status_code="READONLY"), StoreUnavailable, "store_unavailable"),
        (OutOfMemoryError("memory", status_code="OOM"), StoreUnavailable, "store_unavailable"),
        (ResponseError("MISCONF cannot write to disk"), StoreUnavailable, "store_unavailable"),
        (ResponseError("Error running script: -OOM command not allowed"), StoreUnavailable, "store_unavailable"),
        (ResponseError("BUSY Redis is busy running a script"), StoreUnavailable, "store_unavailable"),
        (AuthenticationError("password"), StoreRefused, "store_access"),
        (NoPermissionError("no"), StoreRefused, "store_access"),
        (ResponseError("NOAUTH Authentication required."), StoreRefused, "store_access"),
        (ResponseError("WRONGTYPE"), StoreRefused, "store_refused"),
        (DataError("ours"), StoreRefused, "store_refused"),
    ],
)
def test_errors_of_redis_are_told_apart(error: RedisError, meaning: type[StenogramError], key: str) -> None:
    said = translated(error)
    assert type(said) is meaning
    assert said.key == key


def kinds_of(kind: type[RedisError]) -> set[type[RedisError]]:
    return {kind, *(found for child in kind.__subclasses__() for found in kinds_of(child))}


def test_no_error_of_redis_is_left_without_a_meaning() -> None:
    for kind in kinds_of(RedisError):
        error = kind.__new__(kind)  # several want arguments of their own; what kind it is decides
        assert isinstance(translated(error), StoreUnavailable | StoreRefused), kind
