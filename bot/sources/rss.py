"""RSS in its dialects: 0.9x and 2.0 (https://www.rssboard.org/rss-specification) and 1.0 as RDF
(https://web.resource.org/rss/1.0/spec)."""

from datetime import datetime

from lxml import etree

from bot.sources.dates import read_time
from bot.sources.entry import MAX_READ, Entry
from bot.sources.markup import (
    RDF_ABOUT,
    Fields,
    attribute,
    base_of,
    distinct,
    fields_of,
    first_text,
    html_of,
    language_of,
    link_in,
    name_of,
    people,
    person,
    picture_of,
    text_of,
    web_address,
)
from bot.sources.plain import one_line, title_of, to_text

_PUBLISHED = ("pubdate", "dc:date", "dcterms:issued", "dcterms:created", "atom:published")


def channel_of(root: etree._Element) -> etree._Element | None:
    """The first channel element, which may be the root itself."""
    return next(iter(_channels(root)), None)


def items_of(root: etree._Element) -> list[etree._Element]:
    """All items, in document order, whether in a channel (RSS 2.0) or beside it (RSS 1.0)."""
    return [
        child
        for parent in dict.fromkeys((*_channels(root), root))
        for child in parent.iterchildren("*")
        if name_of(child, "rss") == "item"
    ][:MAX_READ]


def _channels(root: etree._Element) -> list[etree._Element]:
    if name_of(root, "rss") == "channel":
        return [root]
    return [child for child in root.iterchildren("*") if name_of(child, "rss") == "channel"]


def site_of(channel: etree._Element, url: str) -> str | None:
    """The address of the site that the channel belongs to."""
    fields = fields_of(channel, "rss")
    base = base_of(channel, url)
    for element in fields.get("link", ()):
        if link := link_in(text_of(element) or element.get("href") or "", base):
            return link
    return _atom_link(fields, base)


def own_address(channel: etree._Element, url: str) -> str | None:
    """What the channel says its own address is."""
    for element in fields_of(channel, "rss").get("atom:link", ()):
        if element.get("rel") == "self":
            return link_in(element.get("href") or "", base_of(element, url))
    return channel.get(RDF_ABOUT)


def read_item(item: etree._Element, outside: str, language: str | None) -> Entry:
    """One item. `outside` is what its relative addresses build on."""
    fields = fields_of(item, "rss")
    base = base_of(item, outside)
    bodies = [html_of(element) for name in ("description", "content:encoded") for element in fields.get(name, ())]
    link = _link(item, fields, base)
    enclosures = [(element.get("url") or "", element.get("type") or "") for element in fields.get("enclosure", ())]
    picture_url, picture_alt = picture_of(fields, enclosures, bodies, link or base)
    return Entry(
        id=first_text(fields, "guid", "atom:id") or (item.get(RDF_ABOUT) or "").strip() or link,
        link=link,
        title=_title(fields),
        summary=_summary(fields, bodies),
        published_at=_time(fields, *_PUBLISHED),
        updated_at=_time(fields, "atom:updated", "dcterms:modified", "lastbuilddate"),
        author=_author(fields),
        language=language_of(item, first_text(fields, "dc:language", "language")) or language,
        picture_url=picture_url,
        picture_alt=picture_alt,
        tags=distinct(
            title_of(text_of(element)) for name in ("category", "dc:subject") for element in fields.get(name, ())
        ),
    )


def _title(fields: Fields) -> str:
    for name in ("title", "dc:title", "media:title", "atom:title"):
        for element in fields.get(name, ()):
            text = one_line(to_text(html_of(element))) if len(element) else title_of(element.text or "")
            if text:
                return text
    return ""


def _summary(fields: Fields, bodies: list[str]) -> str:
    for html in bodies:
        if text := to_text(html):
            return text
    return to_text(first_text(fields, "atom:summary", "atom:content", "itunes:summary", "media:description"))


def _time(fields: Fields, *names: str) -> datetime | None:
    for name in names:
        for element in fields.get(name, ()):
            if at := read_time(text_of(element)):
                return at
    return None


def _author(fields: Fields) -> str | None:
    for name in ("dc:creator", "author", "itunes:author"):
        names = distinct(person(text_of(element)) or "" for element in fields.get(name, ()))
        if names:
            return ", ".join(names)[:200]
    return people(fields.get("atom:author", ()))


def _link(item: etree._Element, fields: Fields, base: str) -> str | None:
    """Where the item says it can be read: what a redirecting feed service kept, its link, or its permanent id."""
    if original := web_address(first_text(fields, "feedburner:origlink")):
        return original
    for element in fields.get("link", ()):
        if link := link_in(text_of(element) or element.get("href") or "", base):
            return link
    if link := _atom_link(fields, base):
        return link
    for element in fields.get("guid", ()):
        if (attribute(element, "ispermalink") or "true").strip().lower() != "false" and (
            link := web_address(text_of(element))
        ):
            return link
    return web_address(item.get(RDF_ABOUT) or "")


def _atom_link(fields: Fields, base: str) -> str | None:
    for element in fields.get("atom:link", ()):
        if element.get("rel", "alternate") == "alternate" and (link := link_in(element.get("href") or "", base)):
            return link
    return None
