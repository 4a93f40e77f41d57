"""The store in one SQLite file on this machine: the default, nothing to install.

Several processes of this machine may use the file at once. A lease lasts by the clock passed in, which has to be the
same for all of them; jobs' times are the callers' own.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path
from typing import Self

from transcriber.clock import Clock
from transcriber.domain import ChatRules, Job, JobState
from transcriber.storage.codec import job_from_dict, job_to_dict, pack, rules_from_dict, rules_to_dict, unpack
from transcriber.storage.database import BUSY_TIMEOUT_S, Database
from transcriber.storage.order import OPEN, ended_at_s, in_order, urgency

Row = tuple[str, int, int, str, str | None, float, int]

_INSERT = """
    INSERT INTO jobs (chat_id, message_id, version, state, owner, lease_until_s, attempts,
                      urgency, not_before_s, duration_s, ended_at_s, doc)
    SELECT :chat_id, :message_id, 1, :state, :owner, :lease_until_s, :attempts,
           :urgency, :not_before_s, :duration_s, :ended_at_s, :doc
    WHERE NOT EXISTS (SELECT 1 FROM jobs WHERE chat_id = :chat_id AND message_id = :message_id)
    RETURNING id, version
"""
_REPLACE = """
    UPDATE jobs SET version = version + 1, state = :state, owner = :owner, lease_until_s = :lease_until_s,
                    attempts = :attempts, urgency = :urgency, not_before_s = :not_before_s,
                    duration_s = :duration_s, ended_at_s = :ended_at_s, doc = :doc
    WHERE id = :id AND version = :version
    RETURNING id, version
"""
# INDEXED BY: left alone, SQLite reads all open jobs and sorts them, instead of stopping at the first that fits.
_CLAIM = """
    UPDATE jobs SET state = 'running', owner = :owner, lease_until_s = :lease_until_s,
                    attempts = attempts + 1, version = version + 1
    WHERE id = (
        SELECT id FROM jobs INDEXED BY jobs_to_claim
        WHERE state IN ('waiting', 'running')
          AND (CASE state WHEN 'waiting' THEN not_before_s ELSE lease_until_s END) <= :now_s
          AND (state = 'waiting' OR owner IS NOT :owner)
          AND (:longest_s IS NULL OR duration_s <= :longest_s)
        ORDER BY urgency, id LIMIT 1)
    RETURNING doc, id, version, state, owner, lease_until_s, attempts
"""
_ROW = "SELECT doc, id, version, state, owner, lease_until_s, attempts FROM jobs "
_BY_ID = _ROW + "WHERE id = ?"
_BY_MESSAGE = _ROW + "WHERE chat_id = ? AND message_id = ?"
_OPEN = (
    _ROW + "INDEXED BY jobs_to_claim WHERE state IN ('waiting', 'running') AND state = ? ORDER BY urgency, id LIMIT ?"
)
_ENDED = _ROW + "WHERE state = ? ORDER BY ended_at_s DESC, id DESC LIMIT ?"
_LEASE = """
    INSERT INTO leases (name, holder, until_s) VALUES (:name, :holder, :until_s)
    ON CONFLICT (name) DO UPDATE SET
        holder = CASE WHEN until_s <= :now_s THEN excluded.holder ELSE holder END,
        until_s = CASE WHEN until_s <= :now_s OR holder = excluded.holder THEN excluded.until_s ELSE until_s END
    RETURNING holder
