"""Sitemaps as a source: what is read of one, and that what is old never looks new."""

import gzip
from datetime import UTC, datetime, timedelta

import pytest
from aiohttp import web
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.doors import FetchFailed
from bot.sources import sitemap_xml
from bot.sources.entry import Entry, Feed
from bot.sources.fetch import AiohttpWeb
from bot.sources.kinds import read_source
from bot.sources.reading import Cursor, Reading, Unreadable, Watched, load_memory
from bot.sources.sitemap import FOLLOWED, MOST_ENTRIES, MOST_NEW
from bot.sources.sitemap_xml import Child, NotASitemap, Sitemap, read_sitemap_document, with_articles
from tests.sources.blog import inline
from tests.sources.wild import Site

NOW = datetime(2026, 11, 23, 7, 0, tzinfo=UTC)
HOME = "https://herald.example"
SPACES = (
    'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:news="http://www.google.com/schemas/sitemap-news/0.9" '
    'xmlns:image="http://www.google.com/schemas/sitemap-image/1.1"'
)
NEWS = f"""<url><loc>{HOME}/fish?a=1&amp;b=2</loc><lastmod>2026-11-23T06:30:00+00:00</lastmod>
<news:news><news:publication><news:name>The Herald</news:name><news:language>en-GB</news:language></news:publication>
<news:publication_date>2026-11-23T07:00:00+01:00</news:publication_date>
<news:title>Fish &amp; chips</news:title><news:keywords>fish, the sea,fish</news:keywords></news:news>
<image:image><image:loc>{HOME}/fish.jpg</image:loc>
<image:caption>Two &lt;b&gt;fish&lt;/b&gt;</image:caption></image:image>
</url>"""


def urlset(*inner: str) -> str:
    """A sitemap."""
    return f"<?xml version='1.0' encoding='UTF-8'?><urlset {SPACES}>{''.join(inner)}</urlset>"


def address(name: str, at: datetime | None = None) -> str:
    """An address in a plain sitemap."""
    return f"<url><loc>{HOME}/{name}</loc>{_changed(at)}</url>"


def index(*children: tuple[str, datetime | str | None]) -> str:
    """An index of sitemaps."""
    inner = "".join(f"<sitemap><loc>{each}</loc>{_changed(at)}</sitemap>" for each, at in children)
    return f"<sitemapindex {SPACES}>{inner}</sitemapindex>"


def _changed(at: datetime | str | None) -> str:
    return f"<lastmod>{at if isinstance(at, str) else at.isoformat()}</lastmod>" if at else ""


def read(body: str | bytes) -> Sitemap:
    """A sitemap as it is read."""
    return read_sitemap_document(body.encode() if isinstance(body, str) else body, None, f"{HOME}/sitemap.xml")


async def look(web: AiohttpWeb, url: str, cursor: Cursor | None = None, *, at: datetime = NOW) -> Reading:
    """One look, whose cursor went through the ledger."""
    reading = await read_source(web, inline, Watched(url, "sitemap"), cursor or Cursor(), at)
    kept = reading.cursor
    return Reading(reading.feed, Cursor(kept.etag, kept.last_modified, load_memory(kept.dump())))


def feed_of(reading: Reading) -> Feed:
    """The feed of a look that brought one."""
    assert reading.feed is not None
    return reading.feed


def names(reading: Reading) -> list[str]:
    """The articles that a look gave."""
    return [(entry.link or "").removeprefix(f"{HOME}/") for entry in reading.feed.entries] if reading.feed else []


def asked(site: Site) -> list[str]:
    """The paths that were asked for since this was last looked at."""
    found = [request.path for request in site.requests]
    site.requests.clear()
    return found


# ── one document ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_all_that_a_news_sitemap_says_is_read() -> None:
    """Title, times, language, keywords and the picture with its caption."""
    sitemap = read(urlset(NEWS))
    assert (True, "The Herald", None) == (sitemap.news, sitemap.title, sitemap.children)
    assert sitemap.entries == (
        Entry(
            id=f"{HOME}/fish?a=1&b=2",
            link=f"{HOME}/fish?a=1&b=2",
            title="Fish & chips",
            summary="",
            published_at=datetime(2026, 11, 23, 6, tzinfo=UTC),
            updated_at=datetime(2026, 11, 23, 6, 30, tzinfo=UTC),
            language="en-GB",
            picture_url=f"{HOME}/fish.jpg",
            picture_alt="Two fish",
            tags=("fish", "the sea"),
        ),
    )


