"""The rate limits of a PDS: points in fixed windows, told in headers.

https://docs.bsky.app/docs/advanced-guides/rate-limits and packages/pds/src/rate-limits.ts
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

from adapters.sandbox.bluesky_xrpc import XrpcError


@dataclass(frozen=True, slots=True)
class Budget:
    """At most `points` in a window of `seconds`, which begins with the first charge."""

    name: str
    points: int
    seconds: int


ANY_REQUEST = Budget("global-ip", 3000, 300)
WRITES = (Budget("repo-write-hour", 5000, 3600), Budget("repo-write-day", 35000, 86400))
"""Per account: a create takes 3, a put 2, a delete 1, whether or not they succeed."""
LOGINS = (Budget("login-day", 300, 86400), Budget("login-five-minutes", 30, 300))
"""Per identifier and client address."""
UPLOADS = (Budget("upload-day", 1000, 86400),)


@dataclass(frozen=True, slots=True)
class Charge:
    """Points taken from one budget of one payer."""

    budget: Budget
    payer: str
    points: int = 1


@dataclass(slots=True)
class _Window:
    ends_at: float
    used: int = 0


class Till:
    """Takes charges. When not `paced`, nothing is limited and no header is sent."""

    def __init__(self, now: Callable[[], float], *, paced: bool) -> None:
        self._now = now
        self._paced = paced
        self._windows: dict[tuple[str, str], _Window] = {}

    def take(self, charges: list[Charge]) -> dict[str, str]:
        """The headers of the tightest budget. Raises 429, and still takes every charge, when one is overdrawn."""
        if not self._paced:
            return {}
        states = [(charge.budget, self._taken(charge)) for charge in charges]
        overdrawn = [state for state in states if state[1].used > state[0].points]
        budget, window = min(overdrawn or states, key=lambda state: state[0].points - state[1].used)
        wait_for = window.ends_at - self._now()
        if overdrawn:
            raise XrpcError(429, headers=wait_headers(budget, self._now(), wait_for))
        return _headers(budget, budget.points - window.used, self._now() + wait_for)

    def _taken(self, charge: Charge) -> _Window:
        key = (charge.budget.name, charge.payer)
        window = self._windows.get(key)
        if window is None or window.ends_at <= self._now():
            window = self._windows[key] = _Window(self._now() + charge.budget.seconds)
        window.used += charge.points
        return window


def wait_headers(budget: Budget, now: float, wait_for: float) -> dict[str, str]:
    """The headers of a 429."""
    return _headers(budget, 0, now + wait_for) | {"Retry-After": str(math.ceil(wait_for))}


def _headers(budget: Budget, left: int, reset_at: float) -> dict[str, str]:
    return {
        "RateLimit-Limit": str(budget.points),
        "RateLimit-Remaining": str(left),
        "RateLimit-Reset": str(int(reset_at)),
        "RateLimit-Policy": f"{budget.points};w={budget.seconds}",
    }
