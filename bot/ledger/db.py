"""Engine and transactions: how the ledger is opened, and the two forms of its door."""

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Literal, TypeVar

from sqlalchemy import Connection, Engine, make_url
from sqlalchemy.exc import DBAPIError

from bot.doors import Lease, LeaseLost
from bot.ledger import postgres, sqlite
from bot.ledger.trouble import Condition

T = TypeVar("T")


def open_engine(url: str, *, as_it_is: bool = False) -> Engine:
    """An engine for the ledger at `url`; connects to nothing yet. `as_it_is`: only to look whose database it is."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "postgresql":
        return postgres.open_server(parsed, as_it_is=as_it_is)
    return sqlite.open_file(parsed, as_it_is=as_it_is)


def session_of(conn: Connection) -> int:
    """The number of the session that this connection is, growing with each new one; 0 where sessions hold nothing."""
    return int(conn.info.get("session", 0))


class InlineLedger:
    """The ledger door without a thread: for commands that do one thing, and for simulation."""

    def __init__(self, engine: Engine) -> None:
        kind = postgres if engine.dialect.name == "postgresql" else sqlite
        self.engine = engine
        self._reading = engine.execution_options(**kind.READING)
        self.writing = engine.execution_options(**kind.WRITING)
        """The engine whose transactions write."""
        self._condition = Condition()

    def read_now(self, work: Callable[[Connection], T]) -> T:
        """Run `work` in a transaction that writes nothing."""
        with self._watched("read"), self._reading.connect() as conn:
            return work(conn)

    def write_now(self, work: Callable[[Connection], T], lease: Lease | None = None) -> T:
        """Run `work` in a transaction that is on disk when this returns. Raises LeaseLost."""
        with self._watched("write"), self.writing.begin() as conn:
            if lease is not None and lease.session != session_of(conn):
                raise LeaseLost(f"the session that held {lease.name} is gone")
            return work(conn)

    @contextmanager
    def _watched(self, how: Literal["read", "write"]) -> Iterator[None]:
        try:
            yield
        except DBAPIError as error:
            self._condition.failed(how, error)
            raise
        self._condition.worked(how)

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