"""


class SqliteStore:
    """The `Store` protocol over a `Database`. After `StoreUnavailable` a change may still have been made."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    @classmethod
    async def open(cls, path: Path, clock: Clock, *, busy_timeout_s: float = BUSY_TIMEOUT_S) -> Self:
        """Open or make the file. Raises `DataDirUnusable`, `StoreRefused`, `StoreUnavailable`."""
        database = Database(path, busy_timeout_s=busy_timeout_s)
        await database.open()
        return cls(database, clock)

    async def get(self, key: str) -> str | None:
        rows = await self._rows("SELECT value FROM settings WHERE key = ?", (key,))
        return rows[0][0] if rows else None

    async def set(self, key: str, value: str | None) -> None:
        if value is None:
            await self._rows("DELETE FROM settings WHERE key = ?", (key,))
            return
        await self._rows(
            "INSERT INTO settings (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
            (key, value),
        )

    async def rules_of(self, chat_id: int) -> ChatRules | None:
        rows = await self._rows("SELECT doc FROM rules WHERE chat_id = ?", (chat_id,))
        return unpack(rows[0][0], rules_from_dict) if rows else None

    async def all_rules(self) -> list[ChatRules]:
        rows = await self._rows("SELECT doc FROM rules ORDER BY chat_id")
        return [unpack(doc, rules_from_dict) for (doc,) in rows]

    async def put_rules(self, rules: ChatRules) -> None:
        await self._rows(
            "INSERT INTO rules (chat_id, doc) VALUES (?, ?) ON CONFLICT (chat_id) DO UPDATE SET doc = excluded.doc",
            (rules.chat_id, pack(rules_to_dict(rules))),
        )

    async def cursors(self) -> dict[int, int]:
        return dict(await self._rows("SELECT chat_id, message_id FROM cursors"))

    async def move_cursor(self, chat_id: int, message_id: int) -> None:
        await self._rows(
            "INSERT INTO cursors (chat_id, message_id) VALUES (?, ?)"
            " ON CONFLICT (chat_id) DO UPDATE SET message_id = max(message_id, excluded.message_id)",
            (chat_id, message_id),
        )

    async def insert_job(self, job: Job) -> Job | None:
        return await self._written(_INSERT, job)

    async def job(self, job_id: int) -> Job | None:
        return _first(await self._rows(_BY_ID, (job_id,)))

    async def job_of(self, chat_id: int, message_id: int) -> Job | None:
        return _first(await self._rows(_BY_MESSAGE, (chat_id, message_id)))

    async def replace_job(self, job: Job) -> Job | None:
        return await self._written(_REPLACE, job)

    async def claim_job(
        self, *, owner: str, now_s: float, lease_until_s: float, longest_s: float | None = None
    ) -> Job | None:
        values = {"owner": owner, "now_s": now_s, "lease_until_s": lease_until_s, "longest_s": longest_s}
        return _first(await self._rows(_CLAIM, values))

    async def jobs(self, states: Collection[JobState], limit: int = 100) -> list[Job]:
        if limit < 1:
            return []

        def read(connection: sqlite3.Connection) -> list[Row]:
            # One transaction, so that a job that changes its state meanwhile is listed once.
            connection.execute("BEGIN")
            try:
                queries = [(_OPEN if state in OPEN else _ENDED, (state.value, limit)) for state in set(states)]
                return [row for sql, values in queries for row in connection.execute(sql, values)]
            finally:
                connection.execute("COMMIT")

        return in_order(map(_job, await self._database.run(read)), limit)

    async def count_jobs(self) -> dict[JobState, int]:
        rows = await self._rows("SELECT state, count(*) FROM jobs GROUP BY state")
        return dict.fromkeys(JobState, 0) | {JobState(state): count for state, count in rows}

    async def done_since(self, since_s: float) -> int:
        rows = await self._rows("SELECT count(*) FROM jobs WHERE state = 'done' AND ended_at_s >= ?", (since_s,))
        count: int = rows[0][0]
        return count

    async def take_lease(self, name: str, holder: str, ttl_s: float) -> str:
        now_s = self._clock.now()
        values = {"name": name, "holder": holder, "now_s": now_s, "until_s": now_s + ttl_s}
        now_held_by: str = (await self._rows(_LEASE, values))[0][0]
        return now_held_by

    async def drop_lease(self, name: str, holder: str) -> None:
        await self._rows("DELETE FROM leases WHERE name = ? AND holder = ?", (name, holder))

    async def close(self) -> None:
        await self._database.close()

    async def _rows(self, sql: str, values: tuple[object, ...] | dict[str, object] = ()) -> list[tuple]:  # type: ignore[type-arg]  # rows differ
        # All rows are taken: a statement with RETURNING commits when it has ended, not at its first row.
        return await self._database.run(lambda connection: connection.execute(sql, values).fetchall())

    async def _written(self, sql: str, job: Job) -> Job | None:
        rows = await self._rows(sql, _columns(job))
        return replace(job, id=rows[0][0], version=rows[0][1]) if rows else None


def _columns(job: Job) -> dict[str, object]:
    return {
        "id": job.id,
        "version": job.version,
        "chat_id": job.note.chat_id,
        "message_id": job.note.message_id,
        "state": job.state.value,
        "owner": job.owner,
        "lease_until_s": job.lease_until_s,
        "attempts": job.attempts,
        "urgency": urgency(job),
        "not_before_s": job.not_before_s,
        "duration_s": job.note.duration_s,
        "ended_at_s": ended_at_s(job),
        "doc": pack(job_to_dict(job)),
    }


def _job(row: Row) -> Job:
    doc, job_id, version, state, owner, lease_until_s, attempts = row
    return replace(
        unpack(doc, job_from_dict),
        id=job_id,
        version=version,
        state=JobState(state),
        owner=owner,
        lease_until_s=lease_until_s,
        attempts=attempts,
    )


def _first(rows: list[Row]) -> Job | None:
    return _job(rows[0]) if rows else None
