"""The ledger on a server: how PostgreSQL is opened, so that a commit is on disk and a dead session goes soon.

Every engine keeps one session and works in it for as long as it lasts, since locks belong to sessions. The driver is
loaded only when such a ledger is opened.
"""

from collections.abc import Mapping
from itertools import count
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.pool import QueuePool

CONNECT_FOR = 10
"""Seconds that reaching the server may take."""

PREPARE_AFTER = 5
"""A statement is prepared once it was used so often (the driver's own default)."""

FREE_WITHIN = 10
"""Seconds for which a second thread waits for the one session (the daemon has one thread, so nobody there waits)."""

KEEPALIVE_AFTER, KEEPALIVE_EVERY, KEEPALIVES = 10, 5, 2
"""A silent peer is asked after so many seconds, then every so many, and given up when so many went unanswered."""
UNHEARD_FOR = 20_000
"""Milliseconds after which what was sent and not acknowledged ends the connection. A host that has lost its power or
its network is thus given up after 20 s by both sides, and what its session had locked is free again:
https://www.postgresql.org/docs/current/runtime-config-connection.html#RUNTIME-CONFIG-TCP-SETTINGS"""

WATCHED: Mapping[str, Any] = {
    "connect_timeout": CONNECT_FOR,
    "keepalives": 1,
    "keepalives_idle": KEEPALIVE_AFTER,
    "keepalives_interval": KEEPALIVE_EVERY,
    "keepalives_count": KEEPALIVES,
    "tcp_user_timeout": UNHEARD_FOR,
}
"""Our side of the watch, of every connection:
https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNECT-KEEPALIVES"""

SESSION = {
    # The server's side of the same watch.
    "tcp_keepalives_idle": KEEPALIVE_AFTER,
    "tcp_keepalives_interval": KEEPALIVE_EVERY,
    "tcp_keepalives_count": KEEPALIVES,
    "tcp_user_timeout": UNHEARD_FOR,
    # Transactions here take milliseconds. One that stands still belongs to a process that was stopped in the middle of
    # it: the server ends that session, so that nobody waits for its locks for ever.
    "idle_in_transaction_session_timeout": 15_000,
    # As long as SQLite waits for another process. What was in vain is tried again by those who must not lose it.
    "lock_timeout": 10_000,
    # No statement of ours takes a second. A server that hangs over its disk must not hold the ledger's thread for ever.
    "statement_timeout": 60_000,
}
"""What every session sets for itself. Times are milliseconds, those for keep-alives seconds:
https://www.postgresql.org/docs/current/runtime-config-client.html#RUNTIME-CONFIG-CLIENT-STATEMENT"""

SET = "SELECT " + ", ".join(f"set_config('{name}', '{value}', false)" for name, value in SESSION.items())
_DURABLE = "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'"
"""A commit that returns is on disk: else a crash of the server would forget that a post is out. What is stricter than
that (remote_apply) stays: https://www.postgresql.org/docs/current/runtime-config-wal.html#GUC-SYNCHRONOUS-COMMIT"""

READING = {"isolation_level": "REPEATABLE READ"}
"""What is read in one transaction is of one moment, as on SQLite."""
WRITING = {"isolation_level": "READ COMMITTED"}
"""A guarded UPDATE that waited for another writer looks at the row again, and then finds that it is not its own:
https://www.postgresql.org/docs/current/transaction-iso.html#XACT-READ-COMMITTED"""

PER_TRANSACTION = "SET LOCAL lock_timeout = 0; SET LOCAL statement_timeout = 0"
"""For a transaction that may take its time: a migration."""

_TURN = 0x48424C31
"""The first half of the ledger's own advisory locks ("HBL1"); the second says what for."""
MIGRATION, WRITERS, PAUSES = 1, 2, 3


def open_server(url: URL, *, as_it_is: bool) -> Engine:
    """An engine with one session on the server at `url`. `as_it_is`: only to look whose database it is."""
    engine = create_engine(
        url.set(drivername="postgresql+psycopg"),
        poolclass=QueuePool,
        pool_size=1,
        max_overflow=0,
        pool_timeout=FREE_WITHIN,
        isolation_level=WRITING["isolation_level"],
        connect_args={
            "application_name": "handbill",
            "client_encoding": "utf8",
            **WATCHED,
            # To look means to find out whether the session lasts, and statements that are prepared are its own.
            "prepare_threshold": None if as_it_is else PREPARE_AFTER,
        },
    )
    numbers = count(1)

    def on_connect(dbapi_connection: Any, record: Any) -> None:
        record.info["session"] = next(numbers)  # see `bot.ledger.db.session_of`
        if as_it_is:
            return
        with dbapi_connection.cursor() as cursor:
            cursor.execute(SET)
            cursor.execute(_DURABLE)
        dbapi_connection.commit()

    event.listen(engine, "connect", on_connect)
    return engine


def take_turn(conn: Connection, what: int = WRITERS, *, shared: bool = False) -> None:
    """From here to its end, let this transaction be the only one of its kind; `shared`: one of many that keep out only
    him who wants to be the only one.

    What looks whether a row is there and makes it if not would else be done by two workers at once, and one of them
    would run into the other's row. On SQLite a writer is alone from its first statement on.
    https://www.postgresql.org/docs/current/explicit-locking.html#ADVISORY-LOCKS
    """
    if conn.dialect.name == "postgresql":
        conn.exec_driver_sql(f"SELECT pg_advisory_xact_lock{'_shared' if shared else ''}({_TURN}, {what})")
