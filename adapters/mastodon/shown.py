"""A frozen Mastodon payload, as people read it: what `compose` had decided, read back out of the request. Pure."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from adapters.mastodon.compose import DEFAULT_LIMITS
from adapters.mastodon.length import links
from adapters.post import Draft, Json, Mark, Media
from adapters.text import most_graphemes

_HASHTAG = re.compile(r"(?<!\S)#\w*[^\W\d_][\w\u00b7\u30fb\u200c]*")
"""https://github.com/mastodon/mastodon/blob/main/app/models/tag.rb (HASHTAG_RE), as far as it matters here."""


def shown(body: Json, media: Sequence[Media] = ()) -> Draft:
    """The draft that a payload stands for, by the default limits. Never raises: what cannot be told is left out."""
    text = _text(body.get("status"))
    told = [(name, _text(body.get(name))) for name in ("visibility", "language")]
    if body.get("sensitive") is True:
        told.append(("sensitive", "yes"))
    warning = _text(body.get("spoiler_text"))
    return Draft(
        text=text,
        length=most_graphemes(warning) + DEFAULT_LIMITS.measure(text),
        limit=DEFAULT_LIMITS.length,
        unit=DEFAULT_LIMITS.unit,
        body=body,
        media=tuple(media),
        marks=tuple(sorted(_marks(text), key=lambda mark: mark.start)),
        content_warning=warning or None,
        details=tuple((name, value) for name, value in told if value),
    )


def _marks(text: str) -> Iterator[Mark]:
    taken: set[int] = set()
    end = 0
    for link in links(text):
        start = text.find(link, end)
        if start >= 0:
            end = start + len(link)
            taken.update(range(start, end))
            yield Mark("link", start, end, link)
    for found in _HASHTAG.finditer(text):
        if found.start() not in taken:
            yield Mark("tag", *found.span())


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
