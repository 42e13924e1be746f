"""Given any address, the best way to watch its site is found (feeds, WordPress, sitemaps), with few requests."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.doors import Fetched, FetchFailed
from bot.links import clean_link
from bot.sources.discover import Discoverer, Discovery
from bot.sources.fetch import AiohttpWeb
from bot.sources.hints import hints_of_page, hints_of_robots, usual_hints
from bot.sources.kinds import NAMED, read_source
from bot.sources.opml import Outline, read_opml, without_known, write_opml
from bot.sources.reading import Cursor, Reading, Unreadable, Watched
from tests.simulation.world import inline
from tests.sources.wild import Site

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
RSS = "application/rss+xml"


def rss(title: str, *items: str) -> str:
    """A feed of this title."""
    entries = "".join(f"<item><title>{each}</title><link>https://news.example/{each}</link></item>" for each in items)
    return f'<?xml version="1.0"?><rss version="2.0"><channel><title>{title}</title>{entries}</channel></rss>'


def page(head: str = "", body: str = "") -> str:
    """A page for people."""
    return f"<!doctype html><html><head><title>News</title>{head}</head><body>{body}</body></html>"


def linked(href: str, title: str = "") -> str:
    """How a page names a feed."""
    return f'<link rel="alternate" type="{RSS}" title="{title}" href="{href}">'


async def look(web: AiohttpWeb, url: str) -> Discovery:
    """What is found there."""
    return await Discoverer(web, inline, NAMED, NOW).look_around(url)


def paths(site: Site, found: Discovery) -> list[str]:
    """Where the offers are, the best first."""
    return [offer.url.removeprefix(site.url("")) for offer in found.offers]


async def test_a_home_page_names_its_feeds_and_the_articles_own_is_recommended(the_web: AiohttpWeb, site: Site) -> None:
    """Of two feeds that are linked the one of comments comes last; each is offered with its newest titles."""
    head = linked("/comments/feed/", "Comments on News") + linked("/feed/", "News")
    site.page("/", page(head), headers={"Content-Type": "text/html"})
    site.page("/comments/feed/", rss("Comments on: News", "c1"))
    site.page("/feed/", rss("News", "a", "b"))
    found = await look(the_web, site.url())
    assert ["/feed/", "/comments/feed/"] == paths(site, found)
    assert found.best is not None
    assert ["a", "b"] == [entry.title for entry in found.best.newest]


async def test_a_section_is_watched_by_its_own_feed(the_web: AiohttpWeb, site: Site) -> None:
    """On the page of a section or a tag the feed whose address is nearest to it is recommended."""
    site.page("/culture/", page(linked("/feed/") + linked("/culture/feed/")))
    site.page("/feed/", rss("News", "a"))
    site.page("/culture/feed/", rss("Culture", "b"))
    assert "/culture/feed/" == paths(site, await look(the_web, site.url("/culture/")))[0]


async def test_wordpress_is_found_and_a_feed_goes_before_it(the_web: AiohttpWeb, site: Site) -> None:
    """The interface that a page names is offered as such; a site that has feeds is watched by its feed."""
    post = {
        "id": 7,
        "date_gmt": "2026-11-23T08:00:00",
        "modified_gmt": "2026-11-23T08:00:00",
        "link": "https://news.example/p",
        "guid": {"rendered": "https://news.example/?p=7"},
        "title": {"rendered": "From WordPress"},
        "excerpt": {"rendered": "<p>Words</p>"},
    }
    site.page("/", page('<link rel="https://api.w.org/" href="/wp-json/">' + linked("/feed/")))
    site.page("/wp-json/wp/v2/posts", json.dumps([post]), headers={"Content-Type": "application/json"})
    assert ["wordpress"] == [offer.kind for offer in (await look(the_web, site.url())).offers]
    site.page("/feed/", rss("News", "a"))
    assert ["feed", "wordpress"] == [offer.kind for offer in (await look(the_web, site.url())).offers]


async def test_a_news_sitemap_is_found_by_robots_txt(the_web: AiohttpWeb, site: Site) -> None:
    """A site that names no feed, but a sitemap of news."""
    news = "http://www.google.com/schemas/sitemap-news/0.9"
    site.page("/", page())
    site.page("/robots.txt", f"User-agent: *\nSitemap: {site.url('/news.xml')}\n")
    site.page(
        "/news.xml",
        f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:n="{news}"><url>'
        "<loc>https://news.example/a</loc><n:news><n:publication_date>2026-11-23T08:00:00Z</n:publication_date>"
        "<n:title>In the sitemap</n:title></n:news></url></urlset>",
    )
    found = await look(the_web, site.url())
    assert [("sitemap", "In the sitemap")] == [(each.kind, each.newest[0].title) for each in found.offers][:1]


async def test_what_is_only_usual_is_tried_where_nothing_is_stated(the_web: AiohttpWeb, site: Site) -> None:
    """A static site that forgot to link its feed; where a feed is stated, nothing is guessed."""
    site.page("/", page())
    site.page("/index.xml", rss("News", "a"))
    assert "/index.xml" == paths(site, await look(the_web, site.url()))[0]
    site.requests.clear()
    site.page("/", page(linked("/news.rss")))
    site.page("/news.rss", rss("News", "a"))
    await look(the_web, site.url())
    assert {"/", "/news.rss", "/robots.txt"} >= {request.path for request in site.requests}


@pytest.mark.parametrize("path", ["/feed", "/anything"])
async def test_an_address_that_is_a_source_is_taken_as_such(the_web: AiohttpWeb, site: Site, path: str) -> None:
    """A feed is a feed wherever it is: nothing else is asked for."""
    found = await look(the_web, site.page(path, rss("News", "a")))
    assert [path] == paths(site, found)
    assert {path} == {request.path for request in site.requests}


async def test_a_feed_that_is_named_and_broken_is_told(the_web: AiohttpWeb, site: Site) -> None:
    """What the site states and cannot be used is named with the reason, beside what can."""
    site.page("/", page(linked("/gone.xml") + linked("/feed.xml")))
    site.page("/feed.xml", rss("News", "a"))
    found = await look(the_web, site.url())
    assert "/feed.xml" == paths(site, found)[0]
    assert [site.url("/gone.xml")] == list(found.misses)


async def test_an_address_that_is_nothing_says_so(the_web: AiohttpWeb, site: Site) -> None:
    """A missing page is the fetch's own error; a document that is no source has its sentence."""
    with pytest.raises(FetchFailed):
        await look(the_web, site.url("/missing"))
    with pytest.raises(Unreadable):
        await look(the_web, site.page("/text", "just words", headers={"Content-Type": "text/plain"}))


