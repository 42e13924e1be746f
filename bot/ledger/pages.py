"""What the enrich loop reads and writes: which articles wait for their page, and what was read of it.

The page's facts stand beside the article, not in it: what its source shows later still replaces what it showed before.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime

from sqlalchemy import Connection, bindparam, insert, select, update

from bot.facts import Facts
from bot.focal import point_to_text
from bot.ledger.article import FOCUSES, dump_tags
from bot.ledger.bell import ring
from bot.ledger.merge import find_root, join
from bot.ledger.schema import article_keys, articles, pages, sames, sources
from bot.ledger.texts import key_of
from bot.ledger.upsert import add, put

AT_ONCE = 200
"""Waiting articles that are looked at in one go."""


@dataclass(frozen=True, slots=True)
class Unread:
    """An article whose page is still to be read."""

    id: int
    title: str
    link: str
    picture_url: str | None
    enrich_until: datetime


_UNREAD = (
    select(*(articles.c[each.name] for each in fields(Unread)))
    .join(sources, sources.c.id == articles.c.source_id)
    .where(articles.c.enrich_until.is_not(None), sources.c.identity == bindparam("b_source"))
    .order_by(articles.c.id)
    .limit(AT_ONCE)
)


def list_unread(conn: Connection, source_identity: str) -> Sequence[Unread]:
    """The articles of a source that wait for their page, oldest first, those whose time is over among them."""
    return [Unread(**row) for row in conn.execute(_UNREAD, {"b_source": source_identity}).mappings()]


_UNREAD_SOURCES = (
    select(sources.c.identity)
    .where(sources.c.id.in_(select(articles.c.source_id).where(articles.c.enrich_until.is_not(None))))
    .order_by(sources.c.id)
)


def list_unread_sources(conn: Connection) -> Sequence[str]:
    """The identities of the sources that have articles which wait for their page."""
    return conn.execute(_UNREAD_SOURCES).scalars().all()


def end_enriching(
    conn: Connection, article_id: int, facts: Facts | None, keys: Sequence[str] = (), *, now: datetime
) -> Sequence[int]:
    """The page was read, or will not be (`facts` None): the article may go out. Which others turned out to be it."""
    conn.execute(update(articles).where(articles.c.id == article_id).values(enrich_until=None))
    if facts is not None:
        put(conn, pages, _row(article_id, facts, now))
    same = [other for key in keys if (other := _claim_key(conn, article_id, key)) is not None]
    for other in same:
        note_same(conn, article_id, other, now)
    ring(conn)
    return same


def note_same(conn: Connection, article_id: int, other_id: int, now: datetime) -> None:
    """An article's own page says that it is `other_id`. Found by two sources, they are joined; a source that lists
    both is believed more than its pages, lest one wrong tag in a template cost an article: that is only noted."""
    if not add(conn, sames, {"article_id": article_id, "same_as": other_id, "noted_at": now}):
        return
    query = select(articles.c.source_id).where(articles.c.id.in_([article_id, other_id])).distinct()
    if len(conn.execute(query).all()) > 1:
        join(conn, other_id, article_id, now=now)


def _claim_key(conn: Connection, article_id: int, key: str) -> int | None:
    """Make the article known by this key too; the article that is known by it already, if that is another one."""
    root = find_root(conn, article_id)
    known = conn.execute(
        select(article_keys.c.article_id).where(article_keys.c.key == key_of(key))
    ).scalar_one_or_none()
    if known is None:
        conn.execute(insert(article_keys).values(key=key_of(key), article_id=root))
        return None
    return None if find_root(conn, known) == root else int(known)


def _row(article_id: int, facts: Facts, now: datetime) -> dict[str, object]:
    values = {each.name: getattr(facts, each.name) for each in fields(Facts)}
    values |= {"paywalled": int(facts.paywalled), "noindex": int(facts.noindex), "tags": dump_tags(facts.tags)}
    values |= {name: point_to_text(getattr(facts, name)) for name in FOCUSES}
    return {"article_id": article_id, "read_at": now, **values}
