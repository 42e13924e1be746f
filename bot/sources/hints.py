"""Where a site may have what can be watched: what its page says, what its robots.txt says, and what is usual. Pure."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from bot.doors import Fetched
from bot.links import absolute
from bot.sources.document import decode_body
from bot.sources.plain import one_line
from bot.sources.reading import SourceKind
from bot.sources.tags import openings

_FEED_TYPES = re.compile(r"(?:rss|atom|rdf)\+xml|feed\+json|\bxml\b", re.IGNORECASE)
_LOOKS_LIKE_FEED = re.compile(r"(?:^|[/._-])(?:feeds?|rss2?|atom|index\.xml|feed\.json)(?:[/._-]|$)", re.IGNORECASE)
_WORDPRESS = "https://api.w.org/"
_USUAL = ("/feed", "/feed.xml", "/rss.xml", "/atom.xml", "/index.xml", "/rss", "/feed.json")
"""Paths at which programs that write sites put their feeds without a word in the page."""
_SITEMAP = re.compile(r"^[ \t]*+sitemap[ \t]*+:[ \t]*+(\S++)", re.IGNORECASE | re.MULTILINE)
_MANY = 200


@dataclass(frozen=True, slots=True)
class Hint:
    """A place to look at."""

    kind: SourceKind
    url: str
    title: str = ""
    """As the page calls it."""
    stated: bool = True
    """Whether the site itself says so; else it is only usual."""


def hints_of_page(fetched: Fetched) -> tuple[Hint, ...]:
    """What a page says of feeds and of WordPress, in its order; then links of it that look like feeds."""
    html = decode_body(fetched.body, fetched.charset)
    base = fetched.url
    stated: list[Hint] = []
    linked: list[Hint] = []
    for tag in openings(html, frozenset({"base", "link", "a"})):
        attributes = tag.attributes()
        href = attributes.get("href", "").strip()
        if tag.name == "base":
            base = absolute(fetched.url, href) or base
            continue
        url = absolute(base, href) if href else None
        if url is None:
            continue
        if tag.name == "link":
            stated += _of_link(url, attributes)
        elif len(linked) < _MANY and _same_site(url, fetched.url) and _LOOKS_LIKE_FEED.search(urlsplit(url).path):
            linked.append(Hint("feed", url))
    return _distinct([*stated, *linked])


def _of_link(url: str, attributes: dict[str, str]) -> Iterator[Hint]:
    relations = attributes.get("rel", "").lower().split()
    if "alternate" in relations and _FEED_TYPES.search(attributes.get("type", "")):
        yield Hint("feed", url, one_line(attributes.get("title", ""))[:200])
    elif _WORDPRESS in relations:
        yield Hint("wordpress", url)


def hints_of_robots(text: str) -> tuple[Hint, ...]:
    """The sitemaps that a robots.txt names; those of news come first (https://www.sitemaps.org/protocol.html)."""
    found = [Hint("sitemap", url) for url in _SITEMAP.findall(text)[:_MANY] if absolute(url, "")]
    return _distinct(sorted(found, key=lambda hint: "news" not in hint.url.lower()))


def usual_hints(url: str) -> tuple[Hint, ...]:
    """Where feeds and news sitemaps usually are, though nobody says so."""
    feeds = [Hint("feed", link, stated=False) for path in _USUAL if (link := absolute(url, path))]
    sitemaps = [Hint("sitemap", link, stated=False) for path in _SITEMAPS if (link := absolute(url, path))]
    return _distinct([*feeds, *sitemaps])


_SITEMAPS = ("/news-sitemap.xml", "/sitemap-news.xml")


def _same_site(one: str, other: str) -> bool:
    hosts = [(urlsplit(url).hostname or "").removeprefix("www.") for url in (one, other)]
    return hosts[0] == hosts[1]


def _distinct(hints: list[Hint]) -> tuple[Hint, ...]:
    return tuple({hint.url: hint for hint in reversed(hints)}.values())[::-1]
