"""From a post to the record of an app.bsky.feed.post, as far as that can be without uploading anything. Pure.

The record's rules: https://github.com/bluesky-social/atproto/blob/main/lexicons/app/bsky/feed/post.json
"""

import re
import unicodedata
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

import ada_url

from adapters.base import Limits
from adapters.bluesky.choices import Choices, details_of, gates_of, labels_of, self_labels
from adapters.bluesky.thumb import cut
from adapters.cutting import ELLIPSIS
from adapters.language import language_of, left_out
from adapters.outcomes import Rejected
from adapters.post import Card, Draft, Json, Mark, Media, Part, Picture, Post
from adapters.text import Fitted, fit, graphemes, most_graphemes, tidy_line

LIMITS = Limits(length=300, unit="graphemes", measure=graphemes, max_bytes=3000)
"""maxGraphemes and maxLength, which counts UTF-8 bytes."""
DRIFT_MARGIN = 4
"""Graphemes kept free where a PDS with another version of Unicode may count otherwise than we do."""
LONGEST_THUMB = 999_999
"""Bytes; https://github.com/bluesky-social/atproto/blob/main/lexicons/app/bsky/embed/external.json"""
LONGEST_TAG = 64
"""Graphemes of a hashtag: https://github.com/bluesky-social/atproto/blob/main/lexicons/app/bsky/richtext/facet.json"""
LONGEST_TAG_BYTES = 640
LONGEST_LINK_TEXT = 32
"""Characters of a link as shown. The link itself is whole, in the facet: long ones cost nothing."""

_CARD_TITLE = Limits(length=300, unit="graphemes", measure=graphemes)
_CARD_DESCRIPTION = Limits(length=600, unit="graphemes", measure=graphemes)
"""The lexicon sets no limit to a card's words; apps show about two lines of each."""

_URI = re.compile(r"https?://[^\s/]\S{0,8000}")
"""The lexicon's format "uri", held to the web: https://atproto.com/specs/lexicon#uri"""

_BY_DEFAULT = Choices()


def compose(post: Post, at: datetime, choices: Choices = _BY_DEFAULT) -> Draft:
    """The draft for Bluesky, planned to go out `at`. Raises Rejected where nothing can be made of it."""
    addresses = [_address(part.text, post.link) for part in post.parts if part.kind == "link"]
    fitted = _fitted([_shown(part, choices.hidden_parameters) for part in post.parts])
    picture, refused = _thumb(post.picture)
    card = Card(
        _address(post.link, post.link),
        _line(post.title, _CARD_TITLE),
        _line(post.description, _CARD_DESCRIPTION),
        picture is not None,
    )
    marks = tuple(_marks(fitted, addresses))
    languages, unknown = _languages(post.language, choices.languages)
    labels = labels_of(choices, post)
    record = _record(fitted.text, marks, card, at)
    if languages:
        record["langs"] = list(languages)
    if labels:
        record["labels"] = self_labels(labels)
    gates = gates_of(choices, record["createdAt"])
    return Draft(
        text=fitted.text,
        length=graphemes(fitted.text),
        limit=LIMITS.length,
        unit=LIMITS.unit,
        body={**record, "gates": gates} if gates else record,
        media=() if picture is None else (Media(picture.data, picture.mime, "", picture.width, picture.height),),
        marks=marks,
        card=card,
        warnings=(*fitted.warnings, *refused, *unknown),
        details=tuple(details_of(choices, languages, labels)),
    )


def with_thumb(record: Json, blob: Json) -> Json:
    """The record with its card's picture, which is referred to exactly as the PDS said when it took the upload."""
    embed = record["embed"]
    return {**record, "embed": {**embed, "external": {**embed["external"], "thumb": blob}}}


def links_of(record: Any) -> frozenset[str]:
    """Every web address that a record refers to, in its card or its text, whatever its shape: it need not be ours."""
    if isinstance(record, Mapping):
        own = {record["uri"]} if isinstance(record.get("uri"), str) and _URI.fullmatch(record["uri"]) else set()
        return frozenset(own).union(*map(links_of, record.values()))
    if isinstance(record, list | tuple):
        return frozenset().union(*map(links_of, record))
    return frozenset()


def shown_link(address: str, hidden: Collection[str] = ()) -> str:
    """An address as readers see it: "example.com/news/…", whole path segments after the whole host name. Parameters of
    its query are not shown that have one of the `hidden` names.

    The app warns whoever follows a link whose text names another host than its address does, so the host is never
    touched, not even a "www.": https://github.com/bluesky-social/social-app/blob/main/src/lib/strings/url-helpers.ts
    """
    url = ada_url.URL(address)
    host, path = url.host, _readable(url.pathname)
    rest = f"{path}{_shown_query(url.search, hidden)}{url.hash}".rstrip("/")
    if len(host) + len(rest) <= LONGEST_LINK_TEXT:
        return f"{host}{rest}"
    kept = host
    for segment in path.strip("/").split("/")[:-1]:
        if len(f"{kept}/{segment}/{ELLIPSIS}") > LONGEST_LINK_TEXT:
            break
        kept = f"{kept}/{segment}"
    return f"{kept}/{ELLIPSIS}"


