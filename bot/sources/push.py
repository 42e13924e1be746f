"""Articles as they are posted here: our own JSON, Ghost's and WordPress' webhooks. Pure."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.sources.dates import read_time
from bot.sources.entry import Entry
from bot.sources.markup import distinct, person, read_language, web_address
from bot.sources.plain import one_line, tidy, title_of, to_text
from bot.sources.wordpress_posts import read_post

MOST = 100
"""Articles in one request."""

_FIELDS = ("url", "title", "summary", "id", "published_at", "language", "author", "picture", "tags")
_PICTURE = ("url", "alt")
_PUBLISHED = {"published", "publish", "sent"}
"""The states that mean that readers can see it: Ghost's, WordPress', and Ghost's for what went out by mail as well."""
_NO_ARTICLES = {"page", "attachment", "revision", "nav_menu_item"}
"""WordPress' types of post that are no news."""


class Mistake(Exception):
    """A body that cannot be used. `field` names where ("articles[2].title"), `message` is a sentence for the sender."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}")
        self.field = field
        self.message = message


@dataclass(frozen=True, slots=True)
class Arrival:
    """One article that was posted here, or why it is none."""

    entry: Entry | None
    ignored: str | None = None
    """Why nothing is made of it: a draft, a deletion, a page."""


def read_arrivals(body: bytes) -> tuple[Arrival, ...]:
    """The articles in a request's body, in the order in which they stand there. Raises Mistake."""
    try:
        document = json.loads(body.decode("utf-8"))
    except (ValueError, RecursionError):
        raise Mistake("body", "It is not JSON in UTF-8.") from None
    if isinstance(document, list):
        if not 0 < len(document) <= MOST:
            raise Mistake("articles", f"There are {len(document)} articles; 1 to {MOST} can be sent at once.")
        return tuple(_arrival(each, f"articles[{number}]") for number, each in enumerate(document))
    return (_arrival(document, ""),)


def _arrival(item: object, where: str) -> Arrival:
    if not isinstance(item, dict):
        raise Mistake(where or "body", "An article is a JSON object.")
    inner = item.get("post")
    if isinstance(inner, dict) and ("current" in inner or "previous" in inner):
        return _from_ghost(inner, where)
    if isinstance(inner, dict) and "post_title" in inner:
        return _from_wordpress({**inner, **item}, where)
    if "post_title" in item:
        return _from_wordpress(item, where)
    if isinstance(item.get("title"), dict):
        return _from_rest(item, where)
    return Arrival(_own(item, where))


# ── our own ───────────────────────────────────────────────────────────────────────────────────────────────────────


def _own(item: Mapping[str, Any], where: str) -> Entry:
    _only(item, _FIELDS, where)
    picture = item.get("picture") or {}
    if not isinstance(picture, dict):
        raise Mistake(_at(where, "picture"), 'It is an object: {"url": …, "alt": …}.')
    _only(picture, _PICTURE, _at(where, "picture"))
    link = _address(item, "url", where)
    if link is None:
        raise Mistake(_at(where, "url"), "It is missing.")
    title = one_line(_string(item, "title", where))
    if not title:
        raise Mistake(_at(where, "title"), "It is missing.")
    published = _string(item, "published_at", where)
    if published and read_time(published) is None:
        raise Mistake(_at(where, "published_at"), "It is not a time: write it like 2026-11-26T08:00:00Z.")
    language = _string(item, "language", where)
    if language and read_language(language) is None:
        raise Mistake(_at(where, "language"), "It is not a language code: write it like en, de-AT or zh-Hant.")
    return Entry(
        id=_id(item, where),
        link=link,
        title=title,
        summary=tidy(_string(item, "summary", where))[:10_000],
        published_at=read_time(published),
        author=person(_string(item, "author", where)),
        language=read_language(language) if language else None,
        picture_url=_address(picture, "url", _at(where, "picture")),
        picture_alt=one_line(_string(picture, "alt", _at(where, "picture")))[:2_000] or None,
        tags=_tags(item, where),
    )


def _at(where: str, name: str) -> str:
    return f"{where}.{name}" if where else name


def _only(item: Mapping[str, Any], known: tuple[str, ...], where: str) -> None:
    for name in item:
        if name not in known:
            raise Mistake(_at(where, str(name)[:100]), f"There is no such field; there is {', '.join(known)}.")