async def test_a_page_is_watched_by_the_feed_that_it_names(the_web: AiohttpWeb, site: Site) -> None:
    """`kind = "auto"` on a home page: the feed is found once, remembered, and asked for directly from then on."""
    site.page("/", page(linked("/feed.xml")))
    site.page("/feed.xml", rss("News", "a"), headers={"ETag": '"1"'})

    async def read(cursor: Cursor) -> Reading:
        return await read_source(the_web, inline, Watched(site.url()), cursor, NOW)

    first = await read(Cursor())
    assert first.feed is not None
    assert ("a", '"1"') == (first.feed.entries[0].title, first.cursor.etag)
    site.requests.clear()
    site.page("/feed.xml", rss("News", "b", "a"), headers={"ETag": '"2"'})
    second = await read(first.cursor)
    assert ["/feed.xml"] == [request.path for request in site.requests]
    assert '"1"' == site.requests[0].headers["If-None-Match"]
    assert second.feed is not None
    assert ["b", "a"] == [entry.title for entry in second.feed.entries]
    assert second.cursor.memory == first.cursor.memory


# ── hints ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def hinted(html: str, url: str = "https://news.example/a/") -> Mapping[str, str]:
    """Address → kind, of what a page says."""
    found = hints_of_page(Fetched(url, changed=True, body=html.encode()))
    return {hint.url: hint.kind for hint in found}


def test_what_a_page_says_of_feeds() -> None:
    """Relative addresses, a base, several relations, JSON Feed; links in the text only where they look like feeds."""
    html = page(
        '<base href="https://cdn.example/x/"><link rel="ALTERNATE home" type="application/atom+xml" href="../atom">'
        "<link rel=alternate type=application/feed+json href=//news.example/feed.json>"
        '<link rel="alternate" hreflang="de" href="/de/"><link rel="alternate" type="text/html" href="/m/">'
        '<!-- <link rel="alternate" type="application/rss+xml" href="/hidden"> -->',
        '<a href="https://news.example/rss">RSS</a><a href="https://news.example/feedback">Say</a>'
        '<a href="https://other.example/feed/">Friends</a><a href="javascript:feed()">x</a>',
    )
    assert {
        "https://cdn.example/atom": "feed",
        "https://news.example/feed.json": "feed",
        "https://news.example/rss": "feed",
    } == hinted(html)


def test_sitemaps_of_news_come_first() -> None:
    """In the order of the file, but those that are called news before the others."""
    text = (
        "Sitemap: https://n.example/pages.xml\nsitemap:https://n.example/News.xml\nSitemap: /relative.xml\nDisallow: /"
    )
    assert ["https://n.example/News.xml", "https://n.example/pages.xml"] == [hint.url for hint in hints_of_robots(text)]


@given(st.text(max_size=300), st.text(max_size=60))
def test_no_page_and_no_robots_txt_breaks_the_search(body: str, url: str) -> None:
    """Whatever they hold, hints are whole addresses, each once."""
    fetched = Fetched("https://news.example/", changed=True, body=f"<html>{linked(url)}<a href='{url}'>{body}".encode())
    for hints in (hints_of_page(fetched), hints_of_robots(f"Sitemap: {url}\n{body}"), usual_hints("https://a.example")):
        assert len(hints) == len({hint.url for hint in hints})
        assert all(clean_link(hint.url) for hint in hints)


# ── OPML ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_list_of_another_program_is_read() -> None:
    """Folders, attributes in any case, entries without an address, one twice: each feed once, with its title."""
    body = b"""<?xml version="1.0"?><opml version="1.0"><head/><body><outline text="Folder">
        <outline text="One &amp; only" type="rss" xmlUrl="https://one.example/feed"/>
        <outline title="Two" XMLURL="https://two.example/feed"/></outline>
        <outline text="No address"/><outline text="Again" xmlUrl="https://one.example/feed"/></body></opml>"""
    found = read_opml(body)
    assert (Outline("https://one.example/feed", "One & only"), Outline("https://two.example/feed", "Two")) == found
    assert (found[1],) == without_known(found, ["https://ONE.example/feed"])


@given(st.lists(st.builds(Outline, st.integers(0, 99).map("https://n.example/{}".format), st.just("Titel & mehr"))))
def test_what_is_exported_can_be_imported(outlines: list[Outline]) -> None:
    """A list goes out and comes back the same, each feed once."""
    assert tuple(dict.fromkeys(outlines)) == read_opml(write_opml("Ours", outlines))


@pytest.mark.parametrize("body", [b"", b"nothing", b"<rss/>", b"{}", b"\xff\xfe"])
def test_what_is_no_list_has_its_sentence(body: bytes) -> None:
    """One sentence, never a traceback."""
    with pytest.raises(Unreadable):
        read_opml(body)
