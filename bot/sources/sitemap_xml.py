"""Sitemaps (https://www.sitemaps.org/protocol.html), with what news sitemaps say of articles
(https://developers.google.com/search/docs/crawling-indexing/sitemaps/news-sitemap) and image sitemaps of pictures.

Pure. The tree is never whole in memory, nothing outside the document is loaded, no entity of its own is expanded.
"""

import io
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from urllib.parse import urlsplit

from lxml import etree

from bot.sources.dates import read_time
from bot.sources.document import Broken, decode_body, parse_document
from bot.sources.entry import Entry
from bot.sources.markup import distinct, link_in, read_language, text_of
from bot.sources.plain import one_line, title_of
from bot.sources.sniff import GZIP

MAX_BYTES = 20 * 2**20
"""Of a sitemap, unpacked. The protocol allows 50 MiB; one with its 50,000 addresses has about ten."""
MAX_ADDRESSES = 50_000
"""Of a sitemap, as the protocol has it."""


class NotASitemap(Exception):
    """What was fetched is no sitemap. The text says what it is, as a sentence without its end."""


@dataclass(frozen=True, slots=True)
class Child:
    """A sitemap that an index lists."""

    address: str
    stated: str = ""
    """When it was changed, as it stands."""

    @property
    def changed_at(self) -> datetime | None:
        """When it was changed."""
        return read_time(self.stated)

    @property
    def is_precise(self) -> bool:
        """Whether the time is one, and not only a day, on which it may change again."""
        return ":" in self.stated


@dataclass(frozen=True, slots=True)
class Sitemap:
    """A parsed sitemap, or an index of them."""

    entries: tuple[Entry, ...] = ()
    """In document order. Only news have titles; the others' is for their page to say."""
    children: tuple[Child, ...] | None = None
    """None: it is no index."""
    news: bool = False
    """Whether it says of its addresses what a news sitemap says."""
    title: str = ""
    """The publication's name, if it is said."""
    dropped: int = 0
    """Addresses that are none."""
    complete: bool = True
    repaired: bool = False


def read_sitemap_document(body: bytes, charset: str | None, url: str) -> Sitemap:
    """The sitemap in `body`, which may be packed (gzip). Raises NotASitemap."""
    data, whole = _unpacked(body)
    if not data.strip():
        raise NotASitemap("The sitemap is empty")
    try:
        root, found = _read_stream(data, url)
        sitemap = _sitemap(root, found, complete=whole, repaired=False)
    except etree.XMLSyntaxError:
        sitemap = _read_broken(data, charset, url, whole=whole)
    return sitemap


def _unpacked(body: bytes) -> tuple[bytes, bool]:
    """`body` as it was before it was packed, and whether it came whole."""
    if not body.startswith(GZIP):
        return body, True
    unpacked = bytearray()
    while body:
        member = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
        try:
            unpacked += member.decompress(body, MAX_BYTES + 1 - len(unpacked))
        except zlib.error:
            if not unpacked:
                raise NotASitemap("The sitemap is packed in a way that cannot be read") from None
            return bytes(unpacked), False
        if len(unpacked) > MAX_BYTES:
            raise NotASitemap(f"The sitemap is larger than {MAX_BYTES // 2**20} MiB")
        if not member.eof:
            return bytes(unpacked), False
        body = member.unused_data if member.unused_data.startswith(GZIP) else b""
    return bytes(unpacked), True


