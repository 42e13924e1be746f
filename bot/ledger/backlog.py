"""What a lane reads: the delivery whose turn it is, its article and staged bytes, the newest post of its place."""

from datetime import datetime

from sqlalchemy import Connection, RowMapping, and_, bindparam, or_, select

from adapters.post import Media
from bot.focal import point_of_text
from bot.ledger.article import ARTICLES, article_of
from bot.ledger.schema import OPEN, articles, attempts, deliveries, media
from bot.model import Article, Delivery, State


def as_delivery(row: RowMapping) -> Delivery:
    """A row of the ledger as a lane needs it."""
    values = {name: row[name] for name in Delivery.__slots__}
    return Delivery(**{**values, "state": State(row["state"]), "look_first": bool(row["look_first"])})


_BY_ITSELF = or_(
    deliveries.c.state.in_([State.PENDING, State.SENDING]),
    and_(deliveries.c.state == State.UNCERTAIN, deliveries.c.due_at.is_not(None)),
)


_HEAD = (
    select(deliveries)
    .where(deliveries.c.channel_id == bindparam("b_channel"), OPEN, _BY_ITSELF)
    .order_by(deliveries.c.id)
    .limit(1)
)


def find_head(conn: Connection, channel_id: int) -> Delivery | None:
    """The delivery whose turn it is: the first of its lane that is neither final nor waiting for a person.

    It may not be due yet: then the lane waits for it, since retries keep their place.
    """
    row = conn.execute(_HEAD, {"b_channel": channel_id}).mappings().one_or_none()
    return as_delivery(row) if row else None


_ASIDE = (
    select(deliveries)
    .where(
        deliveries.c.channel_id == bindparam("b_channel"),
        OPEN,
        deliveries.c.state == State.UNCERTAIN,
        deliveries.c.due_at.is_(None),
    )
    .order_by(deliveries.c.id)
)
_ASIDE_BEFORE = _ASIDE.where(deliveries.c.settled_at <= bindparam("b_before"))


def list_aside(conn: Connection, channel_id: int, *, before: datetime | None = None) -> list[Delivery]:
    """Uncertain deliveries of a lane that have stepped aside for a person (`before` then), the oldest first."""
    here = {"b_channel": channel_id}
    found = conn.execute(_ASIDE, here) if before is None else conn.execute(_ASIDE_BEFORE, {**here, "b_before": before})
    return [as_delivery(row) for row in found.mappings()]


_SETTLED_AT = select(deliveries.c.settled_at).where(deliveries.c.id == bindparam("b_id"))
_NEXT_RECEIPT = (
    select(deliveries.c.receipt_id)
    .join(attempts, (attempts.c.delivery_id == deliveries.c.id) & (attempts.c.number == deliveries.c.attempts))
    .where(
        attempts.c.channel_id == bindparam("b_channel"),
        attempts.c.step == "publish",
        attempts.c.started_at >= _SETTLED_AT.scalar_subquery(),
        deliveries.c.state == State.SENT,
        deliveries.c.receipt_id.is_not(None),
    )
    .order_by(attempts.c.started_at, attempts.c.id)
    .limit(1)
)


def find_next_receipt(conn: Connection, delivery: Delivery) -> str | None:
    """The id of the first post of its lane whose call was begun after this delivery came to its present state."""
    where = {"b_channel": delivery.channel_id, "b_id": delivery.id}
    return conn.execute(_NEXT_RECEIPT, where).scalar_one_or_none()


def get_delivery(conn: Connection, delivery_id: int) -> Delivery:
    """One delivery as it is now. LookupError when there is none."""
    row = conn.execute(select(deliveries).where(deliveries.c.id == delivery_id)).mappings().one_or_none()
    if row is None:
        raise LookupError(f"there is no delivery {delivery_id}")
    return as_delivery(row)


_ARTICLE = ARTICLES.where(articles.c.id == bindparam("b_id"))


def get_article(conn: Connection, article_id: int) -> Article:
    """The article of a delivery, with what its page adds."""
    row = conn.execute(_ARTICLE, {"b_id": article_id}).mappings().one()
    return article_of(row)


def list_media(conn: Connection, delivery_id: int) -> tuple[Media, ...]:
    """The staged bytes of a frozen payload."""
    query = select(media).where(media.c.delivery_id == delivery_id).order_by(media.c.position)
    return tuple(
        Media(row["data"], row["mime"], row["alt"], row["width"], row["height"], point_of_text(row["focus"]))
        for row in conn.execute(query).mappings()
    )


_LAST = (
    select(deliveries.c.receipt_id, deliveries.c.sent_at, deliveries.c.attempt_started_at)
    .where(
        deliveries.c.channel_id == bindparam("b_channel"),
        deliveries.c.sent_at.is_not(None),
        deliveries.c.receipt_id.is_not(None),  # a person's word gives an address, and no receipt
    )
    .order_by(deliveries.c.sent_at.desc(), deliveries.c.id.desc())
    .limit(1)
)


_LAST_BEFORE = _LAST.where(deliveries.c.settled_at <= bindparam("b_before"))


def find_last_receipt(conn: Connection, channel_id: int, *, before: datetime | None = None) -> str | None:
    """The id of the newest post of this place that the ledger knows; with `before`, that it knew by then."""
    statement = _LAST if before is None else _LAST_BEFORE
    last = conn.execute(statement, {"b_channel": channel_id, "b_before": before}).one_or_none()
    return None if last is None else last.receipt_id


def find_last_times(conn: Connection, channel_id: int) -> tuple[datetime, datetime] | None:
    """When that post was made, as the platform says, and when the call for it began, by our clock."""
    last = conn.execute(_LAST, {"b_channel": channel_id}).one_or_none()
    return None if last is None else (last.sent_at, last.attempt_started_at or last.sent_at)
