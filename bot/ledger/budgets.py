"""What pacing needs of the ledger: the visible calls made lately, and the budgets that the platform told of.

Read when an account is taken over; from then on its owner knows, and writes budgets down with the settlements.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, and_, func, select

from adapters.base import Budget, Pace
from bot.ledger.schema import attempts, budgets
from bot.ledger.upsert import put
from bot.pace import MOST, Remembered

LONGEST_CALL = timedelta(minutes=10)
"""No call is on the wire for longer."""


@dataclass(frozen=True, slots=True)
class History:
    """When the visible calls of an account and of one of its places were over, oldest first, and what was told."""

    of_account: tuple[datetime, ...]
    of_place: tuple[datetime, ...]
    saved: tuple[Remembered, ...]


def read_history(conn: Connection, paces: Sequence[Pace], *, account: str, channel_id: int, now: datetime) -> History:
    """As far back as the paces and the windows that the platform told of reach."""
    saved = list_budgets(conn, account)
    spans = [(pace.count, pace.per_for, pace.scope) for pace in paces]
    spans += [(each.budget.limit, each.budget.per_for, "account") for each in saved]

    def called(scope: str, whose: ColumnElement[bool]) -> tuple[datetime, ...]:
        counts = [count for count, _, its in spans if its == scope]
        reach = max((per_for for _, per_for, its in spans if its == scope), default=0.0)
        since = now - timedelta(seconds=reach) - LONGEST_CALL
        return _list_called(conn, whose, since=since, until=now, most=min(MOST, max(counts, default=0)))

    return History(
        called("account", attempts.c.account == account),
        called("place", attempts.c.channel_id == channel_id),
        saved,
    )


def _list_called(
    conn: Connection, whose: ColumnElement[bool], *, since: datetime, until: datetime, most: int
) -> tuple[datetime, ...]:
    # Calls of a future that the clock has taken back are passed over, or a lane would wait for it to come again.
    query = (
        select(func.coalesce(attempts.c.ended_at, attempts.c.started_at))
        .where(whose, attempts.c.step == "publish", attempts.c.started_at.between(since, until))
        .order_by(attempts.c.started_at.desc())
        .limit(most)
    )
    return tuple(sorted(min(over, until) for over in conn.execute(query).scalars()))


def list_budgets(conn: Connection, account: str) -> tuple[Remembered, ...]:
    """The newest budget of each window, and how many visible calls have been made since."""
    rows = conn.execute(select(budgets).where(budgets.c.account == account)).all()
    found = []
    for row in rows:
        since = and_(attempts.c.account == account, attempts.c.step == "publish", attempts.c.started_at > row.noted_at)
        begun = conn.execute(select(func.count()).select_from(attempts).where(since)).scalar_one()
        budget = Budget(row.allowed, row.remaining, row.per_for, row.resets_at)
        found.append(Remembered(budget, row.noted_at, int(begun)))
    return tuple(found)


def save_budget(conn: Connection, account: str, budget: Budget, *, now: datetime) -> None:
    """Keep what the platform told, in place of what it told before."""
    row = {
        "account": account,
        "per_for": budget.per_for,
        "allowed": budget.limit,
        "remaining": budget.remaining,
        "resets_at": budget.resets_at,
        "noted_at": now,
    }
    put(conn, budgets, row)
