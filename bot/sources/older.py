"""Where a feed keeps what it no longer shows. Pure.

By RFC 5005 (https://www.rfc-editor.org/rfc/rfc5005): archives, which do not change any more, before pages, which do.
WordPress names neither, and numbers its pages.
"""

import re
from urllib.parse import parse_qsl, urlencode, urlsplit

from lxml import etree

from bot.links import absolute
from bot.sources.markup import Fields, base_of, link_in, text_of

_RELATIONS = ("prev-archive", "next")
_WORDPRESS = re.compile(r"\bwordpress\b", re.IGNORECASE)
_PAGED = "paged"


def older_of(fields: Fields, links: list[etree._Element], url: str) -> str | None:
    """The address of what came before the document at `url`. `links` are those of Atom, in whatever it is."""
    for relation in _RELATIONS:
        for element in links:
            stated = (element.get("rel") or "").strip().lower().rpartition("/")[2]
            if stated == relation and (link := link_in(element.get("href") or "", base_of(element, url))):
                return link if link != url else None
    generators = fields.get("generator", ())
    made_by = " ".join(f"{text_of(each)} {each.get('uri') or ''}" for each in generators)
    return _next_page(url) if _WORDPRESS.search(made_by) or _looks_like_wordpress(url) else None


def is_whole(fields: Fields) -> bool:
    """Whether the document says that it holds all that there is (§2)."""
    return "fh:complete" in fields


def _looks_like_wordpress(url: str) -> bool:
    return urlsplit(url).path.rstrip("/").endswith("/feed")


def _next_page(url: str) -> str | None:
    """The same feed, one page on; the first has no number."""
    asked = parse_qsl(urlsplit(url).query, keep_blank_values=True)
    number = dict(asked).get(_PAGED, "1")
    if not re.fullmatch(r"[0-9]{1,6}", number):
        return None
    others = [(name, value) for name, value in asked if name != _PAGED]
    return absolute(url, f"?{urlencode([*others, (_PAGED, int(number) + 1)])}")
