"""A frozen Telegram payload, as people read it: what `compose` had decided, read back out of the request. Pure."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from adapters.post import Card, Draft, Json, Mark, Media
from adapters.telegram.compose import LIMITS, MAX_LENGTH, utf16

_ADDRESS = re.compile(r"https?://\S+")
MAX_CAPTION = 1024
"""https://core.telegram.org/bots/api#sendphoto"""

_HASHTAG = re.compile(r"(?<![\w#/])#\w*[^\W\d_]\w*")
"""What clients make a tag of by themselves: https://core.telegram.org/api/entities"""


def shown(body: Json, media: Sequence[Media] = ()) -> Draft:
    """The draft that a payload stands for. Never raises: what cannot be told of a payload is left out."""
    text, is_photo = _text(body.get("text")), body.get("method") == "sendPhoto"
    preview = body.get("link_preview_options")
    preview = preview if isinstance(preview, dict) else {}
    link, off = _text(preview.get("url")), preview.get("is_disabled") is True
    return Draft(
        text=text,
        length=utf16(text),
        limit=MAX_CAPTION if is_photo else MAX_LENGTH,
        unit=LIMITS.unit,
        body=body,
        media=tuple(media),
        marks=tuple(sorted(_marks(text, body), key=lambda mark: (mark.start, mark.end))),
        card=Card(link, "", "", picture=preview.get("prefer_large_media") is True)
        if link and not (off or is_photo)
        else None,
        details=(("silent", "yes"),) if body.get("disable_notification") is True else (),
    )


def _marks(text: str, body: Json) -> Iterator[Mark]:
    entities = body.get("entities")
    taken: set[int] = set()
    for entity in entities if isinstance(entities, list) else ():
        try:
            start = _code_points(text, entity["offset"])
            end = _code_points(text, entity["offset"] + entity["length"])
        except (KeyError, TypeError, UnicodeDecodeError):
            continue  # no entity that Telegram would take
        if entity.get("type") == "bold":
            yield Mark("bold", start, end)
        elif entity.get("type") == "text_link":
            taken.update(range(start, end))
            yield Mark("link", start, end, _text(entity.get("url")))
    for kind, pattern in (("link", _ADDRESS), ("tag", _HASHTAG)):
        for found in pattern.finditer(text):
            if not taken & set(range(*found.span())):
                taken.update(range(*found.span()))
                target = found[0] if kind == "link" else None
                yield Mark("link" if kind == "link" else "tag", *found.span(), target)


def _code_points(text: str, offset: int) -> int:
    """UTF-16 code units, which entities are placed by, as code points."""
    return len(text.encode("utf-16-le")[: 2 * offset].decode("utf-16-le"))


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
