"""What an answer's RateLimit-* headers say, reckoned on the server's own clock. Pure.

https://docs.bsky.app/docs/advanced-guides/rate-limits. A call counts into several windows, and the answer tells of the
one with the least left: https://github.com/bluesky-social/atproto/blob/main/packages/xrpc-server/src/rate-limiter.ts
"""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta

from adapters.base import Budget
from adapters.wire import LONGEST_WAIT, retry_after, server_time

POINTS_PER_PUT = 2
POINTS_PER_CREATE = 3
REQUESTS_PER_POST = 3
"""Besides the put, its picture is uploaded and it is read back once."""
POINTS_FOR = (3600.0, 86400.0)
"""Windows of an account's points. All others count requests.
https://github.com/bluesky-social/atproto/blob/main/packages/pds/src/rate-limits.ts"""

_POLICY = re.compile(r"(\d{1,9});\s*w=(\d{1,9})", re.ASCII)
"""The limit, and the seconds of its window."""
_NUMBER = re.compile(r"\d{1,12}", re.ASCII)
_ROUNDING = 1.0
"""Seconds that times without fractions may be off."""


def points_of(gates: int) -> int:
    """What a post costs: one without gates is put, one with gates is created together with them.
    https://docs.bsky.app/docs/advanced-guides/rate-limits"""
    return POINTS_PER_CREATE * (1 + gates) if gates else POINTS_PER_PUT


def budget_of(headers: Mapping[str, str], now: datetime, points: int = POINTS_PER_PUT) -> Budget | None:
    """The budget of posts that an answer to one tells of; None where it tells none that can be read. `points`: what a
    post costs."""
    policy = _POLICY.fullmatch(headers.get("ratelimit-policy", "").strip())
    left, wait = _number(headers, "ratelimit-remaining"), _reset_in(headers, now)
    if policy is None or left is None or wait is None:
        return None
    limit, per_for = int(policy[1]), float(policy[2])
    if not 0 < wait <= per_for + _ROUNDING or left > limit:
        return None
    cost = points if per_for in POINTS_FOR else REQUESTS_PER_POST
    return Budget(max(1, limit // cost), left // cost, per_for, now + timedelta(seconds=wait))


def full_for(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds for which nothing is left of what a call takes from; None where something is, or nothing is told."""
    return when_to_return(headers, now) if _number(headers, "ratelimit-remaining") == 0 else None


def when_to_return(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds to wait after a 429: Retry-After, else until the window ends; None where neither is told."""
    told = retry_after(headers, now)
    wait = _reset_in(headers, now) if told is None else told
    return None if wait is None else min(max(0.0, wait), LONGEST_WAIT)


def _reset_in(headers: Mapping[str, str], now: datetime) -> float | None:
    reset = _number(headers, "ratelimit-reset")
    return None if reset is None else reset - server_time(headers, now).timestamp()


def _number(headers: Mapping[str, str], name: str) -> int | None:
    written = headers.get(name, "").strip()
    return int(written) if _NUMBER.fullmatch(written) else None
