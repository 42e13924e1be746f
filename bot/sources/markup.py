"""What RSS and Atom share: names without their namespaces, addresses with their base, authors, pictures, languages."""

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache

from lxml import etree

from bot.links import absolute, clean_link
from bot.sources.plain import images, one_line

Fields = Mapping[str, list[etree._Element]]  # noqa: SLF001 - the only name that the class has
"""An element's children by name (see `name_of`), each name's in document order."""

_FAMILIES = {
    "www.w3.org/2005/atom": "atom",
    "purl.org/atom/ns": "atom",
    "purl.org/rss/1.0": "rss",
    "my.netscape.com/rdf/simple/0.9": "rss",
    "channel.netscape.com/rdf/simple/0.9": "rss",
    "backend.userland.com/rss2": "rss",
    "blogs.law.harvard.edu/tech/rss": "rss",
    "purl.org/rss/1.0/modules/content": "content",
    "purl.org/rss/1.0/modules/syndication": "sy",
    "purl.org/dc/elements/1.1": "dc",
    "purl.org/dc/terms": "dcterms",
    "search.yahoo.com/mrss": "media",
    "www.itunes.com/dtds/podcast-1.0.dtd": "itunes",
    "rssnamespace.org/feedburner/ext/1.0": "feedburner",
    "purl.org/atompub/tombstones/1.0": "at",
    "purl.org/syndication/history/1.0": "fh",
    "www.w3.org/1999/02/22-rdf-syntax-ns": "rdf",
}
"""By the namespace as `_plain_space` has it: feeds spell the same one in several ways."""
_XML = "{http://www.w3.org/XML/1998/namespace}"
RDF_ABOUT = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}about"

_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8}){0,4}")
_IMAGE_PATH = re.compile(r"\.(?:jpe?g|png|webp|gif|avif)$", re.IGNORECASE)
_AVATAR = re.compile(r"https?://(?:[\w-]+\.)?gravatar\.com/avatar/", re.IGNORECASE)
"""Some feeds mark the author's face as the article's first picture."""
_SMALL = 200
"""Pixels. A thumbnail that says it is narrower is the last choice."""


def name_of(element: etree._Element, home: str) -> str:
    """`element`'s name in lower case: bare within the document's own vocabulary `home`, else like "dc:date"."""
    space, _, local = element.tag.lower().rpartition("}")
    family = _FAMILIES.get(_plain_space(space[1:]), "?") if space else home
    return local if family == home else f"{family}:{local}"


def settle_namespace(root: etree._Element) -> None:
    """Take away a namespace that only this document's author knows, and into which he put all of it."""
    space = etree.QName(root).namespace
    if space and _plain_space(space.lower()) not in _FAMILIES:
        for element in root.iter(f"{{{space}}}*"):
            element.tag = etree.QName(element).localname


@lru_cache(maxsize=256)
def _plain_space(space: str) -> str:
    """A namespace without what its many spellings differ in; `space` is in lower case."""
    return space.removeprefix("https://").removeprefix("http://").rstrip("/#")


def fields_of(element: etree._Element, home: str) -> Fields:
    """The children of `element`, by name."""
    fields: dict[str, list[etree._Element]] = {}
    for child in element.iterchildren("*"):
        fields.setdefault(name_of(child, home), []).append(child)
    return fields


def attribute(element: etree._Element, name: str) -> str | None:
    """An attribute of an element, whose name (in lower case here) may be spelt in any case."""
    return next((str(value) for key, value in element.items() if str(key).lower() == name), None)


def first_text(fields: Fields, *names: str) -> str:
    """The text of the first of these children that has any."""
    for name in names:
        for element in fields.get(name, ()):
            if text := text_of(element):
                return text
    return ""


def text_of(element: etree._Element) -> str:
    """All text in `element`, without white space around it."""
    return "".join(str(piece) for piece in element.itertext()).strip()


def html_of(element: etree._Element) -> str:
    """The HTML that `element` holds: escaped as its text, or as elements of its own."""
    if len(element) == 0:
        return element.text or ""
    for inner in element.iterdescendants("*"):
        inner.tag = etree.QName(inner).localname
    etree.cleanup_namespaces(element)
    pieces = [element.text or ""]
    pieces += [etree.tostring(child, encoding="unicode", method="html") for child in element]
    return "".join(pieces)


def base_of(element: etree._Element, outside: str) -> str:
    """The address that relative ones in `element` build on: xml:base of it and its parents, else `outside`."""
    stated = [value for node in (element, *element.iterancestors()) if (value := node.get(f"{_XML}base"))]
    base = outside
    for value in reversed(stated):
        base = absolute(base, value.strip()) or base
    return base


