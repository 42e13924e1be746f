"""What a template may do with a value: `{{ summary | shorten(100) }}`. Babel reads its tables at first use, else pure.

A filter refuses arguments that cannot be with a ValueError, whose text is half a sentence for the operator.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, cast
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from babel.dates import format_date

from adapters.base import Limits
from adapters.hashtags import hashtag_of
from adapters.outcomes import Rejected
from adapters.post import Part
from adapters.text import fit, graphemes
from bot.marks import changed, marked, unmarked
from bot.nearest import listed

MOST_SHOWN = 100_000
_FORMATS = ("short", "medium", "long", "full")


@dataclass(frozen=True, slots=True)
class Filter:
    """One filter: what it is for, a function, and how it is written."""

    function: Callable[..., str]
    takes: Literal["text", "time", "tags"]
    example: str
    gives: Literal["text", "whole"] = "text"
    """Whether filters of texts may follow."""


def shorten(text: str, most: object) -> str:
    """`text` in at most `most` graphemes, cut at the best place, the ellipsis counted; what fits stays as it is."""
    if isinstance(most, bool) or not isinstance(most, int) or not 0 < most <= MOST_SHOWN:
        raise ValueError(f"it shortens to a whole number of characters, from 1 to {MOST_SHOWN:,}")

    def cut(words: str) -> str:
        if graphemes(words) <= most:
            return words
        try:
            return fit([Part("title", words)], Limits(most, "characters", graphemes)).text
        except Rejected:  # not even the beginning of one word fits
            return ""

    return changed(text, cut)


def hashtag(text: str) -> str:
    """ "city council" → "#CityCouncil", known for a hashtag; empty where none can be made of it."""
    return marked("tag", hashtag_of(unmarked(text)))


def date(moment: datetime | None, language: object, form: object = "medium", zone: object = "UTC") -> str:
    """The day as readers of a language (BCP 47) write it, in a time zone (IANA). Empty where no time is known.

    Forms: https://babel.pocoo.org/en/latest/dates.html
    """
    if not isinstance(language, str) or (locale := _locale(language)) is None:
        raise ValueError(
            f"{_told(language)} is no language that dates are known in: write it like de, en-GB or zh-Hant"
        )
    if form not in _FORMATS:
        raise ValueError(f"the form of a date is one of {listed(_FORMATS, 'or')}, not {_told(form)}")
    if not isinstance(zone, str) or (there := _zone(zone)) is None:
        raise ValueError(f"{_told(zone)} is no time zone that this machine knows: write it like Europe/Berlin")
    if moment is None:
        return ""
    return format_date(moment.astimezone(there), cast(Any, form), locale)


def _locale(language: str) -> Locale | None:
    try:
        return Locale.parse(language, sep="-")
    except (ValueError, UnknownLocaleError):
        return None


def _told(value: object) -> str:
    return f"{value!r:.60}"


def _zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # there is none, it cannot be a name, or it is a folder of some
        return None


def default(text: str, instead: object) -> str:
    """`text`, or another one where it is empty."""
    if not isinstance(instead, str):
        raise ValueError("what stands there instead is a text in quotes")  # noqa: TRY004 # like the others
    return text or instead


def join(tags: Iterable[str], between: object) -> str:
    """All hashtags, with something else between them than a space."""
    if not isinstance(between, str):
        raise ValueError("what stands between two is a text in quotes")  # noqa: TRY004 # like the others
    return between.join(tags)


FILTERS: Mapping[str, Filter] = {
    "shorten": Filter(shorten, "text", "summary | shorten(100)"),
    "hashtag": Filter(hashtag, "text", '"city council" | hashtag'),
    "default": Filter(default, "text", 'author | default("the editors")'),
    "upper": Filter(lambda text: text.upper(), "text", "title | upper"),
    "lower": Filter(lambda text: text.lower(), "text", "title | lower"),
    "date": Filter(date, "time", 'published | date("de")'),
    "join": Filter(join, "tags", 'tags | join(", ")', "whole"),
}
