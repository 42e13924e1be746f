"""What the lanes write: claim, settle, recover. Every change of state goes through `_move`, by the table of edges."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, and_, delete, insert, or_, select, update

from adapters.base import Media, Payload
from bot.ledger.schema import articles, attempts, deliveries, media
from bot.model import EDGES, FINAL, Article, Delivery, Event, Settlement, State

DEFAULT_REASON = {
    Event.SENT: "the platform gave its receipt",
    Event.FOUND: "the answer was lost; the platform was asked and had it",
}


_DONE = FINAL - {State.CANCELLED}
"""States in which the staged bytes are of no more use; a cancelled delivery may be taken up again as it was frozen."""


class NotOurs(Exception):
    """The delivery is no longer in the hands of the attempt that wanted to settle it; nothing was written."""


def _delivery(row: RowMapping) -> Delivery:
    values = {name: row[name] for name in Delivery.__slots__}
    return Delivery(**{**values, "state": State(row["state"])})


def _move(
    conn: Connection, delivery_id: int, state: State, event: Event, *, attempt: int | None, **values: Any
) -> State:
    """Take one edge of the table, if the delivery is still where we think it is; raises NotOurs if not."""
    target = EDGES[state, event]
    still = and_(deliveries.c.id == delivery_id, deliveries.c.state == state)
    if attempt is not None:
        still = and_(still, deliveries.c.attempts == attempt)
    moved = conn.execute(update(deliveries).where(still).values(state=target, **values))
    if moved.rowcount != 1:
        raise NotOurs(f"delivery {delivery_id} is no longer {state} in attempt {attempt}")
    if target in _DONE:
        conn.execute(delete(media).where(media.c.delivery_id == delivery_id))
    return target


def find_head(conn: Connection, channel_id: int) -> Delivery | None:
    """The delivery whose turn it is: the first of its lane that is neither final nor waiting for a person.

    It may not be due yet: then the lane waits for it, since retries keep their place.
    """
    by_itself = or_(deliveries.c.state.in_([State.PENDING, State.SENDING]), _asked_later())
    query = (
        select(deliveries).where(deliveries.c.channel_id == channel_id, by_itself).order_by(deliveries.c.id).limit(1)
    )
    row = conn.execute(query).mappings().one_or_none()
    return _delivery(row) if row else None


def _asked_later() -> Any:
    return and_(deliveries.c.state == State.UNCERTAIN, deliveries.c.due_at.is_not(None))


def get_delivery(conn: Connection, delivery_id: int) -> Delivery:
    """One delivery as it is now. LookupError when there is none."""
    row = conn.execute(select(deliveries).where(deliveries.c.id == delivery_id)).mappings().one_or_none()
    if row is None:
        raise LookupError(f"there is no delivery {delivery_id}")
    return _delivery(row)


def get_article(conn: Connection, article_id: int) -> Article:
    """The article of a delivery."""
    row = conn.execute(select(articles).where(articles.c.id == article_id)).mappings().one()
    return Article(**{name: row[name] for name in Article.__slots__})


def list_media(conn: Connection, delivery_id: int) -> tuple[Media, ...]:
    """The staged bytes of a frozen payload."""
    query = select(media).where(media.c.delivery_id == delivery_id).order_by(media.c.position)
    return tuple(
        Media(row["data"], row["mime"], row["alt"], row["width"], row["height"])
        for row in conn.execute(query).mappings()
    )


def find_last_receipt(conn: Connection, channel_id: int) -> str | None:
    """The id of the newest post of this place that the ledger knows."""
    query = (
        select(deliveries.c.receipt_id)
        .where(deliveries.c.channel_id == channel_id, deliveries.c.sent_at.is_not(None))
        .order_by(deliveries.c.sent_at.desc(), deliveries.c.id.desc())
        .limit(1)
    )
    return conn.execute(query).scalar_one_or_none()


def find_started(conn: Connection, *, place: int | None, account: str, nth: int, until: datetime) -> datetime | None:
    """When the nth newest visible call began, of one place (a channel's id) or of the whole account.

    Times after `until` (now) are passed over: the clock was set back, and they would hold the lane up for that long.
    """
    whose = attempts.c.channel_id == place if place is not None else attempts.c.account == account
    query = (
        select(attempts.c.started_at)
        .where(whose, attempts.c.step == "publish", attempts.c.started_at <= until)
        .order_by(attempts.c.started_at.desc())
        .offset(nth - 1)
        .limit(1)
    )
    return conn.execute(query).scalar_one_or_none()


# ── before the visible call ───────────────────────────────────────────────────────────────────────────────────────


def freeze(conn: Connection, delivery: Delivery, payload: Payload, key: str) -> None:
    """Keep the staged payload and its key: from here on every attempt sends these very bytes."""
    frozen = {"body": payload.canonical(), "key": key}
    still = (deliveries.c.id == delivery.id) & (deliveries.c.state == State.PENDING) & deliveries.c.body.is_(None)
    if conn.execute(update(deliveries).where(still).values(**frozen)).rowcount != 1:
        raise NotOurs(f"delivery {delivery.id} is no longer to be staged")
    for position, item in enumerate(payload.media):
        conn.execute(
            insert(media).values(
                delivery_id=delivery.id,
                position=position,
                mime=item.mime,
                alt=item.alt,
                width=item.width,
                height=item.height,
                data=item.data,
            )
        )


def claim(conn: Connection, delivery: Delivery, *, account: str, marker: str, now: datetime) -> int:
    """Commit the intent: after this the visible call may be made, once. Returns the attempt's number."""
    number = delivery.attempts + 1
    _move(
        conn,
        delivery.id,
        State.PENDING,
        Event.CLAIMED,
        attempt=delivery.attempts,
        attempts=number,
        marker=marker,
        attempt_started_at=now,
        due_at=None,
        reason=None,
    )
    first = (deliveries.c.id == delivery.id) & deliveries.c.first_attempt_at.is_(None)
    conn.execute(update(deliveries).where(first).values(first_attempt_at=now))
    _begin_attempt(conn, delivery, number, step="publish", account=account, now=now)
    return number


def _begin_attempt(conn: Connection, delivery: Delivery, number: int, *, step: str, account: str, now: datetime) -> int:
    values = {"delivery_id": delivery.id, "number": number, "step": step, "channel_id": delivery.channel_id}
    statement = insert(attempts).values(**values, account=account, started_at=now).returning(attempts.c.id)
    return int(conn.execute(statement).scalar_one())


# ── after it ──────────────────────────────────────────────────────────────────────────────────────────────────────


def settle(conn: Connection, delivery_id: int, attempt: int, settlement: Settlement, *, now: datetime) -> State:
    """Write the outcome of the visible call, if this attempt still owns the delivery; raises NotOurs if not."""
    state = _move(conn, delivery_id, State.SENDING, settlement.event, attempt=attempt, **_values(settlement, now))
    running = (attempts.c.delivery_id == delivery_id) & (attempts.c.number == attempt) & attempts.c.ended_at.is_(None)
    _end_attempt(conn, running, settlement, now)
    return state


def settle_aside(
    conn: Connection,
    delivery: Delivery,
    step: str,
    settlement: Settlement,
    *,
    account: str,
    started_at: datetime,
    now: datetime,
) -> State:
    """Write what came of staging a pending delivery, or of asking about an uncertain one."""
    state = _move(
        conn, delivery.id, delivery.state, settlement.event, attempt=delivery.attempts, **_values(settlement, now)
    )
    attempt_id = _begin_attempt(conn, delivery, delivery.attempts, step=step, account=account, now=started_at)
    _end_attempt(conn, attempts.c.id == attempt_id, settlement, now)
    return state


def _values(settlement: Settlement, now: datetime) -> dict[str, Any]:
    values: dict[str, Any] = {
        "due_at": settlement.due_at,
        "reason": settlement.reason or DEFAULT_REASON.get(settlement.event),
        "settled_at": now,
    }
    if settlement.failed:
        values["failures"] = deliveries.c.failures + 1
    if settlement.marker is not None:
        values["marker"] = settlement.marker
    if settlement.receipt is not None:
        values |= {
            "receipt_id": settlement.receipt.id,
            "url": settlement.receipt.url,
            "sent_at": settlement.receipt.at,
        }
    return values


def _end_attempt(conn: Connection, which: Any, settlement: Settlement, now: datetime) -> None:
    outcome = {"outcome": settlement.event, "status": settlement.status, "message": settlement.reason}
    conn.execute(update(attempts).where(which).values(ended_at=now, **outcome))


def recover(conn: Connection, channel_id: int, *, quiet_for_due_at: datetime, now: datetime) -> list[int]:
    """Deliveries found `sending` with nobody at work on them: nobody knows whether they are out."""
    query = select(deliveries).where(deliveries.c.channel_id == channel_id, deliveries.c.state == State.SENDING)
    lost = [_delivery(row) for row in conn.execute(query).mappings()]
    settlement = Settlement(Event.LOST, quiet_for_due_at, "the program ended before the platform answered", failed=True)
    for delivery in lost:
        settle(conn, delivery.id, delivery.attempts, settlement, now=now)
    return [delivery.id for delivery in lost]


# ── by a person ───────────────────────────────────────────────────────────────────────────────────────────────────


def decide(
    conn: Connection, delivery: Delivery, event: Event, *, reason: str, now: datetime, url: str | None = None
) -> State:
    """A person's decision on a delivery. Raises NotOurs when the table has no such edge or somebody was faster."""
    if (delivery.state, event) not in EDGES:
        raise NotOurs(f"delivery {delivery.id} is {delivery.state}: it cannot be {event.replace('_', ' ')}")
    values: dict[str, Any] = {"reason": reason, "settled_at": now, "due_at": None}
    if EDGES[delivery.state, event] is State.PENDING:
        values |= {"due_at": now, "failures": 0}
    if delivery.state is State.FAILED:
        # Proven not executed, and what was refused would be refused again: compose afresh, under a new key.
        values |= {"body": None, "key": None, "payload_number": delivery.payload_number + 1}
    if event is Event.RESOLVED_SENT:
        values |= {"url": url, "sent_at": now}
    return _move(conn, delivery.id, delivery.state, event, attempt=delivery.attempts, **values)
