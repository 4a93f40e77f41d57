"""Every transcript, always in the local `stenogram.db`, wherever the queue is: what was said stays on this machine.

The same file as the SQLite store, so that the owner has one thing to back up; its own connection and thread, so that
a long search never holds up the queue.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from transcriber.domain import Note, Transcript
from transcriber.storage.codec import note_to_dict, pack, transcript_from_dict, transcript_to_dict, unpack
from transcriber.storage.database import Database

_PUT = """
    INSERT INTO transcripts (chat_id, message_id, request_key, file_id, sent_at_s, text, note, transcript)
    VALUES (:chat_id, :message_id, :request_key, :file_id, :sent_at_s, :text, :note, :transcript)
    ON CONFLICT (chat_id, message_id, request_key) DO UPDATE SET
        file_id = excluded.file_id, sent_at_s = excluded.sent_at_s, text = excluded.text,
        note = excluded.note, transcript = excluded.transcript
"""
_CACHED = "SELECT transcript FROM transcripts WHERE file_id = ? AND request_key = ? ORDER BY id DESC LIMIT 1"


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
        await self._database.run(lambda connection: connection.execute(_PUT, values).fetchall())

    async def cached(self, file_id: str, request_key: str) -> Transcript | None:
        rows = await self._database.run(
            lambda connection: connection.execute(_CACHED, (file_id, request_key)).fetchall()
        )
        return unpack(rows[0][0], transcript_from_dict) if rows else None

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
