"""How often a source publishes, and how it asks to be looked at. Pure; kept with the source as JSON."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median

LAST = 21
"""Articles by which the rhythm is told."""
ENOUGH = 6
"""Fewer different times tell nothing."""
SILENT = 3
"""Times the longest gap that a source has had lately: after that it is silent."""
SILENT_AT_LEAST = timedelta(days=2)
"""A source that publishes by the minute may still have a night, or a holiday."""


@dataclass(frozen=True, slots=True)
class Rhythm:
    """All durations are seconds."""

    gap_for: float | None = None
    """The usual time between two articles; None: not known."""
    longest_for: float | None = None
    """The longest lately."""
    heard_at: datetime | None = None
    """The newest article."""
    ask_every: float | None = None
    """As the document asks (ttl, sy:updatePeriod)."""
    fresh_for: float | None = None
    """As the last answer asked (Cache-Control)."""
    quiet: frozenset[int] = frozenset()
    """Hours of the week, from Monday 00:00 UTC, in which the document wants no look."""

    @property
    def asked_for(self) -> float:
        """How long the source asks to be left alone."""
        return max(self.ask_every or 0.0, self.fresh_for or 0.0)

    def heard(self, times: Iterable[datetime]) -> "Rhythm":
        """The same, with what the times of its newest articles tell."""
        ordered = sorted(set(times))[-LAST:]
        newest = ordered[-1] if ordered else self.heard_at
        if len(ordered) < ENOUGH:
            return replace(self, gap_for=None, longest_for=None, heard_at=newest)
        gaps = [(later - earlier).total_seconds() for earlier, later in pairwise(ordered)]
        return replace(self, gap_for=median(gaps), longest_for=max(gaps), heard_at=newest)

    def is_silent(self, now: datetime) -> bool:
        """Whether it has shown nothing new for far longer than it ever did lately."""
        if self.heard_at is None or self.longest_for is None:
            return False
        return now - self.heard_at > max(SILENT_AT_LEAST, SILENT * timedelta(seconds=self.longest_for))

    def dump(self) -> str:
        """As the ledger keeps it."""
        kept = {name: value for name in _NUMBERS if (value := getattr(self, name)) is not None}
        heard = {"heard_at": self.heard_at.isoformat()} if self.heard_at else {}
        return json.dumps({**kept, **heard, "quiet": sorted(self.quiet)})


_NUMBERS = ("gap_for", "longest_for", "ask_every", "fresh_for")


def load_rhythm(text: str | None) -> Rhythm:
    """What `Rhythm.dump` made; what is not understood is not known."""
    try:
        kept = json.loads(text) if text else {}
        numbers = {name: float(kept[name]) for name in _NUMBERS if kept.get(name) is not None}
        heard_at = datetime.fromisoformat(kept["heard_at"]) if kept.get("heard_at") else None
        return Rhythm(**numbers, heard_at=heard_at, quiet=frozenset(int(hour) for hour in kept.get("quiet", ())))
    except (ValueError, TypeError, AttributeError):
        return Rhythm()
