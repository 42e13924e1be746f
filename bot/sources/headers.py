"""What the headers of an answer say about it. Pure; a header that makes no sense says nothing."""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime

from bot.sources.dates import read_time
from bot.sources.markup import link_in

_LINK = re.compile(r"<([^<>]{1,2000})>((?:\s*;\s*[\w*-]{1,50}(?:\s*=\s*(?:\"[^\"]{0,2000}\"|[^\s\",;]{1,2000}))?)*)")
_PARAMETER = re.compile(r";\s*([\w*-]+)\s*=\s*(?:\"([^\"]*)\"|([^\s\",;]+))")
_MOST_LINKS = 16_000
"""Characters."""
_LONGEST_WAIT = 31 * 24 * 3600.0
"""Seconds. What a server asks beyond that is a mistake."""


def retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds to wait by Retry-After, a number or a date (RFC 9110 §10.2.3)."""
    text = headers.get("Retry-After", "").strip()
    if re.fullmatch(r"[0-9]{1,10}(?:\.[0-9]{1,6})?", text):
        return min(float(text), _LONGEST_WAIT)
    at = read_time(text)
    return min(max((at - now).total_seconds(), 0.0), _LONGEST_WAIT) if at else None


def fresh_for(headers: Mapping[str, str]) -> float | None:
    """Seconds for which the answer stays fresh: max-age less what a cache on the way used up (RFC 9111 §4.2)."""
    directives = headers.get("Cache-Control", "").lower()
    match = re.search(r"(?:^|[,\s])max-age\s*=\s*\"?([0-9]{1,10})", directives)
    if match is None or re.search(r"\bno-(?:cache|store)\b", directives):
        return None
    age = headers.get("Age", "").strip()
    used = float(age) if re.fullmatch(r"[0-9]{1,10}", age) else 0.0
    return min(max(float(match[1]) - used, 0.0), _LONGEST_WAIT)


def validator(headers: Mapping[str, str], name: str) -> str | None:
    """A validator as the server sent it, if it can be kept and sent back as it is."""
    text = headers.get(name, "")
    return text if text and len(text) <= 1_000 and text.isascii() and text.isprintable() else None  # noqa: PLR2004


def links(values: Iterable[str], base: str) -> dict[str, str]:
    """Relation → address of the Link headers (RFC 8288), the first of each: of those that WebSub reads, which are hub
    and self. What relates another document than this one (`anchor`) is left out."""
    found: dict[str, str] = {}
    for match in _LINK.finditer(", ".join(values)[:_MOST_LINKS]):
        parameters = {name.lower(): quoted or plain for name, quoted, plain in _PARAMETER.findall(match[2])}
        target = link_in(match[1], base)
        if target and "anchor" not in parameters:
            for relation in parameters.get("rel", "").lower().split():
                if relation in ("hub", "self"):
                    found.setdefault(relation, target)
    return found


def content_type(headers: Mapping[str, str]) -> tuple[str, str | None]:
    """The media type in lower case without parameters, and the charset, if they are stated."""
    stated = headers.get("Content-Type", "")
    match = re.search(r";\s*charset\s*=\s*\"?([A-Za-z0-9._:+-]{1,40})", stated, re.IGNORECASE)
    media_type = stated.partition(";")[0].strip().lower()[:100]
    return media_type if media_type.isascii() else "", match[1] if match else None
