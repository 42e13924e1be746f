"""Whether a session with the server lasts: a pool that changes it between transactions cannot hold our locks.

Such a pool gives a connection another server process only when others are at work, or when it likes to. So two
connections take turns, and each holds a transaction open while the other is looked at.
"""

from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection, Engine

ROUNDS = 2
"""Rounds on a connection that looks as if the server itself were at its other end."""
ROUNDS_BEHIND_POOL = 8
"""Rounds where somebody in between is known: a pool that draws lots among two processes comes through once in 2³²."""


class ChangesSessions(Exception):
    """Two transactions over one connection ran in different processes of the server, or two connections share one."""


def check_session_lasts(one: Engine, other: Engine) -> None:
    """Raise ChangesSessions unless each of the two engines, of one connection each, keeps its session to itself."""
    processes: dict[Engine, int] = {}

    def ask(conn: Connection) -> None:
        process = conn.exec_driver_sql("SELECT pg_backend_pid()").scalar_one()
        theirs = processes.get(other if conn.engine is one else one)
        if process in (theirs, None) or processes.setdefault(conn.engine, process) != process:
            raise ChangesSessions

    def alone(engine: Engine) -> None:
        with engine.connect() as conn:
            ask(conn)

    def held(engine: Engine, meanwhile: Callable[[], None]) -> None:
        with engine.connect() as conn:
            ask(conn)
            meanwhile()

    alone(one)
    alone(other)  # a pool of one process shows itself here, and nobody waits for it
    for _ in range(ROUNDS_BEHIND_POOL if _behind_pool(one, processes[one]) else ROUNDS):
        held(one, lambda: alone(other))
        alone(one)  # a pool that hands out its processes by turns is at the next one now
        held(other, lambda: alone(one))
        alone(other)


def _behind_pool(engine: Engine, process: int) -> bool:
    """Whether the server's greeting names another process than the one that works: pools greet in their own name.
    https://www.postgresql.org/docs/current/protocol-message-formats.html#PROTOCOL-MESSAGE-FORMATS-BACKENDKEYDATA"""
    with engine.connect() as conn:
        driver: Any = conn.connection.driver_connection
        return bool(driver.info.backend_pid != process)
