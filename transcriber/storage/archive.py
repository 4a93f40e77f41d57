"""Every transcript, always in the local `stenogram.db`, wherever the queue is: what was said stays on this machine.

The same file as the SQLite store, so that the owner has one thing to back up; its own connection and thread, so that
a long search never holds up the queue.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar

from transcriber.domain import Found, Note, Peer, Transcript
from transcriber.storage import archive_sql as sql
from transcriber.storage import forgetting
from transcriber.storage.codec import (
    note_from_dict,
    note_to_dict,
    pack,
    transcript_from_dict,
    transcript_to_dict,
    unpack,
)
from transcriber.storage.database import Database, transaction
from transcriber.storage.query import Query, either, marks, query

log = logging.getLogger(__name__)

T = TypeVar("T")

_PAGE_NOTES = 200  # read at a time
_PAGE_CHARACTERS = 1_000_000  # the same, for transcripts of hours
_CANDIDATES = 300  # texts looked at in one go for words in a row
_EMPTYING_TRIES = 20  # some wait for whoever reads just now, some are refused at once while another one does the same
_EMPTYING_PAUSE_S = 0.1


class SqliteArchive:
    """The `Archive` protocol over a `Database`. Raises `StoreUnavailable`, `StoreRefused`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._forgetting = asyncio.Lock()

    async def put(self, note: Note, transcript: Transcript, request_key: str) -> None:
        """Keep it, unless the note was to be heard only once: of such a one nothing is kept."""
        if note.view_once:
            return
        values = {
            "chat_id": note.chat_id,
            "message_id": note.message_id,
            "request_key": request_key,
            "file_id": note.file_id,
            "sent_at_s": note.sent_at_s,
            "text": transcript.text,
            "note": pack(note_to_dict(note)),
            "transcript": pack(transcript_to_dict(transcript)),
            "first": sql.first_place(note.sent_at_s),
            "end": sql.next_place(note.sent_at_s),
        }

        def write(connection: sqlite3.Connection) -> None:
            with transaction(connection):
                for statement in (sql.UNINDEX, sql.REMOVE, sql.ADD, sql.PLACE, sql.INDEX):
                    connection.execute(statement, values)

        await self._database.run(write)

    async def cached(self, file_id: str, request_key: str) -> Transcript | None:
        rows = await self._database.run(
            lambda connection: connection.execute(sql.CACHED, (file_id, request_key)).fetchall()
        )
        return unpack(rows[0][0], transcript_from_dict) if rows else None

    async def around(self, chat_id: int, from_s: float, to_s: float) -> list[tuple[Note, Transcript]]:
        values = {
            **{"chat_id": chat_id, "from_s": from_s, "to_s": to_s},
            **{"first": sql.first_place(from_s), "end": sql.next_place(to_s)},
        }

        def get(connection: sqlite3.Connection) -> list[tuple[Note, Transcript]]:
            return [_revived(*row) for row in connection.execute(sql.AROUND, values)]

        return await self._database.run(get)

    async def find(
        self, words: str, *, chat_id: int | None = None, skip: int = 0, limit: int = 10
    ) -> tuple[int, list[Found]]:
        wanted = query(words)
        if not wanted:
            return 0, []
        if wanted.phrases:
            return await self._find_in_a_row(wanted, chat_id, skip, limit)

        def search(connection: sqlite3.Connection) -> tuple[int, list[Found]]:
            total, found = _search(connection, wanted, chat_id, skip, limit)
            return (total, found) if total else _search(connection, either(wanted), chat_id, skip, limit)

        return await self._database.run(search)

    async def _find_in_a_row(
        self, wanted: Query, chat_id: int | None, skip: int, limit: int
    ) -> tuple[int, list[Found]]:
        """Look at the texts of all notes that have the words, some at a time: others may use the archive between."""
        expression, before, fitting = wanted.expression(chat_id), sql.LAST_PLACE, list[int]()
        while places := await self._database.run(lambda it: _candidates(it, expression, before)):  # noqa: B023 - run at once
            fitting += await self._database.run(lambda it: _fitting(it, places, wanted))
            before = places[-1]
        shown = fitting[skip : skip + limit]
        return len(fitting), await self._database.run(lambda connection: _all_found(connection, shown, wanted))

    async def read(
        self, *, chat_id: int | None = None, since_s: float = 0.0
    ) -> AsyncIterator[tuple[Note, Transcript]]:
        place = sql.first_place(since_s) - 1
        while True:
            page = await self._page(chat_id, place)
            if not page:
                return
            for place, note, transcript in page:  # noqa: B007 - where the next page begins
                if note.sent_at_s >= since_s:
                    yield note, transcript

    async def count(self, *, chat_id: int | None = None, before_s: float | None = None) -> int:
        values = {"chat_id": chat_id, "end": sql.LAST_PLACE if before_s is None else sql.first_place(before_s)}
        rows = await self._database.run(lambda connection: connection.execute(sql.COUNT, values).fetchall())
        count: int = rows[0][0]
        return count

    async def forget(
        self, *, chat_id: int | None = None, message_id: int | None = None, before_s: float | None = None
    ) -> int:
        async with self._forgetting:
            await self._finish()
            if chat_id is None and message_id is None and before_s is None:
                forgotten = await self._database.run(forgetting.set_all_aside)
                await self._empty_aside()
                return forgotten
            end = sql.LAST_PLACE if before_s is None else sql.first_place(before_s)
            wanted = {"chat_id": chat_id, "message_id": message_id, "end": end}
            await self._database.run(lambda connection: forgetting.write_down(connection, wanted))
            return await self._finish()

    async def finish_forgetting(self) -> int:
        async with self._forgetting:
            return await self._finish()

    async def chats(self) -> list[Peer]:
        """The chats of which there are transcripts, as they were called last."""

        def get(connection: sqlite3.Connection) -> list[Peer]:
            notes = [unpack(note, note_from_dict) for (note,) in connection.execute(sql.CHATS)]
            return [Peer(note.chat_id, note.chat_title, note.chat_username) for note in notes]

        return await self._database.run(get)

    async def close(self) -> None:
        await self._database.close()

    async def _leaving_room(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Do that, then nothing for as long as it took: the queue writes into the same file, and would not get its
        turn between pieces that follow at once."""
        begun_s = time.monotonic()
        done = await self._database.run(work)
        await asyncio.sleep(time.monotonic() - begun_s)
        return done

    async def _finish(self) -> int:
        await self._empty_aside()
        forgotten = 0
        if await self._database.run(forgetting.is_unfinished):
            while count := await self._leaving_room(forgetting.forget_some):
                forgotten += count
            await self._scrub()
            await self._database.run(forgetting.cross_out)
        return forgotten

    async def _empty_aside(self) -> None:
        emptied = False
        while await self._leaving_room(forgetting.empty_aside):
            emptied = True
        if emptied:
            await self._empty_log()

    async def _scrub(self) -> None:
        """Have nothing left in the file of what was deleted: not in the index, nor in the log beside it."""
        statement = sql.BEGIN_MERGE
        while await self._leaving_room(lambda it: forgetting.rewrite_index(it, statement)):  # noqa: B023 - run at once
            statement = sql.MERGE
        await self._empty_log()

    async def _empty_log(self) -> None:
        for _ in range(_EMPTYING_TRIES):
            if not await self._database.run(lambda connection: connection.execute(sql.EMPTY_LOG).fetchone()[0]):
                return
            await asyncio.sleep(_EMPTYING_PAUSE_S)
        log.warning("another program reads the archive: the log beside it keeps what was forgotten until it ends")

    async def _page(self, chat_id: int | None, place: int) -> list[tuple[int, Note, Transcript]]:
        """The notes behind that place, as many as are read at a time; none: that was the last."""

        def get(connection: sqlite3.Connection) -> list[tuple[int, Note, Transcript]]:
            page: list[tuple[int, Note, Transcript]] = []
            characters = 0
            values = {"chat_id": chat_id, "place": place, "limit": _PAGE_NOTES}
            for at, note, transcript in connection.execute(sql.PAGE, values):
                page.append((at, *_revived(note, transcript)))
                characters += len(transcript)
                if characters >= _PAGE_CHARACTERS:
                    break
            return page

        return await self._database.run(get)


@asynccontextmanager
async def open_archive(path: Path, *, read_only: bool = False) -> AsyncIterator[SqliteArchive]:
    """The archive in the file `path`, closed at the end; read-only beside a program that writes. Raises
    `DataDirUnusable`, `StoreRefused`, `StoreUnavailable`."""
    database = Database(path, read_only=read_only)
    await database.open()
    archive = SqliteArchive(database)
    try:
        yield archive
    finally:
        await archive.close()


def _search(
    connection: sqlite3.Connection, wanted: Query, chat_id: int | None, skip: int, limit: int
) -> tuple[int, list[Found]]:
    expression = wanted.expression(chat_id)
    if wanted.beginnings:  # the index gathers all the words that begin so before the first note: once is enough
        every = [place for (place,) in connection.execute(sql.FIND, (expression, -1, 0))]
        return len(every), _all_found(connection, every[skip : skip + limit], wanted)
    total: int = connection.execute(sql.COUNT_FOUND, (expression,)).fetchone()[0]
    places = connection.execute(sql.FIND, (expression, limit, skip)).fetchall() if total > skip else []
    return total, _all_found(connection, [place for (place,) in places], wanted)


def _candidates(connection: sqlite3.Connection, expression: str, before: int) -> list[int]:
    rows = connection.execute(sql.CANDIDATES, (expression, before, _CANDIDATES)).fetchall()
    return [place for (place,) in rows]


def _fitting(connection: sqlite3.Connection, places: list[int], wanted: Query) -> list[int]:
    return [
        place
        for place in places
        if any(wanted.in_text(text) for (text,) in connection.execute(sql.TEXTS, (place,)).fetchall())
    ]


def _all_found(connection: sqlite3.Connection, places: list[int], wanted: Query) -> list[Found]:
    """The notes at those places; one that was forgotten meanwhile is left out."""
    said = [connection.execute(sql.SAID, (place,)).fetchall() for place in places]
    return [_found(rows, wanted) for rows in said if rows]


def _found(rows: list[tuple[str, str]], wanted: Query) -> Found:
    """A note by the newest of its transcripts in which what was looked for stands."""
    by_age = [(note, text, marks(text, wanted)) for note, text in rows]
    fitting = (row for row in by_age if row[2] and wanted.in_text(row[1]))
    note, text, where = next(fitting, by_age[0])
    return Found(unpack(note, note_from_dict), text, where)


def _revived(note: str, transcript: str) -> tuple[Note, Transcript]:
    return unpack(note, note_from_dict), unpack(transcript, transcript_from_dict)
