"""What an answer's X-RateLimit-* headers say, reckoned on the server's own clock. Pure.

https://docs.joinmastodon.org/api/rate-limits/
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from adapters.base import Budget
from adapters.wire import LONGEST_WAIT, server_time

STATUSES_FOR = 10_800.0
"""Statuses: https://github.com/mastodon/mastodon/blob/main/app/lib/rate_limiter.rb"""
REQUESTS_FOR = 300.0
"""Requests of any kind: https://github.com/mastodon/mastodon/blob/main/config/initializers/rack_attack.rb"""
STATUSES = 300

_DELTA_UP_TO = 10_000_000
"""A reset that is a number: below this it counts seconds from now, above it is a UNIX time."""
_ROUNDING = 1.0
"""Seconds that times without fractions may be off."""
_MOST = 1_000_000


def budget_of(headers: Mapping[str, str], now: datetime, *, requests_per_post: int) -> Budget | None:
    """The budget of posts that an answer to one tells of; None where it tells none that we know.

    The server tells of whichever limit is tighter, and not which: windows are aligned to the epoch, so that one of
    three hours ends at a multiple of them, and one of five minutes is never further away. When both end at once, it
    is taken for that of the statuses, which binds in the long run. Of a limit of requests, posts leave alone what each
    of them needs besides: a backlog's posts are read back minutes later, when its calls would have used up all of it.
    """
    limit, left = _count(headers, "x-ratelimit-limit"), _count(headers, "x-ratelimit-remaining")
    reset_at = reset_of(headers, now)
    if not limit or left is None or left > limit or reset_at is None:
        return None
    wait = (reset_at - server_time(headers, now)).total_seconds()
    resets_at = now + timedelta(seconds=wait)
    if not 0 < wait <= STATUSES_FOR + _ROUNDING:
        return None
    aligned = (reset_at.timestamp() + _ROUNDING) % STATUSES_FOR <= 2 * _ROUNDING
    if aligned and (wait > REQUESTS_FOR + _ROUNDING or limit <= STATUSES):
        return Budget(limit, left, STATUSES_FOR, resets_at)
    if wait > REQUESTS_FOR + _ROUNDING:
        return None
    for_posts = max(1, limit // requests_per_post)
    return Budget(for_posts, max(0, left - (limit - for_posts)), REQUESTS_FOR, resets_at)


def reset_of(headers: Mapping[str, str], now: datetime) -> datetime | None:
    """When the window ends, by the server's clock, in whichever form it wrote it; None where it cannot be read."""
    reset = headers.get("x-ratelimit-reset", "").strip()
    try:
        if reset.isascii() and reset.isdigit():
            if int(reset) < _DELTA_UP_TO:
                return server_time(headers, now) + timedelta(seconds=int(reset))
            return datetime.fromtimestamp(int(reset), UTC)
        at = datetime.fromisoformat(reset)
        return at.replace(tzinfo=at.tzinfo or UTC).astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        return None


def reset_in(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds until the window ends; None where that is not told or over."""
    reset_at = reset_of(headers, now)
    wait = (reset_at - server_time(headers, now)).total_seconds() if reset_at else 0.0
    return min(wait, LONGEST_WAIT) if wait > 0 else None


def _count(headers: Mapping[str, str], name: str) -> int | None:
    written = headers.get(name, "").strip()
    if not (written.isascii() and written.isdigit() and len(written) <= len(str(_MOST))):
        return None
    return int(written)