def _read_stream(data: bytes, url: str) -> tuple[str, "_Found"]:
    stream = etree.iterparse(
        io.BytesIO(data),
        events=("end",),
        tag=("{*}url", "{*}sitemap"),
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    found = _Found(url)
    for _, element in stream:
        parent = element.getparent()
        if parent is not None and parent.getparent() is None:
            found.take(element)
            element.clear()
            while element.getprevious() is not None:
                del parent[0]
    return _name(stream.root), found


def _read_broken(data: bytes, charset: str | None, url: str, *, whole: bool) -> Sitemap:
    try:
        document = parse_document(decode_body(data, charset))
    except Broken as broken:
        raise NotASitemap(f"This is not a sitemap that can be read: {broken.reason}") from None
    found = _Found(url)
    for element in document.root.iterchildren("{*}url", "{*}sitemap"):
        found.take(element)
    return _sitemap(_name(document.root), found, complete=whole and document.complete, repaired=document.repaired)


class _Found:
    """What has been read of a sitemap so far."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.entries: list[Entry] = []
        self.children: list[Child] = []
        self.dropped = 0
        self.news = False
        self.title = ""

    def take(self, element: etree._Element) -> None:
        """Read one child of the root."""
        fields = _fields(element)
        address = link_in(_text(fields.get("loc")), self.url)
        if address is None:
            self.dropped += 1
        elif len(self.entries) + len(self.children) >= MAX_ADDRESSES:
            raise NotASitemap(f"The sitemap has more than {MAX_ADDRESSES:,} addresses")
        elif _name(element) == "sitemap":
            self.children.append(Child(address, _text(fields.get("lastmod"))[:50]))
        else:
            news = _fields(fields["news:news"]) if "news:news" in fields else None
            if news is not None:
                publication = _fields(news["news:publication"]) if "news:publication" in news else {}
                self.title = self.title or one_line(_text(publication.get("news:name")))[:200]
                self.news = True
            self.entries.append(_entry(address, fields, news, self.url))


def _sitemap(root: str, found: _Found, *, complete: bool, repaired: bool) -> Sitemap:
    if root not in ("urlset", "sitemapindex"):
        known = {"html": "This is a web page, not a sitemap", "rss": "This is a feed, not a sitemap"}
        known["feed"] = known["rss"]
        raise NotASitemap(known.get(root, f"This is XML, but not a sitemap: its root element is <{root[:50]}>"))
    return Sitemap(
        entries=tuple(found.entries),
        children=tuple(found.children) if root == "sitemapindex" else None,
        news=found.news,
        title=found.title,
        dropped=found.dropped,
        complete=complete,
        repaired=repaired,
    )


Elements = dict[str, etree._Element]  # noqa: SLF001 - the only name that the class has


def _entry(address: str, fields: Elements, news: Elements | None, url: str) -> Entry:
    changed_at = read_time(_text(fields.get("lastmod")))
    picture_url, picture_alt = _picture(fields, url)
    if news is None:
        # It was published at that time or before: so it is never taken for newer than it is.
        return Entry(
            id=address,
            link=address,
            title="",
            summary="",
            published_at=changed_at,
            updated_at=changed_at,
            picture_url=picture_url,
            picture_alt=picture_alt,
        )
    publication = _fields(news["news:publication"]) if "news:publication" in news else {}
    return Entry(
        id=address,
        link=address,
        title=title_of(_text(news.get("news:title"))),
        summary="",
        published_at=read_time(_text(news.get("news:publication_date"))),
        updated_at=changed_at,
        language=read_language(_text(publication.get("news:language"))),
        picture_url=picture_url,
        picture_alt=picture_alt,
        tags=distinct(_text(news.get("news:keywords")).split(",")),
    )


def _picture(fields: Elements, url: str) -> tuple[str | None, str | None]:
    if "image:image" not in fields:
        return None, None
    image = _fields(fields["image:image"])
    link = link_in(_text(image.get("image:loc")), url)
    words = (title_of(_text(image.get(name)))[:2_000] for name in ("image:caption", "image:title"))
    return (link, next((each for each in words if each), None)) if link else (None, None)


def _fields(element: etree._Element) -> Elements:
    """The first child of each name; those that are not the protocol's own with what they belong to before it."""
    fields: Elements = {}
    for child in element.iterchildren("*"):
        fields.setdefault(_field(child.tag), child)
    return fields


@lru_cache(maxsize=256)
def _field(tag: str) -> str:
    """The name of an element, after what it belongs to: by its namespace, or by a prefix that nobody declared."""
    space, _, local = tag.rpartition("}")
    prefix, _, name = local.rpartition(":")
    family = next((f"{each}:" for each in ("news", "image") if f"sitemap-{each}/" in space or each == prefix), "")
    return f"{family}{name.lower()}"


def _name(element: etree._Element) -> str:
    return element.tag.rpartition("}")[2].rpartition(":")[2].lower()


def _text(element: etree._Element | None) -> str:
    return "" if element is None else text_of(element)


# ── which sitemaps of an index ────────────────────────────────────────────────────────────────────────────────────

_NEWS = re.compile(r"news", re.IGNORECASE)
_NO_ARTICLES = re.compile(
    r"(?:^|[-_./=])(?:categor(?:y|ies)|tags?|post_tag|authors?|users?|taxonom(?:y|ies)|videos?|images?|products?"
    r"|(?:posts-)?page-sitemap|posts-page)(?:[-_.?\d]|$)",
    re.IGNORECASE,
)


def with_articles(children: tuple[Child, ...]) -> tuple[Child, ...]:
    """Those that may hold articles by their names, the newest first: news only, where there are any."""
    named = [(child, _file_of(child.address)) for child in children]
    chosen = [child for child, name in named if _NEWS.search(name)]
    chosen = chosen or [child for child, name in named if not _NO_ARTICLES.search(name)]
    return tuple(sorted(chosen or children, key=_age, reverse=True))


def _file_of(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.path.rpartition('/')[2]}?{parts.query}".rstrip("?")


def _age(child: Child) -> tuple[float, tuple[int, ...]]:
    """What grows with newness: the stated time, else the numbers in the name, which are dates or count upwards."""
    parts = urlsplit(child.address)
    numbers = tuple(_numbers(f"{parts.path}?{parts.query}"))
    return child.changed_at.timestamp() if child.changed_at else 0.0, numbers


def _numbers(text: str) -> Iterator[int]:
    return (int(number) for number in re.findall(r"\d{1,12}", text))
