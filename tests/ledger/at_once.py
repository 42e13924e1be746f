"""Two sessions on a server, the second of which begins while the first has not committed yet."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection

from bot.ledger.db import InlineLedger, open_engine
from tests.real.postgres.server import RealPostgres

Work = Callable[[Connection], Any]


class Second:
    """What the second session does, in a thread of its own."""

    def __init__(self, ledger: InlineLedger, work: Work) -> None:
        self._ledger = ledger
        self._work = work
        self._process = ledger.read_now(lambda conn: conn.exec_driver_sql("SELECT pg_backend_pid()").scalar_one())
        self._found: list[Any] = []
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._found.append(self._ledger.write_now(self._work))
        except Exception as error:
            self._found.append(error)

    def waits(self, postgres: RealPostgres) -> bool:
        """True once it waits for a lock of another session; False when it is over and has waited for nobody."""
        while self._thread.is_alive():
            if postgres.admin(f"SELECT 1 WHERE pg_blocking_pids({self._process}) <> '{{}}'"):
                return True
        return False

    def ended(self) -> Any:
        """What it came to; an error is raised here."""
        self._thread.join()
        if isinstance(self._found[0], Exception):
            raise self._found[0]
        return self._found[0]


@contextmanager
def second(url: str, work: Work) -> Iterator[Second]:
    """Begin `work` in a second session; it is waited for at the end of the block."""
    ledger = InlineLedger(open_engine(url))
    other = Second(ledger, work)
    try:
        yield other
    finally:
        other._thread.join()
        ledger.close()
