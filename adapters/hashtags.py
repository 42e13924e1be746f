"""Categories → hashtags, as readers, screen readers and platforms take them. Pure.

Each word begins with a capital, so that a screen reader can tell words apart. What no platform takes into a hashtag
(spaces, punctuation) is where words end; letters and figures of every script stay.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence

LONGEST = 40
"""Characters: more is a sentence, not a tag. Bluesky takes 64."""

_APOSTROPHES = re.compile("['\u2018\u2019\u02bc`´]")
_WORD = re.compile(r"(?:[^\W_]|[\u0300-\u036f])+(?:[\u200c\u200d\u0900-\u0dff\u0e00-\u0fff\w])*")
_LETTER = re.compile(r"[^\W\d_]")


def hashtags_of(categories: Iterable[str], *, most: int, never: Sequence[str] = ()) -> tuple[str, ...]:
    """At most `most` hashtags with their signs, in the order of the categories; the same one only once.

    `never`: categories that are left out, however they are spelled.
    """
    chosen: dict[str, str] = {}
    refused = {key for each in never if (key := _key(each))}
    for category in categories:
        key, tag = _key(category), hashtag_of(category)
        if tag and key not in refused and key not in chosen:
            chosen[key] = tag
    return tuple(chosen.values())[:most]


def hashtag_of(category: str) -> str:
    """ "city council" → "#CityCouncil"; empty where no hashtag can be made of it."""
    words = _words(category)
    tag = "".join(word if word[:1].isupper() else word[:1].title() + word[1:] for word in words)
    return f"#{tag}" if _LETTER.search(tag) and len(tag) <= LONGEST else ""


def _words(category: str) -> list[str]:
    text = unicodedata.normalize("NFC", _APOSTROPHES.sub("", category.removeprefix("#")))
    return _WORD.findall(text)


def _key(category: str) -> str:
    return "".join(_words(category)).casefold()
