"""Who works what: the two forms of the door.

On an SQLite ledger one process has everything. On PostgreSQL a lease is an advisory lock of the process's one session
with the ledger: released by the engine when the session ends, however it ends, and never waited for.
https://www.postgresql.org/docs/current/explicit-locking.html#ADVISORY-LOCKS
"""

import hashlib
import math

import structlog
from sqlalchemy import BigInteger, Connection, bindparam, func, select
from sqlalchemy.exc import OperationalError

from bot.doors import Clock, Lease, LeaseLost, LedgerDoor
from bot.ledger.db import session_of

log = structlog.get_logger()

LIES_FOR = 4.0
"""Seconds for which a lease must lie about before one who has its share already takes it all the same."""


class SoleLeases:
    """Everything is ours: a lock for life keeps out every other sender (`bot.sender`), and with the process that held
    it before, its calls are gone too."""

    async def take(self, name: str, *, fair: bool = True) -> Lease | None:  # noqa: ARG002 # there is nobody to share with
        """Always."""
        return Lease(name, session=0, contested=False)

    async def give_back(self, lease: Lease) -> None:
        """Nobody is waiting for it."""

    def wanted_elsewhere(self, lease: Lease) -> bool:  # noqa: ARG002 # as above
        """Never."""
        return False


class SessionLeases:
    """Leases of one process among several that work on the same things: `fair` ones are shared out evenly."""

    def __init__(self, ledger: LedgerDoor, clock: Clock, *, fair_ones: int) -> None:
        """`fair_ones`: how many of them there are; every process is to have about as many."""
        self._ledger = ledger
        self._clock = clock
        self._fair_ones = fair_ones
        self._share = fair_ones
        self._held: dict[str, Lease] = {}
        """The fair ones, oldest first."""
        self._lying_since: dict[str, float] = {}
        """Those that we left to others and found free, and when first."""

    def share_with(self, workers: int) -> None:
        """There are so many processes at work, this one included."""
        self._share = math.ceil(self._fair_ones / max(1, workers))

    async def take(self, name: str, *, fair: bool = True) -> Lease | None:
        """Take it if it is free; a `fair` one only while we have less than our share, or if nobody else takes it."""
        session = await self._ledger.write(lambda conn: _try(conn, name))
        if session is None:
            self._lying_since.pop(name, None)
            return None
        lease = Lease(name, session, contested=True)
        if not fair:
            return lease
        self._forget_lost(session)
        if len(self._held) >= self._share and not self._lies(name):
            await self.give_back(lease)
            return None
        self._lying_since.pop(name, None)
        self._held[name] = lease
        return lease

    async def give_back(self, lease: Lease) -> None:
        """Let it go; with a session that is gone it has gone already."""
        if self._held.get(lease.name) == lease:
            del self._held[lease.name]
        try:
            await self._ledger.write(lambda conn: _let_go(conn, lease.name), lease=lease)
        except (LeaseLost, OperationalError) as error:
            log.debug("lease.gone", name=lease.name, reason=str(error))

    def wanted_elsewhere(self, lease: Lease) -> bool:
        """Whether it is one of those that we hold beyond our share: the ones that we took last."""
        return lease.name in list(self._held)[self._share :]

    def _lies(self, name: str) -> bool:
        now = self._clock.monotonic()
        return now - self._lying_since.setdefault(name, now) >= LIES_FOR

    def _forget_lost(self, session: int) -> None:
        """What an earlier session of ours held went with it."""
        self._held = {name: lease for name, lease in self._held.items() if lease.session == session}


def _number(name: str) -> int:
    """The lock's number: 64 bits of a digest, of which two names in a billion ledgers might share one."""
    return int.from_bytes(hashlib.sha256(f"handbill {name}".encode()).digest()[:8], signed=True)


_TRY = select(func.pg_try_advisory_lock(bindparam("b_number", type_=BigInteger)))


def _try(conn: Connection, name: str) -> int | None:
    """The session that has the lock now, if that is ours."""
    taken = conn.execute(_TRY, {"b_number": _number(name)}).scalar_one()
    return session_of(conn) if taken else None


def _let_go(conn: Connection, name: str) -> None:
    conn.execute(select(func.pg_advisory_unlock(_number(name))))
