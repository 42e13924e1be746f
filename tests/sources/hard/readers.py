"""The parsers that are compared, each in processes of its own with limits: what they make of an entry, in our words.

A parser that leaves HTML in a text is not blamed for it: its texts go through our conversion, pictures are looked for
in them, its links are spelt as ours, and an id that it does not give is taken from the link.
"""

import importlib
import json
from calendar import timegm
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from importlib import metadata
from typing import Any

from bot.doors import Fetched
from bot.sources.entry import Entry
from bot.sources.feed import NotAFeed, parse_feed
from bot.sources.markup import picture_of, web_address
from bot.sources.plain import one_line, title_of, to_text
from tests.sources.hard.case import URL, Case, Found
from tests.sources.hard.contained import contained

CPU_FOR = 8
"""Seconds of CPU for one document."""
MEMORY = 1_500 * 2**20
"""Bytes of address space for one document, besides what the process had before."""

Read = Callable[[Case], Sequence[Found] | None]
"""The entries of a document, or None where it is refused."""


def handbill(case: Case) -> Sequence[Found] | None:
    """Ours."""
    try:
        feed = parse_feed(Fetched(URL, True, case.document, charset=case.charset))
    except NotAFeed:
        return None
    return [shown(entry) for entry in feed.entries]


def shown(entry: Entry) -> Found:
    """`entry` by the names of a case."""
    return {
        "id": entry.id,
        "link": entry.link,
        "title": entry.title,
        "summary": entry.summary,
        "published": _iso(entry.published_at),
        "updated": _iso(entry.updated_at),
        "author": entry.author,
        "tags": list(entry.tags),
        "picture": entry.picture_url,
        "alt": entry.picture_alt,
        "language": entry.language,
    }


def feedparser(case: Case) -> Sequence[Found] | None:
    """The patient classic (https://feedparser.readthedocs.io/), with what the server said, as it asks for it."""
    parse = importlib.import_module("feedparser").parse
    charset = f"; charset={case.charset}" if case.charset else ""
    headers = {"content-location": URL, "content-type": f"application/xml{charset}"}
    parsed = parse(case.document, response_headers=headers)
    if not parsed.version and not parsed.entries:
        return None
    return [_of_feedparser(entry, parsed.version) for entry in parsed.entries]


def _of_feedparser(entry: Any, version: str) -> Found:
    kind = entry.get("title_detail", {}).get("type", "") if version.startswith("atom") else ""
    pictures = [part.get("url") for part in (*entry.get("media_content", ()), *entry.get("media_thumbnail", ()))]
    pictures += [part.get("href") for part in entry.get("enclosures", ()) if "image" in part.get("type", "")]
    pictures += [entry["image"].get("href")] if "image" in entry else []
    names = [one.get("name") for one in entry.get("authors", ())]
    bodies = [entry.get("summary") or "", *(part.get("value") or "" for part in entry.get("content", ()))]
    link = _link(entry.get("link"))
    picture, alt = picture_of({}, [(address or "", "image/*") for address in pictures], bodies, link or URL)
    return {
        "id": str(entry.get("id") or link or "") or None,
        "link": link,
        "title": _title(entry.get("title") or "", kind),
        "summary": next((text for body in bodies if (text := to_text(body))), ""),
        "published": _of_struct(entry.get("published_parsed")),
        "updated": _of_struct(dict(entry).get("updated_parsed")),
        "author": one_line(", ".join(filter(None, names)) or entry.get("author") or "") or None,
        "tags": [tag.get("label") or tag.get("term") or "" for tag in entry.get("tags", ())],
        "picture": picture,
        "alt": alt,
        "language": entry.get("title_detail", {}).get("language"),
    }


def fastfeedparser(case: Case) -> Sequence[Found] | None:
    """The fast one (https://github.com/kagisearch/fastfeedparser), bare."""
    parse = importlib.import_module("fastfeedparser").parse
    try:
        parsed = parse(case.document)
    except Exception:  # whatever it raises is its way to refuse
        return None
    return [_of_fastfeedparser(entry) for entry in parsed["entries"]]


def _of_fastfeedparser(entry: Mapping[str, Any]) -> Found:
    media = [*(entry.get("media_content") or ()), *(entry.get("media_thumbnail") or ())]
    pictures = [part.get("url") for part in media]
    pictures += [part.get("url") for part in entry.get("enclosures") or () if "image" in (part.get("type") or "")]
    bodies = [entry.get("description") or "", *(part.get("value") or "" for part in entry.get("content") or ())]
    link = _link(entry.get("link"))
    picture, alt = picture_of({}, [(address or "", "image/*") for address in pictures], bodies, link or URL)
    return {
        "id": str(entry.get("id") or link or "") or None,
        "link": link,
        "title": _title(entry.get("title") or "", ""),
        "summary": next((text for body in bodies if (text := to_text(body))), ""),
        "published": _of_text(entry.get("published")),
        "updated": _of_text(entry.get("updated")),
        "author": one_line(entry.get("author") or "") or None,
        "tags": [tag.get("label") or tag.get("term") or "" for tag in entry.get("tags") or ()],
        "picture": picture,
        "alt": alt,
        "language": entry.get("language"),
    }


READERS: Mapping[str, Read] = {"Handbill": handbill, "feedparser": feedparser, "fastfeedparser": fastfeedparser}


def limited(read: Read, case: Case, memory: int = MEMORY) -> bytes:
    """What `read` makes of `case`, as JSON; nothing where it died or was ended."""
    return contained(lambda: json.dumps(read(case)).encode(), memory=memory, cpu_for=CPU_FOR) or b""


def is_right(name: str, case: Case) -> bool:
    """Whether this parser reads this document as it should be read, within the limits."""
    told = limited(READERS[name], case)
    return bool(told) and case.is_right(json.loads(told))


def version_of(name: str) -> str | None:
    """The parser's version, or None where it is not installed."""
    if name == "Handbill":
        return "as it is"
    try:
        importlib.import_module(name)
        return metadata.version(name)
    except ImportError:
        return None


def _title(text: str, kind: str) -> str:
    """A title of Atom that its parser calls plain is; what it cannot know is read as ours reads it."""
    return one_line(text) if kind == "text/plain" else title_of(text)


def _link(text: str | None) -> str | None:
    """A web address in our spelling, anything else as it stands."""
    return web_address(text or "") or text or None


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at else None


def _of_struct(parsed: Any) -> str | None:
    return _iso(datetime.fromtimestamp(timegm(parsed), UTC)) if parsed else None


def _of_text(text: str | None) -> str | None:
    try:
        return _iso(datetime.fromisoformat(text).astimezone(UTC)) if text else None
    except ValueError:
        return text
