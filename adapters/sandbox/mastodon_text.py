"""How Mastodon reads a text: what it takes for an address, a mention or a hashtag, how long it is, and its HTML.

The rules are those of these files of https://github.com/mastodon/mastodon: config/initializers/twitter_regex.rb,
app/lib/extractor.rb, app/validators/status_length_validator.rb, app/lib/text_formatter.rb, app/models/account.rb and
app/models/concerns/tag/naming.rb, over the patterns of https://github.com/twitter/twitter-text (rb/lib/twitter-text).
Left out: xmpp: and magnet: addresses, which no article has.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from html.parser import HTMLParser
from itertools import pairwise

from wcwidth import iter_graphemes

from adapters.sandbox.mastodon_domains import TOP_LEVEL_DOMAINS

CHARACTERS_PER_URL = 23  # URL_PLACEHOLDER_CHARS, status_length_validator.rb
_LONGEST_URL = 4096  # MAX_URL_LENGTH, twitter-text extractor.rb
_LONGEST_DOMAIN = 253  # a mention of a longer domain is none, extractor.rb

_SPACE = r"\t-\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
_DIRECTIONS = r"\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
_INVALID = r"\ufffe\ufeff\uffff"


@dataclass(frozen=True, slots=True)
class Entity:
    """A stretch of a text that means something: `start` and `end` in code points, end exclusive."""

    kind: str
    """ "url", "mention" or "hashtag"."""
    start: int
    end: int
    value: str


@cache
def _url_pattern() -> re.Pattern[str]:
    # A domain's letters may be of any script; what they may not be is punctuation, space or a control character.
    # A label neither begins nor ends with a joint. Possessive, for a long word without a dot would be read n² times.
    barred = rf"{_DIRECTIONS}!\"#$%&'()*+,./:;<=>?@\[\]^`{{|}}~{_SPACE}\u180e{_INVALID}\x00-\x1f\x7f"
    subdomain = rf"[^{barred}_\-][^{barred}]*+(?<![_\-])\."
    name = rf"[^{barred}_\-][^{barred}_]*+(?<!-)\."
    top = "|".join(sorted(TOP_LEVEL_DOMAINS, key=len, reverse=True))
    domain = rf"(?:{subdomain})*{name}(?:(?:{top})(?=[^0-9a-z@+\-]|$)|xn--[0-9a-z]+)"
    path = rf"[^{_SPACE}<>()?]"
    parens = rf"\((?:{path}+|{path}*\({path}+\){path}*)\)"
    path_end = rf"(?:[^{_SPACE}()?!*\"'「」<>;:=,.$%\[\]~&|@]|{parens})"
    segment = rf"(?:{path}*(?:{parens}{path}*)*{path_end}|{path}+/)"
    query = r"[a-z0-9!?*'();:&=+$/%#\[\]\-_.,~|@^\u00a0-\U0010fffd]"
    query_end = r"[a-z0-9_&=#/\-\u00a0-\U0010fffd]"
    return re.compile(
        rf"(?:[^A-Z0-9@＠$#＃{_INVALID}]|[{_DIRECTIONS}]|^)"
        rf"(?P<url>(?P<scheme>(?:https?|dat|dweb|ipfs|ipns|ssb|gopher|gemini)://)?(?P<domain>{domain})(?::[0-9]+)?"
        rf"(?:/{segment}*)?(?:\?{query}*{query_end})?)",
        re.IGNORECASE | re.MULTILINE,
    )


_SHORTENED = re.compile(r"https?://t\.co/([a-z0-9]+)", re.IGNORECASE)
_LONGEST_SLUG = 40  # MAX_TCO_SLUG_LENGTH, twitter-text extractor.rb


def urls(text: str) -> Iterator[Entity]:
    """Addresses with a scheme. The pattern also eats those without one, so that nothing inside them is found."""
    if ":" not in text:
        return
    for found in _url_pattern().finditer(text):
        start, url = found.start("url"), found["url"]
        if not found["scheme"]:
            continue
        shortened = _SHORTENED.match(url)
        if shortened:
            if len(shortened[1]) > _LONGEST_SLUG:
                continue
            url = shortened[0]
        if _length_on_the_wire(url, found["domain"]) <= _LONGEST_URL:
            yield Entity("url", start, start + len(url), url)


def _length_on_the_wire(url: str, domain: str) -> int:
    try:
        encoded = domain.encode("idna")
    except UnicodeError:
        return _LONGEST_URL + 1
    return len(url) + max(0, len(encoded) - len(domain))


# MENTION_RE and USERNAME_RE, app/models/account.rb
_MENTION = re.compile(r"(?<![=/\w])@([a-zA-Z0-9_]+(?:[.-]+[a-zA-Z0-9_]+)*(?:@\w+(?:[.-]+\w+)*)?)")
# end_mention_match of twitter-text: what follows makes it no mention.
_NO_MENTION = re.compile(r"[@＠\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f\u0300-\u036f\u1e00-\u1eff]|://")


@cache
def _hashtag_pattern() -> re.Pattern[str]:
    """HASHTAG_RE, app/models/concerns/tag/naming.rb.

    What a word is to Ruby: letters, the marks on them, figures and what joins, https://docs.ruby-lang.org/en/master/Regexp.html
    """
    alpha = _of_categories("Lu", "Ll", "Lt", "Lm", "Lo", "Nl")
    word = alpha + _of_categories("Mn", "Mc", "Me", "Nd", "Pc")
    separators = r"_\u00b7\u30fb\u200c"
    return re.compile(
        rf"(?<!\S)[#＃]([{word}][{word}{separators}]*[{alpha}{separators}][{word}{separators}]*[{word}]"
        rf"|[{word}]*[{alpha}][{word}]*)"
    )


def _of_categories(*categories: str) -> str:
    """The inside of a pattern's brackets: every character of these categories, in stretches."""
    found = [code for code in range(0x110000) if unicodedata.category(chr(code)) in categories]
    starts = [code for before, code in pairwise([-1, *found]) if code != before + 1]
    ends = [code for code, after in pairwise([*found, -1]) if after != code + 1]
    stretches = zip(starts, ends, strict=True)
    return "".join(f"{re.escape(chr(start))}-{re.escape(chr(end))}" for start, end in stretches)