def test_a_plain_sitemap_gives_no_titles() -> None:
    """A title is not made of an address; the time of the last change is the latest at which it was published."""
    (dated, undated) = read(urlset(address("a", NOW), address("b"))).entries
    assert ("", NOW, NOW) == (dated.title, dated.published_at, dated.updated_at)
    assert ("", None, None) == (undated.title, undated.published_at, undated.updated_at)


@pytest.mark.parametrize(
    ("body", "links"),
    [
        (urlset(f"<url><loc>\n {HOME}/a \n</loc></url>"), ["a"]),
        (urlset("<url><loc>/a</loc></url>"), ["a"]),
        (urlset("<url><loc>mailto:a</loc></url>", "<url/>", address("b")), ["b"]),
        (f"<s:urlset xmlns:s='x'><s:url><s:loc>{HOME}/a</s:loc></s:url></s:urlset>", ["a"]),
        (f"<urlset><url><loc>{HOME}/a</loc></url></urlset>", ["a"]),
        (urlset(f"<url><loc>{HOME}/a</loc><x><url><loc>{HOME}/b</loc></url></x></url>"), ["a"]),
        (urlset(f"<url><loc>{HOME}/?a=1&b=2</loc></url>", address("c")), ["?a=1&b=2", "c"]),
        (f"<urlset><url><loc>{HOME}/a</loc><news:news><news:title>A</news:title></news:news></url></urlset>", ["a"]),
        (f"\ufeff\n  {urlset(address('a')).partition('?>')[2]} junk", ["a"]),
        (urlset(address("a"), address("b"))[:-30], ["a"]),
        (urlset(), []),
    ],
)
def test_sitemaps_as_they_are_met(body: str, links: list[str]) -> None:
    """With any prefix or none, with white space, bare ampersands, undeclared prefixes, junk, or cut off."""
    assert links == [(entry.link or "").removeprefix(f"{HOME}/") for entry in read(body).entries]


def test_what_was_repaired_or_cut_off_says_so() -> None:
    """A cut document is not complete, one with a bare ampersand is."""
    whole = read(urlset(f"<url><loc>{HOME}/?a=1&b=2</loc></url>"))
    cut = read(urlset(address("a"), address("b"))[:-30])
    assert ((True, True), False) == ((whole.repaired, whole.complete), cut.complete)


def test_a_packed_sitemap_is_unpacked() -> None:
    """Gzip inside, in one piece or several; what is cut off is read as far as it goes."""
    text = urlset(*(address(f"{number}") for number in range(1_000))).encode()
    whole = read(text)
    assert whole == read(gzip.compress(text)) == read(gzip.compress(text[:500]) + gzip.compress(text[500:]))
    cut = read(gzip.compress(text)[:-500])
    assert (False, True) == (cut.complete, 0 < len(cut.entries) < 1_000)


def test_a_bomb_is_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Unpacking stops where it grows too large, over all pieces together."""
    monkeypatch.setattr(sitemap_xml, "MAX_BYTES", 2**20)
    for bomb in (gzip.compress(bytes(2**23)), gzip.compress(bytes(2**19)) * 3):
        with pytest.raises(NotASitemap) as caught:
            read(bomb)
        assert "larger than 1 MiB" in str(caught.value)


def test_entities_are_not_expanded() -> None:
    """Neither a file nor an entity of the document's own gets into an address."""
    bomb = "<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;&a;'><!ENTITY f SYSTEM 'file:///etc/hostname'>"
    text = f"<!DOCTYPE urlset [{bomb}]><urlset><url><loc>{HOME}/x&b;&f;</loc></url></urlset>"
    assert [f"{HOME}/x&b;&f;"] == [entry.link for entry in read(text).entries]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("", "is empty"),
        ("<!doctype html><html><p>Hello</html>", "not a sitemap"),
        ("<rss version='2.0'><channel/></rss>", "a feed, not a sitemap"),
        ("<feed xmlns='http://www.w3.org/2005/Atom'/>", "a feed, not a sitemap"),
        ("<opml/>", "<opml>"),
        ("nothing", "not a sitemap that can be read"),
        (b"\x1f\x8b\x08nothing", "packed"),
    ],
)
def test_what_is_no_sitemap_is_said_in_words(body: str | bytes, words: str) -> None:
    """One sentence for each."""
    with pytest.raises(NotASitemap) as caught:
        read(body)
    assert words in str(caught.value)


