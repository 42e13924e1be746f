"""Lists of feeds as other programs keep them: OPML 2.0 (http://opml.org/spec2.opml). Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from lxml import etree

from bot.links import clean_link
from bot.sources.document import Broken, decode_body, parse_document
from bot.sources.plain import one_line
from bot.sources.reading import Unreadable

MAX_FEEDS = 100_000


@dataclass(frozen=True, slots=True)
class Outline:
    """One feed of a list."""

    url: str
    title: str = ""


def read_opml(body: bytes) -> tuple[Outline, ...]:
    """The feeds of a list, each once, folders ignored. Raises Unreadable."""
    try:
        root = parse_document(decode_body(body, None)).root
    except Broken as broken:
        raise Unreadable(f"This is no list of feeds that can be read: {broken.reason}.") from None
    if etree.QName(root).localname.lower() != "opml":
        raise Unreadable("This is XML, but no list of feeds: its root element is not <opml>.")
    found: dict[str, Outline] = {}
    for element in root.iter("*"):
        attributes = {str(name).lower(): str(value) for name, value in element.attrib.items()}
        url = clean_link(attributes.get("xmlurl", "").strip())
        if url is not None and len(found) < MAX_FEEDS:
            title = one_line(attributes.get("text") or attributes.get("title") or "")[:100]
            found.setdefault(url, Outline(url, title))
    return tuple(found.values())


def write_opml(title: str, outlines: Iterable[Outline]) -> bytes:
    """A list that other programs can read."""
    root = etree.Element("opml", version="2.0")
    etree.SubElement(etree.SubElement(root, "head"), "title").text = title
    body = etree.SubElement(root, "body")
    for each in outlines:
        name = each.title or each.url
        etree.SubElement(body, "outline", type="rss", text=name, title=name, xmlUrl=each.url)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)


def without_known(outlines: Sequence[Outline], known: Iterable[str]) -> tuple[Outline, ...]:
    """Those whose address is not among the `known`."""
    taken = {clean_link(url) for url in known}
    return tuple(each for each in outlines if each.url not in taken)
