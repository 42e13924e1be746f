"""What documents ask of those who look at them."""

import json

import pytest

from bot.doors import Fetched
from bot.sources.entry import Feed
from bot.sources.feed import parse_feed
from bot.sources.wishes import HOURS_OF_THE_WEEK

URL = "https://example.org/feed"
SPACES = (
    'xmlns:a="http://www.w3.org/2005/Atom" xmlns:s="http://purl.org/rss/1.0/modules/syndication/" '
    'xmlns="http://purl.org/rss/1.0/"'
)


def rss(channel: str) -> Feed:
    """The RSS feed whose channel holds this."""
    body = f"<rss version='2.0' {SPACES}><channel><title>News</title>{channel}</channel></rss>"
    return parse_feed(Fetched(URL, True, body.encode()))


def atom(head: str, attributes: str = "") -> Feed:
    """The Atom feed that begins with this."""
    body = f"<feed xmlns='http://www.w3.org/2005/Atom' {attributes}><title>News</title>{head}</feed>"
    return parse_feed(Fetched(URL, True, body.encode()))


HOURLY, DAILY = 3_600.0, 86_400.0
INTERVALS = [
    ("", None),
    ("<ttl>60</ttl>", HOURLY),
    ("<ttl> 15 </ttl>", 900.0),
    ("<ttl>60</ttl><s:updatePeriod>daily</s:updatePeriod>", HOURLY),
    ("<ttl>0</ttl>", None),
    ("<ttl>-5</ttl>", None),
    ("<ttl>soon</ttl>", None),
    ("<ttl>99999999999999999999</ttl>", None),
    ("<ttl>999999</ttl>", None),
    ("<s:updatePeriod>hourly</s:updatePeriod><s:updateFrequency>1</s:updateFrequency>", HOURLY),
    ("<s:updatePeriod>\n Hourly \n</s:updatePeriod><s:updateFrequency>2</s:updateFrequency>", HOURLY / 2),
    ("<s:updatePeriod>weekly</s:updatePeriod>", 7 * DAILY),
    ("<s:updateFrequency>4</s:updateFrequency>", DAILY / 4),
    ("<s:updatePeriod>daily</s:updatePeriod><s:updateFrequency>0</s:updateFrequency>", DAILY),
    ("<s:updatePeriod>always</s:updatePeriod>", None),
]


@pytest.mark.parametrize(("channel", "expected"), INTERVALS)
def test_how_often(channel: str, expected: float | None) -> None:
    """The interval is what ttl says in minutes, else what the syndication module says; nonsense says nothing."""
    assert expected == rss(channel).ask_every


def test_how_often_in_atom() -> None:
    """Atom may use the syndication module as well."""
    space = 'xmlns:sy="http://purl.org/rss/1.0/modules/syndication/"'
    assert atom("<sy:updatePeriod>hourly</sy:updatePeriod>", space).ask_every == HOURLY


QUIET = [
    ("", set()),
    ("<skipHours><hour>0</hour><hour>23</hour></skipHours>", {h for d in range(7) for h in (24 * d, 24 * d + 23)}),
    ("<skipHours><hour>24</hour></skipHours>", {24 * day for day in range(7)}),
    ("<skipHours><hour>25</hour><hour>x</hour><hour/></skipHours>", set()),
    ("<skipDays><day>Monday</day></skipDays>", set(range(24))),
    ("<skipDays><day>sunday</day><day>Someday</day></skipDays>", set(range(144, 168))),
    ("<skipDays><day>Monday</day></skipDays><skipHours><hour>1</hour></skipHours>", {*range(24), *range(25, 168, 24)}),
    ("<skipHours>" + "".join(f"<hour>{hour}</hour>" for hour in range(24)) + "</skipHours>", set()),
]


@pytest.mark.parametrize(("channel", "expected"), QUIET)
def test_when_not(channel: str, expected: set[int]) -> None:
    """Hours and days that are to be skipped are hours of the week, in UTC; whoever skips all is not believed."""
    quiet = rss(channel).quiet
    assert expected == quiet
    assert all(0 <= hour < HOURS_OF_THE_WEEK for hour in quiet)


def test_where_to_be_told() -> None:
    """Hub and topic are the links of those relations, in RSS, Atom and JSON Feed alike."""
    hub, topic = "https://hub.example/", "https://example.org/feed.xml"
    links = f"<a:link rel='self' href='{topic}'/><a:link rel='HUB' href='{hub}'/><a:link rel='hub' href='https://x.example/'/>"
    document = {
        "feed_url": topic,
        "hubs": [{"type": "rssCloud", "url": "/"}, {"type": "WebSub", "url": hub}],
        "items": [],
    }
    feeds = [
        rss(links),
        atom(links.replace("a:link", "link")),
        parse_feed(Fetched(URL, True, json.dumps(document).encode())),
    ]
    assert [(hub, topic)] * 3 == [(feed.hub, feed.topic) for feed in feeds]


def test_a_hub_is_a_web_address() -> None:
    """What is no web address is no hub, and a relative one builds on the document's."""
    assert atom("<link rel='hub' href='javascript:1'/><link rel='hub' href='/hub'/>").hub == "https://example.org/hub"
    assert rss("").hub is None


STONE = '<d:deleted-entry xmlns:d="http://purl.org/atompub/tombstones/1.0" ref="urn:1" when="2026-11-23T12:00:00Z"/>'
GONE = [
    ("", ["urn:2"], ["urn:1"]),
    ("<entry><id>urn:1</id><updated>2026-11-23T11:00:00Z</updated></entry>", ["urn:2"], ["urn:1"]),
    ("<entry><id>urn:1</id><updated>2026-11-23T12:00:00Z</updated></entry>", ["urn:2"], ["urn:1"]),
    ("<entry><id>urn:1</id><updated>2026-11-23T12:00:01Z</updated></entry>", ["urn:2", "urn:1"], []),
    ("<entry><id>urn:1</id></entry>", ["urn:2"], ["urn:1"]),
    (
        STONE.replace("23T12", "25T12") + "<entry><id>urn:1</id><updated>2026-11-24T12:00:00Z</updated></entry>",
        ["urn:2"],
        ["urn:1"],
    ),
]


@pytest.mark.parametrize(("more", "there", "gone"), GONE)
def test_what_was_taken_back(more: str, there: list[str], gone: list[str]) -> None:
    """What a tombstone takes back is told, and is no entry any more, unless it was updated later (RFC 6721 §3)."""
    feed = atom(f"{STONE}<entry><id>urn:2</id></entry>{more}")
    assert (there, gone) == ([entry.id for entry in feed.entries], [ref for ref, _ in feed.withdrawn])
    assert feed.dropped == 0


def test_a_tombstone_without_a_time() -> None:
    """A tombstone without a time takes back only what is not there; one without an id is none."""
    timeless = STONE.replace('when="2026-11-23T12:00:00Z"', "")
    assert atom(timeless).withdrawn == (("urn:1", None),)
    assert atom(f"{timeless}<entry><id>urn:1</id></entry>").withdrawn == ()
    assert atom(STONE.replace('ref="urn:1"', "")).withdrawn == ()


def test_tombstones_in_rss() -> None:
    """RSS that uses tombstones is understood."""
    feed = rss(f"{STONE}<item><guid>urn:1</guid><pubDate>Mon, 23 Nov 2026 10:00:00 GMT</pubDate></item>")
    assert ((), "urn:1") == (feed.entries, feed.withdrawn[0][0])
