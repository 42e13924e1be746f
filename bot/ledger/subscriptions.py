"""Subscriptions to pushes: which hub was asked for which source, and what became of it. Holds no secret."""

from collections.abc import Container, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, RowMapping, delete, select, update

from bot.ledger.schema import sources, subscriptions
from bot.ledger.upsert import put
from bot.websub import Standing, Subscription

_COLUMNS = (
    subscriptions.c.source_id,
    sources.c.identity,
    subscriptions.c.hub,
    subscriptions.c.topic,
    subscriptions.c.callback,
    subscriptions.c.standing,
    subscriptions.c.due_at,
    subscriptions.c.lease_until,
    subscriptions.c.pushed_at,
    subscriptions.c.failures,
)


def note_hub(conn: Connection, source_id: int, hub: str | None, topic: str | None, *, now: datetime) -> None:
    """A source was read, and names this hub for this topic, or none. What has changed is asked for afresh."""
    here = subscriptions.c.source_id == source_id
    row = conn.execute(select(subscriptions.c.hub, subscriptions.c.topic).where(here)).first()
    if row == (hub, topic) or (row is None and (hub is None or topic is None)):
        return
    if hub is None or topic is None:
        conn.execute(delete(subscriptions).where(here))
        return
    fresh = dict.fromkeys(("callback", "lease_until", "pushed_at", "last_error"))
    values = {"hub": hub, "topic": topic, "standing": Standing.WANTED, "due_at": now, "failures": 0}
    put(conn, subscriptions, {"source_id": source_id, **fresh, **values})


def list_subscriptions(conn: Connection, identities: Container[str]) -> Sequence[Subscription]:
    """Those of the sources of these identities, be they ever so many."""
    rows = conn.execute(select(*_COLUMNS).join(sources).order_by(subscriptions.c.due_at)).mappings()
    return [_subscription(row) for row in rows if row["identity"] in identities]


def find_subscription_of(conn: Connection, source_id: int) -> Subscription | None:
    """That of a source."""
    query = select(*_COLUMNS).join(sources).where(subscriptions.c.source_id == source_id)
    row = conn.execute(query).mappings().first()
    return None if row is None else _subscription(row)


def find_subscription(conn: Connection, callback: str) -> Subscription | None:
    """The one whose hub was given the address with this fingerprint."""
    row = conn.execute(select(*_COLUMNS).join(sources).where(subscriptions.c.callback == callback)).mappings().first()
    return None if row is None else _subscription(row)


def note_asked(conn: Connection, source_id: int, callback: str, *, due_at: datetime) -> None:
    """The hub is about to be asked, with the address of this fingerprint; until `due_at` it may ask back."""
    row = conn.execute(select(subscriptions).where(subscriptions.c.source_id == source_id)).mappings().one()
    same = row["callback"] == callback and row["standing"] == Standing.VERIFIED
    values: dict[str, Any] = {"standing": Standing.VERIFIED if same else Standing.ASKED}
    if not same:
        values |= {"lease_until": None, "pushed_at": None}
    _set(conn, source_id, callback=callback, due_at=due_at, failures=row["failures"] + 1, **values)


def note_refused(conn: Connection, source_id: int, *, reason: str) -> None:
    """The hub could not be asked, or would not hear of it."""
    _set(conn, source_id, last_error=reason)


def note_verified(conn: Connection, source_id: int, *, lease_for: float, due_at: datetime, now: datetime) -> None:
    """The hub has asked back: pushes come from now on, for so many seconds."""
    until = now + timedelta(seconds=lease_for)
    _set(conn, source_id, standing=Standing.VERIFIED, lease_until=until, due_at=due_at, failures=0, last_error=None)


def note_denied(conn: Connection, source_id: int, *, reason: str, due_at: datetime) -> None:
    """The hub will not push."""
    _set(conn, source_id, standing=Standing.DENIED, lease_until=None, due_at=due_at, last_error=reason)


def note_push(conn: Connection, source_id: int, *, now: datetime) -> None:
    """A push came."""
    _set(conn, source_id, pushed_at=now)


def note_unannounced(conn: Connection, source_id: int) -> None:
    """A look has found what no push had told of: until the next one, pushes are not relied on."""
    _set(conn, source_id, pushed_at=None)


def _set(conn: Connection, source_id: int, **values: Any) -> None:
    conn.execute(update(subscriptions).where(subscriptions.c.source_id == source_id).values(**values))


def _subscription(row: RowMapping) -> Subscription:
    fields: dict[str, Any] = {column.key: row[column] for column in _COLUMNS}
    return Subscription(**fields | {"standing": Standing(fields["standing"])})
