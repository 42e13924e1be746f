"""A WordPress site by its REST interface: the newest page at every look, and where that does not reach back to what was
seen before, the pages in between, by time.

    newest page ─▶ reaches back to the cursor? ─▶ done
                            └─ no ─▶ from a day before the cursor on, oldest first, page after page

The cursor is the publication time of the newest post that was given. A page of the newest posts holds all that are
newer than its oldest one, so nothing is missed between two looks, however much was published. Once an hour what was
changed beyond the newest page is asked for as well: posts that are mended, and those that come out under an old date.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from bot.doors import Fetched, FetchFailed, Offload, Web
from bot.sources.dates import read_time
from bot.sources.entry import Entry, Feed
from bot.sources.reading import Cursor, Reading, Unreadable, Watched
from bot.sources.wordpress_posts import EMBED, FIELDS, NotPosts, Page, Route, read_posts, route_of

NEWEST = 50
"""Posts that are asked for at every look."""
PAGE = 100
"""Posts of a page when catching up: the most that WordPress gives."""
MOST_PAGES = 20
"""Pages of one look. What is left follows at the next."""
LATE = timedelta(hours=1)
"""So much later than its stated time a post may appear: one that was scheduled, or written in the hour that the clocks
go through twice."""
OVERLAP = timedelta(days=1)
"""So far before the cursor catching up begins. Old releases compare `after` with the site's own local time, whatever
offset it is given with: this is more than any zone is away from UTC."""

CHANGES_EVERY = timedelta(hours=1)
"""How often changes beyond the newest page are asked for."""

_BEGINNING = datetime(1971, 1, 2, tzinfo=UTC)
_ACCEPT = "application/json"
_KEPT, _SINCE, _CHANGES, _LOOKED, _LEFT = "newest_at", "since", "changes_at", "looked_at", "left"
_CLOSED = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})
_MISSING = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.GONE})


@dataclass(frozen=True, slots=True)
class _Between:
    """What was found between the newest page and the cursor."""

    entries: tuple[Entry, ...] = ()
    left: "_Left | None" = None
    """Where to go on if not all of it was read; the cursor stays where the entries end."""
    gapless: bool | None = True
    note: str = ""

    @property
    def whole(self) -> bool:
        """Whether all of it was read."""
        return self.left is None


@dataclass(frozen=True, slots=True)
class _Left:
    """Where a look that could not read all pages has ended: the time that they were asked for by, and the last page,
    with which the next look begins, so that it sees whether posts have moved to other pages meanwhile."""

    after: str
    page: int

    @property
    def memory(self) -> Mapping[str, Any]:
        """As the cursor keeps it."""
        return {_LEFT: {"after": self.after, "page": self.page}}


async def read_wordpress(web: Web, offload: Offload, watched: Watched, cursor: Cursor, now: datetime) -> Reading:
    """Look at the site's posts. `watched.url` is the site, its REST interface or a route in it, with filters.

    Raises FetchFailed or Unreadable.
    """
    route = route_of(watched.url)
    try:
        return await _look(web, offload, route, cursor, now)
    except FetchFailed as failed:
        if failed.status not in _MISSING or route.otherwise is None:
            raise _in_words(failed, route) from None
    try:
        return await _look(web, offload, route.otherwise, cursor, now)
    except FetchFailed as failed:
        raise _in_words(failed, route) from None


async def _look(web: Web, offload: Offload, route: Route, cursor: Cursor, now: datetime) -> Reading:
    url = route.url(per_page=NEWEST, orderby="date", order="desc", _embed=EMBED, _fields=FIELDS)
    etag, last_modified = _validators(cursor, url)
    fetched = await web.get(url, etag=etag, last_modified=last_modified, accept=_ACCEPT)
    if not fetched.changed:
        return Reading(None, cursor, fetched.fresh_for)
    page = await _parse(offload, fetched, route)
    seen = _time_of(cursor, _KEPT)
    between = _Between(gapless=None)
    if seen is not None:
        # What was published before the last look and was not there then is late, or a clock is off: an hour for each.
        looked_at = _time_of(cursor, _LOOKED) or seen
        reached = _reaches(page, max(seen, min(looked_at, now) - LATE))
        between = _Between() if reached else await _read_between(web, offload, route, seen, _left_of(cursor))
    since = _time_of(cursor, _SINCE) or _oldest(page)
    asked_at = _time_of(cursor, _CHANGES)
    changes: tuple[Entry, ...] = ()
    if between.whole and page.count >= NEWEST and asked_at is not None and now - asked_at >= CHANGES_EVERY:
        changes, asked_at = await _read_changes(web, offload, route, asked_at, since), now
    newest_at = _newest(between.entries if not between.whole else (*between.entries, *page.entries), seen, now)
    feed = Feed(
        id=None,
        title=urlsplit(route.home or "").hostname or "",
        link=route.home,
        language=None,
        entries=_merged(page.entries, (*changes, *between.entries)),
        kind="WordPress REST",
        notes=(between.note,) if between.note else (),
        gapless=between.gapless,
    )
    memory = {
        **_memory(newest_at, url, fetched if between.whole else None),
        _SINCE: since.isoformat(),
        _CHANGES: (asked_at or now).isoformat(),
        **(between.left.memory if between.left else {_LOOKED: now.isoformat()}),
    }
    return Reading(feed, Cursor(memory=memory), fetched.fresh_for)


async def _read_between(web: Web, offload: Offload, route: Route, seen: datetime, left: _Left | None) -> _Between:
    """All posts from a day before `seen` on, oldest first, as far as the pages of one look go; where an earlier look
    has `left` some, those."""
    begin = left or _Left(f"{max(seen - OVERLAP, _BEGINNING):%Y-%m-%dT%H:%M:%SZ}", 1)
    last = begin.page + MOST_PAGES - 1
    entries: list[Entry] = []
    for number in range(begin.page, last + 1):
        page = await _read_page(web, offload, route, begin.after, number)
        if left and number == begin.page and (page is None or min(_times(page), default=seen) > seen):
            return await _read_between(web, offload, route, seen, None)  # some were deleted, and others moved up
        if page is None and number == 1:
            return _missing(seen, "the site does not let its posts be asked for by time")
        if page is None:
            return _Between(tuple(entries))
        if page.entries and entries[-len(page.entries) :] == list(page.entries):
            return _missing(seen, "the site gives the same page again and again", entries)
        entries += page.entries
        if page.count < PAGE:
            return _Between(tuple(entries))
    note = f"There are more posts to catch up with than {MOST_PAGES * PAGE:,}; the rest follow at the next look."
    return _Between(tuple(entries), _Left(begin.after, last), note=note)


async def _read_page(web: Web, offload: Offload, route: Route, after: str, number: int) -> Page | None:
    """That page of the posts since `after`, oldest first; None where the site refuses it, as it does any beyond the
    last one (rest_post_invalid_page_number)."""
    url = route.url(per_page=PAGE, page=number, orderby="date", order="asc", after=after, _embed=EMBED, _fields=FIELDS)
    try:
        fetched = await web.get(url, accept=_ACCEPT)
    except FetchFailed as failed:
        if failed.status != HTTPStatus.BAD_REQUEST:
            raise
        return None
    return await _parse(offload, fetched, route)


def _missing(seen: datetime, why: str, entries: Sequence[Entry] = ()) -> _Between:
    note = f"Posts since {seen:%Y-%m-%d %H:%M} UTC may be missing: {why}."
    return _Between(tuple(entries), gapless=False, note=note)


async def _read_changes(
    web: Web, offload: Offload, route: Route, asked_at: datetime, since: datetime
) -> tuple[Entry, ...]:
    """The posts that were changed since an hour before `asked_at`, without those from before the first look, which
    nobody has been given. What cannot be had of them is done without: the next look asks again in an hour."""
    after = f"{asked_at - LATE:%Y-%m-%dT%H:%M:%SZ}"
    url = route.url(per_page=PAGE, orderby="modified", order="desc", modified_after=after, _embed=EMBED, _fields=FIELDS)
    try:
        page = await _parse(offload, await web.get(url, accept=_ACCEPT), route)
    except FetchFailed as failed:
        if failed.retry_after is not None:
            raise
        return ()
    return tuple(entry for entry in page.entries if entry.published_at and entry.published_at >= since)


async def _parse(offload: Offload, fetched: Fetched, route: Route) -> Page:
    try:
        return await offload(partial(read_posts, fetched.body, fetched.charset, fetched.url))
    except NotPosts as error:
        raise Unreadable(f"{error}.", _instead(route)) from None


def _reaches(page: Page, seen: datetime) -> bool:
    """Whether nothing that is newer than `seen` can be missing from the newest page."""
    return page.count < NEWEST or min(_times(page), default=seen) <= seen - LATE


def _oldest(page: Page) -> datetime:
    """Since when all posts have been given once this page, the first one, has been."""
    times = _times(page)
    return min(times) if page.count >= NEWEST and times else _BEGINNING


def _times(page: Page) -> list[datetime]:
    return [entry.published_at for entry in page.entries if entry.published_at]


def _newest(entries: Sequence[Entry], seen: datetime | None, now: datetime) -> datetime | None:
    """The cursor after these entries. One that is dated ahead of `now` says nothing of what has been published."""
    times = [entry.published_at for entry in entries if entry.published_at and entry.published_at <= now]
    if not entries and seen is None:
        return _BEGINNING  # an empty site: whatever comes is new
    return max([*times, *([seen] if seen else [])], default=None)


def _merged(newest: Sequence[Entry], between: Sequence[Entry]) -> tuple[Entry, ...]:
    """All of them once, newest first."""
    found = {(entry.id, entry.link): entry for entry in (*newest, *reversed(between))}
    return tuple(sorted(found.values(), key=lambda entry: entry.published_at or _BEGINNING, reverse=True))


# ── what is remembered ────────────────────────────────────────────────────────────────────────────────────────────


def _time_of(cursor: Cursor, name: str) -> datetime | None:
    kept = cursor.memory.get(name)
    return read_time(kept) if isinstance(kept, str) else None


def _left_of(cursor: Cursor) -> _Left | None:
    kept = cursor.memory.get(_LEFT)
    after, page = (kept.get("after"), kept.get("page")) if isinstance(kept, dict) else (None, None)
    return _Left(after, page) if isinstance(after, str) and isinstance(page, int) else None


def _validators(cursor: Cursor, url: str) -> tuple[str | None, str | None]:
    """Those of the newest page, if it is still asked for in the same words."""
    page = cursor.memory.get("page")
    if not isinstance(page, dict) or page.get("url") != url:
        return None, None
    return page.get("etag"), page.get("last_modified")


def _memory(newest_at: datetime | None, url: str, fetched: Fetched | None) -> Mapping[str, Any]:
    memory: dict[str, Any] = {_KEPT: newest_at.isoformat()} if newest_at else {}
    if fetched and (fetched.etag or fetched.last_modified):
        memory["page"] = {"url": url, "etag": fetched.etag, "last_modified": fetched.last_modified}
    return memory


# ── words for the operator ────────────────────────────────────────────────────────────────────────────────────────


def _in_words(failed: FetchFailed, route: Route) -> Exception:
    if failed.status in _CLOSED:
        return Unreadable(f"The site's REST interface is closed to us ({failed.status}).", _instead(route))
    if failed.status in _MISSING:
        return Unreadable(f"The site has no such REST interface ({failed.status}).", _instead(route))
    return failed


def _instead(route: Route) -> str:
    return f"Ask the publisher to open it for reading, or use the site's feed, usually {route.home or ''}feed/."
