"""Whether an archive page can be believed, by what it listed before. Pure.

A page has no word for "this is all of my articles": when its template breaks, its navigation looks like news. So a look
is refused where the page lists

- no article,
- more than three times as many as ever, and thirty more at that, or
- none of those that it listed last (where those were three or more).

What is refused changes nothing of what is remembered but the doubt itself. A page that goes on looking the same way, at
six looks and for three hours, is believed after all: everything may have scrolled away while we were not looking. That
a page lists nothing is never believed, neither at first nor later; there would be nothing to post.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

TIMES_AS_MANY, AND_MORE = 3, 30
"""Beyond what a page listed at most."""
TOO_FEW_TO_TELL = 3
"""A page that lists fewer may well list others at every look."""
LOOKS, LOOKED_FOR = 6, timedelta(hours=3)
"""How often and how long a page has to look the same before it is believed."""
REMEMBERED = 50
"""Articles, the first ones of the page."""

_UNTIL = f"Nothing is posted; if it stays like this for {LOOKED_FOR.total_seconds() / 3600:.0f} hours, it is believed."


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a look comes to."""

    memory: Mapping[str, Any]
    """What is to be remembered."""
    message: str = ""
    """Why the look is refused, as a sentence; empty: it is not."""
    mend: str = ""


def judge(memory: Mapping[str, Any], ids: Sequence[str], now: datetime, *, told: bool) -> Judgement:
    """Judge a page that lists the articles of these ids. `memory`: as the last judgement left it; empty at first.
    `told`: whether selectors say what an article is."""
    before, most = _texts(memory.get("ids")), _number(memory.get("most"))
    marks = [_mark(each) for each in ids]
    if not marks:
        return Judgement({**memory, "doubt": None}, *_nothing(most, told=told))
    look_at_it = "Look at the page: if its layout has changed, name where its articles stand with selectors"
    look_at_it = "Look at the page, and mend the selectors if its layout has changed" if told else look_at_it
    message = ""
    if most and len(marks) > TIMES_AS_MANY * most and len(marks) >= most + AND_MORE:
        message = f"The page suddenly lists {len(marks)} articles, where it listed {most} at most."
    elif len(before) >= TOO_FEW_TO_TELL and not before & set(marks):
        message = f"None of the articles that the page listed last is there any more; it lists {len(marks)} others."
    if message:
        doubt = _doubt(memory.get("doubt"), marks, now)
        if doubt["looks"] < LOOKS or now - _time(doubt["since"], now) < LOOKED_FOR:
            return Judgement({**memory, "doubt": doubt}, message, f"{_UNTIL} {look_at_it}.")
        most = 0
    return Judgement({"ids": marks[:REMEMBERED], "most": max(most, len(marks))})


def _nothing(most: int, *, told: bool) -> tuple[str, str]:
    mend = "Look at the page in a browser, and mend the selectors" if told else "Name where they stand with selectors"
    if most:
        return (
            f"The page lists no articles any more, where it listed up to {most}.",
            f"{mend} if its layout has changed.",
        )
    empty = "a page that is filled by scripts cannot be read, and the articles that are found first are not posted."
    return "No articles were found on the page.", f"{mend}; {empty}"


def _doubt(known: object, marks: Sequence[str], now: datetime) -> dict[str, Any]:
    """The doubt after this look: the one that we had, if the page shows at least half of what it showed last."""
    doubt = known if isinstance(known, dict) else {}
    shown = _texts(doubt.get("ids"))
    if shown and 2 * len(shown & set(marks)) >= len(shown):
        return {**doubt, "ids": list(marks[:REMEMBERED]), "looks": _number(doubt.get("looks")) + 1}
    return {"ids": list(marks[:REMEMBERED]), "looks": 1, "since": now.isoformat()}


def _mark(text: str) -> str:
    """An id, short; only ever compared."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:12]


def _texts(value: object) -> set[str]:
    return {each for each in value if isinstance(each, str)} if isinstance(value, list) else set()


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0


def _time(value: object, now: datetime) -> datetime:
    """A time as it was remembered; now where it is none, or still to come: the clock was set back."""
    try:
        return min(datetime.fromisoformat(str(value)), now)
    except (ValueError, TypeError):
        return now
