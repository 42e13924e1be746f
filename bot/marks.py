"""What each stretch of a rendered text is: its words stand between two noncharacters, which no text holds. Pure.

https://www.unicode.org/faq/private_use.html#noncharacters
"""

import re
import unicodedata
from collections.abc import Callable, Mapping
from typing import Literal

from adapters.post import Part

Kind = Literal["title", "summary", "link", "tag"]

_OPEN: Mapping[Kind, str] = {"title": "\ufdd0", "summary": "\ufdd1", "link": "\ufdd2", "tag": "\ufdd3"}
_KIND = {sign: kind for kind, sign in _OPEN.items()}
_CLOSE = "\ufddf"
_MARKED = re.compile(f"([\ufdd0-\ufdd3])([^\ufdd0-\ufdef]*){_CLOSE}?")
_NONCHARACTERS = re.compile("[\ufdd0-\ufdef]")
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Mn", "Zl", "Zp", "Zs"})
"""Categories of what is not seen by itself: controls, joiners, spaces, and marks without a letter."""
_BLANK = frozenset("\u115f\u1160\u2800\u3164\uffa0")
"""Letters and signs by category, and yet nothing to see."""


def clean(text: str) -> str:
    """`text` as it can be marked: without noncharacters, and without white space around it; nothing at all where there
    is nothing in it that a reader would see."""
    text = _NONCHARACTERS.sub("", text).strip()
    return text if any(map(_is_seen, text)) else ""


def marked(kind: Kind, text: str) -> str:
    """Clean `text` that is known for what it is; empty stays empty, so that a template can ask `{% if summary %}`."""
    return f"{_OPEN[kind]}{text}{_CLOSE}" if text else ""


def unmarked(text: str) -> str:
    """`text` without what tells its parts."""
    return _NONCHARACTERS.sub("", text)


def changed(text: str, change: Callable[[str], str]) -> str:
    """`text` with its words changed, known for what they were. What nothing is left of is no part any more."""
    if found := _MARKED.fullmatch(text):
        return marked(_KIND[found[1]], change(found[2]))
    return change(unmarked(text))


def parts_of(rendered: str) -> tuple[Part, ...]:
    """The parts of a rendered text."""
    parts: list[Part] = []
    end = 0
    for found in _MARKED.finditer(rendered):
        if before := unmarked(rendered[end : found.start()]):
            parts.append(Part("text", before))
        parts.append(Part(_KIND[found[1]], found[2]))
        end = found.end()
    if rest := unmarked(rendered[end:]):
        parts.append(Part("text", rest))
    return tuple(parts)


def _is_seen(character: str) -> bool:
    return unicodedata.category(character) not in _UNSEEN and character not in _BLANK
