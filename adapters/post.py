"""What is composed and what comes of it: the post, its draft, the frozen payload, the receipt. Names no platform."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

Json = Mapping[str, Any]
"""A JSON object: only strings, integers, booleans, None, lists and objects, so that it can be frozen in the ledger."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture that platforms take: decoded and re-encoded by us, without metadata."""

    data: bytes
    mime: str
    width: int
    height: int
    alt: str
    focus: tuple[float, float] | None = None
    """The point that must stay visible when it is cropped: x and y from -1 (left, bottom) to 1 (right, top), as
    https://docs.joinmastodon.org/api/guidelines/#focal-points has it; None: nobody has said."""


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of a post's text. When space is short the `summary` yields first, then each `tag` from the last on,
    then the `title`; the `link` never does. A tag is one hashtag with its sign: "#CityCouncil"."""

    kind: Literal["title", "summary", "link", "tag", "text"]
    text: str


@dataclass(frozen=True, slots=True)
class Post:
    """What is meant to be published, before any platform's limits: the rendered template and what a card needs."""

    parts: tuple[Part, ...]
    link: str
    title: str
    description: str
    language: str | None = None
    """BCP 47, as the source, its page or the settings say; never guessed."""
    picture: Picture | None = None
    source: str = ""
    """The name of the source that it came from: what rules of a channel may ask for."""
    categories: tuple[str, ...] = ()
    """As the publisher wrote them: the same."""


@dataclass(frozen=True, slots=True)
class Media:
    """Bytes that `stage` uploads, kept in the ledger until the delivery is final."""

    data: bytes
    mime: str
    alt: str
    width: int
    height: int
    focus: tuple[float, float] | None = None
    """As `Picture.focus`."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A marked stretch of a draft's text: `start` and `end` in code points of `Draft.text`, end exclusive."""

    kind: Literal["link", "bold", "tag"]
    start: int
    end: int
    target: str | None = None


@dataclass(frozen=True, slots=True)
class Card:
    """The link card under a post, as far as we decide it ourselves."""

    link: str
    title: str
    description: str
    picture: bool = False


@dataclass(frozen=True, slots=True)
class Draft:
    """A composed post: what a follower will read, how long it is by the platform's own count, and the request body."""

    text: str
    length: int
    limit: int
    unit: str
    """What `length` and `limit` count, in words for people: "graphemes", "characters"."""
    body: Json
    media: tuple[Media, ...] = ()
    marks: tuple[Mark, ...] = ()
    card: Card | None = None
    warnings: tuple[str, ...] = ()
    """Sentences for the operator: "the summary was cut to fit"."""
    content_warning: str | None = None
    """What readers see in the place of the text, until they ask for it."""
    details: tuple[tuple[str, str], ...] = ()
    """What else is decided about the post, for people: ("visibility", "unlisted"), ("language", "de")."""


@dataclass(frozen=True, slots=True)
class Payload:
    """The request of the visible call, final to the byte. Once an attempt may have run it, it never changes."""

    body: Json
    media: tuple[Media, ...] = ()

    def canonical(self) -> str:
        """`body` as the ledger keeps it: one spelling for one value."""
        return json.dumps(self.body, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


@dataclass(frozen=True, slots=True)
class Receipt:
    """The platform's proof of a post: its own id, the address a person can open, and the platform's time of it."""

    id: str
    url: str | None
    at: datetime
