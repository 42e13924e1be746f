"""The publication of a simulated life: its feed, as the web door shows it, in whatever state it is."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from bot.doors import Fetched, FetchFailed

ADDRESS = "https://news.example/feed.json"
LAST = 30
"""How many articles the feed shows."""


class Publication:
    """Numbered articles; the number is in each link, whatever else becomes of it."""

    def __init__(self) -> None:
        self.count = 0
        self.trouble = ""
        """One of `script.FEEDS`."""
        self.documents: dict[str, frozenset[int]] = {}
        """Validator → the articles in that document."""
        self.edition = 0

    def add(self, count: int) -> None:
        """New articles."""
        self.count += count

    def get(self, etag: str | None) -> Fetched:
        """What a request is answered with. Raises FetchFailed."""
        if self.trouble == "gone":
            raise FetchFailed("the server answered 503", status=503)
        if self.trouble == "garbage":
            return Fetched(ADDRESS, changed=True, body=b"<html><p>Away for lunch</p></html>", content_type="text/html")
        numbers = list(range(max(0, self.count - LAST), self.count))
        body = json.dumps(
            {"version": "https://jsonfeed.org/version/1.1", "title": "News", "items": self._items(numbers)}
        )
        if self.trouble == "cut":
            return Fetched(ADDRESS, changed=True, body=body.encode()[: len(body) // 2], content_type="application/json")
        tag = f'"{hashlib.sha256(body.encode()).hexdigest()[:16]}"'
        self.documents[tag] = frozenset(numbers)
        if tag == etag:
            return Fetched(ADDRESS, changed=False, etag=tag)
        return Fetched(ADDRESS, changed=True, body=body.encode(), content_type="application/feed+json", etag=tag)

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
