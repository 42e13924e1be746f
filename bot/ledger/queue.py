"""What the lanes write: claim, settle, recover. Every change of state goes through `_take`, by the table of edges."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    Update,
    and_,
    bindparam,
    case,
    delete,
    func,
    insert,
    null,
    select,
    update,
)

from adapters.outcomes import Presence
from adapters.post import Payload
from bot.focal import point_to_text
from bot.ledger.backlog import as_delivery
from bot.ledger.newer import doubted_since
from bot.ledger.schema import attempts, deliveries, media
from bot.ledger.switches import RESTORED, thrown_at
from bot.model import EDGES, FINAL, Delivery, Event, Settlement, State

DEFAULT_REASON = {
    Event.SENT: "the platform gave its receipt",
    Event.FOUND: "the answer was lost; the platform was asked and had it",
}


VANISHED: Presence = "vanished"
TOO_LATE = "too late: it was not out in the time that it was given"

_DONE = FINAL - {State.CANCELLED}
"""States in which the staged bytes are of no more use; a cancelled delivery may be taken up again as it was frozen."""


class NotOurs(Exception):
    """The delivery is no longer in the hands of the attempt that wanted to settle it; nothing was written."""


# The statements of every delivery are built once: building one costs more than running it.
_STILL = and_(
    deliveries.c.id == bindparam("b_id"),
    deliveries.c.state == bindparam("b_state"),
    deliveries.c.attempts == bindparam("b_attempts"),
)
_DROP_MEDIA = delete(media).where(media.c.delivery_id == bindparam("b_id"))


def _take(conn: Connection, statement: Update, still: tuple[int, State, int], event: Event, **values: Any) -> State:
    """Take one edge of the table, if the delivery (id, state, attempt) is still as we think; raises NotOurs if not."""
    delivery_id, state, attempt = still
    target = EDGES[state, event]
    where = {"b_id": delivery_id, "b_state": state, "b_attempts": attempt}
    if conn.execute(statement, {**where, "state": target, **values}).rowcount != 1:
        raise NotOurs(f"delivery {delivery_id} is no longer {state} in attempt {attempt}")
    if target in _DONE:
        conn.execute(_DROP_MEDIA, {"b_id": delivery_id})
    return target


# ── before the visible call ───────────────────────────────────────────────────────────────────────────────────────


_FREEZE = (
    update(deliveries).where(_STILL, deliveries.c.body.is_(None)).values(body=bindparam("body"), key=bindparam("key"))
)
_KEEP_MEDIA = insert(media)
_REPLACE = (
    update(deliveries)
    .where(deliveries.c.id == bindparam("b_id"))
    .values(
        body=bindparam("body"),
        key=null(),
        first_attempt_at=null(),
        payload_number=deliveries.c.payload_number + 1,
    )
)
_CLAIM = (
    update(deliveries)
    .where(_STILL, deliveries.c.look_first == 0)
    .values(
        state=bindparam("state"),
        attempts=bindparam("attempts"),
        marker=bindparam("marker"),
        attempt_started_at=bindparam("attempt_started_at"),
        first_attempt_at=func.coalesce(deliveries.c.first_attempt_at, bindparam("attempt_started_at")),
        due_at=null(),
        reason=null(),
    )
)
_GIVE = update(deliveries).where(_STILL, deliveries.c.key.is_(None)).values(key=bindparam("key"))
_RENEW = (
    update(deliveries)
    .where(_STILL)
    .values(key=bindparam("key"), payload_number=deliveries.c.payload_number + 1, first_attempt_at=null())
)
_BEGIN = insert(attempts).returning(attempts.c.id)


def freeze(conn: Connection, delivery: Delivery, payload: Payload, key: str) -> None:
    """Keep the staged payload and its key: from here on every attempt sends these very bytes."""
    where = {"b_id": delivery.id, "b_state": State.PENDING, "b_attempts": delivery.attempts}
    if conn.execute(_FREEZE, {**where, "body": payload.canonical(), "key": key}).rowcount != 1:
        raise NotOurs(f"delivery {delivery.id} is no longer to be staged")
    _keep_media(conn, delivery.id, payload)


def _keep_media(conn: Connection, delivery_id: int, payload: Payload) -> None:
    for position, item in enumerate(payload.media):
        kept = {name: getattr(item, name) for name in ("mime", "alt", "width", "height", "data")}
        kept |= {"delivery_id": delivery_id, "position": position, "focus": point_to_text(item.focus)}
        conn.execute(_KEEP_MEDIA, kept)


def _replace(conn: Connection, delivery_id: int, payload: Payload) -> None:
    """Payload n+1 in place of one that was refused: it gets a key of its own when it is sent."""
    conn.execute(_REPLACE, {"b_id": delivery_id, "body": payload.canonical()})
    conn.execute(_DROP_MEDIA, {"b_id": delivery_id})
    _keep_media(conn, delivery_id, payload)


def give_key(conn: Connection, delivery: Delivery, key: str) -> None:
    """The first key of a payload that took the place of a refused one."""
    _change_key(conn, _GIVE, delivery, key)


def renew_key(conn: Connection, delivery: Delivery, key: str) -> None:
    """Take a new key for a frozen payload that is proven not to be out, and whose key protects a repeat no longer."""
    _change_key(conn, _RENEW, delivery, key)


def _change_key(conn: Connection, statement: Update, delivery: Delivery, key: str) -> None:
    where = {"b_id": delivery.id, "b_state": State.PENDING, "b_attempts": delivery.attempts}
    if conn.execute(statement, {**where, "key": key}).rowcount != 1:
        raise NotOurs(f"delivery {delivery.id} is no longer to be sent")


def claim(conn: Connection, delivery: Delivery, *, account: str, marker: str, now: datetime) -> int:
    """Commit the intent: after this the visible call may be made, once. Returns the attempt's number."""
    number, still = delivery.attempts + 1, (delivery.id, State.PENDING, delivery.attempts)
    _take(conn, _CLAIM, still, Event.CLAIMED, attempts=number, marker=marker, attempt_started_at=now)
    _begin_attempt(conn, delivery, number, step="publish", account=account, now=now)
    return number


