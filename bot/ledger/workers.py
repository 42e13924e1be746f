"""The processes that work on one ledger: their heartbeats, and the end of a session whose process hangs. PostgreSQL.

All times are the database's: the clocks of the machines need not agree.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Float, String, column, delete, exists, extract, func, select, table
from sqlalchemy.dialects.postgresql import insert

from bot.ledger.schema import workers


@dataclass(frozen=True, slots=True)
class Worker:
    """A process, for people."""

    id: str
    pid: int
    host: str
    command: str
    started_at: datetime


@dataclass(frozen=True, slots=True)
class Roll:
    """Who is at work."""

    alive: int
    fenced: Sequence[Worker]
    """Those whose session was ended just now, because their heart had stopped while it was still there."""


_NOW = extract("epoch", func.clock_timestamp()).cast(Float)
_BACKEND = func.pg_backend_pid()
_sessions = table("pg_stat_activity", *(column(name) for name in ("pid", "backend_start", "datname", "client_addr")))
_locks = table("pg_locks", *(column(name) for name in ("pid", "locktype", "objsubid", "granted")))
_BEGAN = extract("epoch", _sessions.c.backend_start).cast(String)
"""https://www.postgresql.org/docs/current/monitoring-stats.html#MONITORING-PG-STAT-ACTIVITY-VIEW"""


def beat(conn: Connection, me: Worker, *, hung_after: float) -> Roll:
    """Show that we are alive, and end the sessions of those who have not shown it for `hung_after` seconds.

    A session is told from a later one with the same number by when it began.
    """
    began = select(_BEGAN).where(_sessions.c.pid == _BACKEND).scalar_subquery()
    now = {"session": _BACKEND, "session_began": began, "beat_at": _NOW}
    row = {"id": me.id, "pid": me.pid, "host": me.host, "command": me.command, "started_at": me.started_at}
    conn.execute(insert(workers).values(**row, **now).on_conflict_do_update(index_elements=["id"], set_=now))
    silent = select(workers).where(workers.c.beat_at < _NOW - hung_after)
    fenced = []
    for each in conn.execute(silent).mappings().all():
        its = (_sessions.c.pid == each["session"]) & (each["session_began"] == _BEGAN)
        ended = conn.execute(select(func.pg_terminate_backend(_sessions.c.pid)).where(its)).scalars().all()
        conn.execute(delete(workers).where(workers.c.id == each["id"]))
        if ended:
            fenced.append(Worker(*(each[name] for name in Worker.__slots__)))
    return Roll(conn.execute(select(func.count()).select_from(workers)).scalar_one(), tuple(fenced))


def leave(conn: Connection, worker_id: str) -> None:
    """This process ends of its own accord."""
    conn.execute(delete(workers).where(workers.c.id == worker_id))


_ITS_ROW = (workers.c.session == _sessions.c.pid) & (workers.c.session_began == _BEGAN)
_HAS_A_LEASE = exists().where(
    _locks.c.pid == _sessions.c.pid,
    _locks.c.locktype == "advisory",
    _locks.c.objsubid
    == 1,  # one number of 64 bits, as leases have: https://www.postgresql.org/docs/current/view-pg-locks.html
    _locks.c.granted,
)
_AT_WORK = (
    select(
        workers.c.id,
        func.coalesce(workers.c.pid, _sessions.c.pid),
        func.coalesce(workers.c.host, _sessions.c.client_addr.cast(String), "the server itself"),
        func.coalesce(workers.c.command, "a session that holds leases"),
        _sessions.c.backend_start,
    )
    .select_from(_sessions.outerjoin(workers, _ITS_ROW))
    .where(
        _sessions.c.datname == func.current_database(),
        _sessions.c.pid != _BACKEND,
        workers.c.id.is_not(None) | _HAS_A_LEASE,
    )
)


def list_at_work(conn: Connection) -> Sequence[Worker]:
    """Those whose session with a ledger on a server is there, whether or not its tables still say so: they may have
    been replaced under them."""
    if conn.dialect.name != "postgresql":
        return ()
    return [Worker(row[0] or "", *row[1:]) for row in conn.execute(_AT_WORK)]
