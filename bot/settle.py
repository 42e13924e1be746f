"""Writes down what came of a delivery: the state, the alert that goes with it, and the line in the log, together."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import structlog
from sqlalchemy import Connection

from bot.channel import Channel, pause, resume
from bot.doors import Doors, Lease
from bot.ledger import queue
from bot.ledger.alerts import clear_alert, raise_alert
from bot.ledger.doubts import doubt_all, find_restored_at, hold_doubted
from bot.ledger.merge import drop_same
from bot.ledger.queue import NotOurs
from bot.model import Article, Delivery, Event, Settlement, State
from bot.patience import surely
from bot.retry import Step

log = structlog.get_logger()

SAID = {
    Event.SENT: ("info", "delivery.sent"),
    Event.FOUND: ("info", "delivery.found"),
    Event.ABSENT: ("info", "delivery.absent"),
    Event.TOLD_TO_WAIT: ("info", "delivery.told_to_wait"),
    Event.CHANNEL_DOWN: ("warning", "delivery.postponed"),
    Event.NOT_EXECUTED: ("warning", "delivery.postponed"),
    Event.ASK_AGAIN: ("info", "delivery.asked"),
    Event.LOST: ("warning", "delivery.uncertain"),
    Event.CANNOT_TELL: ("error", "delivery.undecided"),
    Event.REJECTED: ("error", "delivery.failed"),
    Event.DEGRADED: ("warning", "delivery.degraded"),
}
"""Event → how loud it is and what the log calls it. A test asserts that it is total for what a lane can settle."""


def cause_of(delivery_id: int) -> str:
    """The cause under which a delivery's alert stands."""
    return f"delivery:{delivery_id}"


