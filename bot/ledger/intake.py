"""What the poll writes: new articles, their deliveries and the source's cursor, in one transaction."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from bot.ledger.article import dump_tags
from bot.ledger.bell import ring
from bot.ledger.doubts import find_restored_at
from bot.ledger.merge import join, list_kin
from bot.ledger.newer import doubted_since
from bot.ledger.schema import article_keys, articles, channels, deliveries, sources
from bot.ledger.texts import keepable, key_of
from bot.model import State
from bot.plan import Candidate, NewArticle, Plan, may_be_out

_MANY = 500
"""Bound parameters in one statement stay far below SQLite's limit."""


def find_known(conn: Connection, candidates: Iterable[Candidate]) -> dict[str, int]:
    """Key → article id, of those keys of the candidates that the ledger knows."""
    kept = {key: key_of(key) for candidate in candidates for key in candidate.keys}
    # The first release kept long keys as they were, where the engine took them.
    wanted = list(dict.fromkeys((*kept.values(), *kept)))
    found: dict[str, int] = {}
    for start in range(0, len(wanted), _MANY):
        chunk = wanted[start : start + _MANY]
        query = select(article_keys.c.key, article_keys.c.article_id).where(article_keys.c.key.in_(chunk))
        found.update((row.key, row.article_id) for row in conn.execute(query))
    return {key: found[each] for key, its in kept.items() for each in (key, its) if each in found}


@dataclass(frozen=True, slots=True)
class Stored:
    """What a committed look came to, for the log."""

    new: tuple[tuple[int, NewArticle], ...]
    changed: int
    """Articles whose texts the source now shows otherwise."""


def commit_look(
    conn: Connection,
    source_id: int,
    plan: Plan,
    known: Mapping[str, int],
    *,
    channel_ids: Sequence[int],
    language: str | None,
    cursor: Mapping[str, Any],
    now: datetime,
    complete: bool = True,
) -> Stored:
    """Store a parsed look: new articles with a delivery per channel, new keys of known ones, and the cursor.

    `complete`: whether the document came whole.
    """
    read_at = conn.execute(select(sources.c.ok_at).where(sources.c.id == source_id)).scalar_one()
    restored_at, since = find_restored_at(conn), doubted_since(conn, channel_ids)

    def doubted(new: NewArticle, channel_id: int) -> bool:
        times = (restored_at, since.get(channel_id))
        return any(may_be_out(new.candidate, restored_at=each, read_at=read_at) for each in times)

    stored = []
    taken = set(known)  # a document in which one key leads to two articles must not cost the look
    for new in plan.new:
        article_id = _insert_article(conn, source_id, new, language, now)
        taken.update(new.candidate.keys)
        _plan_deliveries(conn, article_id, new, channel_ids, doubted=doubted, now=now)
        stored.append((article_id, new))
    changed = 0
    for article_id, candidate in plan.seen:
        _add_keys(conn, article_id, [key for key in candidate.keys if key not in taken])
        taken.update(candidate.keys)
        changed += _refresh(conn, source_id, article_id, candidate, language=language, now=now)
    for one, other in plan.same:
        join(conn, one, other, now=now)
    for article_id, new in plan.also:
        missing = _missing(conn, source_id, article_id, channel_ids)
        _plan_deliveries(conn, article_id, new, missing, doubted=doubted, now=now)
    if stored or plan.also:
        ring(conn)
    first = select(sources.c.first_look_at).where(sources.c.id == source_id)
    values = {
        "polled_at": now,
        "ok_at": now if complete else read_at,
        "failures": 0,
        "last_error": None,
        # A document that was cut off is not all that was there before.
        "first_look_at": conn.execute(first).scalar_one() or (now if complete else None),
    }
    conn.execute(update(sources).where(sources.c.id == source_id).values(**values, **cursor))
    return Stored(tuple(stored), changed)


