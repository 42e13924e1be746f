"""Which address a page may call its own. Pure.

rel=canonical is believed within one site only, and never where it leads from an article to a list: two articles that
are taken for one would cost a post, two addresses of one article only a second look.
"""

import re
from urllib.parse import urlsplit

from bot.links import canonical_link

_VARIANTS = re.compile(r"^(?:www\d?|m|mobile|amp|mobil|touch)\.")
_VARIANT_ENDINGS = re.compile(r"/(?:amp|amp\.html|m|mobile|print|page/\d{1,3})", re.IGNORECASE)
_NUMBER = re.compile(r"=\d{2,}")
_PROGRAM = re.compile(r"(?:^|/)(?:index\.\w+|[^/]*\.(?:php\d?|aspx?|cgi|jsp|do|pl|cfm))?$", re.IGNORECASE)


def own_canonical(url: str, stated: str) -> str | None:
    """`stated`, if the page at `url` may be known by it; None where it leads to another site, a home page or a list."""
    if canonical_link(stated) is None or not same_site(url, stated):
        return None
    here, there = urlsplit(url), urlsplit(stated)
    own, other = here.path.rstrip("/"), there.path.rstrip("/")
    below = own[len(other) :] if own.startswith(f"{other}/") else ""
    if below and not (_VARIANT_ENDINGS.fullmatch(below) or _NUMBER.search(there.query)):
        return None  # from an article up to what holds it
    if own == other and here.query and not there.query and _PROGRAM.search(here.path):
        return None  # the parameters name the article
    return stated


def same_site(one: str, other: str) -> bool:
    """Whether two addresses are of one host, its forms for telephones and its "www." put aside."""
    return _site(one) == _site(other) != ""


def _site(url: str) -> str:
    host = (urlsplit(url).hostname or "").rstrip(".")
    while (bare := _VARIANTS.sub("", host)) != host and "." in bare:
        host = bare
    return host
