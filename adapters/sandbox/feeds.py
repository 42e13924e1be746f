"""The same articles as RSS 2.0, Atom, RDF (RSS 1.0), JSON Feed and pages, each by its own specification."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from html import escape

from lxml import etree

ATOM = "http://www.w3.org/2005/Atom"
DC = "http://purl.org/dc/elements/1.1/"
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
RSS1 = "http://purl.org/rss/1.0/"
XML = "http://www.w3.org/XML/1998/namespace"


@dataclass(frozen=True, slots=True)
class ArticleStub:
    """A published article, as whoever publishes it knows it."""

    guid: str
    link: str
    title: str
    summary: str
    published_at: datetime
    updated_at: datetime
    language: str | None
    picture: str | None = None
    """The picture's address."""
    picture_size: int = 0
    alt: str = ""


@dataclass(frozen=True, slots=True)
class Front:
    """What a feed says of the publication itself."""

    title: str
    home: str
    """Its address, without a trailing slash."""
    language: str
    updated_at: datetime
    older: str | None = None
    """Where the next page of a paged feed is (RFC 5005 §3)."""


def _say(parent: etree._Element, tag: str, text: str | None = None, **attributes: str) -> etree._Element:
    element = etree.SubElement(parent, tag, attrib=attributes)
    element.text = text
    return element


def _written(root: etree._Element) -> bytes:
    return etree.tostring(root, xml_declaration=True, encoding="utf-8", pretty_print=True)


def _stamp(at: datetime) -> str:
    # RFC 3339, as Atom, JSON Feed and Dublin Core want it.
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def rss(front: Front, articles: Sequence[ArticleStub]) -> bytes:
    """RSS 2.0: https://www.rssboard.org/rss-specification."""
    root = etree.Element("rss", version="2.0", nsmap={"atom": ATOM, "dc": DC})
    channel = _say(root, "channel")
    _say(channel, "title", front.title)
    _say(channel, "link", f"{front.home}/")
    _say(channel, "description", f"All the news of {front.title}")
    _say(channel, "language", front.language)
    _say(channel, "lastBuildDate", format_datetime(front.updated_at, usegmt=True))
    _say(channel, f"{{{ATOM}}}link", href=f"{front.home}/feed.xml", rel="self", type="application/rss+xml")
    if front.older:
        _say(channel, f"{{{ATOM}}}link", href=front.older, rel="next")
    for article in articles:
        item = _say(channel, "item")
        _say(item, "title", article.title)
        _say(item, "link", article.link)
        _say(item, "guid", article.guid, isPermaLink="false")
        _say(item, "pubDate", format_datetime(article.published_at, usegmt=True))
        _say(item, "description", escape(article.summary, quote=False))  # it is HTML
        if article.language:
            _say(item, f"{{{DC}}}language", article.language)
        if article.picture:
            _say(item, "enclosure", url=article.picture, length=str(article.picture_size), type="image/jpeg")
    return _written(root)


def atom(front: Front, articles: Sequence[ArticleStub]) -> bytes:
    """Atom: https://www.rfc-editor.org/rfc/rfc4287."""
    root = etree.fromstring(f'<feed xmlns="{ATOM}"/>')
    root.set(f"{{{XML}}}lang", front.language)
    _say(root, f"{{{ATOM}}}id", "urn:x-herald:feed")
    _say(root, f"{{{ATOM}}}title", front.title)
    _say(root, f"{{{ATOM}}}updated", _stamp(front.updated_at))
    _say(root, f"{{{ATOM}}}link", href=f"{front.home}/atom.xml", rel="self")
    if front.older:
        _say(root, f"{{{ATOM}}}link", href=front.older, rel="next")
    _say(root, f"{{{ATOM}}}link", href=f"{front.home}/")
    _say(_say(root, f"{{{ATOM}}}author"), f"{{{ATOM}}}name", front.title)
    for article in articles:
        entry = _say(root, f"{{{ATOM}}}entry")
        if article.language:
            entry.set(f"{{{XML}}}lang", article.language)
        _say(entry, f"{{{ATOM}}}id", article.guid)
        _say(entry, f"{{{ATOM}}}title", article.title)
        _say(entry, f"{{{ATOM}}}link", href=article.link, rel="alternate")
        _say(entry, f"{{{ATOM}}}published", _stamp(article.published_at))
        _say(entry, f"{{{ATOM}}}updated", _stamp(article.updated_at))
        _say(entry, f"{{{ATOM}}}summary", article.summary)
        if article.picture:
            size = str(article.picture_size)
            _say(entry, f"{{{ATOM}}}link", href=article.picture, rel="enclosure", type="image/jpeg", length=size)
    return _written(root)