def link_in(text: str, base: str) -> str | None:
    """`text` as an absolute web address, or None."""
    text = text.strip()
    return absolute(base, text) if text else None


def web_address(text: str) -> str | None:
    """`text` if it is by itself a web address, or None."""
    return clean_link(text) if re.match(r"\s*https?:/", text, re.IGNORECASE) else None


def language_of(element: etree._Element, *stated: str) -> str | None:
    """The first language that is one: of those `stated`, else of xml:lang here and above."""
    for text in (*stated, *(node.get(f"{_XML}lang") or "" for node in (element, *element.iterancestors()))):
        if language := read_language(text):
            return language
    return None


def read_language(text: str) -> str | None:
    """`text` as BCP 47, or None where it is no language."""
    match = _LANGUAGE.fullmatch(text.strip().replace("_", "-"))
    return match[0] if match and match[0].lower() not in ("und", "xx", "zxx") else None


def person(text: str) -> str | None:
    """The name in an author's field; RSS has "address (name)". Never an e-mail address."""
    text = one_line(text)[:200]
    if match := re.fullmatch(r"\S+@\S+\s+\((.+)\)", text):
        text = match[1]
    text = re.sub(r"\s*<[^<>@\s]+@[^<>\s]+>$", "", text)
    return text if text and not re.fullmatch(r"\S+@\S+", text) else None


def people(elements: Iterable[etree._Element]) -> str | None:
    """The names of Atom's persons; an element without a name of its own is one."""
    names = (first_text(fields_of(one, "atom"), "name") or text_of(one) for one in elements)
    return ", ".join(distinct(person(name) or "" for name in names))[:200] or None


def distinct(texts: Iterable[str]) -> tuple[str, ...]:
    """`texts` on one line each, without empty and repeated ones; at most 100."""
    return tuple(dict.fromkeys(line for text in texts if (line := one_line(text)[:200])))[:100]


def picture_of(
    fields: Fields, enclosures: Iterable[tuple[str, str]], htmls: Iterable[str], base: str
) -> tuple[str | None, str | None]:
    """The address and alternative text of an entry's picture: what is marked as such, largest first, then what its
    text shows. `enclosures` are (address, type)."""
    media = [*fields.get("media:content", ()), *fields.get("media:thumbnail", ())]
    for group in fields.get("media:group", ()):
        media += group.iterdescendants(f"{{{etree.QName(group).namespace}}}*")
    media += [inner for content in fields.get("media:content", ()) for inner in content.iterchildren("*")]
    contents = [item for item in media if _local(item) == "content" and _is_picture(item)]
    thumbnails = sorted((item for item in media if _local(item) == "thumbnail"), key=_width, reverse=True)
    shown = [(link, image.alt) for html in htmls for image in images(html) if (link := link_in(image.source, base))]
    alts = {link: alt for link, alt in reversed(shown) if alt}
    choices = [(item.get("url") or "", _description(item)) for item in sorted(contents, key=_width, reverse=True)]
    choices += [(link, "") for link, kind in enclosures if _looks_like_picture(link, kind, "")]
    choices += [
        (item.get("url") or "", "") for item in sorted(thumbnails, key=_width, reverse=True) if _width(item) >= _SMALL
    ]
    choices += shown
    choices += [(item.get("url") or "", "") for item in thumbnails]
    choices += [(item.get("href") or "", "") for item in fields.get("itunes:image", ())]
    for address, alt in choices:
        if (link := link_in(address, base)) and not _AVATAR.match(link):
            return link, alt or alts.get(link)
    return None, None


def _local(element: etree._Element) -> str:
    return etree.QName(element).localname


def _is_picture(content: etree._Element) -> bool:
    return _looks_like_picture(content.get("url") or "", content.get("type") or "", content.get("medium") or "")


def _looks_like_picture(link: str, kind: str, medium: str) -> bool:
    """By what is said of it, else by its name; SVG is no picture that platforms take."""
    if kind:
        return kind.lower().startswith("image/") and "svg" not in kind.lower()
    return medium == "image" or (not medium and bool(_IMAGE_PATH.search(link.partition("?")[0])))


def _width(element: etree._Element) -> int:
    """The stated width; unstated counts as just not small."""
    match = re.match(r"\s*(\d{1,5})", element.get("width") or "")
    return int(match[1]) if match else _SMALL


def _description(content: etree._Element) -> str:
    for child in content.iterchildren("*"):
        if _local(child) == "description":
            return one_line(text_of(child))[:2_000]
    return ""
