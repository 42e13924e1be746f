"""Alerts as rows: one open per cause, until it is cleared. Shown by `status`, told to the operator's own chat."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, select, update

from bot.ledger.schema import alerts
from bot.ledger.upsert import add


@dataclass(frozen=True, slots=True)
class Alert:
    """Something that the operator should know."""

    id: int
    cause: str
    message: str
    needs_person: bool
    raised_at: datetime


def raise_alert(conn: Connection, cause: str, message: str, *, needs_person: bool, now: datetime) -> bool:
    """Raise an alert, unless one is open for this cause (then its words are renewed). True: it is a new one."""
    opened = (alerts.c.cause == cause) & alerts.c.cleared_at.is_(None)
    words = {"message": message, "needs_person": int(needs_person)}
    while True:
        if conn.execute(update(alerts).where(opened).values(**words)).rowcount:
            return False
        if add(conn, alerts, {"cause": cause, "raised_at": now, **words}):
            return True
        # Another process has raised it in between: renew its words, unless that one has been cleared by now.


def find_alert(conn: Connection, cause: str) -> Alert | None:
    """The open alert of this cause."""
    return next((alert for alert in list_alerts(conn, cause=cause)), None)


_CLEAR = (
    update(alerts)
    .where(alerts.c.cause == bindparam("b_cause"), alerts.c.cleared_at.is_(None))
    .values(cleared_at=bindparam("b_now"))
)


def clear_alert(conn: Connection, cause: str, *, now: datetime) -> bool:
    """Clear the open alert of this cause. True: there was one."""
    return bool(conn.execute(_CLEAR, {"b_cause": cause, "b_now": now}).rowcount)


def clear_gone(conn: Connection, kind: str, kept: Collection[str], *, now: datetime) -> None:
    """Clear the alerts of one kind ("channel") whose causes are none of `kept`: what they are about is gone."""
    standing = alerts.c.cause.startswith(f"{kind}:") & alerts.c.cleared_at.is_(None)
    for cause in conn.execute(select(alerts.c.cause).where(standing)).scalars().all():
        if cause not in kept:
            clear_alert(conn, cause, now=now)


def list_alerts(conn: Connection, *, untold: bool = False, cause: str | None = None) -> Sequence[Alert]:
    """Open alerts, oldest first; only those that the operator's chat has not had, if `untold`; only that of a cause."""
    query = select(alerts).where(alerts.c.cleared_at.is_(None)).order_by(alerts.c.id)
    if cause is not None:
        query = query.where(alerts.c.cause == cause)
    if untold:
        query = query.where(alerts.c.told_at.is_(None))
    return [
        Alert(row["id"], row["cause"], row["message"], bool(row["needs_person"]), row["raised_at"])
        for row in conn.execute(query).mappings()
    ]


def note_told(conn: Connection, alert_ids: Sequence[int], *, now: datetime) -> None:
    """The operator's chat has had these."""
    conn.execute(update(alerts).where(alerts.c.id.in_(alert_ids)).values(told_at=now))
