"""The audit: reads each sent post back once from outside, and looks for articles that should be out and are not.

    post that is due ─▶ adapter.confirm ─▶ confirmed, accepted, or vanished with an alert
    every channel    ─▶ too late? it ends as skipped   late? one alert, over by itself

It posts nothing and changes no post, and keeps out of the lanes' way: one post at a time for the whole account, a few
a minute. It runs where the account's lanes run, under the same lease.
"""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial

import structlog
from sqlalchemy import Connection

from adapters.outcomes import ChannelDown, Outcome, Presence, RateLimited, Unavailable, Uncertain
from bot.deliver import Lane
from bot.doors import Doors, Lease, LeaseLost
from bot.late import Alarm, Late, alarm_of, late_cause
from bot.ledger import audit
from bot.ledger.alerts import clear_alert, find_alert, raise_alert
from bot.ledger.audit import Backlog, ToRead
from bot.patience import after_failure
from bot.retry import backoff
from bot.settle import cause_of

log = structlog.get_logger()

READ_EVERY = 4.0
"""Seconds between two posts that are read back: 15 a minute are far below what any platform allows for reading."""
SURVEY_EVERY = 30.0
"""Seconds between two looks for what is late."""
READ_FOR = 60.0
"""Seconds that reading one post back may take."""
READ_AT_ONCE = 15
"""Posts that a single round (`handbill once`) reads back: as many as the daemon in a minute."""
GIVE_UP_AFTER = timedelta(days=7)
"""A post that could not be read back in this time counts as accepted: its receipt is what there is."""
EXPIRY_SLACK = timedelta(minutes=2)
"""What expired only just may be in the hands of its lane, which ends it as well."""


