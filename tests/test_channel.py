"""The channel between machines: over a real Redis, and the one in memory that stands for it in other tests."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.channel import FakeChannel
from transcriber.errors import StoreRefused, StoreUnavailable
from transcriber.lending.messages import Leaving, Piece, encode
from transcriber.protocols import Channel
from transcriber.storage.channel import RedisChannel
from transcriber.storage.store import open_channel

if TYPE_CHECKING:  # pytest loads it as a plugin
    from tests.support.redis import RedisServer

SOUND = bytes(range(256)) * 1024
LOUD = encode(Piece("a", "run", 0, SOUND))
QUIET = encode(Leaving("a"))


@pytest.fixture(params=["redis", "fake"])
async def channel(request: pytest.FixtureRequest) -> AsyncIterator[Channel]:
    if request.param == "fake":
        yield FakeChannel()
        return
    async with open_channel(request.getfixturevalue("redis_server").url) as channel:
        yield channel


async def heard(messages: AsyncIterator[bytes], count: int) -> list[bytes]:
    async with asyncio.timeout(5):
        return [await anext(messages) for _ in range(count)]


async def test_what_is_said_is_heard_in_order_by_all_who_listen_to_it(channel: Channel) -> None:
    async with channel.listen("here", "there") as both, channel.listen("there") as one:
        for topic, message in (("here", LOUD), ("there", QUIET), ("elsewhere", QUIET), ("there", LOUD)):
            await channel.publish(topic, message)
        assert await heard(both, 3) == [LOUD, QUIET, LOUD]
        assert await heard(one, 2) == [QUIET, LOUD]


async def test_what_is_said_while_nobody_listens_is_gone(channel: Channel) -> None:
    await channel.publish("here", LOUD)
    async with channel.listen("here") as messages:
        await channel.publish("here", QUIET)
        assert await heard(messages, 1) == [QUIET]


@pytest.fixture
async def over_redis(redis_server: RedisServer) -> AsyncIterator[RedisChannel]:
    channel = RedisChannel.at(redis_server.url)
    yield channel
    await channel.close()


async def test_whoever_listens_learns_that_redis_is_gone_and_can_listen_again_when_it_is_back(
    over_redis: RedisChannel, redis_server: RedisServer
) -> None:
    async with over_redis.listen("here") as messages:
        await asyncio.to_thread(redis_server.kill)
        with pytest.raises(StoreUnavailable):
            await heard(messages, 1)
    with pytest.raises(StoreUnavailable):
        await over_redis.publish("here", QUIET)
    with pytest.raises(StoreUnavailable):
        async with over_redis.listen("here"):
            raise AssertionError("nobody is there")
    await asyncio.to_thread(redis_server.start)
    async with over_redis.listen("here") as messages:
        await over_redis.publish("here", QUIET)
        assert await heard(messages, 1) == [QUIET]


async def test_a_quiet_channel_is_asked_whether_it_is_there_and_goes_on(redis_server: RedisServer) -> None:
    channel = RedisChannel.at(redis_server.url, quiet_s=0.05)
    async with channel.listen("here") as messages, asyncio.TaskGroup() as group:
        waiting = group.create_task(heard(messages, 1))
        await asyncio.sleep(0.5)
        await channel.publish("here", QUIET)
        assert await waiting == [QUIET]
    await channel.close()


async def test_a_server_that_falls_silent_is_given_up(start_redis: Callable[..., RedisServer]) -> None:
    server = await asyncio.to_thread(start_redis)
    channel = RedisChannel.at(server.url, quiet_s=0.1)
    async with channel.listen("here") as messages:
        server.freeze()
        with pytest.raises(StoreUnavailable) as error:
            await heard(messages, 1)
    assert error.value.details == {"reason": "silent"}
    await channel.close()


async def test_a_server_that_never_answers_is_given_up_in_time() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        channel = RedisChannel.at(f"redis://127.0.0.1:{silent.getsockname()[1]}")
        async with asyncio.timeout(8):
            with pytest.raises(StoreUnavailable):
                await channel.publish("here", QUIET)
        await channel.close()


async def test_another_database_of_the_same_server_hears_nothing(redis_server: RedisServer) -> None:
    zero, one = (RedisChannel.at(redis_server.url.removesuffix("0") + number) for number in ("", "1"))
    async with zero.listen("here") as messages:
        await one.publish("here", LOUD)
        await zero.publish("here", QUIET)
        assert await heard(messages, 1) == [QUIET]
    for channel in (zero, one):
        await channel.close()


@pytest.mark.parametrize("user", ["", "default:wrong-pass@"])
async def test_a_wrong_password_is_refused_and_told_to_nobody(
    start_redis: Callable[..., RedisServer], user: str
) -> None:
    server = await asyncio.to_thread(start_redis, "--requirepass", "s3same-open")
    async with open_channel(f"redis://{user}127.0.0.1:{server.port}/0") as channel:
        for attempt in (channel.publish("here", QUIET), channel.listen("here").__aenter__()):
            with pytest.raises(StoreRefused) as error:
                await attempt
            assert error.value.key == "store_access"
            assert "wrong-pass" not in f"{error.value!r} {channel!r}"


async def test_a_user_without_channels_is_refused_and_with_ours_is_let_in(
    start_redis: Callable[..., RedisServer],
) -> None:
    server = await asyncio.to_thread(start_redis)
    assert server.say("ACL SETUSER bob on >pw ~* +@all resetchannels").startswith("+OK")
    async with open_channel(f"redis://bob:pw@127.0.0.1:{server.port}/0") as channel:
        with pytest.raises(StoreRefused) as error:
            await channel.publish("here", QUIET)
        assert error.value.key == "store_access"
        assert server.say("ACL SETUSER bob &stenogram:*").startswith("+OK")
        async with channel.listen("here") as messages:
            await channel.publish("here", QUIET)
            assert await heard(messages, 1) == [QUIET]


async def test_redis_keeps_nothing_of_what_passes_through_it(
    tmp_path: Path, start_redis: Callable[..., RedisServer]
) -> None:
    server = await asyncio.to_thread(start_redis, "--save", "1 1")
    async with open_channel(server.url) as channel, channel.listen("here") as messages:
        await channel.publish("here", LOUD)
        await heard(messages, 1)
    assert server.say("SET kept 1").startswith("+OK"), "so that there is something to write"
    await asyncio.to_thread(server.stop)
    files = contents(tmp_path)
    assert any(b"kept" in content for content in files), "these are its files"
    assert not any(SOUND[:64] in content for content in files)


def contents(folder: Path) -> list[bytes]:
    return [path.read_bytes() for path in folder.rglob("*") if path.is_file()]
