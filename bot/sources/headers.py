"""What the headers of an answer say about it. Pure; a header that makes no sense says nothing."""

import re
from collections.abc import Mapping
from datetime import datetime

from bot.sources.dates import read_time

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


def content_type(headers: Mapping[str, str]) -> tuple[str, str | None]:
    """The media type in lower case without parameters, and the charset, if they are stated."""
    stated = headers.get("Content-Type", "")
    match = re.search(r";\s*charset\s*=\s*\"?([A-Za-z0-9._:+-]{1,40})", stated, re.IGNORECASE)
    media_type = stated.partition(";")[0].strip().lower()[:100]
    return media_type if media_type.isascii() else "", match[1] if match else None
