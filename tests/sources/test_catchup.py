"""Older documents of a feed: where they are, and how far they are followed."""

import json
from collections.abc import Sequence

import pytest

from bot.doors import Fetched, FetchFailed
from bot.sources.catchup import MOST_DOCUMENTS, CaughtUp, read_older
from bot.sources.entry import Feed
from bot.sources.feed import parse_feed
from bot.sources.fetch import AiohttpWeb
from tests.sources.blog import inline
from tests.sources.wild import Site

HERE = "https://a.example/feed.xml"
ATOM = 'xmlns="http://www.w3.org/2005/Atom"'


def parsed(body: str, url: str = HERE) -> Feed:
    """A feed as it is read."""
    return parse_feed(Fetched(url, True, body.encode()))


def rss(inner: str) -> str:
    """An RSS feed with this in its channel."""
    return f"<rss version='2.0' xmlns:a='http://www.w3.org/2005/Atom'><channel>{inner}</channel></rss>"


def atom(inner: str) -> str:
    """An Atom feed with this in it."""
    return f"<feed {ATOM}>{inner}</feed>"


@pytest.mark.parametrize(
    ("body", "url", "older"),
    [
        (atom('<link rel="next" href="?page=2"/>'), HERE, "https://a.example/feed.xml?page=2"),
        (
            atom('<link rel="next" href="?page=2"/><link rel="prev-archive" href="/2025.xml"/>'),
            HERE,
            "https://a.example/2025.xml",
        ),
        (atom('<link rel="http://www.iana.org/assignments/relation/next" href="/2"/>'), HERE, "https://a.example/2"),
        (atom('<link rel="previous" href="/1"/><link rel="next-archive" href="/3"/>'), HERE, None),
        (atom(f'<link rel="next" href="{HERE}"/>'), HERE, None),
        (rss("<a:link rel='prev-archive' href='/2025.xml'/>"), HERE, "https://a.example/2025.xml"),
        (rss("<generator>https://wordpress.org/?v=6.8</generator>"), HERE, "https://a.example/feed.xml?paged=2"),
        (
            atom('<generator uri="https://wordpress.org/" version="6.8">WordPress</generator>'),
            "https://a.example/?feed=atom&paged=3",
            "https://a.example/?feed=atom&paged=4",
        ),
        (rss(""), "https://a.example/feed/", "https://a.example/feed/?paged=2"),
        (rss(""), "https://a.example/feed/?paged=x", None),
        (rss("<generator>Hugo</generator>"), HERE, None),
        ('{"items": [], "next_url": "/feed.json?2"}', HERE, "https://a.example/feed.json?2"),
        (json.dumps({"items": [], "next_url": HERE}), HERE, None),
    ],
)
def test_where_older_articles_are(body: str, url: str, older: str | None) -> None:
    """By what RFC 5005 and JSON Feed have, archives before pages; by number where it is WordPress."""
    assert older == parsed(body, url).older


@pytest.mark.parametrize("make", [rss, atom])
def test_a_feed_that_says_it_is_whole(make: object) -> None:
    """Where a document says that it has all there is, nothing can be missing."""
    assert callable(make)
    whole = "<f:complete xmlns:f='http://purl.org/syndication/history/1.0'/>"
    assert (True, None) == (parsed(make(whole)).gapless, parsed(make("")).gapless)


def page(numbers: Sequence[int], older: str | None = None) -> str:
    """A feed with these articles."""
    items = [{"id": f"{number}", "url": f"https://a.example/{number}", "title": f"{number}"} for number in numbers]
    return json.dumps({"version": "https://jsonfeed.org/version/1.1", "items": items, "next_url": older})


class Chain:
    """A feed of two articles a page, `count` in all, the newest with the highest number."""

    def __init__(self, site: Site, count: int) -> None:
        self.site = site
        for number in range(0, count, 2):
            shown = range(count - number - 1, max(count - number - 3, -1), -1)
            last = number + 2 >= count
            site.page(f"/{number // 2 + 1}", page(shown, None if last else site.url(f"/{number // 2 + 2}")))
        self.first = parsed(page([count - 1, count - 2], site.url("/2")))

    async def caught_up(self, web: AiohttpWeb, known: int, *, patient: bool = True) -> CaughtUp:
        """Catch up to this article."""

        async def reaches(document: Feed) -> bool:
            return str(known) in [entry.id for entry in document.entries]

        return await read_older(web, inline, self.first, reaches, patient=patient)


