"""Web addresses: reading them as a browser does, and the key by which two spellings of one address are known as one.

Pure. Parsing is the WHATWG URL standard (https://url.spec.whatwg.org/). What is posted is always the article's own
link; `canonical_link` is only ever compared.
"""

import re

from ada_url import URL

from adapters.tracking import is_tracking

MAX_LENGTH = 8_000
"""Characters. No server that we know takes more, and no platform posts more."""

_FEED_FRAGMENTS = frozenset({"rss", "feed", "atom", "comments"})
_ESCAPE = re.compile(r"%([0-9a-fA-F]{2})")
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")


def clean_link(url: str) -> str | None:
    """`url` as it can be posted: absolute, http(s), percent-encoded, without a user's name and password."""
    return _href(url, None)


def absolute(base: str, href: str) -> str | None:
    """What `href` on the page `base` points to, or None where that is no web address."""
    return _href(href, base)


def canonical_link(url: str) -> str | None:
    """The key that all spellings of one article's address share.

    None when `url` is unusable or a bare home page, which identifies nothing.
    """
    parsed = _parse(url, None)
    if parsed is None:
        return None
    host = _host(str(parsed.hostname))
    port = str(parsed.port)
    path = _normal_escapes(str(parsed.pathname)).rstrip("/")
    query = "&".join(_kept_parameters(str(parsed.search).removeprefix("?")))
    fragment = _kept_fragment(_normal_escapes(str(parsed.hash).removeprefix("#")))
    if not host or not (path or query or _is_route(fragment)):
        return None
    return (
        f"https://{host}{f':{port}' if port not in ('', '443') else ''}{path or '/'}"
        f"{f'?{query}' if query else ''}{f'#{fragment}' if fragment else ''}"
    )


def split_host(canonical: str) -> str:
    """The host (and port) of a canonical link."""
    return canonical.split("/", 3)[2]


def on_host(canonical: str, host: str) -> str:
    """The same canonical link as it would be on another host."""
    scheme, _, _, path = canonical.split("/", 3)
    return f"{scheme}//{host}/{path}"


def _href(url: str, base: str | None) -> str | None:
    parsed = _parse(url, base)
    if parsed is None:
        return None
    if parsed.username or parsed.password:
        parsed.username = parsed.password = ""
    return str(parsed.href)


def _parse(url: str, base: str | None) -> URL | None:
    """`url` as a browser reads it; None unless it is http or https and of a sane length."""
    if len(url) > MAX_LENGTH:
        return None
    try:
        parsed = URL(url, base) if base else URL(url)
    except ValueError:
        return None
    return parsed if parsed.protocol in ("http:", "https:") and len(str(parsed.href)) <= MAX_LENGTH else None


def _host(host: str) -> str:
    host = host.rstrip(".")
    bare = host.removeprefix("www.")
    return bare if "." in bare and not bare.startswith("www.") else host


def _normal_escapes(text: str) -> str:
    """Percent-encoding as RFC 3986 §6.2.2 normalises it: upper-case hex, unreserved characters as themselves."""

    def normal(match: re.Match[str]) -> str:
        character = chr(int(match[1], 16))
        return character if character in _UNRESERVED else f"%{match[1].upper()}"

    return _ESCAPE.sub(normal, text)


def _kept_parameters(query: str) -> list[str]:
    return [part for part in _normal_escapes(query).split("&") if part and not is_tracking(part)]


def _kept_fragment(fragment: str) -> str:
    """A live blog's anchor names an article of its own, and so does a route; tracking and text marks do not."""
    if _is_route(fragment):
        return fragment
    if ":~:" in fragment:  # https://wicg.github.io/scroll-to-text-fragment/
        fragment = fragment.partition(":~:")[0]
    return "" if "=" in fragment or fragment.lower() in _FEED_FRAGMENTS else fragment


def _is_route(fragment: str) -> bool:
    return len(fragment) > 1 and fragment[0] in "!/"