class Auditor:
    """The audit of one account. `run` goes on until it is cancelled; `round` is for once."""

    def __init__(self, lanes: Sequence[Lane], doors: Doors, redact: Callable[[str], str], *, late_after: float) -> None:
        """`late_after`: seconds after it was to be out, that an article which is not raises an alert."""
        self._lanes = lanes
        self._doors = doors
        self._redact = redact
        self._late_after = timedelta(seconds=late_after)
        self._failures = 0
        """Posts in a row that could not be read back."""
        self._quiet_until = float("-inf")
        """The platform told us to wait, or is away: nothing of this account is read before, by the steady clock."""
        self._lease: Lease | None = None

    async def run(self, lease: Lease) -> None:
        """Audit for life; ended by cancelling. A mistake of ours costs a turn. Raises LeaseLost."""
        self._lease = lease
        failures, surveyed_at = 0, float("-inf")
        while True:
            try:
                if self._doors.clock.monotonic() - surveyed_at >= SURVEY_EVERY:
                    await self.survey()
                    surveyed_at = self._doors.clock.monotonic()
                await self.read_one()
                failures, wait = 0, READ_EVERY
            except LeaseLost:
                raise
            except Exception as error:
                failures += 1
                wait = after_failure(error, failures, self._doors.dice, log=log, event="audit.failed")
            await self._doors.clock.sleep(wait)

    async def round(self, lease: Lease) -> None:
        """Read back what is due, but no more than READ_AT_ONCE, and look once for what is late."""
        self._lease = lease
        await self.survey()
        for _ in range(READ_AT_ONCE):
            if not await self.read_one():
                return

    # ── reading back ──────────────────────────────────────────────────────────────────────────────────────────────

    async def read_one(self) -> bool:
        """Read back the post that waits longest. False: there is none, or not now."""
        now = self._doors.clock.now()
        if self._doors.clock.monotonic() < self._quiet_until:
            return False
        # Only where the platform has said who we are: another account would not find the post.
        lanes = {lane.channel.id: lane for lane in self._lanes if lane.channel.known}
        post = await self._doors.ledger.read(partial(audit.find_due, channel_ids=tuple(lanes), now=now))
        if post is None:
            return False
        lane = lanes[post.channel_id]
        try:
            presence = await self._confirm(lane, post)
        except Outcome as outcome:
            await self._put_off(lane, post, outcome)
            return not isinstance(outcome, RateLimited | Unavailable | ChannelDown)
        self._failures = 0
        await self._note(lane, post, presence)
        return True

    async def _confirm(self, lane: Lane, post: ToRead) -> Presence:
        try:
            async with self._doors.clock.deadline(READ_FOR):
                return await lane.channel.adapter.confirm(post.payload, post.receipt)
        except TimeoutError:
            raise Unavailable(f"no answer within {READ_FOR:.0f} s") from None
        except (Outcome, asyncio.CancelledError):
            raise
        except Exception as bug:
            log.exception("adapter.failed")
            raise Uncertain(f"the adapter failed with {type(bug).__name__}") from bug

    async def _note(self, lane: Lane, post: ToRead, presence: Presence) -> None:
        now, name = self._doors.clock.now(), lane.channel.name

        def work(conn: Connection) -> bool:
            noted = audit.note_presence(conn, post, presence, now=now)
            if noted and presence == "vanished":
                raise_alert(conn, cause_of(post.delivery_id), _sentence(post, name), needs_person=True, now=now)
            return noted

        if not await self._doors.ledger.write(work, lease=self._lease):
            return
        fields = {"delivery": post.delivery_id, "channel": name, "url": post.receipt.url or post.receipt.id}
        if presence == "vanished":
            log.error("delivery.vanished", article=post.title, **fields)
        else:
            log.debug(f"delivery.{presence}", **fields)

    async def _put_off(self, lane: Lane, post: ToRead, outcome: Outcome) -> None:
        """Another time. The channel is not paused by this: whether it works is for its lane to find out."""
        now = self._doors.clock.now()
        if now - post.settled_at > GIVE_UP_AFTER:
            await self._note(lane, post, "accepted")
            return
        self._failures += 1
        wait = backoff(self._failures, self._doors.dice)
        if isinstance(outcome, RateLimited) and outcome.retry_after is not None:
            wait = max(wait, outcome.retry_after)
        until = now + timedelta(seconds=wait)
        if isinstance(outcome, RateLimited | Unavailable | ChannelDown):
            self._quiet_until = self._doors.clock.monotonic() + wait  # it is not about this post
        work = partial(audit.put_off, post=post, until=until)
        await self._doors.ledger.write(work, lease=self._lease)
        reason, name = self._redact(outcome.message), lane.channel.name
        log.info("delivery.unread", delivery=post.delivery_id, channel=name, reason=reason, until=until)

    # ── late and too late ─────────────────────────────────────────────────────────────────────────────────────────

    async def survey(self) -> None:
        """Look at every channel: what has become too late ends, what is late is told, what no longer is, is over."""
        for lane in self._lanes:
            await self._end_too_late(lane)
            await self._tell_late(lane)

    async def _end_too_late(self, lane: Lane) -> None:
        now, channel_id = self._doors.clock.now(), lane.channel.id
        find = partial(audit.list_too_late, channel_id=channel_id, before=now - EXPIRY_SLACK)
        if not (found := await self._doors.ledger.read(find)):
            return
        work = partial(audit.expire, delivery_ids=found, now=now)
        for delivery_id in await self._doors.ledger.write(work, lease=self._lease):
            log.warning("delivery.expired", delivery=delivery_id, channel=lane.channel.name)

    async def _tell_late(self, lane: Lane) -> None:
        now, cause = self._doors.clock.now(), late_cause(lane.channel.id)
        channel_id, before = lane.channel.id, now - self._late_after

        def look(conn: Connection) -> tuple[Alarm | None, str | None]:
            backlog = audit.find_backlog(conn, channel_id, before=before)
            open_alert = find_alert(conn, cause)
            alarm = alarm_of(_late(lane, backlog, now)) if backlog else None
            return alarm, open_alert.message if open_alert else None

        alarm, told = await self._doors.ledger.read(look)
        if alarm is None:
            if told is not None:
                await self._doors.ledger.write(partial(clear_alert, cause=cause, now=now), lease=self._lease)
                log.info("channel.on_time", channel=lane.channel.name)
            return
        message = self._redact(alarm.message)
        if message == told:
            return
        work = partial(raise_alert, cause=cause, message=message, needs_person=alarm.needs_person, now=now)
        if await self._doors.ledger.write(work, lease=self._lease):
            log.warning("channel.late", channel=lane.channel.name, reason=message)


def _late(lane: Lane, backlog: Backlog, now: datetime) -> Late:
    """The ledger's facts, and what only the lane knows: whether the platform is away, and what it rests for."""
    channel, head, rest = backlog.channel, backlog.head, lane.resting
    down = channel.paused_reason or "it is down" if channel.paused_at is not None else None
    away = lane.channel.away.rest
    due_at = head.due_at if head is not None and head.due_at is not None and head.due_at > now else None
    paced = rest is not None and bool(rest.why) and rest.until is not None and due_at is None
    again_at = channel.probe_at if down else away.until if away else rest.until if rest and paced else due_at
    return Late(
        channel=channel.name,
        count=backlog.count,
        since=backlog.since,
        title=backlog.title,
        stopped=backlog.stopped,
        down=down,
        away=away.why if away else None,
        state=head.state if head else None,
        reason=backlog.reason,
        again_at=again_at,
        paced=paced,
        moves=backlog.moves,
    )


def _sentence(post: ToRead, channel: str) -> str:
    where = post.receipt.url or f"its place (number {post.receipt.id} there)"
    number = post.delivery_id
    return (
        f"“{post.title}” has vanished from {channel} (delivery {number}): it was out at {where}, and is not there any "
        f"more. Nothing is sent again by itself. Look at the channel, then run `handbill retry {number} --even-if-out` "
        f"to post it once more, or `handbill resolve {number} --drop` to leave it."
    )
