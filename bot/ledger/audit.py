"""What the audit asks of the ledger and writes into it: what is to be read back, what is late, what is too late.

It runs for life beside the lanes: no query here grows with the ledger, only with what is open.
"""

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, and_, bindparam, func, or_, select, update

from adapters.outcomes import Presence
from adapters.post import Payload, Receipt
from bot.ledger import backlog, queue
from bot.ledger.channels import ChannelState, get_channel
from bot.ledger.queue import NotOurs
from bot.ledger.schema import OPEN, UNREAD, articles, attempts, deliveries
from bot.ledger.switches import PAUSED, find_switch
from bot.model import Delivery, Event, State

# ── reading back ──────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class ToRead:
    """A sent post that is to be read back."""

    delivery_id: int
    channel_id: int
    title: str
    """Of its article."""
    payload: Payload
    """Without the staged bytes, which are gone by now."""
    receipt: Receipt
    confirm_at: datetime
    settled_at: datetime
    """When we knew that it was out."""


_DUE = (
    select(deliveries, articles.c.title)
    .select_from(deliveries.join(articles))
    .where(deliveries.c.channel_id == bindparam("b_channel"), UNREAD, deliveries.c.confirm_at <= bindparam("b_now"))
    .order_by(deliveries.c.confirm_at)
    .limit(1)
)


def find_due(conn: Connection, channel_ids: Collection[int], *, now: datetime) -> ToRead | None:
    """The post that waits longest for being read back, on those of these channels that are not down."""
    found = []
    for channel_id in channel_ids:
        row = conn.execute(_DUE, {"b_channel": channel_id, "b_now": now}).mappings().one_or_none()
        if row is not None and get_channel(conn, channel_id).paused_at is None:
            found.append(row)
    if not found:
        return None
    row = min(found, key=lambda each: each["confirm_at"])
    return ToRead(
        delivery_id=row["id"],
        channel_id=row["channel_id"],
        title=row["title"],
        payload=Payload(json.loads(row["body"] or "{}")),
        receipt=Receipt(row["receipt_id"], row["url"], row["sent_at"]),
        confirm_at=row["confirm_at"],
        settled_at=row["settled_at"],
    )


_AS_READ = update(deliveries).where(
    deliveries.c.id == bindparam("b_id"),
    deliveries.c.state == State.SENT,
    deliveries.c.confirm_at == bindparam("b_confirm_at"),
)
_NOTE = _AS_READ.values(presence=bindparam("presence"), presence_at=bindparam("presence_at"), confirm_at=None)
_PUT_OFF = _AS_READ.values(confirm_at=bindparam("confirm_at"))


def note_presence(conn: Connection, post: ToRead, presence: Presence, *, now: datetime) -> bool:
    """Mark a sent post with what its one look has found. False: it is no longer to be read back."""
    found = {"presence": presence, "presence_at": now}
    where = {"b_id": post.delivery_id, "b_confirm_at": post.confirm_at}
    return conn.execute(_NOTE, {**where, **found}).rowcount == 1


def put_off(conn: Connection, post: ToRead, *, until: datetime) -> None:
    """It could not be read back now."""
    conn.execute(_PUT_OFF, {"b_id": post.delivery_id, "b_confirm_at": post.confirm_at, "confirm_at": until})


# ── late and too late ─────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Backlog:
    """What a channel should have posted by some time, and has not."""

    channel: ChannelState
    count: int
    since: datetime
    """When the first of them was to be out."""
    title: str
    """Of the article of that one."""
    head: Delivery | None
    """The delivery whose turn it is."""
    reason: str | None
    """Why that one waits."""
    stopped: bool
    """Whether a person has paused the channel, or everything."""
    moves: bool
    """Whether anything of this channel was settled as sent lately."""


_WANTED_AT = func.coalesce(deliveries.c.wanted_at, deliveries.c.planned_at)
_BEHIND = and_(
    deliveries.c.channel_id == bindparam("b_channel"),
    OPEN,
    or_(
        deliveries.c.state.in_([State.PENDING, State.SENDING]),
        and_(deliveries.c.state == State.UNCERTAIN, deliveries.c.due_at.is_not(None)),
    ),
    _WANTED_AT <= bindparam("b_before", type_=deliveries.c.planned_at.type),
)
_COUNT = select(func.count()).select_from(deliveries).where(_BEHIND)
_FIRST = (
    select(deliveries.c.wanted_at, deliveries.c.planned_at, articles.c.title)
    .select_from(deliveries.join(articles))
    .where(_BEHIND)
    .order_by(_WANTED_AT, deliveries.c.id)
    .limit(1)
)
_MOVED = (
    select(attempts.c.id)
    .where(
        attempts.c.channel_id == bindparam("b_channel"),
        attempts.c.step.in_(["publish", "find"]),
        attempts.c.started_at > bindparam("b_after"),
        attempts.c.outcome.in_([Event.SENT, Event.FOUND]),
    )
    .limit(1)
)


def find_backlog(conn: Connection, channel_id: int, *, before: datetime) -> Backlog | None:
    """What was to be out on a channel `before` then and goes by itself, unless there is nothing."""
    where = {"b_channel": channel_id, "b_before": before}
    if not (count := conn.execute(_COUNT, where).scalar_one()):
        return None
    first, channel = conn.execute(_FIRST, where).one(), get_channel(conn, channel_id)
    head = backlog.find_head(conn, channel_id)
    reason = select(deliveries.c.reason).where(deliveries.c.id == (head.id if head else None))
    return Backlog(
        channel=channel,
        count=int(count),
        since=first.wanted_at or first.planned_at,
        title=first.title,
        head=head,
        reason=conn.execute(reason).scalar_one_or_none(),
        stopped=channel.stopped_at is not None or find_switch(conn, PAUSED) is not None,
        moves=conn.execute(_MOVED, {"b_channel": channel_id, "b_after": before}).first() is not None,
    )


AT_ONCE = 200
"""Deliveries that one sweep takes: the ledger's lock is not held for long."""
_TOO_LATE = (
    select(deliveries.c.id)
    .where(
        deliveries.c.channel_id == bindparam("b_channel"),
        OPEN,
        deliveries.c.state == State.PENDING,
        deliveries.c.look_first == 0,  # it may be out: that is found out first
        deliveries.c.expires_at <= bindparam("b_before"),
    )
    .order_by(deliveries.c.id)
    .limit(AT_ONCE)
)


def list_too_late(conn: Connection, channel_id: int, *, before: datetime) -> list[int]:
    """Deliveries of a channel whose time was over `before` then, at most AT_ONCE."""
    return list(conn.execute(_TOO_LATE, {"b_channel": channel_id, "b_before": before}).scalars())


def expire(conn: Connection, delivery_ids: Collection[int], *, now: datetime) -> list[int]:
    """End them as too late, but for those that have come to something else meanwhile; those that it was done to."""
    done = []
    for delivery_id in delivery_ids:
        delivery = backlog.get_delivery(conn, delivery_id)
        try:
            queue.expire(conn, delivery, now=now)
        except NotOurs:
            continue
        done.append(delivery_id)
    return done
