"""JSON Feed 1.0 and 1.1 (https://www.jsonfeed.org/version/1.1/)."""

import json
from collections.abc import Mapping
from typing import Any

from bot.sources.dates import read_time
from bot.sources.entry import MAX_READ, Entry, Feed
from bot.sources.markup import distinct, link_in, person, picture_of, read_language, web_address
from bot.sources.plain import one_line, tidy, to_text


class NotJsonFeed(Exception):
    """JSON that is no feed, or no JSON. The text says why, as the end of a sentence."""


def read_json_feed(text: str, url: str) -> Feed:
    """The feed in `text`. Numbers where strings are asked for are taken as they are written."""
    try:
        document = json.loads(text, parse_int=str, parse_float=str, parse_constant=str)
    except (ValueError, RecursionError):
        raise NotJsonFeed("it is not valid JSON") from None
    if not isinstance(document, dict) or not isinstance(document.get("items"), list):
        raise NotJsonFeed("it is JSON without a list of items")
    language = read_language(_text(document, "language"))
    authors = _authors(document)
    entries = [_entry(item, url, language, authors) for item in document["items"][:MAX_READ] if isinstance(item, dict)]
    version = _text(document, "version").rstrip("/").rpartition("/")[2]
    return Feed(
        id=_text(document, "feed_url") or None,
        title=one_line(_text(document, "title")),
        link=link_in(_text(document, "home_page_url"), url),
        language=language,
        entries=tuple(entries),
        kind=f"JSON Feed {version}".rstrip(),
        hub=next((hub for one in _list(document, "hubs") if isinstance(one, dict) and (hub := _hub(one, url))), None),
        topic=link_in(_text(document, "feed_url"), url),
        older=older if (older := link_in(_text(document, "next_url"), url)) != url else None,
    )


def _hub(stated: Mapping[str, Any], url: str) -> str | None:
    """A hub's address, where it is of the one kind that there is."""
    return link_in(_text(stated, "url"), url) if _text(stated, "type").lower() in ("websub", "pubsubhubbub") else None


def _entry(item: Mapping[str, Any], url: str, language: str | None, authors: str | None) -> Entry:
    identity = _text(item, "id").strip()
    link = link_in(_text(item, "url"), url) or web_address(identity) or link_in(_text(item, "external_url"), url)
    html = _text(item, "content_html")
    attachments = [part for part in _list(item, "attachments") if isinstance(part, dict)]
    pictures = [(_text(item, name), "image/*") for name in ("image", "banner_image") if _text(item, name)]
    pictures += [(_text(part, "url"), _text(part, "mime_type")) for part in attachments]
    picture_url, picture_alt = picture_of({}, pictures, [html], link or url)
    return Entry(
        id=identity or link,
        link=link,
        title=one_line(_text(item, "title")),
        summary=(
            tidy(_text(item, "summary")[:20_000])[:10_000]
            or to_text(html)
            or tidy(_text(item, "content_text")[:20_000])[:10_000]
        ),
        published_at=read_time(_text(item, "date_published")),
        updated_at=read_time(_text(item, "date_modified")),
        author=_authors(item) or authors,
        language=read_language(_text(item, "language")) or language,
        picture_url=picture_url,
        picture_alt=picture_alt,
        tags=distinct(tag for tag in _list(item, "tags") if isinstance(tag, str)),
    )


def _text(item: Mapping[str, Any], name: str) -> str:
    value = item.get(name)
    return value if isinstance(value, str) else ""


def _list(item: Mapping[str, Any], name: str) -> list[Any]:
    value = item.get(name)
    return value if isinstance(value, list) else []


def _authors(item: Mapping[str, Any]) -> str | None:
    """`authors` of version 1.1, else `author` of 1.0."""
    people = [*_list(item, "authors"), item.get("author")]
    names = distinct(person(_text(one, "name")) or "" for one in people if isinstance(one, dict))
    return ", ".join(names)[:200] or None
