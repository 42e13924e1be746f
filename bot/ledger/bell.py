"""The bell between processes on one ledger: who has planned something rings it, and lanes everywhere look at once.

Ringing is part of the transaction: it is heard when, and only when, what it is about is committed.
https://www.postgresql.org/docs/current/sql-notify.html
"""

from collections.abc import Callable

import structlog
from sqlalchemy import Connection, func, make_url, select

from bot.doors import Clock
from bot.ledger.postgres import CONNECT_FOR

log = structlog.get_logger()

BELL = "handbill"
AGAIN_AFTER = 2.0
"""Seconds until a bell whose line was cut is listened to again; until then lanes look by themselves."""


def ring(conn: Connection) -> None:
    """Wake the lanes of every process, once this is committed. Nothing on a ledger that only one process works on."""
    if conn.dialect.name == "postgresql":
        conn.execute(select(func.pg_notify(BELL, "")))


async def listen(url: str, heard: Callable[[], None], clock: Clock) -> None:
    """Call `heard` whenever the bell rings, for life; ended by cancelling. On a session of its own."""
    import psycopg  # noqa: PLC0415 # a driver that a ledger in a file does not pay for

    address = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    while True:
        try:
            line = await psycopg.AsyncConnection.connect(
                address, autocommit=True, application_name="handbill bell", connect_timeout=CONNECT_FOR
            )
            async with line:
                await line.execute(f"LISTEN {BELL}")
                heard()  # for what was rung while nobody listened
                async for _ in line.notifies():
                    heard()
        except psycopg.OperationalError as error:
            log.debug("bell.unheard", reason=str(error).partition("\n")[0])
        await clock.sleep(AGAIN_AFTER)
