"""What people and scripts ask of the ledger. Read only; no query here locks anybody out."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, Select, and_, case, func, or_, select

from adapters.outcomes import Presence
from bot.ledger.alerts import Alert, list_alerts
from bot.ledger.pauses import Stop, list_stops
from bot.ledger.schema import articles, attempts, channels, deliveries, sources
from bot.model import State

REMOVED = "channel removed"
"""The reason shown for what is pending on a channel that the settings no longer name."""


@dataclass(frozen=True, slots=True)
class DeliveryRow:
    """One article on one channel."""

    id: int
    article_id: int
    title: str
    link: str
    channel: str
    platform: str
    state: State
    reason: str | None
    url: str | None
    attempts: int
    due_at: datetime | None
    found_at: datetime
    settled_at: datetime | None
    removed: bool = False
    """Whether the settings no longer name its channel: then nothing of it moves."""
    presence: Presence | None = None
    """Sent: what was found when it was read back from outside; None: it has not been, or cannot be."""
    presence_at: datetime | None = None

    def as_json(self) -> dict[str, Any]:
        """One line of `handbill log --json`."""
        return {
            "id": self.id,
            "article": {"title": self.title, "link": self.link},
            "channel": self.channel,
            "platform": self.platform,
            "state": self.state.value,
            "reason": self.reason,
            "url": self.url,
            "attempts": self.attempts,
            "due_at": self.due_at.isoformat() if self.due_at else None,
            "presence": self.presence,
            "presence_at": self.presence_at.isoformat() if self.presence_at else None,
        }


@dataclass(frozen=True, slots=True)
class Unread:
    """A source whose last look gave nothing."""

    name: str
    reason: str
    next_poll_at: datetime


@dataclass(frozen=True, slots=True)
class Waiting:
    """What is open: how much goes by itself and when, and how much needs a person."""

    by_itself: int
    next_at: datetime | None
    """When the next of them is tried or asked about."""
    undecided: int
    """Deliveries that wait for `handbill resolve`."""
    alerts: tuple[Alert, ...]
    """Every open alert; those that need a person first."""
    unread: tuple[Unread, ...] = ()
    stops: tuple[Stop, ...] = ()
    """What a person has paused."""

    @property
    def needs_person(self) -> bool:
        """Whether something will not mend by itself."""
        return self.undecided > 0 or any(alert.needs_person for alert in self.alerts)


_NOBODY_ASKS = or_(deliveries.c.due_at.is_(None), channels.c.removed_at.is_not(None))
# What was held when it was planned is told of as a whole: see `bot.ledger.flood`.
_HELD_LATER = and_(deliveries.c.state == State.HELD, deliveries.c.settled_at.is_not(None))
_UNDECIDED = or_(and_(deliveries.c.state == State.UNCERTAIN, _NOBODY_ASKS), _HELD_LATER)
_BY_ITSELF = or_(
    deliveries.c.state.in_([State.PENDING, State.SENDING]),
    and_(deliveries.c.state == State.UNCERTAIN, deliveries.c.due_at.is_not(None)),
)


def summarise(conn: Connection) -> Waiting:
    """What is open, on the channels that are configured."""
    here = deliveries.join(channels)
    configured = channels.c.removed_at.is_(None)
    # A paused channel goes on when it is tried again, or when the delivery is due, whichever is later.
    goes_at = case((channels.c.probe_at > deliveries.c.due_at, channels.c.probe_at), else_=deliveries.c.due_at)
    stops = list_stops(conn)
    everything = any(stop.channel is None for stop in stops)
    # What a person has stopped has no time; what is uncertain is asked about all the same.
    moves = deliveries.c.state == State.UNCERTAIN
    moves = moves if everything else or_(moves, channels.c.stopped_at.is_(None))
    earliest_of = func.min(case((moves, goes_at)))
    open_query = select(func.count(), earliest_of).select_from(here).where(_BY_ITSELF, configured)
    count, earliest = conn.execute(open_query).one()
    undecided = conn.execute(select(func.count()).select_from(here).where(_UNDECIDED)).scalar_one()
    alerts = sorted(list_alerts(conn), key=lambda alert: not alert.needs_person)
    failing = select(sources.c.name, sources.c.last_error, sources.c.next_poll_at).where(sources.c.failures > 0)
    unread = [Unread(row.name, row.last_error or "", row.next_poll_at) for row in conn.execute(failing)]
    return Waiting(int(count), earliest, int(undecided), tuple(alerts), tuple(unread), stops)


def select_rows(*more: ColumnElement[Any]) -> Select[Any]:
    """The query for what `row_of` reads, and `more` columns of deliveries, articles and channels."""
    return select(
        deliveries.c.id,
        deliveries.c.article_id,
        articles.c.title,
        articles.c.link,
        channels.c.name,
        channels.c.platform,
        channels.c.removed_at,
        deliveries.c.state,
        deliveries.c.reason,
        deliveries.c.url,
        deliveries.c.attempts,
        deliveries.c.due_at,
        articles.c.found_at,
        deliveries.c.settled_at,
        deliveries.c.presence,
        deliveries.c.presence_at,
        *more,
    ).select_from(deliveries.join(articles).join(channels))


def row_of(row: RowMapping) -> DeliveryRow:
    """One row of `select_rows`."""
    state = State(row["state"])
    gone = row["removed_at"] is not None and state is State.PENDING
    return DeliveryRow(
        id=row["id"],
        article_id=row["article_id"],
        title=row["title"],
        link=row["link"],
        channel=row["name"],
        platform=row["platform"],
        state=state,
        reason=REMOVED if gone else row["reason"],
        url=row["url"],
        attempts=row["attempts"],
        due_at=None if gone else row["due_at"],
        found_at=row["found_at"],
        settled_at=row["settled_at"],
        removed=row["removed_at"] is not None,
        presence=row["presence"],
        presence_at=row["presence_at"],
    )


def _read(conn: Connection, query: Select[Any]) -> Iterator[DeliveryRow]:
    yield from map(row_of, conn.execute(query).mappings())


def list_log(
    conn: Connection,
    *,
    newest: int | None = None,
    states: Collection[State] = (),
    channel: str | None = None,
    words: str | None = None,
) -> list[DeliveryRow]:
    """Article × channel, oldest first. `words` are looked for in titles and links, whatever their case; of what is
    left, the `newest` articles only, where a number is given."""
    query = select_rows()
    if states:
        query = query.where(deliveries.c.state.in_(states))
    if channel is not None:
        query = query.where(channels.c.name == channel)
    rows = _read(conn, query.order_by(articles.c.id.desc(), deliveries.c.id.desc()))
    if words is not None:  # here and not in SQL, where SQLite folds the case of English letters only
        sought = words.casefold()
        rows = (row for row in rows if sought in row.title.casefold() or sought in row.link.casefold())
    return list(_newest(rows, newest))[::-1]


def _newest(rows: Iterator[DeliveryRow], count: int | None) -> Iterator[DeliveryRow]:
    """The rows of the first `count` articles; the query is not read any further."""
    for number, (_, of_article) in enumerate(groupby(rows, key=lambda row: row.article_id)):
        if count is not None and number >= count:
            return
        yield from of_article


def count_skipped(conn: Connection, channel: str | None = None) -> int:
    """How many deliveries, on all channels or on one, were not sent for being there before the first look, or old."""
    query = select(func.count()).select_from(deliveries.join(channels)).where(deliveries.c.state == State.SKIPPED)
    if channel is not None:
        query = query.where(channels.c.name == channel)
    return int(conn.execute(query).scalar_one())


def list_undecided(conn: Connection) -> list[DeliveryRow]:
    """Deliveries that wait for `handbill resolve`, oldest first."""
    return list(_read(conn, select_rows().where(_UNDECIDED).order_by(deliveries.c.id)))


def list_failed(conn: Connection) -> list[DeliveryRow]:
    """Deliveries that `handbill retry` could send after all because a platform refused them, oldest first."""
    return list(_read(conn, select_rows().where(deliveries.c.state == State.FAILED).order_by(deliveries.c.id)))


def list_next(conn: Connection, count: int) -> list[DeliveryRow]:
    """The first `count` of what goes by itself, in the order in which it is due."""
    query = select_rows().where(_BY_ITSELF, channels.c.removed_at.is_(None))
    return list(_read(conn, query.order_by(func.coalesce(deliveries.c.due_at, ""), deliveries.c.id).limit(count)))


def find_row(conn: Connection, delivery_id: int) -> DeliveryRow | None:
    """One delivery as the log shows it."""
    return next(iter(_read(conn, select_rows().where(deliveries.c.id == delivery_id))), None)


def count_states(conn: Connection) -> Mapping[int, Mapping[State, int]]:
    """Channel's id → state → number of deliveries."""
    query = select(deliveries.c.channel_id, deliveries.c.state, func.count()).group_by(
        deliveries.c.channel_id, deliveries.c.state
    )
    counts: dict[int, dict[State, int]] = {}
    for channel_id, state, count in conn.execute(query):
        counts.setdefault(channel_id, {})[State(state)] = int(count)
    return counts


def list_sources(conn: Connection) -> list[Mapping[str, Any]]:
    """Every source with its cursor's times and its last error."""
    return [dict(row) for row in conn.execute(select(sources).order_by(sources.c.name)).mappings()]


def list_channels(conn: Connection) -> list[Mapping[str, Any]]:
    """Every channel that the ledger knows, removed ones last."""
    query = select(channels).order_by(channels.c.removed_at.is_not(None), channels.c.id)
    return [dict(row) for row in conn.execute(query).mappings()]


def list_attempts(conn: Connection, delivery_id: int) -> list[Mapping[str, Any]]:
    """Every attempt at one delivery, oldest first."""
    query = select(attempts).where(attempts.c.delivery_id == delivery_id).order_by(attempts.c.id)
    return [dict(row) for row in conn.execute(query).mappings()]