def test_more_addresses_than_the_protocol_allows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody reads on for ever."""
    monkeypatch.setattr(sitemap_xml, "MAX_ADDRESSES", 3)
    with pytest.raises(NotASitemap):
        read(urlset(*(address(f"{number}") for number in range(4))))


@given(st.binary(max_size=20), st.integers(0, 900), st.booleans())
@settings(max_examples=60)
def test_a_damaged_sitemap_is_one_or_none(junk: bytes, at: int, packed: bool) -> None:
    """A document with changed bytes gives entries with links, or NotASitemap, never another error."""
    body = urlset(NEWS, address("a", NOW)).encode()
    body = body[:at] + junk + body[at + len(junk) :]
    try:
        sitemap = read(gzip.compress(body)[: -len(junk) or None] if packed else body)
    except NotASitemap:
        return
    assert all(entry.link and entry.id for entry in sitemap.entries)


# ── an index ──────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("listed", "chosen"),
    [
        (["post-sitemap.xml", "page-sitemap.xml", "category-sitemap.xml", "news-sitemap.xml"], ["news-sitemap.xml"]),
        (["page-sitemap.xml", "post-sitemap.xml", "author-sitemap.xml", "post_tag-sitemap.xml"], ["post-sitemap.xml"]),
        (
            [
                "sitemap-posts-post-2.xml",
                "sitemap-posts-post-10.xml",
                "sitemap-posts-page-1.xml",
                "sitemap-users-1.xml",
            ],
            ["sitemap-posts-post-10.xml", "sitemap-posts-post-2.xml"],
        ),
        (["s-2026-9.xml", "s-2026-11.xml", "s-2025-12.xml"], ["s-2026-11.xml", "s-2026-9.xml", "s-2025-12.xml"]),
        (["sitemap.xml?page=2", "sitemap.xml?page=10"], ["sitemap.xml?page=10", "sitemap.xml?page=2"]),
        (["category-sitemap.xml"], ["category-sitemap.xml"]),
    ],
)
def test_the_sitemaps_with_articles_newest_first(listed: list[str], chosen: list[str]) -> None:
    """By name: news only, where there are any; nothing that lists no articles; and by the numbers, which count up."""
    found = with_articles(tuple(Child(f"{HOME}/{name}") for name in listed))
    assert chosen == [child.address.removeprefix(f"{HOME}/") for child in found]


def test_the_time_that_the_index_states_goes_before_the_name() -> None:
    """The newest change first."""
    found = with_articles(
        (Child("https://a.example/9.xml", "2026-11-01"), Child("https://a.example/1.xml", "2026-11-02"))
    )
    assert ["https://a.example/1.xml", "https://a.example/9.xml"] == [child.address for child in found]


# ── looks ─────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_news_sitemap_costs_one_request(the_web: AiohttpWeb, site: Site) -> None:
    """It is asked for conditionally, and says whose news they are."""
    url = site.page("/news.xml", urlset(NEWS), headers={"ETag": '"1"'})
    reading = await look(the_web, url)
    feed = feed_of(reading)
    assert ("News sitemap", "The Herald", site.url("/"), None) == (feed.kind, feed.title, feed.link, feed.gapless)
    await look(the_web, url, reading.cursor)
    assert [None, '"1"'] == [request.headers.get("If-None-Match") for request in site.requests]


async def test_a_plain_sitemap_is_whole_once_and_then_tells_what_changed(the_web: AiohttpWeb, site: Site) -> None:
    """All of it at the first look, so that what is old is known; then what was changed since shortly before the last
    look, however long ago that is, and what has no time."""
    old, days = [address("old", NOW - timedelta(days=90)), address("undated")], timedelta(days=1)
    url = site.page("/s.xml", urlset(*old, address("new", NOW)))
    reading = await look(the_web, url)
    assert (["new", "old", "undated"], True) == (names(reading), feed_of(reading).gapless)
    assert "pages of every sort" in feed_of(reading).notes[0]
    site.page("/s.xml", urlset(*old, address("new", NOW), address("a", NOW + days), address("b", NOW + 9 * days)))
    reading = await look(the_web, url, reading.cursor, at=NOW + 10 * days)
    assert ["b", "a", "new", "undated"] == names(reading)
    reading = await look(the_web, url, reading.cursor, at=NOW + 11 * days)
    assert ["b", "undated"] == names(reading)


async def test_very_many_addresses(the_web: AiohttpWeb, site: Site) -> None:
    """The newest are taken, with a note; where none has a time, nobody can tell, and it is said."""
    times = [NOW - timedelta(minutes=number) for number in range(MOST_ENTRIES + 1)]
    url = site.page("/s.xml", urlset(*(address(f"{number}", at) for number, at in enumerate(times))))
    feed = feed_of(await look(the_web, url))
    assert (MOST_ENTRIES, f"{HOME}/0") == (len(feed.entries), feed.entries[0].link)
    assert "5,000 newest" in feed.notes[0]
    site.page("/s.xml", urlset(*(address(f"{number}") for number in range(MOST_ENTRIES + 1))))
    with pytest.raises(Unreadable) as caught:
        await look(the_web, url)
    assert "nobody can tell which are new" in caught.value.message


async def test_a_sitemap_that_was_cut_off_keeps_no_validator(the_web: AiohttpWeb, site: Site) -> None:
    """Its whole entries are taken, and it is read in full the next time."""
    url = site.page("/s.xml", urlset(address("a"), address("b"))[:-30], headers={"ETag": '"1"'})
    reading = await look(the_web, url)
    assert (["a"], Cursor(), False) == (names(reading), reading.cursor, feed_of(reading).complete)


class Index:
    """An index on a site, with its sitemaps."""

    def __init__(self, site: Site, *, stated: bool = True) -> None:
        self.site = site
        self.stated = stated
        self.children: dict[str, tuple[datetime, list[str]]] = {}

    def put(self, name: str, at: datetime, *addresses: str, tag: bool = True) -> None:
        """Add a sitemap, or change it."""
        self.children[name] = (at, list(addresses))
        body = urlset(*addresses)
        self._page(f"/{name}", body, tag=tag)
        listed = [
            (self.site.url(f"/{each}"), when if self.stated else None) for each, (when, _) in self.children.items()
        ]
        self._page("/index.xml", index(*listed), tag=tag)

    def _page(self, path: str, body: str, *, tag: bool) -> None:
        self.site.page(path, body, headers={"ETag": f'"{hash(body)}"'} if tag else None)
        answer = self.site.pages[path]

        async def conditional(request: web.Request) -> web.StreamResponse:
            response = await answer(request)
            known = tag and request.headers.get("If-None-Match") == response.headers["ETag"]
            return web.Response(status=304) if known else response

        self.site.handle(path, conditional)

    @property
    def url(self) -> str:
        """Its address."""
        return self.site.url("/index.xml")


async def test_what_has_not_changed_is_not_read_again(the_web: AiohttpWeb, site: Site) -> None:
    """An index that is as it was costs one request, one with a changed sitemap two."""
    it = Index(site)
    it.put("post-1.xml", NOW - timedelta(days=9), address("a", NOW - timedelta(days=9)))
    it.put("post-2.xml", NOW, address("b", NOW))
    reading = await look(the_web, it.url)
    assert (["b", "a"], ["/index.xml", "/post-2.xml", "/post-1.xml"]) == (names(reading), asked(site))
    assert (await look(the_web, it.url, reading.cursor)).feed is None
    assert ["/index.xml"] == asked(site)
    it.put("post-2.xml", NOW + timedelta(hours=1), address("b", NOW), address("c", NOW + timedelta(hours=1)))
    reading = await look(the_web, it.url, reading.cursor, at=NOW + timedelta(hours=2))
    assert (["c", "b"], ["/index.xml", "/post-2.xml"]) == (names(reading), asked(site))


async def test_an_index_without_times_has_its_sitemaps_asked_conditionally(the_web: AiohttpWeb, site: Site) -> None:
    """The index may be as it was and a sitemap not: each is asked with the validator that it was last read with."""
    it = Index(site, stated=False)
    it.put("post-1.xml", NOW, address("a", NOW))
    reading = await look(the_web, it.url)
    assert (await look(the_web, it.url, reading.cursor)).feed is None
    it.put("post-1.xml", NOW, address("a", NOW), address("b", NOW))
    site.requests.clear()
    reading = await look(the_web, it.url, reading.cursor)
    assert (["a", "b"], ["/index.xml", "/post-1.xml"]) == (names(reading), asked(site))


async def test_what_was_passed_over_at_first_is_left_alone(the_web: AiohttpWeb, site: Site) -> None:
    """Years of sitemaps: the newest are followed. An old article that is mended in one of the others is no news, and a
    sitemap that is begun later is."""
    it = Index(site)
    for year in range(2000, 2010):
        it.put(f"post-{year}.xml", NOW - timedelta(days=365 * (2026 - year)), address(f"{year}", NOW))
    reading = await look(the_web, it.url)
    assert [f"{year}" for year in range(2009, 2009 - FOLLOWED, -1)] == sorted(names(reading), reverse=True)
    it.put("post-2000.xml", NOW, address("2000", NOW))
    reading = await look(the_web, it.url, reading.cursor)
    assert [] == names(reading)
    it.put("post-2010.xml", NOW, address("2010", NOW))
    reading = await look(the_web, it.url, reading.cursor)
    assert ["2010"] == names(reading)


async def test_after_an_outage_every_new_sitemap_is_read(the_web: AiohttpWeb, site: Site) -> None:
    """One a day, and more days than a look reads: the oldest first, the rest at the next look."""
    it, days = Index(site), timedelta(days=1)
    it.put("day-0.xml", NOW, address("0", NOW))
    reading = await look(the_web, it.url)
    for day in range(1, MOST_NEW + 4):
        it.put(f"day-{day}.xml", NOW + day * days, address(f"{day}", NOW + day * days))
    later = NOW + 20 * days
    reading = await look(the_web, it.url, reading.cursor, at=later)
    assert [f"{day}" for day in range(MOST_NEW, 0, -1)] == names(reading)
    reading = await look(the_web, it.url, reading.cursor, at=later)
    assert {f"{day}" for day in range(MOST_NEW + 1, MOST_NEW + 4)} == set(names(reading))
    assert (await look(the_web, it.url, reading.cursor, at=later)).feed is None


async def test_a_sitemap_that_cannot_be_read_costs_only_itself(the_web: AiohttpWeb, site: Site) -> None:
    """It is noted, and tried again at the next look; where none can be read, the look has failed."""
    it = Index(site)
    it.put("post-1.xml", NOW, address("a", NOW))
    it.put("post-2.xml", NOW, address("b", NOW))
    mended = site.pages["/post-2.xml"]
    site.page("/post-2.xml", "<html/>")
    reading = await look(the_web, it.url)
    assert (["a"], True) == (names(reading), "could not be read" in feed_of(reading).notes[0])
    site.handle("/post-2.xml", mended)
    reading = await look(the_web, it.url, reading.cursor)
    assert ["b"] == names(reading)
    for name in ("/post-1.xml", "/post-2.xml"):
        site.page(name, status=500)
    with pytest.raises(FetchFailed):
        await look(the_web, it.url)


async def test_a_server_that_says_wait_is_left_alone(the_web: AiohttpWeb, site: Site) -> None:
    """Whatever else could still be read."""
    it = Index(site)
    it.put("post-1.xml", NOW, address("a", NOW))
    it.put("post-2.xml", NOW, address("b", NOW))
    site.page("/post-2.xml", status=429, headers={"Retry-After": "60"})
    with pytest.raises(FetchFailed) as caught:
        await look(the_web, it.url)
    assert 60 == caught.value.retry_after


async def test_found_out_by_itself(the_web: AiohttpWeb, site: Site) -> None:
    """An address that is a sitemap, packed or not, or an index, needs no word, and later looks are as cheap."""
    it = Index(site)
    it.put("post-1.xml", NOW, address("a", NOW))
    packed = site.page("/s.xml.gz", gzip.compress(urlset(address("a", NOW)).encode()))
    for url in (packed, it.url):
        reading = await read_source(the_web, inline, Watched(url), Cursor(), NOW)
        assert (["a"], "sitemap") == (names(reading), reading.cursor.memory["kind"])
    asked(site)
    assert (await read_source(the_web, inline, Watched(it.url), reading.cursor, NOW)).feed is None
    assert ["/index.xml"] == asked(site)
