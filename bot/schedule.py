"""When a source is looked at next: as often as it publishes, within the operator's bounds, as its server asks. Pure.

how often it publishes ─▶ interval ─▶ not before the server wants it ─▶ not in its quiet hours ─▶ jitter
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from bot.doors import Dice
from bot.rhythm import Rhythm

POLL_TO = 6 * 3600.0
"""Seconds: the longest that a failing source is left alone, unless its own interval is longer."""
POLL_JITTER = 0.05
PATIENCE = 3
"""Failures in a row before a source is polled less often and an alert is raised."""
SHARE = 0.1
"""Of the usual time between two articles, after which the next look is worth while."""
ASKED_UP_TO = 3600.0
"""Seconds: the longest that Cache-Control and ttl keep us away. News that waits for longer is late."""
GONE_FOR = 7 * 86_400.0
"""Seconds after which an address that is gone for good (410) is looked at once more: some take it back."""
SETTLES_FROM = 1.0
"""Seconds: a settle window that is shorter has no time for a second look."""
LOOKS_BEFORE = 3.0
"""Seconds before an article goes out at which its source is looked at once more, in a window that is long enough."""
_HOUR = timedelta(hours=1)
_WEEK = 7 * 24


@dataclass(frozen=True, slots=True)
class Bounds:
    """The operator's bounds, in seconds."""

    every: float
    """The shortest interval: that of a source that publishes often, or of which nothing is known yet."""
    slowest: float
    """The longest, unless `every` is longer."""


@dataclass(frozen=True, slots=True)
class Due:
    """When the next look is due, and until when the server told us to stay away (None: it did not)."""

    at: datetime
    told_until_at: datetime | None = None


def interval(bounds: Bounds, rhythm: Rhythm) -> float:
    """Seconds between two looks at a source in good times."""
    own = bounds.every
    if rhythm.gap_for is not None:
        own = min(max(rhythm.gap_for * SHARE, bounds.every), max(bounds.every, bounds.slowest))
    return max(own, min(rhythm.asked_for, ASKED_UP_TO))


def after_quiet(at: datetime, quiet: frozenset[int]) -> datetime:
    """`at`, or the end of the hours of the week (from Monday 00:00 UTC) in which the source wants no look."""
    if len(quiet) >= _WEEK:  # it never wants one: that cannot be meant
        return at
    at = at.astimezone(UTC)
    while at.weekday() * 24 + at.hour in quiet:
        at = at.replace(minute=0, second=0, microsecond=0) + _HOUR
    return at


def next_look(
    now: datetime, bounds: Bounds, rhythm: Rhythm, *, failures: int, retry_after: float | None, dice: Dice
) -> Due:
    """When a source is looked at next. `failures` in a row, the present one included; `retry_after` in seconds."""
    every = interval(bounds, rhythm)
    wait = every * dice.uniform(1 - POLL_JITTER, 1 + POLL_JITTER)
    if failures > PATIENCE:
        wait = max(every, min(POLL_TO, every * 2.0 ** min(failures - PATIENCE, 20)))
    due = now + timedelta(seconds=wait)
    if failures == 0:
        due = after_quiet(due, rhythm.quiet)
    if retry_after is None:
        return Due(due)
    told = now + timedelta(seconds=retry_after)
    return Due(max(due, told), told)


def lead_of(settle: float) -> timedelta:
    """How long before the end of a settle window the source is looked at once more, so that the answer is there."""
    return timedelta(seconds=min(LOOKS_BEFORE, settle / 10))


def settle_look(settles_at: datetime, settle: float, rhythm: Rhythm, *, failures: int) -> datetime | None:
    """When to look once more before an article goes out at `settles_at`: a typo that was mended meanwhile stays in.

    None: not at all, where there is no time for it, or the source is in trouble or wants no look then.
    """
    at = settles_at - lead_of(settle)
    return None if settle < SETTLES_FROM or failures > PATIENCE or after_quiet(at, rhythm.quiet) != at else at


def latest_look(looked_at: datetime, bounds: Bounds, rhythm: Rhythm) -> datetime:
    """When the look after one at that time is due at the latest, by the bounds as they are now."""
    return after_quiet(looked_at + timedelta(seconds=interval(bounds, rhythm) * (1 + POLL_JITTER)), rhythm.quiet)


def seconds_left(now: datetime, due_at: datetime, looked_at: datetime, latest_at: datetime | None) -> float:
    """Seconds until a look is due that was set for `due_at` at the time of the one before; `latest_at`: when it is due
    at the latest by the bounds as they are now, None: they do not count."""
    # A clock that was set back must not keep us away for longer than was meant when the time was set.
    meant = due_at - looked_at
    if latest_at is not None:  # an interval that was made shorter counts now
        meant = min(meant, latest_at - looked_at)
    return max(0.0, min(due_at - now, meant).total_seconds())
