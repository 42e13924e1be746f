"""The lane: the single sender of one place. Claims the next due delivery, composes, stages, publishes, settles.

    head of the lane ─▶ uncertain? ask ─▶ pending? pace ─▶ compose ─▶ stage ─▶ freeze + claim ─▶ PUBLISH ─▶ settle

It decides nothing: what an outcome comes to is `bot.retry`, which edge may be taken is `bot.model`; what the platform
is asked, and when, is `bot.asking`. In order, one visible call in flight; a delivery that waits for its time holds the
lane, one that waits for a person does not.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Collection
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar

import structlog

from adapters.base import Adapter
from adapters.outcomes import Outcome, Unavailable, Uncertain
from adapters.post import Payload, Receipt
from adapters.shaping import Shape
from bot.asking import Asking
from bot.channel import Channel
from bot.comparison import Comparison
from bot.doors import Doors, Lease, LeaseLost
from bot.intent import Intent, NotNow
from bot.ledger import queue
from bot.ledger.channels import ChannelState
from bot.look import Look, look
from bot.model import Article, Delivery, Event, Settlement, State
from bot.pace import Pacer
from bot.pacing import Notes, Pacing
from bot.patience import after_failure, shortly
from bot.payloads import Payloads
from bot.render import Renderer
from bot.rest import Rest, rest_for
from bot.retry import BACKOFF_FROM
from bot.settle import Settler
from bot.verdicts import Verdicts
from bot.wait import Wait

T = TypeVar("T")

log = structlog.get_logger()

Unwritten = tuple[Delivery, Settlement, Article]

READING = "its page is being read"
"""What a lane rests for while an article waits for its page."""
LOOK_EVERY = 5.0
"""Seconds after which an idle lane looks at the ledger again: a person may have decided something beside the daemon."""
HINDERED_FOR = 1.0
"""Seconds after which a lane looks again when something came up at the last moment."""
DEADLINE_SLACK = 5.0
"""Seconds that an adapter may overrun its own deadline before the lane stops believing in it."""


class Lane:
    """One channel's sender. `step` does one thing or says until when there is nothing to do; `run` goes on for life."""

    def __init__(
        self,
        channel: ChannelState,
        adapter: Adapter,
        doors: Doors,
        renderer: Renderer,
        *,
        quiet_for: float,
        redact: Callable[[str], str],
        taken: dict[int, Channel],
        backoff_from: float = BACKOFF_FROM,
        confirm_after: float = 120.0,
        notes: Notes | None = None,
        identities: Collection[str] = (),
        shape: Shape | None = None,
    ) -> None:
        """`notes`: where the adapter says what budgets the platform told of; `identities`: of the sources whose
        articles come here; `shape`: what the operator asks of the posts."""
        self.channel = Channel(channel, adapter, doors, redact, taken)
        self.stopping = False
        self.resting: Rest | None = None
        """What it rests for, or rested for last."""
        self._lease: Lease | None = None
        self._unwritten: Unwritten | None = None
        """The outcome of a call that the ledger lost its session under: ours to write if the lease comes back."""
        self._adapter = adapter
        self._doors = doors
        self._payloads = Payloads(self.channel, adapter, doors, renderer, shape or Shape())
        self._verdicts = Verdicts(doors, quiet_for, backoff_from)
        self._settler = Settler(self.channel, doors, redact, confirm_after=confirm_after)
        self._asking = Asking(
            self.channel,
            adapter,
            doors,
            payloads=self._payloads,
            settler=self._settler,
            verdicts=self._verdicts,
        )
        self._comparison = Comparison(
            self.channel, adapter, doors, redact, identities=identities, backoff_from=backoff_from
        )
        self._pacing = Pacing(self.channel, adapter, doors.clock, notes or Notes())
        self._quiet_until = doors.clock.monotonic()
        """Monotonic: a wall clock that jumps ahead must not cut the quiet time short."""
        self._wait = Wait()
        self._enriching = Wait()
        self._over: datetime | None = None
        """A `due_at` that is over, even if the wall clock should not say so."""
        self._wake = asyncio.Event()
        self._log = log.bind(channel=channel.name, platform=adapter.platform)

    # ── for life ──────────────────────────────────────────────────────────────────────────────────────────────────

    async def begin(self, lease: Lease, pacer: Pacer) -> None:
        """Work under this lease: write what is still to be written, and take up what others left behind."""
        self._lease = self._settler.lease = lease
        self._pacing.pacer = pacer
        self._asking.begin()
        if (unwritten := self._unwritten) is not None:
            await self._settler.after_call(*unwritten)  # unless somebody has settled it meanwhile
            self._unwritten = None
        await self.recover()

    async def recover(self) -> None:
        """What a crash left in `sending`, or an outcome that never reached the ledger, is uncertain from now on.

        Where whoever made the call may still be alive, its hard deadline is waited out before the quiet time begins.
        """
        now = self._doors.clock.now()
        contested = self._lease is not None and self._lease.contested
        rest_for = self._verdicts.quiet_for + (self._adapter.deadline_for + DEADLINE_SLACK if contested else 0.0)
        due_at = now + timedelta(seconds=rest_for)
        channel_id = self.channel.id
        lost = await self._doors.ledger.write(
            lambda conn: queue.recover(conn, channel_id, quiet_for_due_at=due_at, now=now), lease=self._lease
        )
        if lost:
            self._rest_quietly(rest_for)
        for delivery_id in lost:
            self._log.warning("delivery.recovered", delivery=delivery_id, due_at=due_at)

    async def run(self) -> None:
        """Work until `stop`; a mistake of ours rests the lane, it never ends it. Raises LeaseLost."""
        failures = 0
        while not self.stopping:
            try:
                rest = await self.step()
                failures = 0
            except LeaseLost:
                raise
            except Exception as error:
                failures += 1
                wait = after_failure(error, failures, self._doors.dice, log=self._log, event="lane.failed")
                rest = rest_for(wait, "", self._doors.clock)
            if rest is not None and not self.stopping:
                await self.sleep(rest)

    def wake(self) -> None:
        """Something new was planned."""
        self._wake.set()

    def stop(self) -> None:
        """Start nothing new."""
        self.stopping = True
        self._wake.set()

    async def sleep(self, rest: Rest) -> None:
        """Until the rest is over, or something new was planned; at most LOOK_EVERY."""
        self.resting = rest
        wait = LOOK_EVERY
        if rest.until is not None:
            wait = min(wait, max(0.0, (rest.until - self._doors.clock.now()).total_seconds()))
        with suppress(TimeoutError):
            async with self._doors.clock.deadline(wait):
                await self._wake.wait()
        self._wake.clear()

    # ── one step ──────────────────────────────────────────────────────────────────────────────────────────────────

    async def step(self) -> Rest | None:
        """Do the next thing there is to do; a Rest when there is none."""
        met = self.channel.known
        seen = await self._look()
        if rest := await self.channel.ready(seen.channel):
            return rest
        if self.channel.id != seen.channel.id:  # the platform has just said that the label is another channel
            await self.recover()
            return None
        if not met:  # only now is it known whose budget counts: look again
            return None
        if self._asking.hints_left:
            await self._asking.infer_again()
            return None
        head, article = seen.head, seen.article
        if not self._comparison.made and (head is None or head.state is State.PENDING):
            rest = await self._comparison.make(self._lease)
            if head is not None and rest is None:  # it may be in doubt by now: look again
                return None
            if article is not None:  # it is due, and may be in doubt
                return rest
        elif seen.channel.look_first:
            await self._comparison.end(self._lease)
        if head is None:
            return Rest(None)
        if rest := self._not_yet(head, seen):
            return rest
        return await self._take_up(head, article, seen) if article is not None else None  # only just due: look again

    async def _take_up(self, head: Delivery, article: Article, seen: Look) -> Rest | None:
        match head.state:
            case State.SENDING:  # an outcome that never reached the ledger
                await self.recover()
            case State.UNCERTAIN:
                await self._asking.ask(head, article)
            case _ if seen.twin is not None:
                await self._settler.drop_same(head, article, seen.twin)
            case _ if head.look_first:
                await self._asking.look_first(head, article, seen.last_receipt)
            case _:
                return await self._send(head, article, seen.last_receipt)
        return None

    async def _look(self) -> Look:
        work = partial(
            look,
            channel_id=self.channel.id,
            paces=None if self._pacing.knows else self._adapter.paces,
            account=self.channel.account if self.channel.known else None,
            now=self._doors.clock.now(),
            over=self._over,
        )
        return await self._doors.ledger.read(work)

    def _not_yet(self, head: Delivery, seen: Look) -> Rest | None:
        if (wait := self._left(head)) > 0:
            return rest_for(wait, "not due yet", self._doors.clock)
        if (wait := self._unread_for(head, seen.article)) > 0:
            return rest_for(wait, READING, self._doors.clock)
        quiet = self._quiet_until - self._doors.clock.monotonic()
        if head.state is State.UNCERTAIN and quiet > 0:
            return rest_for(quiet, "an unknown outcome rests", self._doors.clock)
        if seen.stopped:
            return Rest(None, "paused by a person")
        if seen.history is not None:
            self._pacing.recall(seen.history)
        return self._not_in_turn() if head.state is State.PENDING and self._pacing.knows else None

    def _left(self, head: Delivery) -> float:
        """Seconds until it is due. To ask too early may end in a duplicate: there no clock that is set ahead counts."""
        if head.due_at is None:
            return 0.0
        left = self._wait.firm if head.state is State.UNCERTAIN else self._wait.left
        now, monotonic = self._doors.clock.now(), self._doors.clock.monotonic()
        wait = left(head.due_at, planned_at=head.settled_at or head.planned_at, now=now, monotonic=monotonic)
        self._over = head.due_at if wait <= 0 else None
        return wait

    def _unread_for(self, head: Delivery, article: Article | None) -> float:
        """Seconds for which its page may still be read: what was composed is frozen, and never waits again."""
        if article is None or article.enrich_until is None or head.state is not State.PENDING or head.body is not None:
            return 0.0
        now, monotonic = self._doors.clock.now(), self._doors.clock.monotonic()
        return self._enriching.left(article.enrich_until, planned_at=article.found_at, now=now, monotonic=monotonic)

    def _not_in_turn(self) -> Rest | None:
        slot = self._pacing.find_slot()
        return None if slot is None else Rest(slot, "pacing")

    # ── sending ───────────────────────────────────────────────────────────────────────────────────────────────────

    async def _send(self, delivery: Delivery, article: Article, last_receipt: str | None) -> Rest | None:
        started_at = self._doors.clock.now()
        if delivery.expires_at is not None and delivery.expires_at <= started_at:
            await self._settler.expire(delivery, article)
            return None
        try:
            payload, key = await self._payloads.of(delivery, article)
            marker = await self._shortly(lambda: self._adapter.mark(last_receipt))
        except Outcome as outcome:
            settlement = self._verdicts.judge("stage", outcome, delivery)
            await self._settler.aside(delivery, "stage", settlement, article, started_at=started_at)
            return None
        if self.stopping:
            return None
        if rest := self._not_in_turn():  # another lane of the account was faster
            return rest
        intent = Intent(delivery, payload, key, self.channel.account, json.dumps(dict(marker)))
        decided_at = self._doors.clock.monotonic()
        try:
            number = await self._commit(intent)
        except (NotNow, queue.NotOurs) as hindrance:  # somebody was faster: a person, or the end of its time
            self._log.debug("delivery.put_off", delivery=delivery.id, reason=str(hindrance))
            return rest_for(HINDERED_FOR, str(hindrance), self._doors.clock)
        await self._publish(replace(delivery, attempts=number, key=key), payload, article, decided_at)
        return None

    async def _commit(self, intent: Intent) -> int:
        """The slot is taken from here on; where no call comes of it, it is given back."""
        self._pacing.begin()
        try:
            commit = partial(intent.commit, now=self._doors.clock.now())
            return await self._doors.ledger.write(commit, lease=self._lease)
        except BaseException:
            self._pacing.forgo()
            raise

    async def _publish(self, delivery: Delivery, payload: Payload, article: Article, decided_at: float) -> None:
        """The visible call. Whatever comes of it is written down, even if the program is being stopped.

        `decided_at`: by the monotonic clock, from when on others count until this call must be over.
        """
        begun_at = self._doors.clock.now()
        try:
            receipt = await self._visible(payload, delivery.key or "", decided_at)
        except Outcome as outcome:
            settlement = self._verdicts.judge("publish", outcome, delivery)
        except asyncio.CancelledError:
            stopped = Uncertain("the program was stopped before the platform answered")
            lost = self._verdicts.judge("publish", stopped, delivery)
            await asyncio.shield(self._written(delivery, lost, article))
            raise
        else:
            settlement = Settlement(Event.SENT, None, None, receipt=receipt)
        if settlement.event is Event.LOST:
            self._rest_quietly(self._verdicts.quiet_for)
        await self._written(delivery, settlement, article)
        await self._asking.infer(settlement, begun_at)

    async def _written(self, delivery: Delivery, settlement: Settlement, article: Article) -> None:
        try:
            await self._settler.after_call(delivery, settlement, article, also=self._pacing.save)
        except LeaseLost:
            self._unwritten = (delivery, settlement, article)
            raise
        self._pacing.saved()

    async def _visible(self, payload: Payload, key: str, decided_at: float) -> Receipt:
        deadline_for = self._adapter.deadline_for
        if self._doors.clock.monotonic() - decided_at > DEADLINE_SLACK:
            self._pacing.forgo()
            raise Unavailable("the program was stopped before it sent anything, and others may have taken over")
        try:
            async with self._doors.clock.deadline(deadline_for + DEADLINE_SLACK):
                return await self._shortly(lambda: self._adapter.publish(payload, key))
        except Outcome:
            raise
        except TimeoutError:
            raise Uncertain(f"no answer within {deadline_for:.0f} s") from None
        except Exception as bug:
            # A mistake of ours proves nothing about the platform: the post may be out.
            self._log.exception("adapter.failed")
            raise Uncertain(f"the adapter failed with {type(bug).__name__}") from bug
        finally:
            self._pacing.end()

    # ── small change ──────────────────────────────────────────────────────────────────────────────────────────────

    async def _shortly(self, call: Callable[[], Awaitable[T]]) -> T:
        return await shortly(self._doors.clock, call)

    def _rest_quietly(self, seconds: float) -> None:
        self._quiet_until = self._doors.clock.monotonic() + seconds