def mentions(text: str) -> Iterator[Entity]:
    """`@user` and `@user@domain`."""
    for found in _MENTION.finditer(text):
        domain = found[1].partition("@")[2]
        if not _NO_MENTION.match(text, found.end()) and len(domain) <= _LONGEST_DOMAIN:
            yield Entity("mention", found.start(), found.end(), found[1])


def hashtags(text: str) -> Iterator[Entity]:
    """`#word` at the start or after a space, not of digits alone."""
    for found in _hashtag_pattern().finditer(text) if "#" in text or "＃" in text else ():
        yield Entity("hashtag", found.start(), found.end(), found[1])


def _apart(entities: list[Entity]) -> list[Entity]:
    # remove_overlapping_entities of twitter-text: the earlier start wins.
    kept: list[Entity] = []
    for entity in sorted(entities, key=lambda entity: entity.start):
        if not kept or kept[-1].end <= entity.start:
            kept.append(entity)
    return kept


def _rewrite(text: str, entities: list[Entity], plain: Callable[[str], str], marked: Callable[[Entity], str]) -> str:
    pieces, at = [], 0
    for entity in entities:
        pieces += [plain(text[at : entity.start]), marked(entity)]
        at = entity.end
    return "".join([*pieces, plain(text[at:])])


def length(text: str, spoiler_text: str = "") -> int:
    """Grapheme clusters: an address is 23, a mention loses its domain, the warning counts as it is."""

    def counted(entity: Entity) -> str:
        return "x" * CHARACTERS_PER_URL if entity.kind == "url" else "@" + entity.value.partition("@")[0]

    countable = _rewrite(text, _apart([*urls(text), *mentions(text)]), str, counted)
    return sum(1 for _ in iter_graphemes(spoiler_text + countable))


# ── as HTML, and back ─────────────────────────────────────────────────────────────────────────────────────────────


def find_entities(text: str) -> list[Entity]:
    """What becomes a link in a status, in order."""
    return _apart([*urls(text), *hashtags(text), *mentions(text)])


def escape(text: str) -> str:
    """As ERB::Util.html_escape does."""
    for plain, escaped in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;"), ("'", "&#39;")):
        text = text.replace(plain, escaped)
    return text


def html(text: str, site: str, usernames: frozenset[str]) -> str:
    """A status's `content`: paragraphs of escaped text and links. Only local people (`usernames`) can be mentioned."""

    def marked(entity: Entity) -> str:
        if entity.kind == "url":
            return _link(entity.value)
        if entity.kind == "hashtag":
            name = escape(entity.value)
            return f'<a href="{site}/tags/{name}" class="mention hashtag" rel="tag">#<span>{name}</span></a>'
        if entity.value in usernames:
            person = f'<a href="{site}/@{entity.value}" class="u-url mention">@<span>{entity.value}</span></a>'
            return f'<span class="h-card" translate="no">{person}</span>'
        return "@" + escape(entity.value)

    # simple_format of Rails: an empty line ends a paragraph, any other newline breaks the line.
    lines = _rewrite(text, find_entities(text), escape, marked).replace("\r\n", "\n").replace("\r", "\n")
    return "".join(f"<p>{part.replace(chr(10), '<br />')}</p>" for part in re.split(r"\n\n+", lines))


def _link(url: str) -> str:
    # link_to_url: the scheme and all after 30 characters are there, but hidden from the eye.
    scheme = re.match(r"https?://(?:www\.)?", url)
    prefix = scheme[0] if scheme else ""
    shown, hidden = url[len(prefix) : len(prefix) + 30], url[len(prefix) + 30 :]
    return (
        f'<a href="{escape(url)}" target="_blank" rel="nofollow noopener" translate="no">'
        f'<span class="invisible">{escape(prefix)}</span><span class="{"ellipsis" if hidden else ""}">{escape(shown)}'
        f'</span><span class="invisible">{escape(hidden)}</span></a>'
    )


class Reading(HTMLParser):
    """What a status's `content` says to a reader, read from the HTML alone."""

    def __init__(self, content: str) -> None:
        super().__init__()
        self.text = ""
        """With every address in full, as copying it gives."""
        self.shown = ""
        """As the eye sees it: addresses are shortened."""
        self.links: list[str] = []
        """The addresses that can be followed, without hashtags and people."""
        self._spans: list[str] = []
        self.feed(content)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a link, a line's or paragraph's break, and how what follows is shown."""
        classes = dict(attrs).get("class") or ""
        if tag == "a" and "mention" not in classes:
            self.links.append(dict(attrs).get("href") or "")
        elif tag == "span":
            self._spans.append(classes)
        elif tag == "br":
            self._say("\n")
        elif tag == "p" and self.text:
            self._say("\n\n")

    def handle_endtag(self, tag: str) -> None:
        """Close a span; a shortened one ends in an ellipsis."""
        if tag == "span" and self._spans.pop() == "ellipsis":
            self.shown += "…"

    def handle_data(self, data: str) -> None:
        """Take over text."""
        self._say(data)

    def _say(self, words: str) -> None:
        self.text += words
        if "invisible" not in self._spans:
            self.shown += words
