"""Sitemaps as a source: a news sitemap, a plain one, or an index, of which those that may hold articles are read.

A sitemap of all that a site has says when each address was changed, not when it was published. So each document is
given whole at the first look, which makes known what is old; later only what was changed since shortly before it was
last read. An index is treated alike: of the sitemaps that it lists at the first look the newest are read, and the
others are never opened afterwards, as an old article that is mended there would look like a new one; what the index
lists only later is read whole.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from bot.doors import Fetched, FetchFailed, Offload, Web
from bot.links import absolute
from bot.sources.dates import read_time
from bot.sources.entry import Entry, Feed
from bot.sources.reading import Cursor, Reading, Unreadable, Watched
from bot.sources.sitemap_xml import MAX_BYTES, Child, NotASitemap, Sitemap, read_sitemap_document, with_articles

FOLLOWED = 5
"""Sitemaps of an index that are asked for at a look: the newest."""
MOST_NEW = 10
"""Sitemaps that an index has not listed before, which are read at one look. The others follow at the next."""
MOST_CHILDREN = 10_000
MOST_ENTRIES = 5_000
"""Of one look, the newest."""
RECENT = timedelta(days=2)
"""So long before a document was last read a change still counts as one since. News sitemaps go back as far."""

_ACCEPT = "application/xml, text/xml;q=0.9, */*;q=0.1"
_LONG_AGO = datetime(1971, 1, 1, tzinfo=UTC)
_EVERYTHING = "It lists the site's pages of every sort, articles or not, and gives no titles; a feed is better."
_MEND = "Check the address in a browser; a feed of the site, if it has one, says more."


@dataclass(frozen=True, slots=True)
class _Met:
    """What is remembered of a sitemap that has been read."""

    stated: str = ""
    """What the index said of its change then."""
    etag: str | None = None
    last_modified: str | None = None
    read_at: datetime | None = None

    def dump(self) -> Mapping[str, Any]:
        """As JSON, for the cursor."""
        return {
            "stated": self.stated,
            "etag": self.etag,
            "last_modified": self.last_modified,
            "read_at": self.read_at.isoformat() if self.read_at else None,
        }


@dataclass(slots=True)
class _Look:
    """What a look at an index has come to so far."""

    sitemaps: list[Sitemap] = field(default_factory=list)
    met: dict[str, _Met] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    failed: FetchFailed | Unreadable | None = None
    unchanged: int = 0


async def read_sitemap(web: Web, offload: Offload, watched: Watched, cursor: Cursor, now: datetime) -> Reading:
    """Look at the sitemap at the address, and at those that it lists. Raises FetchFailed or Unreadable."""
    fetched = await web.get(
        watched.url, etag=cursor.etag, last_modified=cursor.last_modified, accept=_ACCEPT, max_bytes=MAX_BYTES
    )
    return await take_sitemap(web, offload, fetched, cursor, now)


async def take_sitemap(web: Web, offload: Offload, fetched: Fetched, cursor: Cursor, now: datetime) -> Reading:
    """What `fetched`, the answer at the source's own address, comes to. Raises FetchFailed or Unreadable."""
    if fetched.changed:
        sitemap = await _parse(offload, fetched)
        if sitemap.children is None:
            return _plain(sitemap, fetched, cursor, now)
        children = sitemap.children
        if len(children) > MOST_CHILDREN:
            raise Unreadable(f"The index lists more than {MOST_CHILDREN:,} sitemaps.", "Give the one with the news.")
    elif "children" not in cursor.memory:
        return Reading(None, cursor, fetched.fresh_for, fetched.moved_to)
    else:  # what has not changed lists what it did, but what is listed may have changed
        children = tuple(Child(address, met.stated) for address, met in _met(cursor).items())
    return await _index(web, offload, fetched, with_articles(children), cursor=cursor, now=now)


async def _parse(offload: Offload, fetched: Fetched) -> Sitemap:
    try:
        return await offload(partial(read_sitemap_document, fetched.body, fetched.charset, fetched.url))
    except NotASitemap as error:
        raise Unreadable(f"{error}.", _MEND) from None


# ── a sitemap by itself ───────────────────────────────────────────────────────────────────────────────────────────


def _plain(sitemap: Sitemap, fetched: Fetched, cursor: Cursor, now: datetime) -> Reading:
    kept = cursor.memory.get("read_at")
    read_at = read_time(kept) if isinstance(kept, str) else None
    since = replace(sitemap, entries=_news_of(sitemap, read_at))
    feed = _feed("News sitemap" if sitemap.news else "Sitemap", fetched.url, [since], [])
    if not sitemap.complete:
        return Reading(feed, Cursor(memory=cursor.memory), fetched.fresh_for, fetched.moved_to)
    after = Cursor(fetched.etag, fetched.last_modified, {"read_at": now.isoformat()})
    return Reading(feed, after, fetched.fresh_for, fetched.moved_to)


def _news_of(sitemap: Sitemap, read_at: datetime | None) -> tuple[Entry, ...]:
    """What a sitemap has to say that was last read at `read_at`."""
    since = read_at - RECENT if read_at else None
    entries = tuple(entry for entry in sitemap.entries if entry.title or _is_since(entry, since))
    undated = sum(1 for entry in entries if _time(entry) == _LONG_AGO)
    if undated > MOST_ENTRIES:
        raise Unreadable(
            f"The sitemap has {undated:,} addresses without a time, so nobody can tell which are new.",
            "Give the address of the site's news sitemap or of its feed.",
        )
    return entries


def _is_since(entry: Entry, since: datetime | None) -> bool:
    return since is None or entry.updated_at is None or entry.updated_at >= since