def _begin_attempt(conn: Connection, delivery: Delivery, number: int, *, step: str, account: str, now: datetime) -> int:
    values = {"delivery_id": delivery.id, "number": number, "step": step, "channel_id": delivery.channel_id}
    return int(conn.execute(_BEGIN, {**values, "account": account, "started_at": now}).scalar_one())


# ── after it ──────────────────────────────────────────────────────────────────────────────────────────────────────


def _kept(column: Column[Any]) -> Any:
    """What the settlement brings, or what is there already."""
    return func.coalesce(bindparam(column.name, type_=column.type), column)


_SETTLE = (
    update(deliveries)
    .where(_STILL)
    .values(
        state=bindparam("state"),
        due_at=bindparam("due_at"),
        reason=bindparam("reason"),
        settled_at=bindparam("settled_at"),
        failures=deliveries.c.failures + bindparam("failed"),
        marker=_kept(deliveries.c.marker),
        receipt_id=_kept(deliveries.c.receipt_id),
        url=_kept(deliveries.c.url),
        sent_at=_kept(deliveries.c.sent_at),
        look_first=case((bindparam("found_out"), 0), else_=deliveries.c.look_first),
        confirm_at=bindparam("confirm_at"),
        presence=_kept(deliveries.c.presence),
        presence_at=_kept(deliveries.c.presence_at),
    )
)
_END = update(attempts).values(
    ended_at=bindparam("ended_at"),
    outcome=bindparam("outcome"),
    status=bindparam("status"),
    message=bindparam("message"),
)
_END_RUNNING = _END.where(
    attempts.c.delivery_id == bindparam("b_id"),
    attempts.c.number == bindparam("b_number"),
    attempts.c.ended_at.is_(None),
)
_END_ASIDE = _END.where(attempts.c.id == bindparam("b_attempt"))


def settle(conn: Connection, delivery_id: int, attempt: int, settlement: Settlement, *, now: datetime) -> State:
    """Write the outcome of the visible call, if this attempt still owns the delivery; raises NotOurs if not."""
    still = (delivery_id, State.SENDING, attempt)
    state = _take(conn, _SETTLE, still, settlement.event, **_values(settlement, now))
    conn.execute(_END_RUNNING, {"b_id": delivery_id, "b_number": attempt, **_ending(settlement, now)})
    if settlement.instead is not None:
        _replace(conn, delivery_id, settlement.instead)
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
    still = (delivery.id, delivery.state, delivery.attempts)
    found_out = delivery.state is State.PENDING and settlement.event in (Event.FOUND, Event.ABSENT)
    values = {**_values(settlement, now), "found_out": found_out}
    state = _take(conn, _SETTLE, still, settlement.event, **values)
    attempt_id = _begin_attempt(conn, delivery, delivery.attempts, step=step, account=account, now=started_at)
    conn.execute(_END_ASIDE, {"b_attempt": attempt_id, **_ending(settlement, now)})
    return state


