"""Accounts' sessions, sealed by their adapters: the ledger keeps what it cannot read."""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import Connection, select

from bot.doors import LedgerDoor
from bot.ledger.schema import sessions
from bot.ledger.upsert import put


class LedgerSessions:
    """The `SessionStore` of one account."""

    def __init__(self, ledger: LedgerDoor, account: str, now: Callable[[], datetime]) -> None:
        self._ledger = ledger
        self._account = account
        self._now = now

    async def load(self) -> str | None:
        """The sealed session saved last, or None."""

        def work(conn: Connection) -> str | None:
            query = select(sessions.c.sealed).where(sessions.c.account == self._account)
            return conn.execute(query).scalar_one_or_none()

        return await self._ledger.read(work)

    async def save(self, sealed: str) -> None:
        """Replace the sealed session."""
        row = {"account": self._account, "sealed": sealed, "saved_at": self._now()}
        await self._ledger.write(lambda conn: put(conn, sessions, row))