def _string(item: Mapping[str, Any], name: str, where: str) -> str:
    value = item.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise Mistake(_at(where, name), "It is text in quotes.")
    return value


def _address(item: Mapping[str, Any], name: str, where: str) -> str | None:
    text = _string(item, name, where)
    link = web_address(text)
    if text and link is None:
        raise Mistake(_at(where, name), "It is not a web address: it begins with https:// or http://.")
    return link


def _id(item: Mapping[str, Any], where: str) -> str | None:
    value = item.get("id")
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return _string(item, "id", where).strip() or None


def _tags(item: Mapping[str, Any], where: str) -> tuple[str, ...]:
    value = item.get("tags") or []
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise Mistake(_at(where, "tags"), 'It is a list of texts: ["…", "…"].')
    return distinct(value)


# ── Ghost ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _from_ghost(post: Mapping[str, Any], where: str) -> Arrival:
    """The events post.published and the like: https://docs.ghost.org/webhooks"""
    current = _mapping(post.get("current"))
    if not current:
        return Arrival(None, "it was deleted, and posts that are out are left as they are")
    if (status := _text(current, "status")) not in _PUBLISHED:
        return Arrival(None, f"its status is {one_line(status)[:40] or 'not stated'}, not published")
    author = _mapping(current.get("primary_author"))
    return _complete(
        Entry(
            id=_text(current, "id") or None,
            link=web_address(_text(current, "url")),
            title=one_line(_text(current, "title")),
            summary=tidy((_text(current, "custom_excerpt") or _text(current, "excerpt"))[:20_000])[:10_000],
            published_at=read_time(_text(current, "published_at")),
            updated_at=read_time(_text(current, "updated_at")),
            author=person(_text(author, "name")),
            language=read_language(_text(current, "locale")),
            picture_url=web_address(_text(current, "feature_image")),
            picture_alt=one_line(_text(current, "feature_image_alt"))[:2_000] or None,
            tags=distinct(_text(_mapping(tag), "name") for tag in _list(current.get("tags"))),
        ),
        _at(where, "post.current"),
    )


# ── WordPress ─────────────────────────────────────────────────────────────────────────────────────────────────────


def _from_wordpress(post: Mapping[str, Any], where: str) -> Arrival:
    """A post as WordPress itself has it (https://developer.wordpress.org/reference/classes/wp_post/), alone or within
    what the plugin "WP Webhooks" sends, which adds its address, picture and terms."""
    if ignored := _not_news(_text(post, "post_status"), _text(post, "post_type")):
        return Arrival(None, ignored)
    links = (web_address(_text(post, name)) for name in ("post_permalink", "permalink", "post_url", "guid"))
    terms = [term for group in _mapping(post.get("taxonomies")).values() for term in _mapping(group).values()]
    return _complete(
        Entry(
            id=_text(post, "guid") or _text(post, "ID") or None,
            link=next((link for link in links if link), None),
            title=title_of(_text(post, "post_title")),
            summary=to_text(_text(post, "post_excerpt") or _text(post, "post_content")),
            published_at=read_time(_text(post, "post_date_gmt")),
            updated_at=read_time(_text(post, "post_modified_gmt")),
            picture_url=web_address(_text(post, "post_thumbnail")),
            tags=distinct(title_of(_text(_mapping(term), "name")) for term in terms),
        ),
        _at(where, "post_permalink"),
    )


def _from_rest(post: Mapping[str, Any], where: str) -> Arrival:
    """A post as WordPress' REST interface has it."""
    if ignored := _not_news(_text(post, "status"), _text(post, "type")):
        return Arrival(None, ignored)
    return _complete(read_post(post, ""), _at(where, "link"))


def _not_news(status: str, kind: str) -> str | None:
    if status and status not in _PUBLISHED:
        return f"its status is {one_line(status)[:40]}, not publish"
    if kind in _NO_ARTICLES:
        return f"it is a {kind}, not an article"
    return None


def _complete(entry: Entry, where: str) -> Arrival:
    if entry.link is None:
        raise Mistake(where, "There is no web address of the article.")
    if not entry.title:
        raise Mistake(where, "There is no title.")
    return Arrival(entry)


def _text(item: Mapping[str, Any], name: str) -> str:
    value = item.get(name)
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
