"""Feeds by one door: RSS in its dialects, Atom and JSON Feed, from the bytes that were fetched.

The tree is read by ourselves, because what matters lies between the fields: how a title is escaped, which of several
links is the article, what a relative address builds on. What no repair makes XML goes to feedparser, see `fallback`.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

from lxml import etree

from bot.doors import Fetched, Offload, Web
from bot.links import absolute
from bot.sources import atom, rss
from bot.sources.dates import read_time
from bot.sources.document import Broken, decode_body, parse_document
from bot.sources.entry import MAX_READ, Entry, Feed
from bot.sources.fallback import read_patiently
from bot.sources.jsonfeed import NotJsonFeed, read_json_feed
from bot.sources.markup import (
    attribute,
    distinct,
    fields_of,
    first_text,
    language_of,
    link_in,
    person,
    picture_of,
    read_language,
    settle_namespace,
)
from bot.sources.older import is_whole, older_of
from bot.sources.plain import Tag, one_line, title_of, to_text, tokens
from bot.sources.reading import Cursor, Reading, Unreadable, Watched
from bot.sources.wishes import ask_every, hub_and_topic, quiet_hours, with_hub
from bot.sources.withdrawal import with_withdrawn

ACCEPT = (
    "application/atom+xml, application/rss+xml, application/feed+json, application/rdf+xml;q=0.9, "
    "application/xml;q=0.8, text/xml;q=0.8, application/json;q=0.7, text/html;q=0.2, */*;q=0.1"
)
MAX_ENTRIES = 5_000
"""Entries that are kept of one feed: the newest, or the first where some have no time. It then says so in a note."""

_NO_FEED = "Check the address in a browser, and give the address of the feed itself."


class NotAFeed(Unreadable):
    """What was fetched is no feed."""

    def __init__(self, message: str, mend: str = _NO_FEED) -> None:
        super().__init__(message, mend)


async def read_feed(
    web: Web,
    offload: Offload,
    watched: Watched,
    cursor: Cursor,
    now: datetime,  # noqa: ARG001 # a reader that needs no time
) -> Reading:
    """Fetch and parse the feed at the address. Raises FetchFailed or NotAFeed.

    A document that was cut off gives its whole entries and no validators, so that the rest is not missed next time.
    """
    fetched = await web.get(watched.url, etag=cursor.etag, last_modified=cursor.last_modified, accept=ACCEPT)
    return await take_feed(offload, fetched, cursor)


async def take_feed(offload: Offload, fetched: Fetched, cursor: Cursor) -> Reading:
    """What `fetched`, the answer at the feed's own address, comes to. Raises NotAFeed."""
    if not fetched.changed:
        return Reading(None, cursor, fetched.fresh_for, fetched.moved_to)
    feed = with_hub(await offload(partial(parse_feed, fetched)), fetched.links, fetched.url)
    validators = Cursor(fetched.etag, fetched.last_modified) if feed.complete else Cursor()
    return Reading(feed, validators, fetched.fresh_for, fetched.moved_to)


def parse_feed(fetched: Fetched) -> Feed:
    """The feed in `fetched`. Raises NotAFeed."""
    text = decode_body(fetched.body, fetched.charset)
    start = text[:2_000].lstrip("\ufeff \t\r\n\0").lower()
    if not start:
        raise NotAFeed("The answer is empty.", "Check the address in a browser.")
    if start.startswith(("{", "[")):
        feed = _read_json(text, fetched.url)
    elif re.match(r"(?>\s++|<\?xml[^>]*>|<!--.*?-->)*+<(?:!doctype\s+html|html|head|body)\b", start, re.DOTALL):
        raise _is_a_page(text, fetched.url)
    else:
        feed = _read_xml(text, fetched.url)
    return _within_limits(_with_identity(feed))


def _read_json(text: str, url: str) -> Feed:
    try:
        return read_json_feed(text.lstrip("\ufeff"), url)
    except NotJsonFeed as error:
        raise NotAFeed(f"This is not a JSON Feed: {error}.") from None


def _read_xml(text: str, url: str) -> Feed:
    try:
        document = parse_document(text)
    except Broken as broken:
        found = read_patiently(broken.text) if broken.text else None
        if found is None:
            raise NotAFeed(f"This is not a feed that can be read: {broken.reason}.") from None
        feed = _from_fallback(found, url)
        return replace(feed, complete=broken.complete, notes=(_broken_note(broken.reason), *_cut_note(broken.complete)))
    notes = (*((_REPAIRED,) if document.repaired and document.complete else ()), *_cut_note(document.complete))
    return replace(_read_tree(document.root, url), complete=document.complete, notes=notes)


_REPAIRED = "The document is not well-formed XML; it was repaired before it was read."


def _broken_note(reason: str) -> str:
    return f"The document is not XML ({reason}); what could be made out was taken."


def _cut_note(complete: bool) -> tuple[str, ...]:
    return () if complete else ("The document was cut off; its whole entries were taken.",)


def _read_tree(root: etree._Element, url: str) -> Feed:
    name = etree.QName(root).localname
    settle_namespace(root)
    if name.lower() in _READERS:
        return _READERS[name.lower()](root, url)
    known = {
        "opml": "This is a list of feeds (OPML), not a feed.",
        "urlset": "This is a sitemap, not a feed.",
        "sitemapindex": "This is a list of sitemaps, not a feed.",
        "entry": "This is a single Atom entry, not a feed.",
    }
    raise NotAFeed(known.get(name.lower(), f"This is XML, but not a feed: its root element is <{name[:50]}>."))


