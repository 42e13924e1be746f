"""What an article's own page says of it: canonical link, description, picture, language, author, marks. Pure.

    bytes ─▶ text ─▶ head tags, pictures and JSON-LD, in one pass ─▶ Page

A page is anybody's text: every list and every text that is kept of it has a limit.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from bot.doors import Fetched
from bot.focal import Point, focus_at
from bot.links import absolute
from bot.sources.canonical import own_canonical
from bot.sources.dates import read_time
from bot.sources.document import decode_body
from bot.sources.linked_data import LinkedData
from bot.sources.markup import distinct, person, read_language
from bot.sources.plain import one_line, title_of
from bot.sources.reading import Unreadable
from bot.sources.tags import Opening, openings

ACCEPT = "text/html, application/xhtml+xml;q=0.9, */*;q=0.1"
MAX_BYTES = 5 * 2**20

_MAX_TITLE = 500
_MAX_TEXT = 2_000
_MANY = 1_000
"""Tags of one name that are looked at."""
_WANTED = frozenset({"html", "base", "title", "link", "meta", "script", "img", "body", "svg"})
_DECLARED = re.compile(rb"<meta[^>]{0,500}?charset\s*=\s*[\"']?\s*([A-Za-z0-9._:-]{1,40})", re.IGNORECASE)
_HANDLE = re.compile(
    r"@?([A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,62}[A-Za-z0-9_])?)@([a-z0-9-]+(?:\.[a-z0-9-]+)+)", re.IGNORECASE
)
_FILE_NAME = re.compile(r"\S+\.(?:jpe?g|png|webp|gif|avif|svg)", re.IGNORECASE)
_SIZED = re.compile(r"-\d{2,5}x\d{2,5}(?=\.\w{3,4}$)")
_NO_HTML = "What should be an article is no web page."


class NotAPage(Unreadable):
    """What was fetched is no web page."""


@dataclass(frozen=True, slots=True)
class Stated:
    """What a page says of its article. Texts are plain and on one line; None and empty: not stated."""

    url: str
    """Where it was read, after redirects."""
    canonical: str | None = None
    """The address that the page itself calls its own, if it can be believed."""
    title: str = ""
    description: str = ""
    picture_url: str | None = None
    picture_alt: str | None = None
    picture_focus: Point | None = None
    """What of it is to be seen, as in `bot.focal`."""
    language: str | None = None
    """BCP 47."""
    author: str | None = None
    fediverse: str | None = None
    """The author's address in the fediverse, "@name@host"."""
    paywalled: bool = False
    noindex: bool = False
    published_at: datetime | None = None
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Page(Stated):
    """An article's page."""

    alts: Mapping[str, str] = field(default_factory=dict)
    """Alternative texts by picture; ask `alt_of`."""
    focuses: Mapping[str, Point] = field(default_factory=dict)
    """Focal points by picture; ask `focus_of`."""

    def alt_of(self, picture_url: str) -> str | None:
        """What the page's authors say of this picture, in whatever size it is shown."""
        return self.alts.get(_picture_key(picture_url))

    def focus_of(self, picture_url: str) -> Point | None:
        """What of this picture the page's authors want to be seen."""
        return self.focuses.get(_picture_key(picture_url))


def read_page(fetched: Fetched) -> Page:
    """The facts of the page in `fetched`. Raises NotAPage."""
    if fetched.content_type and "html" not in fetched.content_type and not fetched.content_type.startswith("text/"):
        raise NotAPage(_NO_HTML)
    text = decode_body(fetched.body, fetched.charset, _declared_charset(fetched.body))
    return _Parts(openings(text, _WANTED), fetched.url).page()


def _declared_charset(body: bytes) -> str | None:
    """What the page says of its own encoding, in its first 1024 bytes or a little later."""
    match = _DECLARED.search(body[:8_000])
    return match[1].decode("ascii") if match else None


