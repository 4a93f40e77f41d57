"""How what was said leaves the file: in pieces, because the queue writes into the same file and waits meanwhile.

Everything goes in two steps. First, in one short transaction, the tables are set aside under another name and empty
ones take their places: from then on nothing of it is found, whatever ends the program. Then what was set aside is
emptied, row by row, each page overwritten (`secure_delete`), and dropped. Some notes among others go one by one, and
which are to go is written down before the first does. Either way the next start knows what is still to be done.
"""

from __future__ import annotations

import sqlite3
import time

from transcriber.storage import archive_sql as sql
from transcriber.storage.database import transaction

AT_ONCE_S = 0.05  # one transaction; nobody else writes meanwhile
_ROWS = 20  # between two looks at the clock; some have the words of an hour
_NOTES = 100
_ASIDE = "forgotten_"
_TABLES = ("transcripts", "notes", "spoken")
# What is large in them goes by rows, from that row on. The first ten of an index say what it consists of
# (https://sqlite.org/fts5.html#the_fts5_data_table): without them SQLite would not know it well enough to drop it.
_EMPTIED = (("transcripts", 0), ("notes", 0), ("spoken_data", 11))

Wanted = dict[str, int | None]


def set_all_aside(connection: sqlite3.Connection) -> int:
    """Forget all notes but for their bytes; returns how many there were."""
    with transaction(connection):
        made = connection.execute(sql.MADE).fetchall()
        count: int = connection.execute(sql.COUNT_ALL).fetchone()[0]
        for kind, name, _ in made:
            if kind == "index":
                connection.execute(f"DROP INDEX {name}")
        for name in _TABLES:
            connection.execute(f"ALTER TABLE {name} RENAME TO {_ASIDE}{name}")
        for _, _, statement in made:
            connection.execute(statement)
        return count


def empty_aside(connection: sqlite3.Connection) -> bool:
    """Overwrite some of what was set aside; False: nothing of it is left."""
    if not connection.execute(sql.IS_ASIDE).fetchone()[0]:
        return False
    until_s = time.monotonic() + AT_ONCE_S
    with transaction(connection):
        for name, first in _EMPTIED:
            while _some_deleted(connection, _ASIDE + name, first):
                if time.monotonic() > until_s:
                    return True
        for name in _TABLES:
            connection.execute(f"DROP TABLE {_ASIDE}{name}")
    return True


def write_down(connection: sqlite3.Connection, wanted: Wanted) -> None:
    """Remember which notes are to be forgotten; those that come later are not among them."""
    with transaction(connection):
        connection.execute(sql.WRITE_DOWN, wanted)


def is_unfinished(connection: sqlite3.Connection) -> bool:
    """Whether something was written down and not crossed out."""
    return bool(connection.execute(sql.IS_WRITTEN_DOWN).fetchone()[0])


def cross_out(connection: sqlite3.Connection) -> None:
    """It is done."""
    connection.execute(sql.CROSS_OUT)


def forget_some(connection: sqlite3.Connection) -> int:
    """Forget some of the notes that were written down; returns how many, 0 when there are no more."""
    with transaction(connection):
        connection.execute(sql.TO_FORGET, (_NOTES,))
        for statement in sql.FORGET:
            connection.execute(statement)
        count: int = connection.execute(sql.FORGOTTEN).fetchone()[0]
        connection.execute(sql.NO_MORE)
        return count


def rewrite_index(connection: sqlite3.Connection, statement: str) -> bool:
    """Write some of the index anew, without the words of what was forgotten; whether there was something to write."""
    before = connection.total_changes
    connection.execute(statement)
    return connection.total_changes - before > 1


def _some_deleted(connection: sqlite3.Connection, table: str, first: int) -> bool:
    rows = f"SELECT rowid FROM {table} WHERE rowid >= {first} LIMIT {_ROWS}"  # noqa: S608 - our own name
    return connection.execute(f"DELETE FROM {table} WHERE rowid IN ({rows})").rowcount > 0  # noqa: S608 - the same
