"""Engine and transactions: how the ledger is opened, and the two forms of its door."""

import asyncio
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event

from bot.doors import Lease, LeaseLost

T = TypeVar("T")

BUSY_FOR = 10.0
"""Seconds that a statement waits for another process's lock (every command works beside the daemon)."""

WAL_TRIES = 20
"""Times that a new file is tried again while others open it too."""


def open_engine(url: str, *, as_it_is: bool = False) -> Engine:
    """An engine for the ledger at `url`; connects to nothing yet. `as_it_is`: only to look whose file it is.

    SQLite runs in WAL with synchronous=FULL: with NORMAL a power cut may take back the last commits, and a post that
    is out would be forgotten and sent again (https://www.sqlite.org/pragma.html#pragma_synchronous).
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


def session_of(conn: Connection) -> int:
    """The number of the session that this connection is, growing with each new one; 0 where sessions hold nothing."""
    return int(conn.info.get("session", 0))


class InlineLedger:
    """The ledger door without a thread: for commands that do one thing, and for simulation."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        # Writers take the lock at once, so that two processes wait for each other instead of failing half way:
        # https://www.sqlite.org/lang_transaction.html#deferred_immediate_and_exclusive_transactions
        self._writing = engine.execution_options(sqlite_begin="IMMEDIATE")

    def read_now(self, work: Callable[[Connection], T]) -> T:
        """Run `work` in a transaction that writes nothing."""
        with self.engine.connect() as conn:
            return work(conn)

    def write_now(self, work: Callable[[Connection], T], lease: Lease | None = None) -> T:
        """Run `work` in a transaction that is on disk when this returns. Raises LeaseLost."""
        with self._writing.begin() as conn:
            if lease is not None and lease.session != session_of(conn):
                raise LeaseLost(f"the session that held {lease.name} is gone")
            return work(conn)

    async def read(self, work: Callable[[Connection], T]) -> T:
        """`read_now`, for those who await."""
        return self.read_now(work)

    async def write(self, work: Callable[[Connection], T], *, lease: Lease | None = None) -> T:
        """`write_now`, for those who await."""
        return self.write_now(work, lease)

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()


class ThreadLedger:
    """The ledger door in production: one thread, so that a transaction is never cut in two by a cancelled task."""

    def __init__(self, engine: Engine) -> None:
        self.inline = InlineLedger(engine)
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="ledger")

    async def read(self, work: Callable[[Connection], T]) -> T:
        """Run `work` in a transaction that writes nothing."""
        return await self._run(lambda: self.inline.read_now(work))

    async def write(self, work: Callable[[Connection], T], *, lease: Lease | None = None) -> T:
        """Run `work` in a transaction that is on disk when this returns. Raises LeaseLost."""
        return await self._run(lambda: self.inline.write_now(work, lease))

    async def _run(self, call: Callable[[], T]) -> T:
        # Shielded: the transaction runs to its end whatever becomes of the task that asked for it.
        return await asyncio.shield(asyncio.get_running_loop().run_in_executor(self._executor, call))

    def close(self) -> None:
        """Finish what is running and close every connection."""
        self._executor.shutdown(wait=True, cancel_futures=True)
        self.inline.close()