class _Parts:
    """The tags of a page, sorted by what they are about."""

    def __init__(self, tags: Iterable[Opening], url: str) -> None:
        self._url = self._base = url
        self._metas: list[tuple[str, str]] = []
        """(name or property in lower case, content), in document order."""
        self._links: list[tuple[str, str]] = []
        """(relation, address as it stands)."""
        self._images: list[Mapping[str, str]] = []
        self._scripts: list[str] = []
        self._title = ""
        self._language = ""
        self._in_head = True
        for tag in tags:
            self._sort(tag)
        self._data = LinkedData(self._scripts)

    def _sort(self, tag: Opening) -> None:
        match tag.name:
            case "html":
                attributes = tag.attributes()
                self._language = self._language or attributes.get("lang", "") or attributes.get("xml:lang", "")
            case "base" if self._base == self._url:
                self._base = absolute(self._url, tag.attributes().get("href", "").strip()) or self._url
            case "title" if self._in_head and not self._title:
                self._title = one_line(tag.text[:20_000])
            case "meta" if len(self._metas) < _MANY:
                self._metas += _stated(tag.attributes())
            case "link" if self._in_head and len(self._links) < _MANY:
                attributes = tag.attributes()
                href = attributes.get("href", "").strip()
                self._links += [(relation, href) for relation in attributes.get("rel", "").lower().split()[:10] if href]
            case "img" if len(self._images) < _MANY:
                self._images.append(tag.attributes())
            case "script" if len(self._scripts) < _MANY and "ld+json" in tag.source.lower():
                self._scripts.append(tag.text)
            case "body" | "svg":
                self._in_head = False

    def page(self) -> Page:
        """What the parts come to. The page's own words for people come first, those for machines second."""
        title = self._headline()
        alts, focuses = self._alts(title), self._focuses()
        picture = next((url for url, _ in self._pictures()), None)
        return Page(
            url=self._url,
            canonical=self._canonical(),
            title=title,
            description=self._description(),
            picture_url=picture,
            picture_alt=alts.get(_picture_key(picture)) if picture else None,
            picture_focus=focuses.get(_picture_key(picture)) if picture else None,
            language=self._stated_language(),
            author=self._author(),
            fediverse=self._fediverse(),
            paywalled=self._paywalled(),
            noindex=self._noindex(),
            published_at=self._published_at(),
            tags=distinct(self._all("article:tag") or self._data.texts("keywords"))[:30],
            alts=alts,
            focuses=focuses,
        )

    def _all(self, *names: str) -> list[str]:
        return [content for name in names for stated, content in self._metas if stated == name]

    def _first(self, *names: str) -> str:
        return next(iter(self._all(*names)), "")

    def _canonical(self) -> str | None:
        stated = next((href for relation, href in self._links if relation == "canonical"), None)
        address = absolute(self._base, stated) if stated else None
        return own_canonical(self._url, address) if address else None

    def _headline(self) -> str:
        found = self._first("og:title") or self._data.text("headline") or self._first("twitter:title")
        return title_of(found)[:_MAX_TITLE] or self._title[:_MAX_TITLE]

    def _description(self) -> str:
        stated = self._first("og:description", "description", "twitter:description")
        return title_of(stated or self._data.text("description"))[:_MAX_TEXT]

    def _pictures(self) -> Iterator[tuple[str, str]]:
        """(address, alternative text) of what the page is to be shown with, the first first."""
        yield from self._graph_pictures()
        alt = self._first("twitter:image:alt")
        for found in self._all("twitter:image", "twitter:image:src"):
            yield from self._picture(found, alt)
        for found in self._data.pictures():
            yield from self._picture(found, "")
        for relation, found in self._links:
            if relation == "image_src":
                yield from self._picture(found, "")

    def _graph_pictures(self) -> Iterator[tuple[str, str]]:
        """What stands after an og:image belongs to it: https://ogp.me/#array."""
        address, alt = "", ""
        for name, content in (*self._metas, ("og:image", "")):
            if name in ("og:image", "og:image:url", "og:image:secure_url"):
                yield from self._picture(address, alt)
                address, alt = content, ""
            elif name == "og:image:alt":
                alt = content

    def _picture(self, address: str, alt: str) -> Iterator[tuple[str, str]]:
        if address and (url := absolute(self._base, address)):
            yield url, alt

    def _alts(self, title: str) -> dict[str, str]:
        """What the author wrote at the picture counts more than what was said of it in the head."""
        found: dict[str, str] = {}
        for attributes in self._images:
            alt = _alt(attributes.get("alt", ""), title)
            for source in _sources(attributes) if alt else ():
                if url := absolute(self._base, source):
                    found.setdefault(_picture_key(url), alt)
        for url, stated in self._pictures():
            if alt := _alt(stated, title):
                found.setdefault(_picture_key(url), alt)
        return found

    def _focuses(self) -> dict[str, Point]:
        found: dict[str, Point] = {}
        for attributes in self._images:
            if point := focus_at(attributes):
                for source in _sources(attributes):
                    if url := absolute(self._base, source):
                        found.setdefault(_picture_key(url), point)
        return found

    def _stated_language(self) -> str | None:
        stated = (self._language, *self._all("og:locale", "content-language"), self._data.text("inLanguage"))
        return next((language for text in stated if (language := read_language(text[:50]))), None)

    def _author(self) -> str | None:
        people = _people(self._data.named("author"))
        return ", ".join(people[:3]) or next(
            iter(_people(self._all("author", "article:author", "parsely-author"))), None
        )

    def _fediverse(self) -> str | None:
        match = _HANDLE.fullmatch(self._first("fediverse:creator").strip()[:300])
        return f"@{match[1]}@{match[2].lower()}" if match else None

    def _paywalled(self) -> bool:
        """https://developers.facebook.com/docs/instant-articles/subscriptions/content-tiering and schema.org."""
        tiers = {tier.strip().lower() for tier in self._all("article:content_tier")}
        return bool(tiers & {"locked", "metered"}) or self._data.denies_free_access()

    def _noindex(self) -> bool:
        words = re.split(r"[,\s]+", " ".join(self._all("robots", "handbill")).lower())
        return "noindex" in words or "none" in words

    def _published_at(self) -> datetime | None:
        stated = (*self._all("article:published_time"), self._data.text("datePublished"), *self._all("datepublished"))
        return next((at for text in stated if (at := read_time(text))), None)


