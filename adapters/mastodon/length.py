"""How long a Mastodon server may say a text is: graphemes, after every link and mention was shortened.

The server's own reading, not the web client's: the gem's pattern of a link as Mastodon overrides it.
https://github.com/mastodon/mastodon/blob/main/app/validators/status_length_validator.rb
https://github.com/mastodon/mastodon/blob/main/config/initializers/twitter_regex.rb
"""

import re
from collections.abc import Iterable, Iterator
from functools import cache

from adapters.text import most_graphemes

LINK_LENGTH = 23
"""What any link counts (`characters_reserved_per_url`), unless the instance says otherwise."""

_MAX_LINK = 4096
_MAX_DOMAIN = 253
_SCHEMES = "https?|dat|dweb|ipfs|ipns|ssb|gopher|gemini"
_DIRECTIONAL = r"\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069"
_SPACE = r"\t-\r \x85\xA0\u1680\u2000-\u200A\u2028\u2029\u202F\u205F\u3000"
_NO_LABEL = rf"{_DIRECTIONAL}!-,.-/:-@\[-\^`{{-~\x00-\x20\x7F{_SPACE}\u180E\uFFFE\uFEFF\uFFFF"
"""What never stands in a label; `-` and `_` may, though not at its ends."""
_WIDE = r"\xA0-\uD7FF\uE000-\uFDCF\uFDF0-\uFFEF\U00010000-\U000DFFFD\U000E1000-\U0010FFFD"

# The gem knows no bounds here; DNS does, and without them a long run of letters or dots is looked at again and again.
_LABEL = rf"[^{_NO_LABEL}_\-](?:[^{_NO_LABEL}]{{0,61}}[^{_NO_LABEL}_\-])?\."
_NAME = _LABEL.replace(_NO_LABEL, f"{_NO_LABEL}_")
"""The label before the top-level domain has no underscore."""
_MOST_LABELS = 30
_PATH = rf"[^{_SPACE}<>()?]"
_PATH_END = rf"[^{_SPACE}()?!*\"'「」<>;:=,.$%\[\]~&|@]"
_PARENTHESES = rf"\((?:{_PATH}+|{_PATH}*\({_PATH}+\){_PATH}*)\)"
_QUERY = rf"[a-z0-9!?*'();:&=+$/%#\[\]\-_.,~|@^{_WIDE}]"
_QUERY_END = rf"[a-z0-9_&=#/\-{_WIDE}]"

_SHORTENER = re.compile(r"https?://t\.co/([a-z0-9]+)", re.IGNORECASE)
_MAX_SHORTENER_SLUG = 40

_USER = "[A-Za-z0-9_]+(?:[.-]+[A-Za-z0-9_]+)*"
MENTION = re.compile(rf"(?<![=/\w])@({_USER})(?:@(\w+(?:[.-]+\w+)*))?")
"""https://github.com/mastodon/mastodon/blob/main/app/models/account.rb (MENTION_RE): user, domain."""
_NO_MENTION_BEFORE = re.compile("[@＠\xc0-\xd6\xd8-\xf6\xf8-\u024f\u0300-\u036f\u1e00-\u1eff]|://")


def measure(text: str, link_length: int = LINK_LENGTH) -> int:
    """The server's count of `text`."""
    return most_graphemes(_shortened(text.strip("\0\t\n\v\f\r "), link_length))  # what Ruby's `strip` takes away


def links(text: str) -> list[str]:
    """What a server would make a link of in `text`."""
    return [link for link in map(_counted, _link().finditer(text)) if link]


def _shortened(text: str, link_length: int) -> str:
    shortened, done = "", 0
    for start, end, counted_as in sorted([*_link_spans(text, link_length), *_mention_spans(text)]):
        if start >= done:
            shortened += text[done:start] + counted_as
            done = end
    return shortened + text[done:]


def _link_spans(text: str, link_length: int) -> Iterator[tuple[int, int, str]]:
    for found in _link().finditer(text) if ":" in text else ():
        link = _counted(found)
        if link:
            yield found.start("url"), found.start("url") + len(link), "x" * link_length


def _mention_spans(text: str) -> Iterator[tuple[int, int, str]]:
    for found in MENTION.finditer(text) if "@" in text else ():
        if not _NO_MENTION_BEFORE.match(text, found.end()) and len(found[2] or "") <= _MAX_DOMAIN:
            yield found.start(), found.end(), f"@{found[1]}"


def _counted(found: re.Match[str]) -> str:
    """The part of what was found that counts as one link; empty when all of it is counted letter by letter."""
    url, host = found["url"], found["host"]
    if not found["scheme"]:
        return ""
    shortener = _SHORTENER.match(url)
    if shortener:
        return shortener[0] if len(shortener[1]) <= _MAX_SHORTENER_SLUG else ""
    try:
        ascii_host = host if host.isascii() else host.encode("idna").decode("ascii")
    except UnicodeError:
        return ""
    return url if len(url) + max(0, len(ascii_host) - len(host)) <= _MAX_LINK else ""


@cache
def _link() -> re.Pattern[str]:
    """The pattern of a link. Addresses, and names outside the frozen list, are none.

    What has no scheme is found too, and not counted: it takes away the place of a link that begins within it.
    """
    top = _any_of(_top_level_domains())
    return re.compile(
        rf"(?P<before>[^A-Za-z0-9@＠$#＃\uFFFE\uFEFF\uFFFF]|^)(?P<url>(?P<scheme>(?:{_SCHEMES})://)?"
        rf"(?P<host>(?:{_LABEL}){{0,{_MOST_LABELS}}}{_NAME}(?:{top}(?![0-9a-z@+\-])|xn--[0-9a-z]+))(?::[0-9]+)?"
        rf"(?:/(?:(?:{_PATH}|{_PARENTHESES})*(?:{_PATH_END}|{_PARENTHESES}))?)?"
        rf"(?:\?{_QUERY}*{_QUERY_END})?)",
        re.IGNORECASE | re.MULTILINE,
    )


def _top_level_domains() -> set[str]:
    """The names that servers know: twitter-text's list of 2020, as Mastodon.py carries it in its own pattern."""
    from mastodon._url_regex import URL_REGEX_SOURCE  # noqa: PLC0415 # previews alone need not pay for the library

    lists = re.findall(r"\(\?:((?:[^()|\\\[\]?*+]+\|){50,}[^()|\\\[\]?*+]+)\)", URL_REGEX_SOURCE)
    return {name for names in lists for name in names.split("|")}


def _any_of(words: Iterable[str]) -> str:
    """A pattern for any of `words`, the longest first, that looks at each letter once."""
    by_letter: dict[str, list[str]] = {}
    for word in words:
        by_letter.setdefault(word[:1], []).append(word[1:])
    ends_here = by_letter.pop("", None)
    branches = [re.escape(letter) + _any_of(rest) for letter, rest in sorted(by_letter.items())]
    if not branches:
        return ""
    return f"(?:{'|'.join(branches)}){'?' if ends_here else ''}"
