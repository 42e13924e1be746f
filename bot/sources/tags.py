"""The tags of a whole web page in one pass, for the facts that stand in its head and in its scripts.

No tree is built: a conforming tree builder takes minutes for a megabyte of nested elements, and what a page holds is
anybody's text. Tags are told apart as browsers do it: https://html.spec.whatwg.org/multipage/parsing.html#tokenization.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from bot.sources.plain import decode

MAX_CHARS = 3_000_000
"""Characters of a page that are looked at."""
_MAX_TAG = 20_000
"""Characters of one tag."""
_MAX_BROKEN = 50
"""Tags without an end after which tags end at the next ">", whatever quotes are open: no page costs more than its
length."""

_VALUE = r"(?:\"[^\"]*+\"|'[^']*+'|[^\s>\"'][^\s>]*+)"
_TAG = re.compile(rf"<(/?)([a-zA-Z][^\s/>]*+)((?:[\s/]++|[^\s/>][^\s/>=]*+(?:\s*+=\s*+{_VALUE}?+)?+)*+)>")
_START = re.compile(r"<(?=[a-zA-Z/!?])")
_ROUGH_TAG = re.compile(r"<(/?)([a-zA-Z][^\s/>]*+)([^>]*+)>")
_ATTRIBUTE = re.compile(rf"([^\s/>][^\s/>=]*+)(?:\s*+=\s*+({_VALUE}))?+")
_RAW = frozenset({"script", "style", "title", "textarea", "iframe", "xmp", "noembed", "noframes"})
"""Elements that hold text up to their own end tag, whatever it looks like."""
_DECODED = frozenset({"title", "textarea"})
_RAW_ENDS = {name: re.compile(f"</{name}(?=[\\s/>])", re.IGNORECASE) for name in _RAW}


@dataclass(frozen=True, slots=True)
class Opening:
    """An opening tag: its name in lower case, its attributes as they stand, and the text of an element that holds
    nothing but text (script, title)."""

    name: str
    source: str
    text: str = ""

    def attributes(self) -> dict[str, str]:
        """Values by lower-case name, references decoded; the first of a name counts."""
        found: dict[str, str] = {}
        for name, value in _ATTRIBUTE.findall(self.source):
            found.setdefault(name.lower(), decode(value[1:-1] if value[:1] in ("'", '"') else value))
        return found


def openings(html: str, wanted: frozenset[str]) -> Iterator[Opening]:
    """The opening tags of these names, in order; none of those in comments and scripts."""
    html = html[:MAX_CHARS]
    at, broken = 0, 0
    while (opening := _START.search(html, at)) is not None:
        start = opening.start()
        pattern = _TAG if broken < _MAX_BROKEN else _ROUGH_TAG
        match = pattern.match(html, start, start + _MAX_TAG)
        if match is None:
            broken += html[start + 1] not in "!?"
            at = _after(html, start)
            continue
        name, at, text = match[2].lower(), match.end(), ""
        if name in _RAW and not match[1]:
            end = _RAW_ENDS[name].search(html, at)
            text, at = html[at : end.start() if end else len(html)], end.start() if end else len(html)
        if name in wanted and not match[1]:
            yield Opening(name, match[3], decode(text) if name in _DECODED else text)


def _after(html: str, start: int) -> int:
    """Where to go on after a comment, a declaration, or a tag that has no end where it should."""
    comment = html.startswith("<!--", start)
    end = html.find("-->", start + 2) if comment else html.find(">", start)
    return len(html) if end < 0 else end + (3 if comment else 1)
