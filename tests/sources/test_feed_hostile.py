"""Feeds that mean harm: nothing is loaded, nothing grows, everything ends, as a feed or as a sentence."""

import resource
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TypeVar

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.doors import Fetched, FetchFailed
from bot.sources.entry import Feed
from bot.sources.fallback import read_patiently
from bot.sources.feed import NotAFeed, parse_feed, read_feed
from bot.sources.fetch import AiohttpWeb
from bot.sources.plain import to_text
from bot.sources.reading import Cursor, Reading, Watched
from tests.sources.wild import Site

T = TypeVar("T")

ITEM = "<item><guid>1</guid><title>Title</title><link>https://example.org/a</link></item>"


def parsed(body: str) -> Feed:
    """The feed in `body`."""
    return parse_feed(Fetched("https://example.org/feed", True, body.encode()))


async def inline(work: Callable[[], T]) -> T:
    """The offload of the simulation: no thread."""
    return work()


LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 12))
BOMB = f'<!DOCTYPE rss [<!ENTITY l0 "{"ha" * 50}">{LAUGHS}]><rss><channel><title>&l11;</title>{ITEM}</channel></rss>'


def test_entity_bomb() -> None:
    """Entities that a document defines are never expanded: ten to the eleventh laughs stay unlaughed."""
    feed = parsed(BOMB)
    assert [entry.id for entry in feed.entries] == ["1"]
    assert "ha" not in feed.title


@pytest.mark.parametrize("quote", ['"', "'"])
def test_entity_bomb_that_hides(quote: str) -> None:
    """A document type that is written so as not to be recognised defines nothing either."""
    odd = f"<!-- don{quote}t --><!ENTITY l0 {quote}ha{quote}>"
    body = f"<!DOCTYPE rss [{odd}<!ENTITY l1 '&l0;&l0;'>]><rss><channel><title>x&l1;</title>{ITEM}</channel></rss>"
    feed = parsed(body)
    assert [entry.id for entry in feed.entries] == ["1"]
    assert "ha" not in feed.title


@pytest.mark.parametrize(
    "doctype",
    [
        '<!DOCTYPE rss [<!ENTITY x SYSTEM "{url}">]>',
        '<!DOCTYPE rss SYSTEM "{url}">',
        '<!DOCTYPE rss [<!ENTITY % x SYSTEM "{url}"> %x;]>',
        "<!DOCTYPE rss [<!ENTITY x SYSTEM 'file:///etc/passwd'>]>",
    ],
)
async def test_nothing_outside_is_loaded(site: Site, doctype: str) -> None:
    """Neither files nor addresses that a document names are opened."""
    url = site.page("/x", b"root:x")
    broken = "<description><p>not <b>closed</p></description>"
    for more in ("", "<title>&</title>", broken):
        item = "<item><guid>1</guid><title>t&x;</title></item>"
        body = f"{doctype.format(url=url)}<rss><channel>{more}{item}</channel></rss>"
        feed = parse_feed(Fetched(url, True, body.encode()))
        assert "root:" not in str(feed)
    assert not site.requests


HOSTILE = [
    "<a>" * 100_000,
    "<rss><channel>" + "<a>" * 100_000 + ITEM,
    "<rss><channel>" + "<a>" * 1_000 + "</a>" * 1_000 + ITEM + "</channel></rss>",
    "<rss>" * 200 + ITEM + "</rss>" * 200,
    "<" * 2_000_000,
    "<rss>" + "<" * 500_000,
    "<rss><channel>" + "&" * 2_000_000 + ITEM + "</channel></rss>",
    "<rss><channel><![CDATA[" * 100_000,
    "<rss " + " ".join(f'a{number}=""' for number in range(50_000)) + f"><channel>{ITEM}</channel></rss>",
    "<rss " + "a='" * 100_000,
    "<!DOCTYPE " + "[" * 200_000,
    "<!DOCTYPE rss [" + "<!ENTITY a '" * 100_000,
    "<?xml " * 100_000,
    "<!--" * 300_000,
    "<rss><channel>" + "</item" * 300_000,
    "<rss><channel>" + "<x:" * 300_000,
    "{" * 200_000,
    '{"items":' + "[" * 200_000,
    '{"items": [{"id": ' + "9" * 100_000 + "}]}",
    '{"items": [' + '{"id":"1"},' * 100_000 + '{"id": "2"}]}',
    "<html>" + "<link " * 200_000,
    " " * 2_000_000 + "<rss>",
]


QUADRATIC = 8
"""The number of the one that takes the patient parser seconds."""


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(body, id=str(number), marks=[pytest.mark.slow] if number == QUADRATIC else [])
        for number, body in enumerate(HOSTILE)
    ],
)
def test_hostile_documents_end(body: str) -> None:
    """Whatever is nested, repeated or left open a hundred thousand times ends as a feed or as a sentence."""
    try:
        feed = parsed(body)
    except NotAFeed as error:
        told = error.message
        assert told.endswith(".")
        assert len(told) < 500
    else:
        assert len(feed.entries) <= 5_000


