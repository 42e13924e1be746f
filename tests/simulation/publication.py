"""The publication of a simulated life: its feeds and its pages, as the web door shows them, in whatever state."""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from bot.doors import Fetched, FetchFailed

ADDRESS = "https://news.example/feed.json"
TWINS = "https://news.example/twins.json"
"""A second feed, which shows some of the articles under links of its own; their pages say what they really are."""
TWIN_AT = "https://news.example/twins/a"
"""How those links begin."""
_OLD_ONE = 10**6
"""The number of what the second feed shows from the beginning, so that it never is empty."""
SLOW_FOR, TOO_SLOW_FOR = 20.0, 90.0
"""Seconds that the pages of some articles take: a while, and longer than anybody waits for."""
_SLOW = {3: SLOW_FOR, 9: TOO_SLOW_FOR}
_MISSING, _BROKEN = 1, 5
_KINDS = 11
"""What an article's page is like goes by its number, modulo this."""
LAST = 30
"""How many articles the feed shows."""
SORRY = "<!doctype html><title>Away for lunch</title><main>" + "".join(
    f'<article><h2><a href="/help/{number}">What to do about {number}</a></h2><p>Words about it.</p></article>'
    for number in range(6)
)
"""A page for people in the feed's place. What it links to are no articles; the judge would not know their links."""


class Publication:
    """Numbered articles; the number is in each link, whatever else becomes of it."""

    def __init__(self) -> None:
        self.count = 0
        self.trouble = ""
        """One of `script.FEEDS`."""
        self.documents: dict[str, frozenset[int]] = {}
        """Validator → the articles in that document."""
        self.edition = 0
        self.twins: dict[int, str | None] = {_OLD_ONE: None}
        """What the second feed shows: number → the time that it gives it."""

    def add_twin(self, dated: str | None) -> None:
        """The second feed shows the newest article whose page can be read in time, too."""
        unread = {_MISSING, _BROKEN, *_SLOW}
        readable = [n for n in range(self.count) if n % _KINDS not in unread and n not in self.twins]
        if readable:
            self.twins[readable[-1]] = dated

    def add(self, count: int) -> None:
        """New articles."""
        self.count += count

    def takes(self, url: str) -> float:
        """Seconds until the answer about a page of an article, beyond the usual; they come from its number."""
        return 0.0 if (number := _number(url)) is None else _SLOW.get(number % _KINDS, 0.0)

    def page(self, url: str) -> Fetched:
        """A page beside the feed. Raises FetchFailed."""
        number = _number(url)
        if number in self.twins and url.startswith(TWIN_AT):
            return _page(url, number)
        if self.trouble == "gone":
            raise FetchFailed("the server answered 503", status=503)
        if number is None or number % _KINDS == _MISSING:
            raise FetchFailed(f"{url} does not exist (404).", status=404)
        return _page(url, None if number % _KINDS == _BROKEN else number)

    def get(self, url: str, etag: str | None) -> Fetched:
        """What a request for a feed is answered with. Raises FetchFailed."""
        if url == TWINS:
            return _document([_twin(number, dated) for number, dated in self.twins.items()])
        if self.trouble == "gone":
            raise FetchFailed("the server answered 503", status=503)
        if self.trouble == "garbage":
            return Fetched(ADDRESS, changed=True, body=SORRY.encode(), content_type="text/html")
        numbers = list(range(max(0, self.count - LAST), self.count))
        whole = _document(self._items(numbers))
        if self.trouble == "cut":
            return replace(whole, body=whole.body[: len(whole.body) // 2])
        tag = f'"{hashlib.sha256(whole.body).hexdigest()[:16]}"'
        self.documents[tag] = frozenset(numbers)
        if tag == etag:
            return Fetched(ADDRESS, changed=False, etag=tag)
        return replace(whole, etag=tag)

    def _items(self, numbers: list[int]) -> list[Mapping[str, Any]]:
        if self.trouble == "again":
            numbers = sorted(numbers, key=lambda number: hashlib.sha256(str(number).encode()).digest())
        return [self._item(number) for number in reversed(numbers)]

    def _item(self, number: int) -> Mapping[str, Any]:
        link = f"https://news.example/a{number}"
        return {
            "id": f"{self.edition}-{number}" if self.trouble == "renamed" else f"id-{number}",
            "url": f"{link}/moved-{self.edition}" if self.trouble == "moved" else link,
            "title": f"Title {number}{' edited' if self.trouble == 'edited' else ''}",
            "content_text": "Words.",
        }


def _twin(number: int, dated: str | None) -> Mapping[str, Any]:
    return {
        "id": f"twin-{number}",
        "url": f"{TWIN_AT}{number}",
        "title": f"Title {number}",
        "content_text": "Words.",
        **({"date_published": dated} if dated else {}),
    }


def _document(items: Sequence[Mapping[str, Any]]) -> Fetched:
    body = json.dumps({"version": "https://jsonfeed.org/version/1.1", "title": "News", "items": items}).encode()
    return Fetched(ADDRESS, changed=True, body=body, content_type="application/feed+json")


def _page(url: str, number: int | None) -> Fetched:
    """The page of an article, which says where it really is; None: one that cannot be read."""
    html = "\0<<<" if number is None else f'<link rel="canonical" href="/a{number}"><title>P</title>'
    return Fetched(url, changed=True, body=html.encode(), content_type="text/html")


def _number(url: str) -> int | None:
    """Which article it is a page of."""
    found = re.search(r"/a(\d+)", url)
    return int(found[1]) if found else None
