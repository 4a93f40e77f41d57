"""The tables of `stenogram.db`, as the numbered steps that lead to them.

`PRAGMA user_version` is the number of steps a file has had. A step that was released is never edited: what is to be
different is a further step at the end, and every file, however old, takes the ones it lacks when it is opened.
"""

from __future__ import annotations

Step = tuple[str, ...]

_FIRST: Step = (
    "CREATE TABLE settings (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
    "CREATE TABLE rules (chat_id INTEGER PRIMARY KEY, doc TEXT NOT NULL)",
    "CREATE TABLE cursors (chat_id INTEGER PRIMARY KEY, message_id INTEGER NOT NULL)",
    "CREATE TABLE leases (name TEXT PRIMARY KEY, holder TEXT NOT NULL, until_s REAL NOT NULL) WITHOUT ROWID",
    # `doc` is the whole job. The columns marked * are changed by a claim, which does not touch `doc`: they win over
    # it. The others repeat what is in `doc`, to be searched by.
    """CREATE TABLE jobs (
        id INTEGER PRIMARY KEY,
        chat_id INTEGER NOT NULL,
        message_id INTEGER NOT NULL,
        version INTEGER NOT NULL,       -- *
        state TEXT NOT NULL,            -- *
        owner TEXT,                     -- *
        lease_until_s REAL NOT NULL,    -- *
        attempts INTEGER NOT NULL,      -- *
        urgency INTEGER NOT NULL,
        not_before_s REAL NOT NULL,
        duration_s REAL NOT NULL,
        ended_at_s REAL NOT NULL,
        doc TEXT NOT NULL,
        UNIQUE (chat_id, message_id)
    )""",
    "CREATE INDEX jobs_to_claim ON jobs (urgency, id) WHERE state IN ('waiting', 'running')",
    "CREATE INDEX jobs_by_end ON jobs (state, ended_at_s, id)",
    # The id stays the same when a transcript is replaced, so that a full-text index can be laid over `text` later.
    """CREATE TABLE transcripts (
        id INTEGER PRIMARY KEY,
        chat_id INTEGER NOT NULL,
        message_id INTEGER NOT NULL,
        request_key TEXT NOT NULL,
        file_id TEXT NOT NULL,
        sent_at_s REAL NOT NULL,
        text TEXT NOT NULL,
        note TEXT NOT NULL,
        transcript TEXT NOT NULL,
        UNIQUE (chat_id, message_id, request_key)
    )""",
    "CREATE INDEX transcripts_by_file ON transcripts (file_id, request_key)",
)

# One row for each note that has a transcript, however often it was transcribed. `place` orders the notes by when they
# were sent: that second times 2**20, and a number for each note of the same second.
_NOTES: Step = (
    """CREATE TABLE notes (
        place INTEGER PRIMARY KEY,
        chat_id INTEGER NOT NULL,
        message_id INTEGER NOT NULL,
        UNIQUE (chat_id, message_id)
    )""",
    "CREATE INDEX notes_of_chat ON notes (chat_id, place)",
    """INSERT INTO notes (place, chat_id, message_id)
        SELECT (second << 20) + row_number() OVER (PARTITION BY second ORDER BY chat_id, message_id) - 1,
               chat_id, message_id
        FROM (SELECT chat_id, message_id, CAST(min(max(sent_at_s, 0), 1 << 40) AS INTEGER) AS second
              FROM (SELECT chat_id, message_id, min(sent_at_s) AS sent_at_s FROM transcripts
                    GROUP BY chat_id, message_id))""",
)
# One document for each note, under its place: a token for its chat, then the stems of all that was heard in it. What
# is a word, and what its stem, words.py decides (`stems`); here a token is what stands between spaces. The documents
# themselves are not kept: to take one out is to say again what was in it. So a stem changed there means a step added
# here that makes this table anew.
_SPOKEN: Step = (
    """CREATE VIRTUAL TABLE spoken USING fts5 (
        stems, content = '', tokenize = "ascii tokenchars '_-'", detail = none, columnsize = 0
    )""",
    """INSERT INTO spoken (rowid, stems)
        SELECT place, '_' || chat_id || ' ' || stems(group_concat(text, ' '))
        FROM notes JOIN transcripts USING (chat_id, message_id) GROUP BY place""",
)

# The places of the notes that are being forgotten; and one that no note has, until nothing of them is in the index.
_FORGETTING: Step = ("CREATE TABLE forgetting (place INTEGER PRIMARY KEY)",)

STEPS: tuple[Step, ...] = (_FIRST, _NOTES, _SPOKEN, _FORGETTING)
