"""What stands at an address, by what was fetched from it: the first few bytes tell. Pure."""

import re
from typing import Literal
from urllib.parse import unquote

from bot.doors import Fetched
from bot.sources.document import decode_body

Sort = Literal["feed", "wordpress", "sitemap", "page"]

GZIP = b"\x1f\x8b"
_READ = 8_192
"""Bytes that are looked at."""
# Atomic: else many comments before nothing would be tried in every grouping, for longer than anybody lives.
_BEFORE = r"(?>\s++|<\?.*?\?>|<!--.*?-->|<!doctype(?!\s+html\b)[^>\[]*+(?:\[.*?\])?\s*+>)*+"
_ROOT = re.compile(rf"{_BEFORE}<(?:[\w.-]++:)?([\w.-]++)", re.DOTALL)
_SITEMAP = frozenset({"urlset", "sitemapindex"})
_PAGE = frozenset({"html", "head", "body"})
_PAGE_DOCTYPE = re.compile(rf"{_BEFORE}<!doctype\s+html\b", re.DOTALL)
_WORDPRESS_ROUTE = re.compile(r"/wp/v2/")


def sort_of(fetched: Fetched) -> Sort:
    """What kind of thing was fetched. What is nothing of all this counts as a feed, whose reader says what is wrong."""
    if fetched.body.startswith(GZIP):
        return "sitemap"  # the only document that is compressed by itself
    start = decode_body(fetched.body[:_READ], fetched.charset).lstrip("\ufeff \t\r\n\0").lower()
    if start.startswith("["):
        posts = '"rendered"' in start or _WORDPRESS_ROUTE.search(unquote(fetched.url))
        return "wordpress" if posts else "feed"
    if start.startswith("{"):
        index = '"namespaces"' in start and re.search(r'"wp\\?/v2"', start)
        return "wordpress" if index else "feed"
    if _PAGE_DOCTYPE.match(start):
        return "page"
    root = _ROOT.match(start)
    name = root[1] if root else ""
    return "sitemap" if name in _SITEMAP else "page" if name in _PAGE else "feed"
