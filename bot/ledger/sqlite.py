"""The ledger in a file: how SQLite is opened, so that a commit is on disk and writers wait for each other."""

import sqlite3
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event

BUSY_FOR = 10.0
"""Seconds that a statement waits for another process's lock (every command works beside the daemon)."""

WAL_TRIES = 20
"""Times that a new file is tried again while others open it too."""

READING = {"sqlite_begin": "DEFERRED"}
WRITING = {"sqlite_begin": "IMMEDIATE"}
"""Writers take the lock at once, so that two processes wait for each other instead of failing half way:
https://www.sqlite.org/lang_transaction.html#deferred_immediate_and_exclusive_transactions"""


def open_file(url: URL, *, as_it_is: bool) -> Engine:
    """An engine for the file at `url`. `as_it_is`: only to look whose file it is.

    It runs in WAL with synchronous=FULL: with NORMAL a power cut may take back the last commits, and a post that is
    out would be forgotten and sent again (https://www.sqlite.org/pragma.html#pragma_synchronous).
    """
    engine = create_engine(url, connect_args={"timeout": BUSY_FOR, "check_same_thread": False})
    event.listen(engine, "connect", _on_connect_to_look if as_it_is else _on_connect)
    event.listen(engine, "begin", _on_begin)
    return engine


def _on_connect(dbapi_connection: Any, _record: object) -> None:
    # The driver's own transaction handling begins late and commits early; ours begins in _on_begin:
    # https://docs.sqlalchemy.org/en/21/dialects/sqlite.html#pysqlite-serializable
    dbapi_connection.isolation_level = None
    cursor = dbapi_connection.cursor()
    _use_wal(cursor)
    cursor.execute("PRAGMA synchronous = FULL")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()


def _on_connect_to_look(dbapi_connection: Any, _record: object) -> None:
    # Somebody else's database is left as it is, its journal included.
    dbapi_connection.isolation_level = None


def _use_wal(cursor: Any) -> None:
    """Switch to WAL, once in a file's life. Of several programs that open a new file together, one may.

    The switch does not wait for another program's lock as other statements do; beginning to write does.
    """
    for _ in range(WAL_TRIES):
        try:
            cursor.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:  # without what extends the code
                raise
            cursor.execute("BEGIN IMMEDIATE")
            cursor.execute("ROLLBACK")
        else:
            return
    cursor.execute("PRAGMA journal_mode = WAL")


def _on_begin(conn: Connection) -> None:
    conn.exec_driver_sql(f"BEGIN {conn.get_execution_options().get('sqlite_begin', 'DEFERRED')}")