def rdf(front: Front, articles: Sequence[ArticleStub]) -> bytes:
    """RSS 1.0: https://web.resource.org/rss/1.0/spec. An item is known by its link alone."""
    root = etree.fromstring(f'<rdf:RDF xmlns:rdf="{RDF}" xmlns="{RSS1}" xmlns:dc="{DC}"/>')
    channel = _say(root, f"{{{RSS1}}}channel")
    channel.set(f"{{{RDF}}}about", f"{front.home}/rdf.xml")
    _say(channel, f"{{{RSS1}}}title", front.title)
    _say(channel, f"{{{RSS1}}}link", f"{front.home}/")
    _say(channel, f"{{{RSS1}}}description", f"All the news of {front.title}")
    _say(channel, f"{{{DC}}}language", front.language)
    contents = _say(_say(channel, f"{{{RSS1}}}items"), f"{{{RDF}}}Seq")
    for article in articles:
        _say(contents, f"{{{RDF}}}li").set(f"{{{RDF}}}resource", article.link)
        item = _say(root, f"{{{RSS1}}}item")
        item.set(f"{{{RDF}}}about", article.link)
        _say(item, f"{{{RSS1}}}title", article.title)
        _say(item, f"{{{RSS1}}}link", article.link)
        _say(item, f"{{{RSS1}}}description", escape(article.summary, quote=False))
        _say(item, f"{{{DC}}}date", _stamp(article.published_at))
        if article.language:
            _say(item, f"{{{DC}}}language", article.language)
    return _written(root)


def json_feed(front: Front, articles: Sequence[ArticleStub]) -> bytes:
    """JSON Feed 1.1: https://www.jsonfeed.org/version/1.1/."""
    items = []
    for article in articles:
        item = {
            "id": article.guid,
            "url": article.link,
            "title": article.title,
            "summary": article.summary,
            "content_text": article.summary,
            "date_published": _stamp(article.published_at),
            "date_modified": _stamp(article.updated_at),
        }
        if article.language:
            item["language"] = article.language
        if article.picture:
            item["image"] = article.picture
        items.append(item)
    feed: dict[str, object] = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": front.title,
        "home_page_url": f"{front.home}/",
        "feed_url": f"{front.home}/feed.json",
        "language": front.language,
        "items": items,
    }
    if front.older:
        feed["next_url"] = front.older
    return json.dumps(feed, ensure_ascii=False, indent=1).encode()


def page(front: Front, article: ArticleStub) -> bytes:
    """An article's page, with the card that it wants to have (https://ogp.me)."""
    card = {
        "og:type": "article",
        "og:site_name": front.title,
        "og:title": article.title,
        "og:description": article.summary,
        "og:url": article.link,
        "article:published_time": _stamp(article.published_at),
    }
    if article.picture:
        card |= {"og:image": article.picture, "og:image:alt": article.alt}
    tags = "\n".join(f'<meta property="{name}" content="{escape(text)}">' for name, text in card.items())
    picture = f'<img src="{escape(article.picture)}" alt="{escape(article.alt)}">' if article.picture else ""
    return f"""<!doctype html>
<html lang="{escape(article.language or front.language)}">
<head>
<meta charset="utf-8">
<title>{escape(article.title)} · {escape(front.title)}</title>
<link rel="canonical" href="{escape(article.link)}">
<link rel="alternate" type="application/rss+xml" href="{escape(front.home)}/feed.xml">
{tags}
</head>
<body><article><h1>{escape(article.title)}</h1>{picture}<p>{escape(article.summary)}</p></article></body>
</html>
""".encode()