def _stated(attributes: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Pages mix up the attributes that name what is stated: all of them count."""
    content = one_line(attributes.get("content", "")[:20_000])
    if content:
        names = {attributes.get(each, "").strip().lower() for each in ("property", "name", "itemprop", "http-equiv")}
        yield from ((name, content) for name in sorted(names) if name)


def _people(stated: Iterable[str]) -> tuple[str, ...]:
    """Names; some pages have an address where one should be."""
    return distinct(name for text in stated if not text.startswith(("http:", "https:")) and (name := person(text)))


def _alt(text: str, title: str) -> str:
    """An alternative text that says something: neither a file's name nor the headline once more."""
    alt = one_line(text[:20_000])[:_MAX_TEXT]
    return "" if _FILE_NAME.fullmatch(alt) or alt.casefold() == title.casefold() else alt


def _sources(attributes: Mapping[str, str]) -> Iterator[str]:
    """Every address under which an `img` may be met, those that wait for the reader to scroll included."""
    for name in ("src", "data-src", "data-lazy-src", "data-original"):
        source = attributes.get(name, "").strip()
        if source and not source.startswith("data:"):
            yield source
    for name in ("srcset", "data-srcset"):
        for part in attributes.get(name, "").split(", ")[:10]:
            if source := part.strip().partition(" ")[0]:
                yield source


def _picture_key(url: str) -> str:
    """The same for all sizes of one picture: without scheme, parameters and the size that a name may end in."""
    return _SIZED.sub("", re.sub(r"^https?://", "", url).partition("#")[0].partition("?")[0])
