"""What the flood guard holds: how it is told, how it is let go. See `bot.flood` for what it suspects."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, and_, func, select

from bot.ledger import queue
from bot.ledger.alerts import clear_alert, raise_alert
from bot.ledger.backlog import as_delivery
from bot.ledger.bell import ring
from bot.ledger.reports import DeliveryRow, row_of, select_rows
from bot.ledger.schema import OPEN, article_keys, articles, deliveries, sources
from bot.ledger.texts import key_of
from bot.links import on_host, split_host
from bot.model import Event, State
from bot.plan import Candidate

RECENT = 20
"""Articles of a source by which its host is known."""
_LINK = "link:"

_HELD = and_(OPEN, deliveries.c.state == State.HELD, deliveries.c.settled_at.is_(None))
"""What was held when it was planned. What a lane held later has been settled once, and may be out."""


def flood_cause(source_id: int) -> str:
    """The cause under which the alert about what is held of a source stands."""
    return f"flood:{source_id}"


def find_moved(conn: Connection, source_id: int, candidates: Iterable[Candidate]) -> frozenset[str]:
    """Those link keys of the candidates whose path is known under the host that the source's articles had so far.

    A source that leads to many hosts has none of its own, and nothing can be told.
    """
    own = _own_host(conn, source_id)
    links = [key for each in candidates for key in each.keys if key.startswith(_LINK)]
    elsewhere = {on_host(key.removeprefix(_LINK), own): key for key in links} if own else {}
    elsewhere = {f"{_LINK}{link}": key for link, key in elsewhere.items() if f"{_LINK}{link}" != key}
    found: set[str] = set()
    for key, moved in elsewhere.items():
        query = select(article_keys.c.article_id).join(articles).where(article_keys.c.key == key_of(key))
        if conn.execute(query.where(articles.c.source_id == source_id)).first() is not None:
            found.add(moved)
    return frozenset(found)


def _own_host(conn: Connection, source_id: int) -> str | None:
    recent = select(articles.c.id).where(articles.c.source_id == source_id).order_by(articles.c.id.desc()).limit(RECENT)
    query = select(article_keys.c.key).where(
        article_keys.c.article_id.in_(recent.scalar_subquery()), article_keys.c.key.startswith(_LINK)
    )
    hosts = {split_host(key.removeprefix(_LINK)) for key in conn.execute(query).scalars()}
    return next(iter(hosts)) if len(hosts) == 1 else None


@dataclass(frozen=True, slots=True)
class Batch:
    """What is held of one source."""

    source: str
    count: int
    """Deliveries."""
    articles: int
    rows: tuple[DeliveryRow, ...] = ()


def raise_flood(conn: Connection, source_id: int, *, now: datetime) -> str | None:
    """Tell of what is held of a source and waits for a person; the sentence, if there is any."""
    batch = _count(conn, source_id)
    if batch is None:
        clear_alert(conn, flood_cause(source_id), now=now)
        return None
    what = "1 article that looks new is" if batch.articles == 1 else f"{batch.articles} articles that look new are"
    sentence = (
        f"{what} held, from {batch.source}: nothing of it goes out by itself. `handbill held` shows why; "
        f'`handbill release "{batch.source}"` lets all of it go out, `handbill discard "{batch.source}"` none.'
    )
    raise_alert(conn, flood_cause(source_id), sentence, needs_person=True, now=now)
    return sentence


def tell(conn: Connection, delivery_ids: Sequence[int], *, now: datetime) -> None:
    """Something of these deliveries was decided: renew the words of the alerts about their sources, or end them."""
    query = select(articles.c.source_id).distinct().join(deliveries).where(deliveries.c.id.in_(delivery_ids))
    for source_id in conn.execute(query).scalars().all():
        raise_flood(conn, source_id, now=now)


def _count(conn: Connection, source_id: int) -> Batch | None:
    counted = select(func.count(), func.count(func.distinct(deliveries.c.article_id)))
    query = counted.select_from(deliveries.join(articles)).where(
        _HELD, deliveries.c.due_at.is_(None), articles.c.source_id == source_id
    )
    count, different = conn.execute(query).one()
    name = conn.execute(select(sources.c.name).where(sources.c.id == source_id)).scalar_one()
    return Batch(name, count, different) if count else None


def list_held(conn: Connection) -> list[Batch]:
    """What is held of every source, the oldest first; also what goes out by itself when its time has come."""
    query = select_rows(sources.c.name.label("source")).join(sources, sources.c.id == articles.c.source_id).where(_HELD)
    found: dict[str, list[DeliveryRow]] = {}
    for row in conn.execute(query.order_by(deliveries.c.id)).mappings():
        found.setdefault(row["source"], []).append(row_of(row))
    return [
        Batch(source, len(rows), len({row.article_id for row in rows}), tuple(rows)) for source, rows in found.items()
    ]


def release_due(conn: Connection, source_id: int, *, now: datetime) -> int:
    """Let go of what was held until a time that has come; how many."""
    query = select(deliveries).join(articles).where(_HELD, deliveries.c.due_at <= now)
    due = [as_delivery(row) for row in conn.execute(query.where(articles.c.source_id == source_id)).mappings()]
    for delivery in due:
        queue.decide(conn, delivery, Event.RELEASED, reason="the time that it is dated has come", now=now)
    if due:
        ring(conn)
    return len(due)
