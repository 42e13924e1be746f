"""The shape of a hard case, and what it means to be right about it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypedDict, Unpack

URL = "https://example.org/news/feed.xml"
"""Where every document is said to come from."""

Found = Mapping[str, Any]
"""What a parser made of one entry, by the names of `Want`."""


class Want(TypedDict, total=False):
    """What an entry is expected to be, as far as its case is about it. Times are ISO 8601, in UTC."""

    id: str | None
    link: str | None
    title: str
    summary: str
    published: str | None
    updated: str | None
    author: str | None
    tags: list[str]
    picture: str | None
    alt: str | None
    language: str | None


@dataclass(frozen=True, slots=True)
class Case:
    """One document."""

    category: str
    name: str
    why: str
    """One sentence: what makes it hard."""
    document: bytes
    wants: tuple[Want, ...] | None
    """Its entries in order; None: it is no feed."""
    charset: str | None = None
    """As the Content-Type header says."""
    never: str = ""
    """What must not be in anything that was found."""

    def is_right(self, found: Sequence[Found] | None) -> bool:
        """Whether these are the entries (None: it was refused). Where nothing can be read, nothing found is right."""
        if not self.wants:
            return not found
        if found is None or len(found) != len(self.wants) or (self.never and self.never in str(found)):
            return False
        return all(
            entry.get(name) == value
            for entry, want in zip(found, self.wants, strict=True)
            for name, value in want.items()
        )


class Category:
    """Collects the cases of one category."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.cases: list[Case] = []

    def add(
        self, name: str, why: str, document: str | bytes, *wants: Want, charset: str | None = None, never: str = ""
    ) -> None:
        """A feed with these entries."""
        self.cases.append(Case(self.name, name, why, _bytes(document), wants, charset, never))

    def refuse(self, name: str, why: str, document: str | bytes, *, charset: str | None = None) -> None:
        """A document that is no feed."""
        self.cases.append(Case(self.name, name, why, _bytes(document), None, charset))


def want(**fields: Unpack[Want]) -> Want:
    """An entry with these fields."""
    return fields


def rss(*items: str, attributes: str = "", head: str = "") -> str:
    """An RSS 2.0 document of these items, with the prefixes that feeds declare as a rule."""
    return (
        f'<?xml version="1.0"?>\n<rss version="2.0" {SPACES} {attributes}>\n<channel><title>News</title>'
        f"<link>https://example.org/</link>{head}\n{_each('item', items)}</channel></rss>"
    )


def atom(*entries: str, attributes: str = "", head: str = "") -> str:
    """An Atom document of these entries."""
    return (
        f'<?xml version="1.0"?>\n<feed xmlns="http://www.w3.org/2005/Atom" {attributes}><title>News</title>'
        f"<id>tag:example.org,2026:feed</id>{head}\n{_each('entry', entries)}</feed>"
    )


def json_feed(*items: Any, **head: Any) -> str:
    """A JSON Feed of these items."""
    return json.dumps({"version": "https://jsonfeed.org/version/1.1", "title": "News", **head, "items": items})


SPACES = (
    'xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/" '
    'xmlns:media="http://search.yahoo.com/mrss/" xmlns:atom="http://www.w3.org/2005/Atom" '
    'xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd"'
)


def _bytes(document: str | bytes) -> bytes:
    return document.encode() if isinstance(document, str) else document


def _each(name: str, inner: Sequence[str]) -> str:
    return "".join(f"<{name}>{text}</{name}>\n" for text in inner)