NESTED = "<p>" + "".join(f"<b a={number}>" for number in range(5_000)) + "</p>" + "<p>x" * 20_000
HTML = [
    "<div>" * 60_000,
    NESTED,
    "<a href='" * 20_000,
    "<!--" * 50_000,
    "&#9" * 60_000,
    "<script>" * 20_000,
    "<x" * 90_000,
]


@pytest.mark.parametrize("html", HTML, ids=range(len(HTML)))
def test_hostile_html_in_an_entry(html: str) -> None:
    """HTML that makes tree builders use gigabytes gives its text, in a little memory."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert len(to_text(html)) <= 10_000
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000  # kB


def test_patient_parser_is_ended() -> None:
    """A document that keeps the patient parser busy is given up when its time is over."""
    body = "<rss><channel>" + ("<a " + " ".join(f"a{number}=''" for number in range(50_000)) + ">") * 5
    assert read_patiently(body, cpu_for=1) is None


def test_patient_parser_sees_nothing_of_us(monkeypatch: pytest.MonkeyPatch) -> None:
    """The patient parser's process does not inherit our environment, and still finds what it needs."""
    monkeypatch.setenv("HANDBILL_TELEGRAM__TOKEN", "secret")
    found = read_patiently(f"<rss><channel>{ITEM}<p></channel>")
    assert found is not None
    assert found["entries"][0]["id"] == "1"


VALID = [
    f"<rss version='2.0'><channel><title>News</title>{ITEM}</channel></rss>",
    "<feed xmlns='http://www.w3.org/2005/Atom'><entry><id>1</id><title type='html'>a&lt;b&gt;</title></entry></feed>",
    '{"version": "https://jsonfeed.org/version/1.1", "items": [{"id": "1", "content_html": "<p>x"}]}',
]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(VALID), st.lists(st.tuples(st.integers(0, 400), st.binary(max_size=3)), min_size=1, max_size=4))
def test_damaged_documents_are_survived(document: str, changes: list[tuple[int, bytes]]) -> None:
    """A document with changed bytes is a feed or a NotAFeed, never another error."""
    body = bytearray(document.encode())
    for place, data in changes:
        start = place % len(body)
        body[start : start + 1] = data
    try:
        feed = parse_feed(Fetched("https://example.org/feed", True, bytes(body)))
    except NotAFeed as error:
        told = error.message
        assert told.endswith(".")
    else:
        assert all(entry.id for entry in feed.entries)


@pytest.mark.parametrize(
    "damage",
    ["", "<title>&</title>", "<br>", "<title>&eacute;</title>", "<description><p>x <b>y</p></description>"],
)
def test_identity_is_the_same_by_every_way(damage: str) -> None:
    """Id, link and title do not depend on whether the document was whole, repaired or read patiently."""
    item = "<item><guid>node/1</guid><title>T &amp;amp; U</title><link>/a?x=1&amp;y=2</link></item>"
    others = f"{item}<item><guid>2</guid>{damage}</item>"
    feed = parsed(f"<rss><channel><link>https://example.org/</link>{others}</channel></rss>")
    first = feed.entries[0]
    assert (first.id, first.link, first.title) == ("node/1", "https://example.org/a?x=1&y=2", "T & U")
    assert feed.entries[1].id == "2"


async def read(web: AiohttpWeb, url: str, cursor: Cursor | None = None) -> Reading:
    """A look at the feed at `url`."""
    return await read_feed(web, inline, Watched(url), cursor or Cursor(), datetime(2026, 11, 23, tzinfo=UTC))


async def test_read_feed(the_web: AiohttpWeb, site: Site) -> None:
    """Fetching and parsing in one: a feed with its validators, then nothing new."""
    body = f"<rss><channel><title>News</title>{ITEM}</channel></rss>"
    url = site.page("/feed", body, headers={"ETag": '"1"', "Content-Type": "application/rss+xml"})
    first = await read(the_web, url)
    assert first.feed is not None
    assert (first.cursor.etag, first.feed.entries[0].id) == ('"1"', "1")
    assert "application/rss+xml" in site.requests[0].headers["Accept"]
    site.page("/feed", status=304)
    again = await read(the_web, url, first.cursor)
    assert (again.feed, again.cursor) == (None, first.cursor)
    assert site.requests[1].headers["If-None-Match"] == '"1"'


async def test_validators_of_a_cut_feed_are_not_given(the_web: AiohttpWeb, site: Site) -> None:
    """A feed that was cut off comes without validators, so that its rest is not missed."""
    url = site.page(
        "/feed",
        f"<rss><channel>{ITEM}<item><gu",
        headers={"ETag": '"1"', "Last-Modified": "Mon, 23 Nov 2026 06:00:00 GMT"},
    )
    reading = await read(the_web, url)
    assert reading.feed is not None
    assert (len(reading.feed.entries), reading.cursor) == (1, Cursor())


async def test_read_feed_fails(the_web: AiohttpWeb, site: Site) -> None:
    """What cannot be fetched and what is no feed are told apart."""
    with pytest.raises(FetchFailed):
        await read(the_web, site.url("/missing"))
    with pytest.raises(NotAFeed):
        await read(the_web, site.page("/", b"<html>"))
