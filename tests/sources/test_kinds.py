"""An address that is a feed, a REST route or a sitemap is taken as such, and a feed costs no request more for it."""

from datetime import UTC, datetime

import pytest

from bot.doors import Fetched
from bot.sources.feed import NotAFeed, parse_feed
from bot.sources.fetch import AiohttpWeb
from bot.sources.kinds import read_source
from bot.sources.reading import Cursor, Reading, Watched
from bot.sources.sniff import sort_of
from tests.sources.blog import ROUTE, Blog, inline
from tests.sources.wild import Site

NOW = datetime(2026, 11, 23, 7, 0, tzinfo=UTC)
FEED = "<rss version='2.0'><channel><item><title>A</title><link>https://a.example/1</link></item></channel></rss>"


async def look(web: AiohttpWeb, url: str, cursor: Cursor | None = None) -> Reading:
    """A look at an address of which nobody said what it is."""
    return await read_source(web, inline, Watched(url), cursor or Cursor(), NOW)


def titles(reading: Reading) -> list[str]:
    """What a look gave."""
    return [entry.title for entry in reading.feed.entries] if reading.feed else []


@pytest.mark.parametrize(
    ("body", "sort"),
    [
        (FEED, "feed"),
        ("<?xml version='1.0'?>\n<!-- made by hand -->\n<feed xmlns='http://www.w3.org/2005/Atom'/>", "feed"),
        ('{"version": "https://jsonfeed.org/version/1.1", "items": []}', "feed"),
        ("", "feed"),
        ("nothing of it", "feed"),
        ("[1, 2]", "feed"),
        ('[{"id": 1, "guid": {"rendered": "x"}}]', "wordpress"),
        ('{"name": "Herald", "namespaces": ["oembed/1.0", "wp\\/v2"]}', "wordpress"),
        ("<?xml version='1.0'?><?xml-stylesheet href='s.xsl'?><urlset xmlns='x'>", "sitemap"),
        ("\ufeff<sm:sitemapindex xmlns:sm='x'>", "sitemap"),
        ("\x1f\x8b\x08", "sitemap"),
        ("<!DOCTYPE html><title>urlset</title>", "page"),
        ("<?xml version='1.0'?><!DOCTYPE html PUBLIC 'x' 'y'><html>", "page"),
        ("<!-- hello --><HTML><head>", "page"),
    ],
)
def test_the_first_bytes_tell(body: str, sort: str) -> None:
    """By its root element, or by the names in its JSON; whatever is nothing of all this is left to the feed reader."""
    data = body.encode("latin-1" if body.startswith("\x1f") else "utf-8")
    assert sort == sort_of(Fetched("https://a.example/", True, data))


@pytest.mark.parametrize("unit", ["<!---->", "<??>", "<!doctype x [", "<!doctype x [] ", " <!-- ", "<a:", "\n"])
def test_nothing_before_the_root_takes_long(unit: str) -> None:
    """What could be grouped in very many ways, and comes to nothing, is looked at once: this test would not end."""
    for end in ("x", "<", "]", "<!doctype"):
        document = Fetched("https://a.example/", True, (unit * (8_000 // len(unit)) + end).encode())
        assert "feed" == sort_of(document)
        with pytest.raises(NotAFeed):
            parse_feed(document)


def test_an_empty_list_is_a_route_by_its_address() -> None:
    """A site without posts shows nothing to know it by."""
    for address in ("https://a.example/wp-json/wp/v2/posts", "https://a.example/?rest_route=%2Fwp%2Fv2%2Fposts"):
        assert "wordpress" == sort_of(Fetched(address, True, b"[]"))


async def test_a_feed_costs_one_request_a_look(the_web: AiohttpWeb, site: Site) -> None:
    """It is asked for as a feed would be, conditionally from the second look on."""
    url = site.page("/feed", FEED, headers={"ETag": '"1"'})
    reading = await look(the_web, url)
    assert (["A"], Cursor('"1"', memory={"kind": "feed"})) == (titles(reading), reading.cursor)
    await look(the_web, url, reading.cursor)
    assert [None, '"1"'] == [request.headers.get("If-None-Match") for request in site.requests]


async def test_a_route_is_asked_for_all_that_it_has_from_then_on(the_web: AiohttpWeb, site: Site) -> None:
    """The first look finds out; later ones are one request each."""
    blog = Blog()
    blog.on(site)
    blog.publish("One")
    url = f"{site.url(ROUTE)}?per_page=1"
    reading = await look(the_web, url)
    assert (["One"], "wordpress", 2) == (titles(reading), reading.cursor.memory["kind"], len(site.requests))
    blog.publish("Two")
    reading = await look(the_web, url, reading.cursor)
    assert (["Two", "One"], "wordpress", 3) == (titles(reading), reading.cursor.memory["kind"], len(site.requests))


async def test_what_becomes_something_else_is_read_as_that(the_web: AiohttpWeb, site: Site) -> None:
    """A route in whose place there is a feed one day is read as a feed, and what was remembered of it is forgotten."""
    blog = Blog()
    blog.on(site)
    blog.publish("One")
    reading = await look(the_web, site.url(ROUTE))
    site.page(ROUTE, FEED)
    reading = await look(the_web, site.url(ROUTE), reading.cursor)
    assert (["A"], {"kind": "feed"}) == (titles(reading), reading.cursor.memory)


async def test_a_page_is_no_source_by_itself(the_web: AiohttpWeb, site: Site) -> None:
    """It is said that it is a page, and which feed it names."""
    page = "<!doctype html><link rel='alternate' type='application/rss+xml' href='/feed'>"
    with pytest.raises(NotAFeed) as caught:
        await look(the_web, site.page("/", page))
    assert site.url("/feed") in caught.value.mend


LISTING = "<!doctype html><title>Sorry</title><main>" + "".join(
    f'<article><h2><a href="/help/{number}">What to do about {number}</a></h2><p>Words about it.</p></article>'
    for number in range(6)
)
"""A page for people that looks like a source: each of its links could be taken for an article."""


async def test_a_page_in_the_place_of_a_source_is_trouble_and_no_source(the_web: AiohttpWeb, site: Site) -> None:
    """Maintenance, a consent wall: where a feed was read, nothing that a page links to is an article, whether the
    ledger remembers the kind or only validators, as one of the release before does."""
    url = site.page("/feed", FEED, headers={"ETag": '"1"'})
    cursors = [(await look(the_web, url)).cursor, Cursor('"1"'), Cursor(memory={"kind": "sitemap"})]
    site.page("/feed", LISTING)
    assert "archive" == (await look(the_web, url)).cursor.memory["kind"]
    for cursor in cursors:
        with pytest.raises(NotAFeed):
            await look(the_web, url, cursor)


async def test_a_page_in_the_place_of_the_feed_that_a_page_names_is_trouble(the_web: AiohttpWeb, site: Site) -> None:
    """The site is not looked around again, whatever there is by now."""
    url = site.page("/", "<!doctype html><link rel='alternate' type='application/rss+xml' href='/feed'>")
    site.page("/feed", FEED)
    cursor = (await look(the_web, url)).cursor
    site.page("/feed", LISTING)
    site.page("/", LISTING)
    with pytest.raises(NotAFeed):
        await look(the_web, url, cursor)
