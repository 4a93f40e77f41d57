"""Every transcript, always in the local `stenogram.db`, wherever the queue is: what was said stays on this machine.

The same file as the SQLite store, so that the owner has one thing to back up; its own connection and thread, so that
a long search never holds up the queue.
"""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from transcriber.domain import Note, Transcript
from transcriber.storage.codec import (
    note_from_dict,
    note_to_dict,
    pack,
    transcript_from_dict,
    transcript_to_dict,
    unpack,
)
from transcriber.storage.database import Database, transaction

_PLACES_PER_SECOND = 1 << 20
_LAST_SECOND = 1 << 40

# A repeat gets a new id: the newest transcript of a note is the one with the highest, whatever was made again.
_REMOVE = (
    "DELETE FROM transcripts WHERE chat_id = :chat_id AND message_id = :message_id AND request_key = :request_key"
)
_ADD = """
    INSERT INTO transcripts (chat_id, message_id, request_key, file_id, sent_at_s, text, note, transcript)
    VALUES (:chat_id, :message_id, :request_key, :file_id, :sent_at_s, :text, :note, :transcript)
"""
_PLACE = """
    INSERT INTO notes (place, chat_id, message_id)
    SELECT coalesce(max(place) + 1, :first), :chat_id, :message_id FROM notes
    WHERE place >= :first AND place < :first + 1048576
    ON CONFLICT (chat_id, message_id) DO NOTHING
"""
_CACHED = "SELECT transcript FROM transcripts WHERE file_id = ? AND request_key = ? ORDER BY id DESC LIMIT 1"
_AROUND = """
    SELECT note, transcript FROM notes
    JOIN transcripts ON transcripts.id = (
        SELECT max(id) FROM transcripts AS made
        WHERE made.chat_id = notes.chat_id AND made.message_id = notes.message_id)
    WHERE notes.chat_id = :chat_id AND place >= :first AND place < :end AND sent_at_s BETWEEN :from_s AND :to_s
    ORDER BY sent_at_s, notes.message_id
"""


class SqliteArchive:
    """The `Archive` protocol over a `Database`. Raises `StoreUnavailable`, `StoreRefused`."""

    def __init__(self, database: Database) -> None:
        self._database = database

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
        }
        values["first"] = _first_place(note.sent_at_s)

        def write(connection: sqlite3.Connection) -> None:
            with transaction(connection):
                for statement in (_REMOVE, _ADD, _PLACE):
                    connection.execute(statement, values)

        await self._database.run(write)

    async def cached(self, file_id: str, request_key: str) -> Transcript | None:
        rows = await self._database.run(
            lambda connection: connection.execute(_CACHED, (file_id, request_key)).fetchall()
        )
        return unpack(rows[0][0], transcript_from_dict) if rows else None

    async def around(self, chat_id: int, from_s: float, to_s: float) -> list[tuple[Note, Transcript]]:
        values = {
            **{"chat_id": chat_id, "from_s": from_s, "to_s": to_s},
            **{"first": _first_place(from_s), "end": _first_place(to_s) + _PLACES_PER_SECOND},
        }

        def read(connection: sqlite3.Connection) -> list[tuple[Note, Transcript]]:
            return [_revived(*row) for row in connection.execute(_AROUND, values)]

        return await self._database.run(read)

    async def close(self) -> None:
        await self._database.close()


@asynccontextmanager
async def open_archive(path: Path) -> AsyncIterator[SqliteArchive]:
    """The archive in the file `path`, closed at the end. Raises `DataDirUnusable`, `StoreRefused`,
    `StoreUnavailable`."""
    database = Database(path)
    await database.open()
    archive = SqliteArchive(database)
    try:
        yield archive
    finally:
        await archive.close()


def _first_place(at_s: float) -> int:
    """Where the notes of that second begin."""
    return int(min(max(0, at_s), _LAST_SECOND)) * _PLACES_PER_SECOND


def _revived(note: str, transcript: str) -> tuple[Note, Transcript]:
    return unpack(note, note_from_dict), unpack(transcript, transcript_from_dict)
