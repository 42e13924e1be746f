"""What the poll writes: a source's look, its new articles, their deliveries and its cursor, in one transaction."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, func, insert, select, update

from bot.ledger.article import dump_tags
from bot.ledger.bell import ring
from bot.ledger.doubts import find_restored_at
from bot.ledger.merge import join, list_kin
from bot.ledger.newer import doubted_since
from bot.ledger.schema import OPEN, article_keys, articles, channels, deliveries, sources, subscriptions
from bot.ledger.texts import keepable, key_of
from bot.model import State
from bot.plan import Candidate, NewArticle, Plan, may_be_out
from bot.rhythm import LAST, Rhythm, load_rhythm
from bot.sources.reading import Cursor, load_memory

_MANY = 500
"""Bound parameters in one statement stay far below SQLite's limit."""


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


def register_source(conn: Connection, *, identity: str, name: str, url: str, now: datetime) -> SourceState:
    """The source with this identity, made if it is new. A new address keeps what is known, but not the validators."""
    row = conn.execute(select(sources).where(sources.c.identity == identity)).mappings().one_or_none()
    if row is None:
        conn.execute(insert(sources).values(identity=identity, name=name, url=url, next_poll_at=now))
    elif (row["name"], row["url"]) != (name, url):
        values: dict[str, Any] = {"name": name, "url": url}
        if row["url"] != url:
            values |= {
                "etag": None,
                "last_modified": None,
                "memory": None,
                "moved_to": None,
                "moves": 0,
                "next_poll_at": now,
                "told_until_at": None,
                "failures": 0,
            }
        conn.execute(update(sources).where(sources.c.id == row["id"]).values(**values))
    return get_source(conn, identity)


def get_source(conn: Connection, identity: str) -> SourceState:
    """The state of a registered source."""
    pushes = (subscriptions.c.pushed_at, subscriptions.c.lease_until)
    query = select(sources, *pushes).outerjoin(subscriptions).where(sources.c.identity == identity)
    row = conn.execute(query).mappings().one()
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


def has_articles(conn: Connection, source_id: int) -> bool:
    """Whether the source has ever given anything."""
    return conn.execute(select(articles.c.id).where(articles.c.source_id == source_id).limit(1)).first() is not None


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


def list_times(conn: Connection, source_id: int) -> list[datetime]:
    """When the newest articles of a source were published, as far as it says, or else found."""
    query = select(articles.c.published_at, articles.c.found_at).where(articles.c.source_id == source_id)
    rows = conn.execute(query.order_by(articles.c.id.desc()).limit(LAST))
    return [min(row.published_at or row.found_at, row.found_at) for row in rows]


def note_rhythm(conn: Connection, source_id: int, rhythm: Rhythm, *, next_poll_at: datetime) -> None:
    """How often a source publishes, by what it has shown just now, and when it is looked at next."""
    values = {"rhythm": rhythm.dump(), "next_poll_at": next_poll_at}
    conn.execute(update(sources).where(sources.c.id == source_id).values(**values))


_SETTLING = (
    select(func.min(deliveries.c.due_at))
    .join(articles)
    .where(
        articles.c.source_id == bindparam("b_source"),
        OPEN,
        deliveries.c.state == State.PENDING,
        deliveries.c.attempts == 0,
        deliveries.c.body.is_(None),
        deliveries.c.due_at == deliveries.c.wanted_at,
        deliveries.c.due_at > bindparam("b_after"),
    )
)


def find_settling(conn: Connection, source_id: int, *, after: datetime) -> datetime | None:
    """When the first article of this source that nobody has tried to send yet goes out after that time."""
    found: datetime | None = conn.execute(_SETTLING, {"b_source": source_id, "b_after": after}).scalar_one()
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
