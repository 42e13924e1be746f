"""What the ledger remembers of a source: how it was read last, how often it publishes, when it is looked at next."""

from collections.abc import Collection, Container, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, RowMapping, bindparam, func, insert, select, update

from bot.ledger.schema import OPEN, articles, deliveries, sources, subscriptions
from bot.model import State
from bot.rhythm import LAST, Rhythm, load_rhythm
from bot.sources.reading import Cursor, load_memory


@dataclass(frozen=True, slots=True)
class SourceState:
    """What the ledger remembers of a source."""

    id: int
    cursor: Cursor
    first_look: bool
    """Whether no fetch has parsed yet."""
    next_poll_at: datetime
    told_until_at: datetime | None
    polled_at: datetime | None
    """The last try, whatever came of it."""
    read_at: datetime | None
    """The last look that gave something, or that nothing has changed."""
    failures: int
    rhythm: Rhythm
    moved_to: str | None
    """Where permanent redirects lead from the address in the settings."""
    moves: int
    """How often in a row they did."""
    pushed_at: datetime | None = None
    lease_until: datetime | None = None
    """The last push, where they are relied on, and until when there will be more (WebSub)."""


@dataclass(frozen=True, slots=True)
class Known:
    """A source as the settings have it."""

    identity: str
    name: str
    url: str


_MOVED: Mapping[str, Any] = {
    "etag": None,
    "last_modified": None,
    "memory": None,
    "moved_to": None,
    "moves": 0,
    "told_until_at": None,
    "failures": 0,
}
"""What is no longer so at another address."""


def register_source(conn: Connection, *, identity: str, name: str, url: str, now: datetime) -> SourceState:
    """The source with this identity, made if it is new. A new address keeps what is known, but not the validators."""
    register_sources(conn, [Known(identity, name, url)], now=now)
    return get_source(conn, identity)


def register_sources(conn: Connection, some: Sequence[Known], *, now: datetime) -> None:
    """The same for some hundreds at once, each of another identity."""
    query = select(sources.c.id, sources.c.identity, sources.c.name, sources.c.url)
    rows = conn.execute(query.where(sources.c.identity.in_([each.identity for each in some])))
    known = {row.identity: row for row in rows}
    fresh = [
        {"identity": each.identity, "name": each.name, "url": each.url, "next_poll_at": now}
        for each in some
        if each.identity not in known
    ]
    if fresh:
        conn.execute(insert(sources), fresh)
    for each in some:
        row = known.get(each.identity)
        if row is not None and (row.name, row.url) != (each.name, each.url):
            moved = {} if row.url == each.url else {**_MOVED, "next_poll_at": now}
            conn.execute(update(sources).where(sources.c.id == row.id).values(name=each.name, url=each.url, **moved))


def list_ids(conn: Connection, identities: Collection[str]) -> list[int]:
    """Of the registered sources among these identities, be they ever so many."""
    rows = conn.execute(select(sources.c.id, sources.c.identity).order_by(sources.c.id))
    return [row.id for row in rows if row.identity in identities]


def all_read_since(conn: Connection, identities: Collection[str], at: datetime) -> bool:
    """Whether each of these sources, be they ever so many, has been read after that time; one that the ledger does not
    know counts for nothing."""
    unread = select(sources.c.identity).where(sources.c.ok_at.is_(None) | (sources.c.ok_at <= at))
    return set(identities).isdisjoint(conn.execute(unread).scalars())


_STATES = select(sources, subscriptions.c.pushed_at, subscriptions.c.lease_until).outerjoin(subscriptions)
_BY_IDENTITY = _STATES.where(sources.c.identity == bindparam("b_identity"))


def get_source(conn: Connection, identity: str) -> SourceState:
    """The state of a registered source."""
    return _state(conn.execute(_BY_IDENTITY, {"b_identity": identity}).mappings().one())


def list_sources(conn: Connection, identities: Sequence[str]) -> Mapping[str, SourceState]:
    """Identity → state of some hundreds of sources, those of them that are registered."""
    rows = conn.execute(_STATES.where(sources.c.identity.in_(identities))).mappings()
    return {row["identity"]: _state(row) for row in rows}


def _state(row: RowMapping) -> SourceState:
    return SourceState(
        id=row["id"],
        cursor=Cursor(row["etag"], row["last_modified"], load_memory(row["memory"])),
        first_look=row["first_look_at"] is None,
        next_poll_at=row["next_poll_at"],
        told_until_at=row["told_until_at"],
        polled_at=row["polled_at"],
        read_at=row["ok_at"],
        failures=row["failures"],
        rhythm=load_rhythm(row["rhythm"]),
        moved_to=row["moved_to"],
        moves=row["moves"],
        pushed_at=row["pushed_at"],
        lease_until=row["lease_until"],
    )