def _time(entry: Entry) -> datetime:
    return entry.published_at or entry.updated_at or _LONG_AGO


def _feed(kind: str, url: str, sitemaps: Sequence[Sitemap], notes: Iterable[str]) -> Feed:
    found = {entry.id: entry for sitemap in sitemaps for entry in sitemap.entries}
    entries = sorted(found.values(), key=_time, reverse=True)
    complete = all(sitemap.complete for sitemap in sitemaps)
    said = list(notes)
    if len(entries) > MOST_ENTRIES:
        said.append(f"There are very many addresses; the {MOST_ENTRIES:,} newest were taken.")
    said += ["A sitemap is not well-formed XML; it was repaired before it was read."] * any(
        sitemap.repaired and sitemap.complete for sitemap in sitemaps
    )
    said += ["A sitemap was cut off; its whole entries were taken."] * (not complete)
    news = any(sitemap.news for sitemap in sitemaps)
    said += [_EVERYTHING] * (not news and bool(entries))
    return Feed(
        id=None,
        title=next((sitemap.title for sitemap in sitemaps if sitemap.title), urlsplit(url).hostname or ""),
        link=absolute(url, "/"),
        language=None,
        entries=tuple(entries[:MOST_ENTRIES]),
        kind=kind,
        dropped=sum(sitemap.dropped for sitemap in sitemaps),
        complete=complete,
        # Of a news sitemap articles go after two days; from any other none goes at all.
        gapless=None if news else True,
        notes=tuple(said),
    )


# ── an index ──────────────────────────────────────────────────────────────────────────────────────────────────────


async def _index(
    web: Web, offload: Offload, fetched: Fetched, children: Sequence[Child], *, cursor: Cursor, now: datetime
) -> Reading:
    """Look at the sitemaps that are followed and at those that are new, `children` being newest first."""
    met, passed = _met(cursor), _passed(cursor)
    begun = "children" in cursor.memory
    new = [child for child in children if child.address not in met and _digest(child.address) not in passed]
    followed = [child for child in children if child.address in met][:FOLLOWED]
    chosen = [*new[-MOST_NEW:], *followed] if begun else new[:FOLLOWED]
    look = _Look()
    for child in chosen:
        await _look_at(web, offload, child, met.get(child.address), look=look, now=now)
    if look.failed is not None and not look.sitemaps and not look.unchanged:
        raise look.failed
    if begun and not look.sitemaps:
        return Reading(None, cursor, fetched.fresh_for, fetched.moved_to)
    feed = _feed("Sitemap index", fetched.url, look.sitemaps, look.notes)
    listed = [child.address for child in children if child.address in look.met or child.address in met]
    kept = listed[: FOLLOWED + MOST_NEW]
    left = [*listed[len(kept) :], *([] if begun else [child.address for child in new if child not in chosen])]
    memory = {
        "children": {address: (look.met.get(address) or met[address]).dump() for address in kept},
        "passed": sorted({*passed, *map(_digest, left)}),
    }
    whole = look.failed is None and feed.complete and (not begun or len(new) <= MOST_NEW)
    after = Cursor(*_validators(fetched, cursor), memory) if whole else Cursor(memory=memory)
    return Reading(feed, after, fetched.fresh_for, fetched.moved_to)


async def _look_at(web: Web, offload: Offload, child: Child, met: _Met | None, *, look: _Look, now: datetime) -> None:
    """Read a sitemap of an index, unless it is as it was. One that cannot be read is noted and tried again."""
    if met and child.is_precise and child.stated == met.stated:
        look.unchanged += 1
        return
    before = met or _Met()
    try:
        fetched = await web.get(
            child.address,
            etag=before.etag,
            last_modified=before.last_modified,
            accept=_ACCEPT,
            max_bytes=MAX_BYTES,
        )
        if not fetched.changed:
            look.unchanged += 1
            return
        sitemap = await _parse(offload, fetched)
        since = replace(sitemap, entries=_news_of(sitemap, before.read_at))
    except (FetchFailed, Unreadable) as error:
        if isinstance(error, FetchFailed) and error.retry_after is not None:
            raise
        look.failed = error
        look.notes.append(f"One of its sitemaps could not be read: {error.message}")
        return
    look.sitemaps.append(since)
    if sitemap.complete:
        look.met[child.address] = _Met(child.stated, fetched.etag, fetched.last_modified, now)


# ── what is remembered ────────────────────────────────────────────────────────────────────────────────────────────


def _met(cursor: Cursor) -> dict[str, _Met]:
    """The sitemaps of an index that have been read, by address."""
    kept = cursor.memory.get("children")
    items = kept.items() if isinstance(kept, dict) else ()
    return {address: _load(each) for address, each in items if isinstance(each, dict)}


def _load(kept: Mapping[str, Any]) -> _Met:
    stated, read_at = kept.get("stated"), kept.get("read_at")
    return _Met(
        stated if isinstance(stated, str) else "",
        kept.get("etag"),
        kept.get("last_modified"),
        read_time(read_at) if isinstance(read_at, str) else None,
    )


def _passed(cursor: Cursor) -> frozenset[str]:
    """Digests of those that are left alone."""
    kept = cursor.memory.get("passed")
    return frozenset(each for each in kept if isinstance(each, str)) if isinstance(kept, list) else frozenset()


def _digest(address: str) -> str:
    return hashlib.sha256(address.encode("utf-8", "surrogatepass")).hexdigest()[:8]


def _validators(fetched: Fetched, cursor: Cursor) -> tuple[str | None, str | None]:
    """Those of the index, which a 304 need not repeat."""
    return (fetched.etag, fetched.last_modified) if fetched.changed else (cursor.etag, cursor.last_modified)
