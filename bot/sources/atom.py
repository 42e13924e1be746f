"""Atom 1.0 (RFC 4287, https://www.rfc-editor.org/rfc/rfc4287) and the 0.3 that preceded it."""

from base64 import b64decode

from lxml import etree

from bot.sources.dates import read_time
from bot.sources.entry import Entry
from bot.sources.markup import (
    Fields,
    base_of,
    distinct,
    fields_of,
    first_text,
    html_of,
    language_of,
    link_in,
    people,
    picture_of,
    text_of,
    web_address,
)
from bot.sources.plain import looks_like_html, one_line, tidy, title_of, to_text

_RELATIONS = ("http://www.iana.org/assignments/relation/", "http://www.iana.org/assignments/link-relations/")


def link_of(fields: Fields, url: str, relation: str = "alternate") -> str | None:
    """The address that stands in `relation` to a feed or entry; a page before any other form of it (§4.2.7)."""
    found: list[tuple[int, str]] = []
    for element in fields.get("link", ()):
        if _relation(element) == relation:
            address = element.get("href") or text_of(element)
            if link := link_in(address, base_of(element, url)):
                found.append((_strangeness(element.get("type") or ""), link))
    return min(found, key=lambda choice: choice[0])[1] if found else None


def read_entry(entry: etree._Element, url: str, language: str | None, authors: str | None) -> Entry:
    """One entry. `url` is the document's address, `authors` the feed's own."""
    fields = fields_of(entry, "atom")
    link = _link(fields, url)
    texts = [element for name in ("summary", "content") for element in fields.get(name, ())]
    languages = [language_of(element) or "" for element in fields.get("title", ())]
    bodies = [html for element in texts if (html := _html(element))]
    enclosures = [
        (link_in(element.get("href") or "", base_of(element, url)) or "", element.get("type") or "")
        for element in fields.get("link", ())
        if _relation(element) == "enclosure"
    ]
    base = base_of(_inner(texts[-1]) if texts else entry, url)
    picture_url, picture_alt = picture_of(fields, enclosures, bodies, base)
    return Entry(
        id=first_text(fields, "id") or link,
        link=link,
        title=next((text for element in fields.get("title", ()) if (text := title_text(element))), ""),
        summary=_summary(fields, texts),
        published_at=read_time(first_text(fields, "published", "issued", "created", "dc:date", "dcterms:issued")),
        updated_at=read_time(first_text(fields, "updated", "modified", "dcterms:modified")),
        author=authors_of(fields) or _source_people(fields) or authors,
        language=language_of(entry, *languages, first_text(fields, "dc:language")) or language,
        picture_url=picture_url,
        picture_alt=picture_alt,
        tags=distinct(
            element.get("label") or element.get("term") or text_of(element)
            for name in ("category", "dc:subject")
            for element in fields.get(name, ())
        ),
    )


def authors_of(fields: Fields) -> str | None:
    """The authors' names of a feed or entry."""
    return people((*fields.get("author", ()), *fields.get("dc:creator", ())))


def title_text(element: etree._Element) -> str:
    """A title, by its type (§3.1); one without a type is read as it was probably meant."""
    kind = _kind(element)
    if len(element) or kind in ("html", "xhtml"):
        return one_line(to_text(html_of(element)))
    if kind == "text":
        return one_line(_plain(element))
    return title_of(_plain(element))


def _source_people(fields: Fields) -> str | None:
    return next(
        (names for source in fields.get("source", ()) if (names := authors_of(fields_of(source, "atom")))), None
    )


def _relation(link: etree._Element) -> str:
    relation = (link.get("rel") or "alternate").strip()
    for prefix in _RELATIONS:
        relation = relation.removeprefix(prefix)
    return relation.lower()


def _strangeness(media_type: str) -> int:
    """How far a link's type is from a page for people."""
    media_type = media_type.lower()
    if media_type.startswith(("text/html", "application/xhtml")):
        return 0
    return 1 if not media_type else 2


def _link(fields: Fields, url: str) -> str | None:
    """Where the entry can be read: its alternate, else where its content lies, else its id if that is an address."""
    if link := link_of(fields, url):
        return link
    for content in fields.get("content", ()):
        if link := link_in(content.get("src") or "", base_of(content, url)):
            return link
    return web_address(first_text(fields, "id"))


def _kind(element: etree._Element) -> str:
    """ "text", "html", "xhtml", "" (not said) or "other", with the types and modes of Atom 0.3 taken for their kin."""
    stated, mode = (element.get("type") or "").strip().lower(), (element.get("mode") or "").strip().lower()
    if mode == "base64" and stated not in ("", "text/plain"):
        return "other"
    if mode == "escaped" and stated != "text/plain":
        return "html"
    return {
        "": "",
        "text": "text",
        "text/plain": "text",
        "html": "html",
        "text/html": "html",
        "xhtml": "xhtml",
        "application/xhtml+xml": "xhtml",
    }.get(stated, "other")


def _plain(element: etree._Element) -> str:
    """The text of an element without children, which Atom 0.3 lets be base64."""
    text = element.text or ""
    if (element.get("mode") or "").strip().lower() != "base64":
        return text
    try:
        return b64decode(text).decode("utf-8", "replace")
    except ValueError:
        return ""


def _inner(text: etree._Element) -> etree._Element:
    """The `div` that holds XHTML, which may have a base of its own; else the element itself."""
    return text[0] if len(text) == 1 else text


def _html(element: etree._Element) -> str | None:
    """The HTML of a summary or content, where it is that."""
    kind = _kind(element)
    if kind in ("html", "xhtml") or (kind == "" and (len(element) or looks_like_html(element.text or ""))):
        return html_of(element)
    return None


def _summary(fields: Fields, texts: list[etree._Element]) -> str:
    for element in texts:
        html = _html(element)
        plain = _plain(element) if _kind(element) in ("text", "") else ""
        if text := to_text(html) if html else tidy(plain[:20_000])[:10_000]:
            return text
    groups = [fields, *(fields_of(group, "atom") for group in fields.get("media:group", ()))]
    return next((text for group in groups if (text := tidy(first_text(group, "media:description")[:20_000]))), "")