def has_articles(conn: Connection, source_id: int) -> bool:
    """Whether the source has ever given anything."""
    return conn.execute(select(articles.c.id).where(articles.c.source_id == source_id).limit(1)).first() is not None


_MANY = 500
"""Articles that are enough to tell which other sources show the same."""


def find_read_beside(
    conn: Connection, source_id: int, article_ids: Collection[int], watched: Container[str]
) -> datetime | None:
    """Since when each of the other sources that gave these articles has been read; None: there is none that answers.

    `watched`: the identities of the sources that are still looked at; one that is not brings nothing any more, however
    well it answered.
    """
    theirs = select(articles.c.source_id).where(articles.c.id.in_(sorted(set(article_ids))[-_MANY:]))
    others = sources.c.id.in_(theirs) & (sources.c.id != source_id)
    works = sources.c.first_look_at.is_not(None) & sources.c.ok_at.is_not(None) & (sources.c.failures == 0)
    rows = conn.execute(select(sources.c.identity, sources.c.ok_at).where(others & works))
    return min((row.ok_at for row in rows if row.identity in watched), default=None)


def list_times(conn: Connection, source_id: int) -> list[datetime]:
    """When the newest articles of a source were published, as far as it says, or else found."""
    query = select(articles.c.published_at, articles.c.found_at).where(articles.c.source_id == source_id)
    rows = conn.execute(query.order_by(articles.c.id.desc()).limit(LAST))
    return [min(row.published_at or row.found_at, row.found_at) for row in rows]


def note_rhythm(conn: Connection, source_id: int, rhythm: Rhythm, *, next_poll_at: datetime) -> None:
    """How often a source publishes, by what it has shown just now, and when it is looked at next."""
    values = {"rhythm": rhythm.dump(), "next_poll_at": next_poll_at}
    conn.execute(update(sources).where(sources.c.id == source_id).values(**values))


_UNTRIED = (
    OPEN,
    deliveries.c.state == State.PENDING,
    deliveries.c.attempts == 0,
    deliveries.c.body.is_(None),
    deliveries.c.due_at == deliveries.c.wanted_at,
)
# The sum keeps the engine from going through all that the source ever gave: what is open is far less.
_ITS_OWN = articles.c.source_id + 0 == bindparam("b_source")
_SETTLING = (
    select(func.min(deliveries.c.due_at))
    .join(articles)
    .where(_ITS_OWN, *_UNTRIED, deliveries.c.due_at > bindparam("b_after"))
)


def find_settling(conn: Connection, source_id: int, *, after: datetime) -> datetime | None:
    """When the first article of this source that nobody has tried to send yet goes out after that time."""
    found: datetime | None = conn.execute(_SETTLING, {"b_source": source_id, "b_after": after}).scalar_one()
    return found


def list_settling(conn: Connection, lead: timedelta) -> Mapping[int, datetime]:
    """Source → what `find_settling` says of it for so long after its last look; those for which it says nothing, and
    those that have not been looked at, are not in it. It takes as long as there is much to be sent."""
    query = select(articles.c.source_id, deliveries.c.due_at, sources.c.polled_at).distinct()
    query = query.select_from(deliveries).join(articles).join(sources, sources.c.id == articles.c.source_id)
    found: dict[int, datetime] = {}
    for source_id, due_at, polled_at in conn.execute(query.where(*_UNTRIED, sources.c.polled_at.is_not(None))):
        if due_at > polled_at + lead:
            found[source_id] = min(due_at, found.get(source_id, due_at))
    return found


def note_unchanged(
    conn: Connection, source_id: int, *, next_poll_at: datetime, now: datetime, more: Mapping[str, Any] | None = None
) -> None:
    """A look that found nothing changed (304). `more`: other columns of the source."""
    values = {"polled_at": now, "ok_at": now, "failures": 0, "last_error": None, "told_until_at": None, **(more or {})}
    conn.execute(update(sources).where(sources.c.id == source_id).values(next_poll_at=next_poll_at, **values))


def note_failure(
    conn: Connection,
    source_id: int,
    *,
    message: str,
    next_poll_at: datetime,
    told_until_at: datetime | None,
    now: datetime,
    more: Mapping[str, Any] | None = None,
) -> None:
    """A look that gave nothing; the cursor stays where it was. `more`: other columns of the source."""
    conn.execute(
        update(sources)
        .where(sources.c.id == source_id)
        .values(
            polled_at=now,
            failures=sources.c.failures + 1,
            last_error=message,
            next_poll_at=next_poll_at,
            told_until_at=told_until_at,
            **(more or {}),
        )
    )
