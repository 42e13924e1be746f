"""Two articles that turn out to be one: their keys lead to one of them, and no channel gets both.

    article 7 ◀── merged_into ── article 9        keys of 9 lead to 7; deliveries stay where they are

An article is never deleted. Which of two deliveries on a channel goes on is decided when they are joined, and once more
before each visible call: what was on its way then may be out by now.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, RowMapping, bindparam, func, or_, select, update

from bot.ledger import queue
from bot.ledger.backlog import as_delivery
from bot.ledger.schema import article_keys, articles, deliveries
from bot.model import Delivery, Event, Settlement, State

_RANK = (
    *(State.SENT, State.SENDING, State.UNCERTAIN),
    *(State.FAILED, State.SKIPPED, State.CANCELLED),
    *(State.PENDING, State.HELD),
)
"""The furthest state first: it wins on its channel. What ended is further than what has not begun."""
_ON_ITS_WAY = (State.SENT, State.SENDING, State.UNCERTAIN)

_ROOT = (
    select(func.coalesce(articles.c.merged_into, articles.c.id))
    .where(articles.c.id == bindparam("b_article"))
    .scalar_subquery()
)
_KIN = select(articles.c.id).where(
    or_(articles.c.id == _ROOT, articles.c.merged_into == _ROOT), articles.c.id != bindparam("b_article")
)
_TWIN = (
    select(deliveries.c.article_id)
    .where(
        deliveries.c.article_id.in_(_KIN),
        deliveries.c.channel_id == bindparam("b_channel"),
        deliveries.c.action == bindparam("b_action"),
        deliveries.c.state.in_(_ON_ITS_WAY),
    )
    .limit(1)
)


def find_root(conn: Connection, article_id: int) -> int:
    """The article that this one is known as."""
    return int(conn.execute(select(_ROOT), {"b_article": article_id}).scalar_one())


def list_kin(conn: Connection, article_id: int) -> Sequence[int]:
    """The other articles that are the same as this one."""
    return list(conn.execute(_KIN, {"b_article": article_id}).scalars())


def find_twin(conn: Connection, delivery: Delivery) -> int | None:
    """The same article, if it is out or may be out on the delivery's channel under another number."""
    where = {"b_article": delivery.article_id, "b_channel": delivery.channel_id, "b_action": delivery.action}
    found = conn.execute(_TWIN, where).scalar_one_or_none()
    return None if found is None else int(found)


def join(conn: Connection, one: int, other: int, *, now: datetime) -> int | None:
    """Make two articles one; the survivor, or None where they are one already. The one that was found first survives.

    On each channel the furthest delivery goes on; what is held or pending beside it is cancelled.
    """
    survivor, merged = sorted((find_root(conn, one), find_root(conn, other)))
    if survivor == merged:
        return None
    both = or_(articles.c.id == merged, articles.c.merged_into == merged)
    conn.execute(update(articles).where(both).values(merged_into=survivor))
    conn.execute(update(article_keys).where(article_keys.c.article_id == merged).values(article_id=survivor))
    for rows in _by_channel(conn, survivor):
        first, *others = sorted(rows, key=lambda row: (_RANK.index(State(row["state"])), row["id"]))
        for row in others:
            if State(row["state"]) in (State.PENDING, State.HELD):
                drop_same(conn, as_delivery(row), first["article_id"], now=now)
    return survivor


def drop_same(conn: Connection, delivery: Delivery, article_id: int, *, now: datetime) -> None:
    """Cancel a delivery whose article goes to its channel as `article_id`. Raises NotOurs where it moved meanwhile."""
    queue.cancel(conn, delivery, Settlement(Event.SAME, None, f"same as article {article_id}"), now=now)


def _by_channel(conn: Connection, survivor: int) -> list[list[RowMapping]]:
    kin = (survivor, *list_kin(conn, survivor))
    query = select(deliveries).where(deliveries.c.article_id.in_(kin)).order_by(deliveries.c.id)
    found: dict[tuple[int, str], list[RowMapping]] = {}
    for row in conn.execute(query).mappings():
        found.setdefault((row["channel_id"], row["action"]), []).append(row)
    return list(found.values())
