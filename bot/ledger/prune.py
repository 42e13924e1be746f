"""Forgets what can never matter again, in small transactions beside whoever works on the ledger.

What protects from posting twice stays for ever: articles with their keys, and one row for each article on each channel,
with its state, receipt and idempotency key. What goes is what only the way there needed: attempts, frozen payloads,
markers, staged bytes, and alerts that are over.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, delete, exists, func, or_, select, text, update

from bot.ledger.db import InlineLedger
from bot.ledger.schema import alerts, attempts, deliveries, media
from bot.model import State

AT_ONCE = 500
"""Deliveries in one transaction: whoever waits for the ledger meanwhile waits for milliseconds."""
PRUNED = (State.SENT, State.FAILED, State.SKIPPED)
"""A cancelled delivery may be taken up again as it was frozen, and its attempts tell whether it may be out."""


@dataclass(frozen=True, slots=True)
class Pruned:
    """What was forgotten, or would be."""

    deliveries: int = 0
    attempts: int = 0
    payloads: int = 0
    media: int = 0
    alerts: int = 0

    def __add__(self, other: "Pruned") -> "Pruned":
        return Pruned(*(getattr(self, each.name) + getattr(other, each.name) for each in fields(Pruned)))


def _over(before: datetime) -> ColumnElement[bool]:
    """Final since before that time, read back by now or never any more, and not bare already."""
    return (
        deliveries.c.state.in_(PRUNED)
        & (deliveries.c.settled_at < before)
        & (deliveries.c.confirm_at.is_(None) | (deliveries.c.confirm_at < before))
        & or_(
            deliveries.c.body.is_not(None),
            deliveries.c.marker.is_not(None),
            exists().where(attempts.c.delivery_id == deliveries.c.id),
            exists().where(media.c.delivery_id == deliveries.c.id),
        )
    )


def count(conn: Connection, before: datetime) -> Pruned:
    """What would be forgotten."""
    of_over = select(deliveries.c.id).where(_over(before)).scalar_subquery()

    def number(query: ColumnElement[bool], table: object) -> int:
        return int(conn.execute(select(func.count()).select_from(table).where(query)).scalar_one())  # type: ignore[arg-type] # any table

    return Pruned(
        number(_over(before), deliveries),
        number(attempts.c.delivery_id.in_(of_over), attempts),
        number(_over(before) & deliveries.c.body.is_not(None), deliveries),
        number(media.c.delivery_id.in_(of_over), media),
        number(alerts.c.cleared_at < before, alerts),
    )


def prune(ledger: InlineLedger, before: datetime) -> Iterator[Pruned]:
    """Forget, a transaction a step; what each step came to."""
    yield ledger.write_now(lambda conn: Pruned(alerts=_delete_alerts(conn, before)))
    while ids := ledger.read_now(lambda conn: _next(conn, before)):
        yield ledger.write_now(lambda conn, ids=ids: _strip(conn, ids, before))  # type: ignore[misc] # a default


def _next(conn: Connection, before: datetime) -> Sequence[int]:
    query = select(deliveries.c.id).where(_over(before)).order_by(deliveries.c.id).limit(AT_ONCE)
    return list(conn.execute(query).scalars())


def _strip(conn: Connection, ids: Sequence[int], before: datetime) -> Pruned:
    # A person may have taken one up again since it was looked for.
    ids = list(conn.execute(select(deliveries.c.id).where(deliveries.c.id.in_(ids), _over(before))).scalars())
    here = deliveries.c.id.in_(ids)
    payloads = conn.execute(select(func.count()).where(here, deliveries.c.body.is_not(None))).scalar_one()
    gone = conn.execute(delete(attempts).where(attempts.c.delivery_id.in_(ids))).rowcount
    staged = conn.execute(delete(media).where(media.c.delivery_id.in_(ids))).rowcount
    conn.execute(update(deliveries).where(here).values(body=None, marker=None, confirm_at=None))
    return Pruned(len(ids), gone, int(payloads), staged)


def _delete_alerts(conn: Connection, before: datetime) -> int:
    return conn.execute(delete(alerts).where(alerts.c.cleared_at < before)).rowcount


# ── the file ──────────────────────────────────────────────────────────────────────────────────────────────────────


def free_bytes(conn: Connection) -> int | None:
    """How much of the file is free for what comes next; None where the ledger is no file of ours."""
    if conn.dialect.name != "sqlite":
        return None
    pages, size = (int(conn.execute(text(f"PRAGMA {name}")).scalar_one()) for name in ("freelist_count", "page_size"))
    return pages * size


def vacuum(ledger: InlineLedger) -> None:
    """Write the whole file anew without what is free in it. Whoever wants to write meanwhile waits."""
    with ledger.engine.execution_options(isolation_level="AUTOCOMMIT").connect() as conn:
        conn.connection.cursor().execute("VACUUM")
