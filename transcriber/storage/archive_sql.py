"""What the archive asks SQLite: its statements, and the place of a note in the order of time."""

from __future__ import annotations

_PER_SECOND = 1 << 20  # places for the notes of one second
_LAST_SECOND = 1 << 40
LAST_PLACE = (_LAST_SECOND + 1) * _PER_SECOND


def first_place(at_s: float) -> int:
    """Where the notes of that second begin."""
    return int(min(max(0.0, at_s), _LAST_SECOND)) * _PER_SECOND


def next_place(at_s: float) -> int:
    """Where they end, and those of the next second begin."""
    return first_place(at_s) + _PER_SECOND


# A repeat gets a new id: the newest transcript of a note is the one with the highest, whatever was made again.
REMOVE = (
    "DELETE FROM transcripts WHERE chat_id = :chat_id AND message_id = :message_id AND request_key = :request_key"
)
ADD = """
    INSERT INTO transcripts (chat_id, message_id, request_key, file_id, sent_at_s, text, note, transcript)
    VALUES (:chat_id, :message_id, :request_key, :file_id, :sent_at_s, :text, :note, :transcript)
"""
PLACE = """
    INSERT INTO notes (place, chat_id, message_id)
    SELECT coalesce(max(place) + 1, :first), :chat_id, :message_id FROM notes WHERE place >= :first AND place < :end
    ON CONFLICT (chat_id, message_id) DO NOTHING
"""
_DOCUMENT = "place, '_' || chat_id || ' ' || stems(group_concat(text, ' '))"
_OF_NOTE = """
    FROM notes JOIN transcripts USING (chat_id, message_id)
    WHERE chat_id = :chat_id AND message_id = :message_id GROUP BY place
"""
INDEX = f"INSERT INTO spoken (rowid, stems) SELECT {_DOCUMENT} {_OF_NOTE}"
UNINDEX = f"INSERT INTO spoken (spoken, rowid, stems) SELECT 'delete', {_DOCUMENT} {_OF_NOTE}"

CACHED = "SELECT transcript FROM transcripts WHERE file_id = ? AND request_key = ? ORDER BY id DESC LIMIT 1"

_NEWEST = """
    JOIN transcripts ON transcripts.id = (
        SELECT max(id) FROM transcripts AS made
        WHERE made.chat_id = notes.chat_id AND made.message_id = notes.message_id)
"""
AROUND = f"""
    SELECT note, transcript FROM notes {_NEWEST}
    WHERE notes.chat_id = :chat_id AND place >= :first AND place < :end AND sent_at_s BETWEEN :from_s AND :to_s
    ORDER BY sent_at_s, notes.message_id
"""  # noqa: S608 - made of what stands here
PAGE = f"""
    SELECT place, note, transcript FROM notes {_NEWEST}
    WHERE place > :place AND (:chat_id IS NULL OR notes.chat_id = :chat_id)
    ORDER BY place LIMIT :limit
"""  # noqa: S608 - made of what stands here
COUNT = "SELECT count(*) FROM notes WHERE place < :end AND (:chat_id IS NULL OR chat_id = :chat_id)"

CHATS = f"""
    SELECT note FROM notes {_NEWEST}
    WHERE place IN (SELECT max(place) FROM notes GROUP BY chat_id) ORDER BY place DESC
"""  # noqa: S608 - made of what stands here

COUNT_FOUND = "SELECT count(*) FROM spoken WHERE spoken MATCH ?"
FIND = "SELECT rowid FROM spoken WHERE spoken MATCH ? ORDER BY rowid DESC LIMIT ? OFFSET ?"
CANDIDATES = "SELECT rowid FROM spoken WHERE spoken MATCH ? AND rowid < ? ORDER BY rowid DESC LIMIT ?"
TEXTS = "SELECT text FROM notes JOIN transcripts USING (chat_id, message_id) WHERE place = ?"
SAID = """
    SELECT note, text FROM notes JOIN transcripts USING (chat_id, message_id)
    WHERE place = ? ORDER BY transcripts.id DESC
"""

WRITE_DOWN = """
    INSERT OR IGNORE INTO forgetting
    SELECT place FROM notes
    WHERE place < :end AND (:chat_id IS NULL OR chat_id = :chat_id)
      AND (:message_id IS NULL OR message_id = :message_id)
    UNION SELECT -1
"""
IS_WRITTEN_DOWN = "SELECT count(*) FROM forgetting WHERE place = -1"
CROSS_OUT = "DELETE FROM forgetting WHERE place = -1"
TO_FORGET = """
    CREATE TEMP TABLE forgotten AS
    SELECT place, chat_id, message_id FROM forgetting JOIN notes USING (place) LIMIT ?
"""
FORGET = (
    f"""INSERT INTO spoken (spoken, rowid, stems) SELECT 'delete', {_DOCUMENT}
        FROM forgotten JOIN transcripts USING (chat_id, message_id) GROUP BY place""",  # noqa: S608 - the same
    "DELETE FROM transcripts WHERE (chat_id, message_id) IN (SELECT chat_id, message_id FROM forgotten)",
    "DELETE FROM notes WHERE place IN (SELECT place FROM forgotten)",
    "DELETE FROM forgetting WHERE place IN (SELECT place FROM forgotten)",
)
FORGOTTEN = "SELECT count(*) FROM forgotten"
NO_MORE = "DROP TABLE forgotten"
# The tables of the archive, each before its indices.
MADE = """
    SELECT type, name, sql FROM sqlite_master
    WHERE tbl_name IN ('transcripts', 'notes', 'spoken') AND sql IS NOT NULL ORDER BY type DESC
"""
COUNT_ALL = "SELECT count(*) FROM notes"
IS_ASIDE = "SELECT count(*) FROM sqlite_master WHERE name = 'forgotten_spoken'"
# The index only notes that a document was deleted: its words go when the segments it is in are written anew, some
# pages at a time. A negative number begins that for all of them, positive ones go on.
BEGIN_MERGE = "INSERT INTO spoken (spoken, rank) VALUES ('merge', -100)"
MERGE = "INSERT INTO spoken (spoken, rank) VALUES ('merge', 100)"
EMPTY_LOG = "PRAGMA wal_checkpoint (TRUNCATE)"
