"""The store in Redis, so that several machines can share the work. Server 6 or newer.

What survives is what Redis keeps: with `appendonly yes` an acknowledged change outlives the end of the Redis process,
however it ends; a power cut may take the last second with it (`appendfsync everysec`), or nothing (`appendfsync
always`). Without it, a restart of Redis loses what came after its last snapshot: opening such a store logs a warning.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Awaitable, Collection, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import (
    AuthenticationError,
    AuthenticationWrongNumberOfArgsError,
    AuthorizationError,
    ConnectionError,  # noqa: A004 - redis calls it so, and it is not a builtin ConnectionError
    NoPermissionError,
    RedisError,
    ResponseError,
    TimeoutError,  # noqa: A004 - as above
)

from transcriber.domain import ChatRules, Job, JobState
from transcriber.errors import StenogramError, StoreRefused, StoreUnavailable
from transcriber.storage import scripts
from transcriber.storage.codec import job_from_dict, job_to_dict, pack, rules_from_dict, rules_to_dict, unpack
from transcriber.storage.order import OPEN, ended_at_s, in_order, urgency

log = logging.getLogger(__name__)

SOCKET_S = 3.0  # to connect, and for each answer
DEADLINE_S = 5.0  # for one call, waiting for a free connection included
CLOSE_S = 1.0
CONNECTIONS = 8
PING_AFTER_S = 15.0  # a connection idle for longer is tried before it is used

# First words of an answer that another try may change; inside a script older servers put them later in the text.
_COMES_AND_GOES = ("OOM", "READONLY", "LOADING", "MISCONF", "BUSY", "MASTERDOWN", "NOREPLICAS", "CLUSTERDOWN")
_WRONG_KEY = ("NOAUTH", "WRONGPASS", "NOPERM")


class RedisStore:
    """The `Store` protocol over a Redis server. After `StoreUnavailable` a change may still have been made."""

    def __init__(self, client: Redis) -> None:
        self._client = client
        self._closed = False

    @classmethod
    async def open(cls, url: str, *, socket_s: float = SOCKET_S) -> RedisStore:
        """Connect. Raises `StoreRefused` (URL, password, newer layout) or `StoreUnavailable`; none of them, and no
        repr, has the URL in it, because the password is part of that."""
        store = cls(client_for(url, socket_s))
        try:
            await store._check()
        except BaseException:
            await store.close()
            raise
        return store

    def __repr__(self) -> str:
        return "RedisStore()"

    async def get(self, key: str) -> str | None:
        value: str | None = await answered(self._redis.hget(scripts.SETTINGS, key))
        return value

    async def set(self, key: str, value: str | None) -> None:
        if value is None:
            await answered(self._redis.hdel(scripts.SETTINGS, key))
        else:
            await answered(self._redis.hset(scripts.SETTINGS, key, value))

    async def rules_of(self, chat_id: int) -> ChatRules | None:
        doc = await answered(self._redis.hget(scripts.RULES, str(chat_id)))
        return None if doc is None else unpack(doc, rules_from_dict)

    async def all_rules(self) -> list[ChatRules]:
        docs = await answered(self._redis.hvals(scripts.RULES))
        return sorted((unpack(doc, rules_from_dict) for doc in docs), key=lambda rules: rules.chat_id)

    async def put_rules(self, rules: ChatRules) -> None:
        await answered(self._redis.hset(scripts.RULES, str(rules.chat_id), pack(rules_to_dict(rules))))

    async def cursors(self) -> dict[int, int]:
        found = await answered(self._redis.hgetall(scripts.CURSORS))
        return {int(chat_id): int(message_id) for chat_id, message_id in found.items()}

    async def move_cursor(self, chat_id: int, message_id: int) -> None:
        await self._run(scripts.MOVE_CURSOR, chat_id, message_id)

    async def insert_job(self, job: Job) -> Job | None:
        key = f"{job.note.chat_id}:{job.note.message_id}"
        job_id = await self._run(scripts.INSERT_JOB, key, job.state.value, _score(job), *_fields(job))
        return None if job_id is None else replace(job, id=job_id, version=1)

    async def job(self, job_id: int) -> Job | None:
        return _job(await self._run(scripts.READ_JOB, job_id))

    async def job_of(self, chat_id: int, message_id: int) -> Job | None:
        return _job(await self._run(scripts.READ_JOB_OF, f"{chat_id}:{message_id}"))

    async def replace_job(self, job: Job) -> Job | None:
        version = await self._run(
            scripts.REPLACE_JOB, job.id, job.version, job.state.value, _score(job), *_fields(job)
        )
        return None if version is None else replace(job, version=version)

    async def claim_job(
        self, *, owner: str, now_s: float, lease_until_s: float, longest_s: float | None = None
    ) -> Job | None:
        longest = "" if longest_s is None else longest_s
        return _job(await self._run(scripts.CLAIM_JOB, owner, now_s, lease_until_s, longest))

    async def jobs(self, states: Collection[JobState], limit: int = 100) -> list[Job]:
        if limit < 1:
            return []
        open_states = [state.value for state in set(states) if state in OPEN]
        ended_states = [state.value for state in set(states) if state not in OPEN]
        rows = await self._run(scripts.LIST_JOBS, limit, *open_states, "", *ended_states)
        return in_order((job for row in rows if (job := _job(row))), limit)

    async def count_jobs(self) -> dict[JobState, int]:
        pipeline = self._redis.pipeline(transaction=True)
        for state in JobState:
            pipeline.zcard(scripts.JOBS_IN + state.value)
        return dict(zip(JobState, await answered(pipeline.execute()), strict=True))

    async def done_since(self, since_s: float) -> int:
        count: int = await answered(self._redis.zcount(scripts.JOBS_IN + JobState.DONE.value, since_s, math.inf))
        return count

    async def take_lease(self, name: str, holder: str, ttl_s: float) -> str:
        now_held_by: str = await self._run(scripts.TAKE_LEASE, name, holder, max(1, round(ttl_s * 1000)))
        return now_held_by

    async def drop_lease(self, name: str, holder: str) -> None:
        await self._run(scripts.DROP_LEASE, name, holder)

    async def close(self) -> None:
        """Close the connections, within a second; a second time does nothing."""
        self._closed = True
        try:
            async with asyncio.timeout(CLOSE_S):
                await self._client.aclose()
        except (RedisError, OSError) as error:  # a builtin TimeoutError is an OSError
            # Nothing is lost by it: whatever was acknowledged is with Redis already.
            log.warning("the connections to Redis did not close: %s", type(error).__name__)

    @property
    def _redis(self) -> Redis:
        if self._closed:  # by itself it would connect again
            raise StoreUnavailable(reason="closed")
        return self._client

    async def _check(self) -> None:
        found = int(await self._run(scripts.CHECK_SCHEMA, scripts.SCHEMA_VERSION))
        if found > scripts.SCHEMA_VERSION:
            raise StoreRefused("store_newer", found=found, known=scripts.SCHEMA_VERSION)
        try:
            persistence = await answered(self._redis.info("persistence"))
        except StoreRefused:
            log.info("redis does not say how it keeps what it is given")
            return
        if not persistence.get("aof_enabled"):
            log.warning("redis runs without 'appendonly yes': its restart may lose jobs and settings")

    async def _run(self, script: str, *values: str | float) -> Any:
        # Not EVALSHA: a script is sent whole, a kilobyte on a local link, so that no restart of Redis can forget it.
        return await answered(self._redis.eval(script, 0, *map(_text, values)))


async def answered(answer: Awaitable[Any], within_s: float = DEADLINE_S) -> Any:
    """What Redis answers. Raises `StoreUnavailable`, also when it does not in time, and `StoreRefused`."""
    try:
        async with asyncio.timeout(within_s):
            return await answer
    except RedisError as error:
        raise translated(error) from error
    except OSError as error:  # a builtin TimeoutError is an OSError
        raise StoreUnavailable(reason=type(error).__name__) from error


def translated(error: RedisError) -> StenogramError:
    """What an error of Redis or its client means to us; only its kind is kept, never what was sent."""
    name = type(error).__name__
    if isinstance(error, ResponseError | AuthenticationError | AuthorizationError):
        said = f"{getattr(error, 'status_code', None) or ''} {error}"
        for word in _COMES_AND_GOES:
            if word in said:
                return StoreUnavailable(reason=word)
        if _is_about_access(error, said):
            return StoreRefused("store_access", reason=name)
        return StoreRefused(reason=name)
    if isinstance(error, ConnectionError | TimeoutError):
        return StoreUnavailable(reason=name)
    return StoreRefused(reason=name)


def _is_about_access(error: RedisError, said: str) -> bool:
    kinds = (AuthenticationError, AuthenticationWrongNumberOfArgsError, AuthorizationError, NoPermissionError)
    return isinstance(error, kinds) or any(word in said for word in _WRONG_KEY)


async def server(url: str) -> tuple[str, bool]:
    """Its version, and whether it keeps what it is given (`appendonly yes`); nothing is written. Raises as `open`."""
    store = RedisStore(client_for(url))
    try:
        found = await answered(store._redis.info())
    finally:
        await store.close()
    return str(found["redis_version"]), bool(found.get("aof_enabled"))


async def settings(url: str, keys: Sequence[str]) -> list[str | None]:
    """What is set under these keys; nothing is written. Raises as `open`."""
    store = RedisStore(client_for(url))
    try:
        return [await store.get(key) for key in keys]
    finally:
        await store.close()


def client_for(url: str, socket_s: float = SOCKET_S, *, text: bool = True) -> Redis:
    """A client with connections of its own, not yet made. Raises `StoreRefused`, without the URL in it."""
    try:
        parts = urlsplit(url)
        pool = BlockingConnectionPool.from_url(
            url,
            max_connections=CONNECTIONS,
            timeout=socket_s,
            socket_timeout=socket_s,
            socket_connect_timeout=socket_s,
            health_check_interval=PING_AFTER_S,
            # No second try inside: a claim whose answer was lost would take a second job.
            retry=Retry(NoBackoff(), 0),
            # The older protocol has all that is needed here, and no messages that Redis sends unasked.
            protocol=2,
            decode_responses=text,
        )
    except (ValueError, TypeError):
        # Not `from` it: what Python says about a wrong port quotes from the password.
        raise StoreRefused("store_url") from None
    # A password with one of / ? # in it, not percent-encoded, shifts what is host, port and path: without this, a
    # piece of it would be looked up as the name of a host.
    if parts.fragment or "@" in parts.path + parts.query:
        raise StoreRefused("store_url")
    return Redis.from_pool(pool)


def _text(value: str | float) -> str:
    return value if isinstance(value, str) else repr(value)


def _score(job: Job) -> float:
    return urgency(job) if job.state in OPEN else ended_at_s(job)


def _fields(job: Job) -> list[str]:
    """What a job's hash has beside id, version and state. A claim changes the first three and not `doc`: like those,
    they win over it. The others repeat what is in `doc`, to be searched by."""
    return [
        *("owner", job.owner or ""),
        *("lease_until_s", repr(job.lease_until_s)),
        *("attempts", repr(job.attempts)),
        *("not_before_s", repr(job.not_before_s)),
        *("duration_s", repr(job.note.duration_s)),
        *("doc", pack(job_to_dict(job))),
    ]


def _job(row: list[Any] | None) -> Job | None:
    if row is None or row[0] is None:
        return None
    doc, job_id, version, state, owner, lease_until_s, attempts = row
    return replace(
        unpack(doc, job_from_dict),
        id=int(job_id),
        version=int(version),
        state=JobState(state),
        owner=owner or None,
        lease_until_s=float(lease_until_s),
        attempts=int(attempts),
    )
