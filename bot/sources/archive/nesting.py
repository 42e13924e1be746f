"""Markup that makes a tree of many times its own size, or a very deep one: known by one pass over its tags, and never
given to a parser. The pass only estimates, and real pages are far from its limits.
"""

import re

from bot.sources.archive.words import names
from bot.sources.reading import Unreadable

MAX_DEPTH = 2_000
"""Open elements. Building a tree takes time by the square of its depth, and real pages stay below a hundred."""
MAX_REOPENED = 1_000_000
"""Formatting elements that the parser would open again, as each unclosed one is in every later paragraph:
https://html.spec.whatwg.org/multipage/parsing.html#reconstruct-the-active-formatting-elements."""
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9-]*)([^<>]*)")
_SKIPPED = re.compile(r"<!--.*?(?:-->|\Z)|<(script|style)\b.*?(?:</\1\s*>|\Z)", re.IGNORECASE | re.DOTALL)
_NEVER_DEEP = names(  # without children, or closed by the next of their kind
    "area base br col embed hr img input link meta param source track wbr p li dt dd tr td th thead tbody tfoot "
    "option a html head body"
)
_DRAWING = names(  # the only elements that "/>" closes, as long as nothing else comes between
    "svg path circle rect line polyline polygon ellipse use g stop defs lineargradient radialgradient clippath"
)
_FORMATTING = names("b big code em font i nobr s small strike strong tt u")
_SAME_OPEN = 3


def refuse_bombs(text: str) -> None:
    """Estimate what a parser would have to keep open. Raises Unreadable where it is too much."""
    depth = reopened = formatting = 0
    drawing = False
    open_of: dict[str, list[str]] = {}
    same: dict[str, int] = {}
    for match in _TAG.finditer(_SKIPPED.sub(" ", text)):
        closing, name, rest = match[1], match[2].lower(), match[3]
        drawing = name == "svg" or (drawing and name in _DRAWING)
        if name in _NEVER_DEEP or (drawing and rest.endswith("/")):
            reopened += formatting
        elif closing:
            if opened := open_of.get(name):
                depth -= 1
                tag = opened.pop()
                if name in _FORMATTING:
                    same[tag] -= 1
                    formatting -= same[tag] < _SAME_OPEN
        else:
            reopened += formatting
            depth += 1
            tag = f"{name} {rest[:200]}"
            open_of.setdefault(name, []).append(tag)
            if name in _FORMATTING:
                formatting += same.get(tag, 0) < _SAME_OPEN
                same[tag] = same.get(tag, 0) + 1
        if depth > MAX_DEPTH or reopened > MAX_REOPENED:
            raise too_deep()


def too_deep() -> Unreadable:
    """What is said of such a page."""
    return Unreadable(
        "The page's markup is nested deeper than that of any real page, and was not read.",
        "Open the address in a browser, and see whether it is the page that you mean.",
    )
