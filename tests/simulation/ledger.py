"""The ledger's side of a simulated life: one file, on which a process or several work, each in a session of its own.

A shared one has PostgreSQL's session locks in an SQLite's place, so that the real leases (`bot.ledger.leases`) run on
it. Any transaction may be cut at its edges or at any statement, by the end of the process or of its session.
"""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

from bot.doors import Lease
from bot.ledger.db import InlineLedger
from tests.simulation import engines
from tests.simulation.process import Process

T = TypeVar("T")

AWAY = "the server closed the connection unexpectedly"


class Locks:
    """Session locks: who has which. A session that ends lets go of all of its own."""

    def __init__(self) -> None:
        self._held: dict[int, Session] = {}
        self._opened = 0

    def open(self) -> "Session":
        """A new session."""
        self._opened += 1
        return Session(self, self._opened)

    def try_take(self, session: "Session", number: int) -> bool:
        """Never waits."""
        return self._held.setdefault(number, session) is session

    def let_go(self, session: "Session", number: int) -> bool:
        """Whether it was ours."""
        ours = self._held.get(number) is session
        if ours:
            del self._held[number]
        return ours

    def end(self, session: "Session") -> None:
        """The server forgets a session."""
        self._held = {number: holder for number, holder in self._held.items() if holder is not session}


class Session:
    """One session of one process with a shared ledger."""

    def __init__(self, locks: Locks, number: int) -> None:
        self.number = number
        self.ended = False
        self._locks = locks

    def end(self) -> None:
        """By the server, or with the process."""
        self.ended = True
        self._locks.end(self)

    def install(self, connection: Any) -> None:
        """PostgreSQL's functions for session locks, in this session's name:
        https://www.postgresql.org/docs/current/functions-admin.html#FUNCTIONS-ADVISORY-LOCKS"""
        connection.create_function("pg_try_advisory_lock", 1, lambda number: self._locks.try_take(self, number))
        connection.create_function("pg_advisory_unlock", 1, lambda number: self._locks.let_go(self, number))


class SimLedger:
    """The ledger door of one process."""

    def __init__(self, path: Path, process: Process, locks: Locks | None, committed: Callable[[], None]) -> None:
        """`locks`: of a shared ledger. `committed` is told after each commit."""
        self._reused = engines.take(path)
        self._inline = InlineLedger(self._reused.engine)
        self._process = process
        self._locks = locks
        self._committed = committed
        self._session: Session | None = None
        self._writing = False
        self._reused.listen("connect", self._connected)
        self._reused.listen("before_cursor_execute", self._on_statement)
        self._reused.listen("commit", self._on_commit)

    def lose(self) -> None:
        """The session ends; the next transaction finds out."""
        if self._session is not None:
            self._session.end()

    async def read(self, work: Callable[[Connection], T]) -> T:
        self._pass("read")
        return self._inline.read_now(self._unless_lost(work))

    async def write(self, work: Callable[[Connection], T], *, lease: Lease | None = None) -> T:
        self._pass("begin")
        with self._write():
            result = self._inline.write_now(self._unless_lost(work), lease)
        self._committed()
        self._pass("committed")
        return result

    def close(self) -> None:
        """The process is gone, and its session with it."""
        self.lose()
        self._reused.close()

    def _unless_lost(self, work: Callable[[Connection], T]) -> Callable[[Connection], T]:
        def guarded(conn: Connection) -> T:
            if self._session is not None and self._session.ended:
                conn.invalidate()
                raise OperationalError(AWAY, None, sqlite3.OperationalError(AWAY))
            return work(conn)

        return guarded

    def _connected(self, connection: Any, record: Any) -> None:
        if self._locks is not None:
            self._session = self._locks.open()
            self._session.install(connection)
            record.info["session"] = self._session.number

    @contextmanager
    def _write(self) -> Iterator[None]:
        self._writing = True
        try:
            yield
        finally:
            self._writing = False

    def _on_statement(self, *_: object) -> None:
        if self._writing:
            self._pass("statement")

    def _on_commit(self, _conn: Connection) -> None:
        if self._writing:
            self._pass("commit")

    def _pass(self, point: str) -> None:
        if any(fuse.what == "lose" for fuse in self._process.pass_(point)):
            raise OperationalError(AWAY, None, sqlite3.OperationalError(AWAY))