def _texts(candidate: Candidate, language: str | None) -> dict[str, Any]:
    # What the operator says of the source comes before what the source says of itself.
    entry = candidate.entry
    texts = {
        "title": entry.title,
        "summary": entry.summary,
        "link": candidate.link,
        "author": entry.author,
        "language": language or entry.language,
        "picture_url": entry.picture_url,
        "picture_alt": entry.picture_alt,
        "tags": dump_tags(entry.tags),
    }
    return {name: text and keepable(text) for name, text in texts.items()}


def _insert_article(conn: Connection, source_id: int, new: NewArticle, language: str | None, now: datetime) -> int:
    candidate = new.candidate
    # The link outlives the source's ids (and its source), so it makes the steadier key where there is one.
    key = next((key for key in candidate.keys if key.startswith("link:")), candidate.keys[0])
    values = {
        "key": key_of(key),
        "source_id": source_id,
        "published_at": candidate.entry.published_at,
        "found_at": now,
        "enrich_until": new.enrich_until,
    }
    statement = insert(articles).values(**values, **_texts(candidate, language)).returning(articles.c.id)
    article_id = int(conn.execute(statement).scalar_one())
    _add_keys(conn, article_id, candidate.keys)
    return article_id


def _add_keys(conn: Connection, article_id: int, keys: Sequence[str]) -> None:
    if keys:
        conn.execute(insert(article_keys), [{"key": key_of(key), "article_id": article_id} for key in keys])


def _refresh(
    conn: Connection, source_id: int, article_id: int, candidate: Candidate, *, language: str | None, now: datetime
) -> int:
    """Keep the article as its own source shows it now; what was composed from it already is frozen elsewhere."""
    row = conn.execute(select(articles).where(articles.c.id == article_id)).mappings().one()
    texts = _texts(candidate, language)
    if row["source_id"] != source_id or all(row[name] == value for name, value in texts.items()):
        return 0
    if row["tags"] is None and all(row[name] == value for name, value in texts.items() if name != "tags"):
        # An earlier release kept none; that we do now is no change of the article.
        conn.execute(update(articles).where(articles.c.id == article_id).values(tags=texts["tags"]))
        return 0
    conn.execute(update(articles).where(articles.c.id == article_id).values(**texts, changed_at=now))
    return 1


def _plan_deliveries(
    conn: Connection,
    article_id: int,
    new: NewArticle,
    channel_ids: Sequence[int],
    *,
    doubted: Callable[[NewArticle, int], bool],
    now: datetime,
) -> None:
    common = {"article_id": article_id, "action": "publish", "revision": 1, "planned_at": now, **_fate(new, now)}
    if channel_ids:
        rows = [{**common, "channel_id": each, "look_first": int(doubted(new, each))} for each in channel_ids]
        conn.execute(insert(deliveries), rows)


def _fate(new: NewArticle, now: datetime) -> dict[str, Any]:
    """In which state its deliveries begin."""
    if new.held is not None:
        return {"state": State.HELD, "reason": new.held.why, "due_at": new.held.until}
    if new.skipped is not None:
        return {"state": State.SKIPPED, "reason": new.skipped, "due_at": None, "settled_at": now}
    times = {"due_at": new.due_at, "wanted_at": new.due_at, "expires_at": new.expires_at}
    return {"state": State.PENDING, "reason": None, **times}


def _missing(conn: Connection, source_id: int, article_id: int, channel_ids: Sequence[int]) -> list[int]:
    """The channels that another source of this article leads to and the first one does not. One that was added after
    the article was found is not among them: the past is not replayed."""
    found = select(articles.c.found_at).where(articles.c.id == article_id, articles.c.source_id != source_id)
    same = (article_id, *list_kin(conn, article_id))
    planned = select(deliveries.c.channel_id).where(deliveries.c.article_id.in_(same))
    query = select(channels.c.id).where(
        channels.c.id.in_(channel_ids),
        channels.c.id.not_in(planned),
        channels.c.added_at <= found.scalar_subquery(),
    )
    return list(conn.execute(query.order_by(channels.c.id)).scalars())
