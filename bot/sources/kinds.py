"""The kinds of source, each with what reads it, and how a source is read of which nobody said what it is."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import get_args

from bot.doors import Fetched, Offload, Web
from bot.sources.archive.reader import read_archive
from bot.sources.discover import PAGES, Discoverer
from bot.sources.feed import ACCEPT, read_feed, take_feed
from bot.sources.reading import Cursor, Reader, Reading, SourceKind, Unreadable, Watched
from bot.sources.robots import FORBIDDEN, Robots
from bot.sources.sitemap import read_sitemap, take_sitemap
from bot.sources.sniff import sort_of
from bot.sources.wordpress import read_wordpress

KIND = "kind"
"""Under this name the memory of an address whose kind was found out holds it."""
WHERE = "where"
"""Under this one, the address of what is read in place of a page."""


async def read_auto(web: Web, offload: Offload, watched: Watched, cursor: Cursor, now: datetime) -> Reading:
    """Read what stands at the address as what it is: for a feed one request, as if it had been called one.

    A site is looked around for its best source once, when nothing was read there yet. Later a page in a source's place
    (maintenance, a consent wall) is trouble, whatever it links to. Raises FetchFailed or Unreadable.
    """
    kind, where = _remembered(cursor), str(cursor.memory.get(WHERE) or watched.url)
    met = cursor != Cursor()
    if kind is not None and (kind, where) != ("feed", watched.url):
        try:
            reading = await READERS[kind](web, offload, replace(watched, url=where, kind=kind), cursor, now)
            return _remember(kind, reading, where if where != watched.url else None)
        except Unreadable as error:
            if error.memory is not None or where != watched.url or kind in PAGES:  # it is what it was, and in doubt
                raise
            cursor = Cursor()  # another kind of source may stand there by now
    fetched = await web.get(watched.url, etag=cursor.etag, last_modified=cursor.last_modified, accept=ACCEPT)
    if not fetched.changed:
        return await take_feed(offload, fetched, cursor)
    return await _take(web, offload, watched, fetched, now, met=met)


async def _take(web: Web, offload: Offload, watched: Watched, fetched: Fetched, now: datetime, *, met: bool) -> Reading:
    """What a first answer comes to, or one that is no longer what it was. `met`: something was read there before."""
    sort = await offload(partial(sort_of, fetched))
    if sort == "wordpress":  # it has more to say when it is asked for it
        return _remember(sort, await read_wordpress(web, offload, watched, Cursor(), now))
    if sort == "sitemap":
        return _remember(sort, await take_sitemap(web, offload, fetched, Cursor(), now))
    if sort == "page" and not met:
        return await _watch_best(web, offload, fetched, now)
    return _remember("feed", await take_feed(offload, fetched, Cursor()))


async def _watch_best(web: Web, offload: Offload, page: Fetched, now: datetime) -> Reading:
    """A page for people: from now on the best that its site has to offer is read in its place."""
    found = await Discoverer(web, offload, NAMED, now).around(page)
    if found.best is None:
        return await take_feed(offload, page, Cursor())  # which says what is wrong
    return _remember(found.best.kind, found.best.reading, found.best.url)


def _remembered(cursor: Cursor) -> SourceKind | None:
    kept = cursor.memory.get(KIND)
    return next((kind for kind in get_args(SourceKind) if kind == kept and kind != "auto"), None)


def _remember(kind: SourceKind, reading: Reading, where: str | None = None) -> Reading:
    memory = {**reading.cursor.memory, KIND: kind, **({WHERE: where} if where else {})}
    return replace(reading, cursor=replace(reading.cursor, memory=memory))


READERS: Mapping[SourceKind, Reader] = {
    "auto": read_auto,
    "feed": read_feed,
    "wordpress": read_wordpress,
    "sitemap": read_sitemap,
    "archive": read_archive,
}
NAMED: Mapping[SourceKind, Reader] = {kind: reader for kind, reader in READERS.items() if kind != "auto"}
"""Those that are looked for on a site."""


_LET_US = "Let the user agent Handbill read it there, or give the address of a feed."


async def read_source(
    web: Web, offload: Offload, watched: Watched, cursor: Cursor, now: datetime, *, robots: Robots | None = None
) -> Reading:
    """Look at a source of any kind. Raises FetchFailed or Unreadable.

    What was made for machines may be read by them; a page for people only as its site's robots.txt says, for which
    `robots` asks.
    """
    page = _page_of(watched, cursor)
    await _check_allowed(robots, page)
    reading = await READERS[watched.kind](web, offload, watched, cursor, now)
    if page is None:  # it may have turned out to be one
        await _check_allowed(robots, _page_of(watched, reading.cursor))
    return reading


def _page_of(watched: Watched, cursor: Cursor) -> str | None:
    """The page for people that is read, as far as that is known."""
    if watched.kind == "archive":
        return watched.url
    found = watched.kind == "auto" and _remembered(cursor) == "archive"
    return str(cursor.memory.get(WHERE) or watched.url) if found else None


async def _check_allowed(robots: Robots | None, page: str | None) -> None:
    if robots is not None and page is not None and (refusal := await robots.refusal(page)):
        raise Unreadable(refusal, _LET_US if refusal == FORBIDDEN else "")