def _values(settlement: Settlement, now: datetime) -> dict[str, Any]:
    receipt = settlement.receipt
    return {
        "due_at": settlement.due_at,
        "reason": settlement.reason or DEFAULT_REASON.get(settlement.event),
        "settled_at": now,
        "failed": int(settlement.failed),
        "marker": settlement.marker,
        "receipt_id": receipt.id if receipt else None,
        "url": receipt.url if receipt else None,
        "sent_at": receipt.at if receipt else None,
        "confirm_at": settlement.confirm_at,
        "presence": settlement.presence,
        "presence_at": now if settlement.presence else None,
        "found_out": False,
    }


def _ending(settlement: Settlement, now: datetime) -> dict[str, Any]:
    return {
        "ended_at": now,
        "outcome": settlement.event,
        "status": settlement.status,
        "message": settlement.reason,
    }


def expire(conn: Connection, delivery: Delivery, *, now: datetime) -> None:
    """It is too late for a delivery that is pending. Raises NotOurs where it no longer is."""
    cancel(conn, delivery, Settlement(Event.EXPIRED, None, TOO_LATE), now=now)


def cancel(conn: Connection, delivery: Delivery, settlement: Settlement, *, now: datetime) -> State:
    """End a delivery that nothing was tried for now. Raises NotOurs where it is no longer as it was."""
    if (delivery.state, settlement.event) not in EDGES:
        raise NotOurs(f"delivery {delivery.id} is {delivery.state}: it cannot be {settlement.event}")
    still = (delivery.id, delivery.state, delivery.attempts)
    return _take(conn, _SETTLE, still, settlement.event, **_values(settlement, now))


def recover(conn: Connection, channel_id: int, *, quiet_for_due_at: datetime, now: datetime) -> list[int]:
    """Deliveries found `sending` with nobody at work on them: nobody knows whether they are out."""
    query = select(deliveries).where(deliveries.c.channel_id == channel_id, deliveries.c.state == State.SENDING)
    lost = [as_delivery(row) for row in conn.execute(query).mappings()]
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
        values |= {"due_at": now, "wanted_at": now, "expires_at": None, "failures": 0}
        # What was final may have been taken up, and posted, after the backup that this ledger came from was made.
        values["look_first"] = int(delivery.state in FINAL and _was_final_before_doubt(conn, delivery))
    if delivery.state in (State.FAILED, State.SENT):
        # Refused, it would be refused again; out and gone, its key is used up and its staged bytes are no more: compose
        # afresh, under a new key.
        values |= {"body": None, "key": None, "payload_number": delivery.payload_number + 1, "first_attempt_at": None}
    if event is Event.RESOLVED_SENT:
        values |= {"url": url, "sent_at": now, "receipt_id": None}
    statement = update(deliveries).where(_STILL)
    if event is Event.REVIVED:
        # What is sent is never sent again, unless it is proven to have vanished. Its receipt's id is kept until there
        # is another: where posts are numbered, the next one comes after it.
        statement = statement.where(deliveries.c.presence == VANISHED)
        values |= {"url": None, "presence": None, "presence_at": None}
    still = (delivery.id, delivery.state, delivery.attempts)
    return _take(conn, statement, still, event, **values)


def _was_final_before_doubt(conn: Connection, delivery: Delivery) -> bool:
    times = [thrown_at(conn, RESTORED), doubted_since(conn, [delivery.channel_id]).get(delivery.channel_id)]
    doubted_at = max((each for each in times if each is not None), default=None)
    settled_at = select(deliveries.c.settled_at).where(deliveries.c.id == delivery.id)
    return doubted_at is not None and (conn.execute(settled_at).scalar_one() or doubted_at) <= doubted_at


def may_be_out(conn: Connection, delivery_id: int) -> bool:
    """Whether the last that is known of a delivery's attempts leaves open that it is out."""
    query = select(attempts.c.outcome).where(attempts.c.delivery_id == delivery_id).order_by(attempts.c.id.desc())
    last = conn.execute(query.limit(1)).one_or_none()
    return last is not None and last.outcome in {None, Event.LOST, Event.ASK_AGAIN, Event.CANNOT_TELL}
