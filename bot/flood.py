"""The flood guard: what looks new and cannot be trusted to be. Pure.

A site that is moved, imported anew or given other ids shows its old articles as if they were new. Such a batch is held
for a person: it is not posted by itself, and it is not lost. A single article is not suspected for its age alone: what
is too old goes by `max_age`, what was written long before it was published goes out.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

FEW = 5
"""So many old articles at once, and they are not stragglers."""
MANY = 10
"""So many at once that an earlier look should have shown, and they are not new."""
STRAGGLES_FOR = timedelta(hours=1)
"""How much later than it is dated an article may appear: caches, feed services, an editor's clock."""
ABSENT_FOR = timedelta(days=1)
"""After an absence of this length many undated articles at once are nothing odd, if known ones are among them."""
WRONG_ZONE = timedelta(hours=14)
"""The farthest that a local time taken for UTC lies ahead (UTC+14, Kiribati)."""
NONSENSE = timedelta(days=366)
"""A date that lies farther ahead says nothing, and is taken for none."""


class Suspicion(StrEnum):
    """Why an article is held."""

    OLD = "old"
    UNSEEN = "unseen"
    MOVED = "moved"
    AHEAD = "ahead"


WHY: dict[Suspicion, str] = {
    Suspicion.OLD: "it is one of {count} old articles that look new all at once",
    Suspicion.UNSEEN: "it is one of {count} articles that look new all at once and should have been seen before",
    Suspicion.MOVED: "an article is known under the same address on another host, so the site seems to have moved",
    Suspicion.AHEAD: "it is dated {at:%Y-%m-%d %H:%M} UTC, which is still to come",
}


@dataclass(frozen=True, slots=True)
class Newcomer:
    """What the guard looks at."""

    published_at: datetime | None
    moved: bool
    """Whether its path is known under another host of its source."""


@dataclass(frozen=True, slots=True)
class Suspect:
    """Why an article is held, for people; and until when, where it goes out by itself then."""

    suspicion: Suspicion
    why: str
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Before:
    """What went before this look at the source."""

    read_at: datetime | None
    """When it was last read; None: never, or it had nothing so far, so that nothing can be missing."""
    met_again: bool
    """Whether the document shows anything that is known from it."""


def suspects(newcomers: Sequence[Newcomer], before: Before, *, max_age: float, now: datetime) -> dict[int, Suspect]:
    """Position → why it is held. `max_age` in seconds."""
    found: dict[int, Suspicion] = {}
    old = [
        number for number, each in enumerate(newcomers) if _is_old(each, max_age, now) and not _is_since(each, before)
    ]
    unseen = [number for number, each in enumerate(newcomers) if _should_have_been_seen(each, before, now)]
    _accuse(found, Suspicion.MOVED, [number for number, each in enumerate(newcomers) if each.moved])
    _accuse(found, Suspicion.OLD, old if len(old) >= FEW else [])
    _accuse(found, Suspicion.UNSEEN, unseen if len(unseen) >= MANY else [])
    _accuse(found, Suspicion.AHEAD, [number for number, each in enumerate(newcomers) if _lies_ahead(each, now)])
    counts = {each: list(found.values()).count(each) for each in Suspicion}
    return {number: _suspect(newcomers[number], each, counts[each]) for number, each in sorted(found.items())}


def stated(published_at: datetime | None, now: datetime) -> datetime | None:
    """The date as far as it says anything: one that lies years ahead does not."""
    return None if published_at is None or published_at - now > NONSENSE else published_at


def _accuse(found: dict[int, Suspicion], suspicion: Suspicion, numbers: Collection[int]) -> None:
    for number in numbers:
        found.setdefault(number, suspicion)


def _suspect(newcomer: Newcomer, suspicion: Suspicion, count: int) -> Suspect:
    at = newcomer.published_at
    until = at if suspicion is Suspicion.AHEAD else None
    return Suspect(suspicion, WHY[suspicion].format(count=count, at=at), until)


def _is_old(newcomer: Newcomer, max_age: float, now: datetime) -> bool:
    return newcomer.published_at is not None and now - newcomer.published_at > timedelta(seconds=max_age)


def _is_since(newcomer: Newcomer, before: Before) -> bool:
    """Whether it came out while nobody looked: what is caught up with after days away is late, and not odd."""
    return before.read_at is not None and newcomer.published_at is not None and newcomer.published_at > before.read_at


def _should_have_been_seen(newcomer: Newcomer, before: Before, now: datetime) -> bool:
    """Whether an earlier look at the source would have shown it, had it been there when it says.

    A document that shows what is known beside it was only late (a cache that stood still for hours); where nothing is
    dated, that can be believed only after a long absence.
    """
    if before.read_at is None:
        return False
    at = stated(newcomer.published_at, now)
    if at is None:
        return not before.met_again or now - before.read_at < ABSENT_FOR
    return not before.met_again and at < before.read_at - STRAGGLES_FOR


def _lies_ahead(newcomer: Newcomer, now: datetime) -> bool:
    at = stated(newcomer.published_at, now)
    return at is not None and at - now > WRONG_ZONE
