"""What Mastodon counts of requests: its rate limits."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `count` in each window of `per_for` seconds; windows are aligned to the epoch."""

    name: str
    count: int
    per_for: int


# config/initializers/rack_attack.rb (which lets requests from localhost through; the sandbox does not)
PER_ACCOUNT = Limit("throttle_authenticated_api", 1500, 300)
PER_TOKEN = Limit("throttle_per_token_api", 300, 300)
PER_ADDRESS = Limit("throttle_unauthenticated_api", 300, 300)
MEDIA = Limit("throttle_api_media", 30, 1800)
PAGING = Limit("throttle_authenticated_paging", 300, 900)
DELETES = Limit("throttle_api_delete", 30, 1800)
# app/lib/rate_limiter.rb
STATUSES = Limit("statuses", 300, 10800)


@dataclass(frozen=True, slots=True)
class Count:
    """How much of a limit is used."""

    limit: Limit
    used: int
    reset_at: float

    @property
    def left(self) -> int:
        """How many more there may be; below zero when it is overdrawn."""
        return self.limit.count - self.used

    def headers(self) -> dict[str, str]:
        """As app/controllers/concerns/api/rate_limit_headers.rb writes them. There is no Retry-After."""
        return rate_limit_headers(self.limit.count, max(self.left, 0), self.reset_at)


def rate_limit_headers(count: int, left: int, reset_at: float) -> dict[str, str]:
    """`X-RateLimit-*`; the time of reset is ISO 8601 with six digits."""
    reset = datetime.fromtimestamp(reset_at, UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    return {"X-RateLimit-Limit": str(count), "X-RateLimit-Remaining": str(left), "X-RateLimit-Reset": reset}


class Tally:
    """Counts what each client has used of each limit."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._used: Counter[tuple[str, str, int]] = Counter()

    def add(self, limit: Limit, who: str, amount: int = 1) -> Count:
        """Count `amount` more for `who` in the present window; 0 only asks."""
        now = self._now()
        window = (limit.name, who, int(now) // limit.per_for)
        self._used[window] += amount
        # The fraction of a second stays in the time of reset, as `now + (period - now.to_i % period)` leaves it.
        return Count(limit, self._used[window], now + limit.per_for - int(now) % limit.per_for)
