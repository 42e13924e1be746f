"""A lane's questions: is it out? Asked of an unknown outcome, and before sending what a ledger may not know of.

uncertain                ─▶ find ─────────▶ found, absent, later, or a person
in doubt (look_first)    ─▶ stage, search ─▶ the same; where nothing is listed, a person
a post that is out       ─▶ infer ────────▶ what it proves of those that stepped aside before it
"""

import json
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import TypeVar

from adapters.base import Adapter, CanInfer, CanList
from adapters.outcomes import Outcome, Rejected
from bot.channel import Channel
from bot.doors import Doors
from bot.doubt import begun, search
from bot.infer import infer, infer_again
from bot.model import Article, Delivery, Settlement
from bot.patience import shortly
from bot.payloads import Payloads
from bot.retry import Step
from bot.settle import Settler
from bot.verdicts import Verdicts

T = TypeVar("T")


class Asking:
    """Of one lane."""

    def __init__(
        self,
        channel: Channel,
        adapter: Adapter,
        doors: Doors,
        *,
        payloads: Payloads,
        settler: Settler,
        verdicts: Verdicts,
    ) -> None:
        self._channel = channel
        self._adapter = adapter
        self._doors = doors
        self._payloads = payloads
        self._settler = settler
        self._verdicts = verdicts
        self.hints_left = isinstance(adapter, CanInfer)
        """Whether posts may be out whose telling of an earlier one was cut off."""

    def begin(self) -> None:
        """Another process may have been at work here."""
        self.hints_left = isinstance(self._adapter, CanInfer)

    async def ask(self, delivery: Delivery, article: Article) -> None:
        """Settle an unknown outcome by asking the platform."""
        started_at = self._doors.clock.now()
        payload, marker = await self._payloads.frozen(delivery), json.loads(delivery.marker or "{}")
        try:
            answer = await self._shortly(lambda: self._adapter.find(payload, delivery.key or "", marker))
        except Outcome as outcome:
            settlement = self._verdicts.judge("find", outcome, delivery)
        else:
            settlement = self._verdicts.conclude(answer, delivery)
        await self._settler.aside(delivery, "find", settlement, article, started_at=started_at)
        await self.infer(settlement, delivery.attempt_started_at or started_at)

    async def look_first(self, delivery: Delivery, article: Article, last_receipt: str | None) -> None:
        """It may be out, unknown to a restored ledger: the platform is asked, or a person is."""
        if not isinstance(self._adapter, CanList):
            await self._settler.hold_doubted()
            return
        started_at = self._doors.clock.now()
        step: Step = "stage"
        try:
            payload, _ = await self._payloads.of(delivery, article)
            step = "find"
            marker = begun(delivery)
            if marker is None:  # where the ledger knows of no post at all, the search goes back to the first one
                marker = {} if last_receipt is None else await self._shortly(lambda: self._adapter.mark(last_receipt))
            keys = self._payloads.keys_of(delivery, article)
            answer = await self._shortly(lambda: search(self._adapter, payload, keys, marker))
        except Outcome as outcome:
            # What is refused now may be out all the same, from before: that is for a person to see.
            judged: Step = "find" if isinstance(outcome, Rejected) else step
            settlement = self._verdicts.judge(judged, outcome, delivery)
        else:
            settlement = self._verdicts.conclude(answer, delivery)
        await self._settler.aside(delivery, step, settlement, article, started_at=started_at)

    async def infer(self, settlement: Settlement, begun_at: datetime) -> None:
        """A post that is out, by a call begun then, may tell of what stepped aside before it."""
        if settlement.receipt is not None and isinstance(self._adapter, CanInfer):
            receipt, channel_id = settlement.receipt, self._channel.id
            self.hints_left = True  # should this be cut off
            await infer(self._settler, self._adapter, self._doors, channel_id, receipt, begun_at=begun_at)
            self.hints_left = False

    async def infer_again(self) -> None:
        """Take up what was cut off."""
        if isinstance(self._adapter, CanInfer):
            await infer_again(self._settler, self._adapter, self._doors, self._channel.id)
        self.hints_left = False

    async def _shortly(self, call: Callable[[], Awaitable[T]]) -> T:
        return await shortly(self._doors.clock, call)