def _read_rss(root: etree._Element, url: str) -> Feed:
    channel = rss.channel_of(root)
    if channel is None:
        raise NotAFeed("This looks like RSS, but has no channel.")
    fields = fields_of(channel, "rss")
    site = rss.site_of(channel, url)
    language = language_of(channel, first_text(fields, "language", "dc:language"))
    hub, topic = hub_and_topic(fields.get("atom:link", []), url)
    version = attribute(root, "version") or ("1.0" if etree.QName(root).localname.lower() == "rdf" else "")
    feed = Feed(
        id=rss.own_address(channel, url),
        title=title_of(first_text(fields, "title", "dc:title")),
        link=site,
        language=language,
        entries=tuple(rss.read_item(item, site or url, language) for item in rss.items_of(root)),
        kind=f"RSS {one_line(version)[:10]}".rstrip(),
        hub=hub,
        topic=topic,
        ask_every=ask_every(fields),
        quiet=quiet_hours(fields),
        older=older_of(fields, fields.get("atom:link", []), url),
        gapless=True if is_whole(fields) else None,
    )
    return with_withdrawn(feed, fields)


def _read_atom(root: etree._Element, url: str) -> Feed:
    fields = fields_of(root, "atom")
    language = language_of(root)
    authors = atom.authors_of(fields)
    hub, topic = hub_and_topic(fields.get("link", []), url)
    feed = Feed(
        id=first_text(fields, "id") or None,
        title=next((text for element in fields.get("title", ()) if (text := atom.title_text(element))), ""),
        link=atom.link_of(fields, url),
        language=language,
        entries=tuple(atom.read_entry(entry, url, language, authors) for entry in fields.get("entry", [])[:MAX_READ]),
        kind=f"Atom {'0.3' if root.get('version') == '0.3' else '1.0'}",
        hub=hub,
        topic=topic,
        ask_every=ask_every(fields),
        older=older_of(fields, fields.get("link", []), url),
        gapless=True if is_whole(fields) else None,
    )
    return with_withdrawn(feed, fields)


_READERS: Mapping[str, Callable[[etree._Element, str], Feed]] = {
    "rss": _read_rss,
    "rdf": _read_rss,
    "channel": _read_rss,
    "feed": _read_atom,
}


def _from_fallback(found: Mapping[str, Any], url: str) -> Feed:
    language = read_language(found["language"])
    site = link_in(found["link"] or "", url)
    base = url if found["version"].startswith("atom") else site or url
    return Feed(
        id=found["id"],
        title=title_of(found["title"]),
        link=site,
        language=language,
        entries=tuple(_fallback_entry(entry, base, language) for entry in found["entries"][:MAX_READ]),
        kind=f"feed ({found['version'] or 'unknown'})",
    )


def _fallback_entry(entry: Mapping[str, Any], base: str, language: str | None) -> Entry:
    link = link_in(entry["link"], base)
    picture_url, picture_alt = picture_of({}, entry["pictures"], entry["htmls"], link or base)
    return Entry(
        id=entry["id"].strip() or link,
        link=link,
        title=title_of(entry["title"]),
        summary=next((text for html in entry["htmls"] if (text := to_text(html))), ""),
        published_at=read_time(entry["published"]),
        updated_at=read_time(entry["updated"]),
        author=person(entry["author"]),
        language=language,
        picture_url=picture_url,
        picture_alt=picture_alt,
        tags=distinct(map(title_of, entry["tags"])),
    )


def _is_a_page(text: str, url: str) -> NotAFeed:
    """A page for people; if it names its feed, the mend is that feed's address."""
    for token in tokens(text):
        if isinstance(token, Tag) and token.name == "link":
            attributes = token.attributes()
            kind, relation = attributes.get("type", "").lower(), attributes.get("rel", "").lower().split()
            if "alternate" in relation and re.search(r"(?:rss|atom|rdf)\+xml|feed\+json", kind):
                feed = absolute(url, attributes.get("href", "").strip())
                if feed and feed != url:
                    return NotAFeed("This is a web page, not a feed.", f"Use the feed that it names: {feed}")
    return NotAFeed("This is a web page, not a feed.")


def _with_identity(feed: Feed) -> Feed:
    """Leave out the entries that nothing identifies."""
    entries = tuple(entry for entry in feed.entries if entry.id)
    return replace(feed, entries=entries, dropped=len(feed.entries) - len(entries))


def _within_limits(feed: Feed) -> Feed:
    """Keep the newest `MAX_ENTRIES`, in document order."""
    count = len(feed.entries)
    if count <= MAX_ENTRIES:
        return feed
    times = [entry.published_at or entry.updated_at for entry in feed.entries]
    stated = [(at, -place) for place, at in enumerate(times) if at]
    newest = len(stated) == count
    kept = sorted(-place for _, place in sorted(stated, reverse=True)[:MAX_ENTRIES]) if newest else range(MAX_ENTRIES)
    note = f"The feed has very many entries; the {MAX_ENTRIES:,} {'newest' if newest else 'first'} were taken."
    return replace(feed, entries=tuple(feed.entries[place] for place in kept), notes=(*feed.notes, note))