class Settler:
    """Writes for one channel."""

    def __init__(
        self, channel: Channel, doors: Doors, redact: Callable[[str], str], *, confirm_after: float = 120.0
    ) -> None:
        """`confirm_after`: seconds after which a sent post is read back."""
        self._channel = channel
        self._doors = doors
        self._redact = redact
        self._confirm_after = confirm_after
        self._started_at = doors.clock.now()
        self.lease: Lease | None = None
        """Under which the lane works: what is written without it may be another process's to write."""
        self._log = log.bind(channel=channel.name, platform=channel.adapter.platform)

    async def after_call(
        self,
        delivery: Delivery,
        settlement: Settlement,
        article: Article,
        *,
        also: Callable[[Connection], None] | None = None,
    ) -> None:
        """Settle the running attempt, and what the call taught `also`. Goes on until the ledger takes it. Raises
        LeaseLost."""

        def write(conn: Connection, now: datetime, clean: Settlement) -> State:
            state = queue.settle(conn, delivery.id, delivery.attempts, clean, now=now)
            if also is not None:
                also(conn)
            return state

        await self._write(delivery, settlement, article, write)

    async def aside(
        self, delivery: Delivery, step: Step, settlement: Settlement, article: Article, *, started_at: datetime
    ) -> None:
        """Settle what came of staging a pending delivery, or of asking about an uncertain one."""

        def write(conn: Connection, now: datetime, clean: Settlement) -> State:
            account = self._channel.account
            state = queue.settle_aside(conn, delivery, step, clean, account=account, started_at=started_at, now=now)
            if clean.event is Event.FOUND and not delivery.attempts and find_restored_at(conn) is None:
                # This ledger never made the call: the proof that it is older, which counts for every channel.
                why = f"“{article.title}” was out on {self._channel.name} before it was sent"
                doubt_all(conn, why, since=self._started_at, now=now)
            return state

        await self._write(delivery, settlement, article, write)

    async def _write(
        self,
        delivery: Delivery,
        settlement: Settlement,
        article: Article,
        write: Callable[[Connection, datetime, Settlement], State],
    ) -> None:
        now = self._doors.clock.now()
        clean = self._to_confirm(settlement.cleaned(self._redact), now)

        def work(conn: Connection) -> State:
            state = write(conn, now, clean)
            self._alert(conn, delivery, clean, article, state=state, now=now)
            return state

        try:
            state = await surely(self._doors.clock, lambda: self._doors.ledger.write(work, lease=self.lease))
        except NotOurs as error:
            self._log.warning("delivery.taken", delivery=delivery.id, reason=str(error))
            return
        if settlement.event is Event.CHANNEL_DOWN:
            self._channel.on_trial = True
        elif _proves_it_is_up(clean, state):
            self._channel.on_trial = False
        self._say(delivery, clean, state, article)

    def _to_confirm(self, settlement: Settlement, now: datetime) -> Settlement:
        """A post that the platform was asked for and showed needs no second look; any other is looked for once."""
        if settlement.event is Event.SENT:
            return replace(settlement, confirm_at=now + timedelta(seconds=self._confirm_after))
        return settlement

    async def expire(self, delivery: Delivery, article: Article) -> None:
        """It is too late for this one."""
        now = self._doors.clock.now()
        await self._doors.ledger.write(lambda conn: queue.expire(conn, delivery, now=now), lease=self.lease)
        self._log.warning("delivery.expired", delivery=delivery.id, article=article.title)

    async def drop_same(self, delivery: Delivery, article: Article, twin: int) -> None:
        """It is the same article as `twin`, which is out here or may be: that one goes on."""
        now = self._doors.clock.now()
        await self._doors.ledger.write(lambda conn: drop_same(conn, delivery, twin, now=now), lease=self.lease)
        self._log.info("delivery.same", delivery=delivery.id, article=article.title, same_as=twin)

    async def hold_doubted(self) -> None:
        """Nobody can be asked whether what is in doubt here is out: all of it waits for a person."""
        now, channel = self._doors.clock.now(), self._channel

        def work(conn: Connection) -> list[int]:
            return hold_doubted(conn, channel.id, account=channel.account, now=now)

        held = await self._doors.ledger.write(work, lease=self.lease)
        self._log.error("deliveries.held", count=len(held), reason="they may be out already, and nobody can be asked")

    def _alert(
        self,
        conn: Connection,
        delivery: Delivery,
        settlement: Settlement,
        article: Article,
        *,
        state: State,
        now: datetime,
    ) -> None:
        if self._channel.on_trial and _proves_it_is_up(settlement, state):
            resume(conn, [self._channel.id], now=now)
        if settlement.event is Event.CHANNEL_DOWN:
            pause(conn, self._channel.id, settlement.reason or "", now=now, dice=self._doors.dice)
        elif state is State.FAILED or settlement.event is Event.CANNOT_TELL:
            raise_alert(
                conn,
                cause_of(delivery.id),
                _sentence(delivery, settlement, article, self._channel.name),
                needs_person=True,
                now=now,
            )
        elif settlement.event is Event.ABSENT or (state is State.SENT and delivery.failures):
            clear_alert(conn, cause_of(delivery.id), now=now)

    def _say(self, delivery: Delivery, settlement: Settlement, state: State, article: Article) -> None:
        level, event = SAID[settlement.event]
        fields = {"delivery": delivery.id, "article": article.title, "attempt": delivery.attempts}
        if settlement.receipt is not None:
            fields["url"] = settlement.receipt.url or settlement.receipt.id
        if settlement.reason:
            fields["reason"] = settlement.reason
        if settlement.due_at is not None and state is not State.SENT:
            fields["due_at"] = settlement.due_at
        getattr(self._log, level)(event, **fields)


def _proves_it_is_up(settlement: Settlement, state: State) -> bool:
    """A post that is out, or that the platform itself refused for its content."""
    return state is State.SENT or (settlement.event is Event.REJECTED and settlement.status is not None)


def _sentence(delivery: Delivery, settlement: Settlement, article: Article, channel: str) -> str:
    about = f"“{article.title}” on {channel} (delivery {delivery.id})"
    if settlement.event is Event.CANNOT_TELL:
        return (
            f"Nobody knows whether {about} is out: {_bare(settlement)}. Look at the channel, then run "
            f"`handbill resolve {delivery.id} --sent URL`, `--not-sent` or `--drop`."
        )
    return (
        f"{about} was refused: {_bare(settlement)}. Mend the article or the settings, then run "
        f"`handbill retry {delivery.id}`, or `handbill resolve {delivery.id} --drop` to leave it."
    )


def _bare(settlement: Settlement) -> str:
    """The reason without its own full stop, to stand inside a sentence."""
    return (settlement.reason or "no reason was given").rstrip(". ")
