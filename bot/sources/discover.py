"""Finds the best way to watch a site: its feeds, WordPress' interface, news sitemaps, and at last the page itself.

    address ─▶ is it a source itself? ─▶ what the page states ─▶ what robots.txt names ─▶ what is usual ─▶ the page

A site is asked for little: its own word first, what is only usual no more once something was found.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urlsplit

from bot.doors import Fetched, FetchFailed, Offload, Web
from bot.links import absolute
from bot.sources.document import decode_body
from bot.sources.entry import Entry, Feed
from bot.sources.hints import Hint, hints_of_page, hints_of_robots, usual_hints
from bot.sources.reading import Cursor, Reader, Reading, SourceKind, Unreadable, Watched
from bot.sources.sniff import sort_of

PAGES: tuple[SourceKind, ...] = ("archive",)
"""Kinds that are read from the page itself, where there is nothing better."""
AT_MOST = 8
"""Places of one sort that are looked at."""
_ACCEPT = "text/html, application/xhtml+xml;q=0.9, application/xml;q=0.8, */*;q=0.5"
_MAX_ROBOTS = 500_000
_ASIDE = ("comment", "kommentar", "reaction")
"""What feeds beside the articles' own are called."""


@dataclass(frozen=True, slots=True)
class Offer:
    """One way to watch the site, as it was just read."""

    kind: SourceKind
    url: str
    feed: Feed
    reading: Reading
    stated: bool = True
    """Whether the site itself says that it is there."""

    @property
    def newest(self) -> tuple[Entry, ...]:
        """The newest first, as far as they are dated; else as they stand."""
        return tuple(sorted(self.feed.entries, key=_age, reverse=True))


@dataclass(frozen=True, slots=True)
class Discovery:
    """What was found at an address, the best first."""

    offers: tuple[Offer, ...]
    misses: Mapping[str, str] = field(default_factory=dict)
    """Address → why what the site states is not offered."""

    @property
    def best(self) -> Offer | None:
        """What is recommended."""
        return self.offers[0] if self.offers else None


class Discoverer:
    """Looks around one site."""

    def __init__(self, web: Web, offload: Offload, readers: Mapping[SourceKind, Reader], now: datetime) -> None:
        self._web = web
        self._offload = offload
        self._readers = readers
        self._now = now
        self._offers: dict[str, Offer] = {}
        self._misses: dict[str, str] = {}

    async def look_around(self, url: str) -> Discovery:
        """Everything that can be watched at `url`, in one go. Raises FetchFailed where the address itself fails."""
        fetched = await self._web.get(url, accept=_ACCEPT)
        sort = await self._offload(lambda: sort_of(fetched))
        if sort != "page":
            await self._try(Hint(sort, url))
            if not self._offers:
                raise Unreadable(self._misses[url], "Check the address in a browser.")
            return self._found(url)
        return await self.around(fetched)

    async def around(self, page: Fetched) -> Discovery:
        """What can be watched of the site of a page that was fetched."""
        await self._try_all(await self._offload(lambda: hints_of_page(page)))
        await self._try_all(await self._of_robots(page.url))
        if not self._offers:
            await self._try_all(usual_hints(page.url))
        for kind in PAGES:
            await self._try(Hint(kind, page.url))
        return self._found(page.url)

    def _found(self, url: str) -> Discovery:
        return Discovery(tuple(sorted(self._offers.values(), key=lambda offer: rank(offer, url))), self._misses)

    async def _of_robots(self, url: str) -> tuple[Hint, ...]:
        address = absolute(url, "/robots.txt")
        try:
            fetched = await self._web.get(address or url, accept="text/plain", max_bytes=_MAX_ROBOTS)
        except FetchFailed:  # most sites have none
            return ()
        return hints_of_robots(decode_body(fetched.body, fetched.charset))

    async def _try_all(self, hints: Iterable[Hint]) -> None:
        tried: dict[SourceKind, int] = {}
        for hint in hints:
            tried[hint.kind] = tried.get(hint.kind, 0) + 1
            if tried[hint.kind] <= AT_MOST:
                await self._try(hint)

    async def _try(self, hint: Hint) -> None:
        if hint.url in self._offers or hint.kind not in self._readers:
            return
        watched = Watched(hint.url, hint.kind)
        try:
            reading = await self._readers[hint.kind](self._web, self._offload, watched, Cursor(), self._now)
        except (FetchFailed, Unreadable) as error:
            if hint.stated and hint.kind not in PAGES:
                self._misses[hint.url] = error.message
            return
        feed = reading.feed
        if feed is not None and (feed.entries or hint.kind not in PAGES):
            self._offers[hint.url] = Offer(hint.kind, hint.url, feed, reading, hint.stated)


def rank(offer: Offer, url: str) -> tuple[int, int, int, int, int]:
    """The smaller, the better: by kind, then whether it is the articles' own, has articles, and is near the address."""
    kinds: Mapping[SourceKind, int] = {"feed": 0, "wordpress": 1, "sitemap": 2}
    aside = any(word in f"{offer.feed.title} {urlsplit(offer.url).path}".lower() for word in _ASIDE)
    return (
        int(not offer.feed.entries),
        int(aside),
        kinds.get(offer.kind, 3),
        -_nearness(offer.url, url),
        len(offer.url),
    )


def _nearness(one: str, other: str) -> int:
    """How many steps of their paths two addresses share from the left: a section's own feed is nearer to it."""
    paths = [[step for step in urlsplit(url).path.split("/") if step] for url in (one, other)]
    shared = 0
    for left, right in zip(*paths, strict=False):
        if left != right:
            break
        shared += 1
    return shared


def _age(entry: Entry) -> float:
    at = entry.published_at or entry.updated_at
    return at.timestamp() if at else 0.0
