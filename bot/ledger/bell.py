"""The bell between processes on one ledger: who has planned something rings it, and lanes everywhere look at once.

Ringing is part of the transaction: it is heard when, and only when, what it is about is committed.
https://www.postgresql.org/docs/current/sql-notify.html
"""

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

import structlog
from sqlalchemy import Connection, func, make_url, select

from bot.doors import Clock
from bot.ledger.postgres import SET, WATCHED
from bot.ledger.silence import cut

if TYPE_CHECKING:
    from psycopg import AsyncConnection

log = structlog.get_logger()

BELL = "handbill"
ASK_EVERY, ANSWER_WITHIN = 15.0, 10.0
"""Seconds between questions whether the line still stands, since one that only listens would never find out."""
AGAIN_AFTER = 2.0
"""Seconds until a bell whose line was cut is listened to again; until then lanes look by themselves."""


def ring(conn: Connection) -> None:
    """Wake the lanes of every process, once this is committed. Nothing on a ledger that only one process works on."""
    if conn.dialect.name == "postgresql":
        conn.execute(select(func.pg_notify(BELL, "")))


async def listen(url: str, heard: Callable[[], None], clock: Clock) -> None:
    """Call `heard` whenever the bell rings, for life; ended by cancelling. On a session of its own."""
    import psycopg  # noqa: PLC0415 # a driver that a ledger in a file does not pay for

    while True:
        try:
            async with await open_line(url) as line:
                await _answer(line, SET, clock)
                await _answer(line, f"LISTEN {BELL}", clock)
                heard()  # for what was rung while nobody listened
                while True:
                    async for _ in line.notifies(timeout=ASK_EVERY):
                        heard()
                    await _answer(line, "SELECT 1", clock)
        except psycopg.OperationalError as error:
            log.debug("bell.unheard", reason=str(error).partition("\n")[0])
        await clock.sleep(AGAIN_AFTER)


async def open_line(url: str) -> "AsyncConnection":
    """A session for listening, watched by both sides as every session is. Raises psycopg's OperationalError."""
    import psycopg  # noqa: PLC0415 # as above

    address = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    return await psycopg.AsyncConnection.connect(address, autocommit=True, application_name="handbill bell", **WATCHED)


async def _answer(line: "AsyncConnection", question: str, clock: Clock) -> None:
    """Ask, and cut the line where no answer comes; that raises OperationalError."""
    asking = asyncio.ensure_future(line.execute(question))
    try:
        # Shielded: the driver would go on waiting, for the server to confirm that it has stopped.
        async with clock.deadline(ANSWER_WITHIN):
            await asyncio.shield(asking)
    except TimeoutError:
        cut(line)
        await asking
    except asyncio.CancelledError:
        cut(line)
        await asyncio.wait([asking])
        asking.exception()
        raise
