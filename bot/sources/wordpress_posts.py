"""Posts as a WordPress site's REST interface gives them (https://developer.wordpress.org/rest-api/reference/posts/).

Pure. What is called "rendered" is HTML; times that end in "_gmt" are in UTC and say so nowhere.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import unescape
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from bot.links import clean_link
from bot.sources.dates import read_time
from bot.sources.document import decode_body
from bot.sources.entry import MAX_READ, Entry
from bot.sources.markup import distinct, link_in, person, read_language
from bot.sources.plain import one_line, title_of, to_text

_LANGUAGES = ("lang", "locale", "language", "wpml_current_locale", "polylang_current_lang")
"""WordPress itself has no language of a post; these are what plug-ins for several languages add."""
FIELDS = ",".join(
    (
        *("id", "guid", "link", "date_gmt", "modified_gmt", "title", "excerpt", *_LANGUAGES),
        *("_links", "_embedded"),  # without them `_fields` leaves nothing to embed
    )
)
EMBED = "author,wp:featuredmedia,wp:term"

_OURS = frozenset(
    {"_embed", "_fields", "page", "per_page", "offset", "order", "orderby", "after", "before", "context"}
) | {
    "modified_after",
    "modified_before",
}
_NO_TAGS = frozenset({"post_format", "nav_menu", "language", "post_translations"})
_POSTS = "/wp/v2/posts"


class NotPosts(Exception):
    """An answer that is no list of posts. The text says what it is, as a sentence."""


@dataclass(frozen=True, slots=True)
class Route:
    """Where a site's posts are asked for."""

    address: str
    """Without parameters."""
    parameters: tuple[tuple[str, str], ...]
    """Which posts, as the operator has it; the route itself where the site has no pretty addresses."""
    home: str | None
    """The site, without a user's name and password."""
    otherwise: "Route | None" = None
    """Where it may be instead, if it does not exist here and was only derived from the site's address."""

    def url(self, **asked: str | int) -> str:
        """The address of a question."""
        query = urlencode([*self.parameters, *asked.items()], safe="/,:")
        return f"{self.address}?{query}"


def route_of(url: str) -> Route:
    """Where the posts of the site at `url` are, which may also be a route itself, with filters, in either form."""
    parts = urlsplit(url.strip())
    asked = parse_qsl(parts.query, keep_blank_values=True)
    filters = tuple((name, value) for name, value in asked if name not in _OURS and name != "rest_route")
    stated = dict(asked).get("rest_route")
    head, has_route, tail = parts.path.partition("/wp-json")

    def at(path: str, parameters: tuple[tuple[str, str], ...], home: str, otherwise: Route | None = None) -> Route:
        address, site = (urlunsplit((parts.scheme, parts.netloc, each, "", "")) for each in (path, home))
        return Route(address, parameters, clean_link(site), otherwise)

    if stated is not None:
        return at(parts.path or "/", (("rest_route", _posts(stated)), *filters), parts.path or "/")
    if has_route:
        return at(f"{head}/wp-json{_posts(tail)}", filters, f"{head}/")
    if "/wp/v2/" in parts.path:  # a host that keeps many sites has its routes where it likes
        return at(parts.path, filters, "/")
    home = f"{parts.path.rstrip('/')}/"
    plain = at(home, (("rest_route", _POSTS), *filters), home)
    return at(f"{home}wp-json{_POSTS}", filters, home, plain)


def _posts(route: str) -> str:
    inner = route.strip("/")
    return _POSTS if inner in ("", "wp", "wp/v2") else f"/{inner}"


@dataclass(frozen=True, slots=True)
class Page:
    """One page of posts."""

    entries: tuple[Entry, ...]
    """In the order of the document."""
    count: int
    """Posts on the page, those that could not be read among them."""


def read_posts(body: bytes, charset: str | None, url: str) -> Page:
    """The posts in `body`. Raises NotPosts."""
    text = decode_body(body, charset).lstrip("\ufeff \t\r\n")
    if text.startswith("<"):
        raise NotPosts("The site answers with a web page where its posts should be")
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        raise NotPosts("The site answers with something that is not JSON where its posts should be") from None
    if isinstance(document, dict) and isinstance(document.get("code"), str):
        said = one_line(to_text(_text(document, "message")))[:200] or document["code"][:100]
        raise NotPosts(f"The site's REST interface refuses: “{said}”")
    if not isinstance(document, list):
        raise NotPosts("The site answers with JSON that is not a list of posts")
    posts = document[:MAX_READ]
    return Page(tuple(read_post(post, url) for post in posts if isinstance(post, dict)), len(document))


def read_post(post: Mapping[str, Any], url: str) -> Entry:
    """A post in the interface's own form, found at `url`."""
    link = link_in(_text(post, "link"), url)
    embedded = _mapping(post, "_embedded")
    picture_url, picture_alt = _picture(embedded, url)
    protected = any(_mapping(post, name).get("protected") is True for name in ("excerpt", "content"))
    return Entry(
        id=_identity(post) or link,
        link=link,
        title=one_line(to_text(_rendered(post, "title"), limit=5_000)),
        summary="" if protected else to_text(_rendered(post, "excerpt")),
        published_at=read_time(_text(post, "date_gmt")),
        updated_at=read_time(_text(post, "modified_gmt")),
        author=_authors(embedded),
        language=next((language for name in _LANGUAGES if (language := read_language(_text(post, name)))), None),
        picture_url=picture_url,
        picture_alt=picture_alt,
        tags=distinct(
            to_text(_text(term, "name"))
            for group in _list(embedded, "wp:term")
            for term in _mappings(group)
            if _text(term, "taxonomy") not in _NO_TAGS
        ),
    )


def _identity(post: Mapping[str, Any]) -> str:
    """The guid as the site's feed has it, so that one article is one article however it is seen; here its "&" is
    escaped as in HTML. Without one, the number."""
    guid = unescape(_rendered(post, "guid")).strip()
    number = post.get("id")
    return guid or (str(number) if isinstance(number, int) and not isinstance(number, bool) else "")


def _authors(embedded: Mapping[str, Any]) -> str | None:
    # A site that hides its authors embeds an error in their place: an object without a name.
    names = distinct(person(to_text(_text(author, "name"))) or "" for author in _mappings(embedded.get("author")))
    return ", ".join(names)[:200] or None


def _picture(embedded: Mapping[str, Any], url: str) -> tuple[str | None, str | None]:
    for media in _mappings(embedded.get("wp:featuredmedia")):
        kind = _text(media, "mime_type") or "image/*"
        if kind.startswith("image/") and "svg" not in kind and (link := link_in(_text(media, "source_url"), url)):
            return link, title_of(_text(media, "alt_text"))[:2_000] or None
    return None, None


def _rendered(post: Mapping[str, Any], name: str) -> str:
    return _text(_mapping(post, name), "rendered")


def _text(item: Mapping[str, Any], name: str) -> str:
    value = item.get(name)
    return value if isinstance(value, str) else ""


def _mapping(item: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = item.get(name)
    return value if isinstance(value, dict) else {}


def _list(item: Mapping[str, Any], name: str) -> list[Any]:
    value = item.get(name)
    return value if isinstance(value, list) else []


def _mappings(value: object) -> Iterator[Mapping[str, Any]]:
    return (each for each in value if isinstance(each, dict)) if isinstance(value, list) else iter(())
