"""Tells the operator's own chat of alerts, outside the lanes: a lane that is down cannot keep its own alert back."""

import asyncio
from collections.abc import Sequence
from functools import partial

import structlog

from adapters.base import CanAlert
from adapters.outcomes import Outcome
from bot.doors import Doors
from bot.ledger.alerts import Alert, list_alerts, note_told
from bot.patience import say

log = structlog.get_logger()

TELL_EVERY = 10.0
"""Seconds between looks for alerts that nobody was told of."""
TELL_FOR = 30.0
"""Seconds that one telling may take."""


class Teller:
    """Brings open alerts to every adapter that can carry them; one chat that has it is enough."""

    def __init__(self, carriers: Sequence[CanAlert], doors: Doors) -> None:
        self._carriers = carriers
        self._doors = doors
        self._told: set[int] = set()
        """Alerts that the chat has had, should the ledger not take note of it."""

    async def run(self) -> None:
        """Tell for life; ended by cancelling. A ledger that does not answer costs a turn, not the daemon."""
        while self._carriers:
            try:
                await self.tell()
            except Exception as error:
                say(error, log=log, event="telling.failed")
            await self._doors.clock.sleep(TELL_EVERY)

    async def tell(self) -> None:
        """Tell of every alert that nobody was told of yet."""
        for alert in await self._doors.ledger.read(lambda conn: list_alerts(conn, untold=True)):
            if alert.id not in self._told and not await self._carry(alert):
                return
            self._told.add(alert.id)
            await self._doors.ledger.write(partial(note_told, alert_ids=[alert.id], now=self._doors.clock.now()))

    async def _carry(self, alert: Alert) -> bool:
        told = False
        for carrier in self._carriers:
            try:
                async with self._doors.clock.deadline(TELL_FOR):
                    told |= await carrier.alert(f"⚠️ Handbill: {alert.message}")
            except (Outcome, TimeoutError) as error:
                log.warning("alert.untold", cause=alert.cause, reason=str(error))
            except asyncio.CancelledError:
                raise
            except Exception:
                log.exception("alert.stumbled", cause=alert.cause)
        return told
