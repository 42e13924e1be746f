"""Any life of a site's sitemaps: what is new is given, and what is old never looks new."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.doors import Fetched
from bot.sources.reading import Cursor, Watched, load_memory
from bot.sources.sitemap import read_sitemap
from tests.sources.blog import inline

HOME = "https://herald.example"


@dataclass
class Sitemaps:
    """A site that begins a new sitemap whenever one is full, as most do, and mends old articles now and then."""

    size: int
    precise: bool
    """Whether the index says the time of a change, or only its day."""
    now: datetime = datetime(2026, 11, 23, 7, 0, tzinfo=UTC)
    articles: dict[str, datetime] = field(default_factory=dict)
    """Name → when it was changed, in order of publication."""
    asked: list[str] = field(default_factory=list)

    def publish(self, count: int) -> None:
        """Bring out articles."""
        for _ in range(count):
            self.articles[f"{HOME}/{len(self.articles)}"] = self.now

    def mend(self, number: int) -> None:
        """Change an old article."""
        if self.articles:
            self.articles[f"{HOME}/{number % len(self.articles)}"] = self.now

    def documents(self) -> Mapping[str, str]:
        """What stands where now."""
        items = list(self.articles.items())
        parts = {f"{HOME}/post-{n // self.size}.xml": items[n : n + self.size] for n in range(0, len(items), self.size)}
        stamps = {name: max(at for _, at in part) for name, part in parts.items()}
        index = "".join(
            f"<sitemap><loc>{name}</loc><lastmod>{at.isoformat() if self.precise else at.date()}</lastmod></sitemap>"
            for name, at in stamps.items()
        )
        found = {f"{HOME}/index.xml": f"<sitemapindex>{index}</sitemapindex>"}
        for name, part in parts.items():
            inner = "".join(f"<url><loc>{link}</loc><lastmod>{at.isoformat()}</lastmod></url>" for link, at in part)
            found[name] = f"<urlset>{inner}</urlset>"
        return found

    async def get(
        self,
        url: str,
        *,
        etag: str | None = None,
        last_modified: str | None = None,
        accept: str = "*/*",
        max_bytes: int = 10 * 2**20,
    ) -> Fetched:
        """The door to the web, with nothing behind it but this site."""
        del last_modified, accept, max_bytes
        self.asked.append(url)
        body = self.documents()[url].encode()
        tag = f'"{hash(body)}"'
        return Fetched(url, changed=tag != etag, body=b"" if tag == etag else body, etag=tag)


STEPS = st.lists(
    st.tuples(st.sampled_from(["publish", "publish", "mend", "look"]), st.integers(0, 9), st.integers(0, 6_000)),
    max_size=9,
)


@example([("publish", 1, 0), ("look", 0, 0), ("publish", 1, 60)], 3, 1, False)
@settings(max_examples=40)
@given(STEPS, st.integers(2, 5), st.integers(0, 20), st.booleans())
def test_what_is_new_is_given_and_what_is_old_never_looks_new(
    steps: list[tuple[str, int, int]], size: int, before: int, precise: bool
) -> None:
    """Whatever is published and mended between looks, of one day or ten: each new article has been given once all
    looks are over, and of the old ones none for the first time after the first look."""
    with pytest.MonkeyPatch.context() as patch:
        for name, number in (("FOLLOWED", 3), ("MOST_NEW", 2)):
            patch.setattr(f"bot.sources.sitemap.{name}", number)
        site = Sitemaps(size, precise)
        site.publish(before)
        site.now += timedelta(days=30)
        _live(site, steps)


def _live(site: Sitemaps, steps: list[tuple[str, int, int]]) -> None:
    cursor, old, seen = Cursor(), set(site.articles), set[str | None]()

    def look() -> set[str | None]:
        nonlocal cursor
        reading = asyncio.run(read_sitemap(site, inline, Watched(f"{HOME}/index.xml"), cursor, site.now))
        cursor = Cursor(reading.cursor.etag, reading.cursor.last_modified, load_memory(reading.cursor.dump()))
        fresh = {entry.link for entry in reading.feed.entries} - seen if reading.feed else set()
        seen.update(fresh)
        return fresh

    look()
    for what, number, minutes in steps:
        site.now += timedelta(minutes=minutes)
        if what == "look":
            assert not look() & old
        elif what == "mend":
            site.mend(number)
        else:
            site.publish(number)
    for _ in range(2 + len(site.articles) // site.size):  # new sitemaps are read a few at a look
        assert not look() & old
    assert set(site.articles) - old <= seen
