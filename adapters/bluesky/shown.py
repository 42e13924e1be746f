"""A frozen Bluesky record, as people read it: what `compose` had decided, read back out of it. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from adapters.bluesky.compose import LIMITS
from adapters.post import Card, Draft, Json, Mark, Media
from adapters.text import graphemes

_WHO = {"followerRule": "followers", "followingRule": "following", "mentionRule": "mentioned"}
"""https://github.com/bluesky-social/atproto/blob/main/lexicons/app/bsky/feed/threadgate.json"""
_LINK, _TAG = "app.bsky.richtext.facet#link", "app.bsky.richtext.facet#tag"


def shown(body: Json, media: Sequence[Media] = ()) -> Draft:
    """The draft that a record stands for. Never raises: what cannot be told of a record is left out."""
    text = _text(body.get("text"))
    external = _mapping(_mapping(body.get("embed")).get("external"))
    languages = ", ".join(filter(None, map(_text, _items(body.get("langs")))))
    labels = ", ".join(_text(_mapping(each).get("val")) for each in _items(_mapping(body.get("labels")).get("values")))
    told = (("language", languages), ("labels", labels), *_gates(body))
    card = Card(
        _text(external.get("uri")),
        _text(external.get("title")),
        _text(external.get("description")),
        "thumb" in external,
    )
    return Draft(
        text=text,
        length=graphemes(text),
        limit=LIMITS.length,
        unit=LIMITS.unit,
        body=body,
        media=tuple(media),
        marks=tuple(_marks(text, body)),
        card=card if card.link else None,
        details=tuple((name, value) for name, value in told if value),
    )


def _marks(text: str, body: Json) -> Iterator[Mark]:
    for facet in map(_mapping, _items(body.get("facets"))):
        index = _mapping(facet.get("index"))
        try:
            start, end = (len(text.encode()[: index[name]].decode()) for name in ("byteStart", "byteEnd"))
        except (KeyError, TypeError, UnicodeDecodeError):
            continue  # no facet that an app would show
        for feature in map(_mapping, _items(facet.get("features"))):
            if feature.get("$type") == _LINK:
                yield Mark("link", start, end, _text(feature.get("uri")))
            elif feature.get("$type") == _TAG:
                yield Mark("tag", start, end)


def _gates(body: Json) -> Iterator[tuple[str, str]]:
    """Who may reply and quote, which is said beside the record."""
    for gate in map(_mapping, _items(body.get("gates"))):
        if gate.get("$type") == "app.bsky.feed.threadgate":
            rules = [_text(_mapping(each).get("$type")).rpartition("#")[2] for each in _items(gate.get("allow"))]
            yield "replies", ", ".join(_WHO.get(rule, rule) for rule in rules) or "nobody"
        elif gate.get("$type") == "app.bsky.feed.postgate":
            yield "quotes", "not allowed"


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _items(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list | tuple) else ()


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