def _shown_query(search: str, hidden: Collection[str]) -> str:
    if not hidden:
        return search
    kept = [pair for pair in search.removeprefix("?").split("&") if pair and pair.partition("=")[0] not in hidden]
    return f"?{'&'.join(kept)}" if kept else ""


def _readable(path: str) -> str:
    """A path without its percent signs, where what they stand for is letters that can be shown: "/köln"."""
    plain = unicodedata.normalize("NFC", unquote(path, errors="replace"))
    harmless = plain.isprintable() and not set(plain) & set(" %?#\ufffd") and plain.count("/") == path.count("/")
    return plain if harmless else path


def _record(text: str, marks: Sequence[Mark], card: Card, at: datetime) -> dict[str, Any]:
    external = {"uri": card.link, "title": card.title, "description": card.description}
    record: dict[str, Any] = {
        "$type": "app.bsky.feed.post",
        "text": text,
        "createdAt": at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "embed": {"$type": "app.bsky.embed.external", "external": external},
    }
    if marks:
        record["facets"] = [_facet(text, mark) for mark in marks]
    return record


def _facet(text: str, mark: Mark) -> Json:
    """A facet counts UTF-8 bytes, end exclusive: https://docs.bsky.app/docs/advanced-guides/post-richtext"""
    start = len(text[: mark.start].encode())
    end = start + len(text[mark.start : mark.end].encode())
    value = {"tag": text[mark.start + 1 : mark.end]} if mark.kind == "tag" else {"uri": mark.target}
    return {
        "index": {"byteStart": start, "byteEnd": end},
        "features": [{"$type": f"app.bsky.richtext.facet#{mark.kind}", **value}],
    }


def _marks(fitted: Fitted, addresses: Sequence[str]) -> Iterator[Mark]:
    """Nothing is marked but what we mark: https://docs.bsky.app/docs/advanced-guides/post-richtext"""
    links = iter(addresses)
    for span in fitted.spans:
        tag = fitted.text[span.start + 1 : span.end]
        if span.kind == "link":
            yield Mark("link", span.start, span.end, next(links))
        elif span.kind == "tag" and len(tag.encode()) <= LONGEST_TAG_BYTES and graphemes(tag) <= LONGEST_TAG:
            yield Mark("tag", span.start, span.end)


def _fitted(parts: Sequence[Part]) -> Fitted:
    fitted = fit(parts, LIMITS)
    if most_graphemes(fitted.text) > LIMITS.length - DRIFT_MARGIN and _may_be_counted_otherwise(fitted.text):
        return fit(parts, replace(LIMITS, length=LIMITS.length - DRIFT_MARGIN, measure=most_graphemes))
    return fitted


def _may_be_counted_otherwise(text: str) -> bool:
    """Where every code point is an assigned character of its own, all versions of Unicode agree. Emoji sequences,
    conjuncts of Indic scripts and characters newer than our tables are where they differ."""
    return graphemes(text) != len(text) or any(unicodedata.category(character) == "Cn" for character in text)


def _address(text: str, link: str) -> str:
    """The address that a link leads to: as the template wrote it where it wrote a whole one, else the article's."""
    address = text.strip() if "://" in text else link.strip()
    if not _URI.fullmatch(address) or not ada_url.check_url(address):
        raise Rejected(f"the link {address!r} is not an address that Bluesky takes")
    return address


def _shown(part: Part, hidden: Collection[str]) -> Part:
    if part.kind == "link" and "://" in part.text:
        return Part("link", shown_link(part.text.strip(), hidden))
    return part


def _line(text: str, limits: Limits) -> str:
    line = tidy_line(text)
    return fit([Part("title", line)], limits).text if line else ""


def _thumb(picture: Picture | None) -> tuple[Picture | None, tuple[str, ...]]:
    if picture is None:
        return None, ()
    if not picture.mime.startswith("image/"):
        return None, (f"the picture was left out: {picture.mime} is not an image",)
    if not 0 < len(picture.data) <= LONGEST_THUMB:
        return None, (f"the picture was left out: it has {len(picture.data):,} bytes of at most {LONGEST_THUMB:,}",)
    return cut(picture, LONGEST_THUMB), ()


def _languages(own: str | None, others: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The post's own language, else the channel's, in the spelling that PDSs check for; and a warning of an own one
    that is none, which would refuse the post."""
    try:
        language = language_of(own)
    except ValueError:
        return others, (left_out(own),)
    return (language.tag,) if language else others, ()