def numbers(caught: CaughtUp) -> list[int]:
    """What was found."""
    return [int(entry.id or "") for entry in caught.feed.entries]


async def test_pages_are_read_until_one_is_known(the_web: AiohttpWeb, site: Site) -> None:
    """Newest first, and no page more than that."""
    caught = await Chain(site, 12).caught_up(the_web, 5)
    assert ([*range(11, 3, -1)], 3, "") == (numbers(caught), caught.documents, caught.why_not)
    assert ["/2", "/3", "/4"] == [request.path for request in site.requests]


async def test_a_chain_that_ends_has_nothing_more(the_web: AiohttpWeb, site: Site) -> None:
    """All that the source has was read, by its own word or because the next page is not there."""
    chain = Chain(site, 6)
    caught = await chain.caught_up(the_web, -1)
    assert ([5, 4, 3, 2, 1, 0], "") == (numbers(caught), caught.why_not)
    site.page("/3", status=404)
    caught = await chain.caught_up(the_web, -1)
    assert ([5, 4, 3, 2], "") == (numbers(caught), caught.why_not)


async def test_there_is_an_end_to_it(the_web: AiohttpWeb, site: Site) -> None:
    """So many documents at once, and it says so."""
    caught = await Chain(site, 60).caught_up(the_web, 0)
    assert (MOST_DOCUMENTS, 2 * MOST_DOCUMENTS + 2) == (caught.documents, len(numbers(caught)))
    assert "more than we read at once" in caught.why_not


@pytest.mark.parametrize(
    ("second", "words"),
    [
        (page([5, 4]), "shows nothing else"),
        ("<!doctype html><p>Hello", "is no feed"),
        (None, "leads to nothing older"),
    ],
)
async def test_what_is_older_in_name_only(the_web: AiohttpWeb, site: Site, second: str | None, words: str) -> None:
    """The same again (a server that knows no pages), a web page, or nothing at all: the gap stays open."""
    chain = Chain(site, 6)
    site.page("/2", second or "", status=200 if second else 404)
    caught = await chain.caught_up(the_web, 0)
    assert ([5, 4], 0, True) == (numbers(caught), caught.documents, words in caught.why_not)


async def test_pages_that_go_in_circles(the_web: AiohttpWeb, site: Site) -> None:
    """A page that has been read is not read again."""
    chain = Chain(site, 6)
    site.page("/2", page([3, 2], site.url("/3")))
    site.page("/3", page([1, 0], site.url("/2")))
    caught = await chain.caught_up(the_web, -1)
    assert ([5, 4, 3, 2, 1, 0], 2) == (numbers(caught), len(site.requests))


async def test_trouble_on_the_way_is_waited_for_as_long_as_there_is_patience(the_web: AiohttpWeb, site: Site) -> None:
    """A server in trouble costs the look, so that nothing is given up lightly; later what is there is taken."""
    chain = Chain(site, 6)
    site.page("/3", status=503)
    with pytest.raises(FetchFailed):
        await chain.caught_up(the_web, 0)
    caught = await chain.caught_up(the_web, 0, patient=False)
    assert ([5, 4, 3, 2], True) == (numbers(caught), "(503)" in caught.why_not)


async def test_what_was_withdrawn_stays_away(the_web: AiohttpWeb, site: Site) -> None:
    """An article that the newest document takes back is not brought back by an older one, which cannot know."""
    first = parsed(
        f"<feed {ATOM} xmlns:at='http://purl.org/atompub/tombstones/1.0'><link rel='next' href='{site.url('/2')}'/>"
        "<at:deleted-entry ref='1' when='2026-11-23T07:00:00Z'/>"
        "<entry><id>2</id><title>Two</title><link href='https://a.example/2'/></entry></feed>"
    )
    site.page("/2", page([1, 0]))

    async def reaches(_: Feed) -> bool:
        return False

    assert [2, 0] == numbers(await read_older(the_web, inline, first, reaches))
