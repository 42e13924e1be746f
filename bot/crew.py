"""Several processes on one ledger: each shows that it is alive, and ends the session of one that hangs.

A process that is gone needs no help: its session ends with it, and its leases are free. One that hangs (stopped,
swapped out, stuck) keeps its session and would keep its accounts for ever.
"""

import structlog

from bot.doors import Doors
from bot.ledger import workers
from bot.ledger.leases import SessionLeases
from bot.ledger.workers import Worker
from bot.patience import say

log = structlog.get_logger()

BEAT_EVERY = 4.0
"""Seconds."""
HUNG_AFTER = 12.0
"""Seconds without a heartbeat after which a process counts as hanging. To be wrong costs a few questions to platforms:
what was on the wire is asked about, and the one who was only slow takes up what is free."""


class Crew:
    """This process as one of several."""

    def __init__(self, me: Worker, leases: SessionLeases, doors: Doors) -> None:
        self._me = me
        self._leases = leases
        self._doors = doors

    async def run(self) -> None:
        """Beat for life; ended by cancelling. A ledger that is away costs a beat, not the process."""
        while True:
            try:
                await self.beat()
            except Exception as error:
                say(error, log=log, event="heartbeat.failed")
            await self._doors.clock.sleep(BEAT_EVERY)

    async def beat(self) -> None:
        """Show that we are alive, and look after the others."""
        roll = await self._doors.ledger.write(lambda conn: workers.beat(conn, self._me, hung_after=HUNG_AFTER))
        self._leases.share_with(roll.alive)
        for each in roll.fenced:
            log.error(
                "worker.fenced",
                command=each.command,
                pid=each.pid,
                host=each.host,
                reason=f"it has not been heard for {HUNG_AFTER:.0f} s: others take over what it had",
            )

    async def leave(self) -> None:
        """Of our own accord: the others need not wait. Where the ledger is away, they find out by themselves."""
        try:
            await self._doors.ledger.write(lambda conn: workers.leave(conn, self._me.id))
        except Exception as error:
            say(error, log=log, event="heartbeat.failed")
