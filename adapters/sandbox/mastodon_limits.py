"""What Mastodon counts and remembers about requests: rate limits, and idempotency keys with their locks."""

import asyncio
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


Key = tuple[str, str]
"""(account id, Idempotency-Key): the key belongs to the account, whatever token, endpoint or text it comes with."""


class Turn:
    """One request's way through `KeyBook`: what it has locked, what it will have kept when it ends."""

    def __init__(self) -> None:
        self.locked: Key | None = None
        self.kept: tuple[Key, str] | None = None
        self.runs_until = 0.0
        """When the work is over, by the event loop's clock, should the client leave before."""
        self.ended = False


class KeyBook:
    """Idempotency keys as app/services/post_status_service.rb keeps them in Redis.

    A key is good for 3600 s and is kept after the status is committed. Since 4.6.0 a lock is held meanwhile; who finds
    it taken waits for it up to 10 s (app/models/concerns/lockable.rb, app/lib/redis_lock.rb).
    """

    KEPT_FOR = 3600.0

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._kept: dict[Key, tuple[str, float]] = {}
        self._locks: dict[Key, asyncio.Event] = {}
        self._left: dict[Turn, asyncio.TimerHandle] = {}

    def find(self, key: Key) -> str | None:
        """The id of the status that was made with this key within the hour."""
        status_id, until = self._kept.get(key, ("", 0.0))
        return status_id if self._now() < until else None

    async def lock(self, key: Key, turn: Turn, wait_for: float) -> bool:
        """Take the lock, waiting for it up to `wait_for` seconds. False: another request still holds it."""
        try:
            async with asyncio.timeout(wait_for):
                while key in self._locks:
                    await self._locks[key].wait()
        except TimeoutError:
            return False
        self._locks[key] = asyncio.Event()
        turn.locked = key
        if turn.ended:
            self.end(turn)
        return True

    def keep(self, key: Key, status_id: str, turn: Turn) -> None:
        """The status is committed: the key will be kept when the request ends."""
        turn.kept = (key, status_id)
        if turn.ended:
            self.end(turn)

    def leave(self, turn: Turn) -> None:
        """The client has its answer, or has gone: a server that is still at work ends the turn when it is done."""
        loop = asyncio.get_running_loop()
        if turn.runs_until > loop.time():
            self._left[turn] = loop.call_at(turn.runs_until, self.end, turn)
        else:
            self.end(turn)

    def end_all(self) -> None:
        """The server stops: nobody is at work any more."""
        for turn, timer in list(self._left.items()):
            timer.cancel()
            self.end(turn)

    def end(self, turn: Turn) -> None:
        """The request is over."""
        turn.ended = True
        self._left.pop(turn, None)
        if turn.kept:
            self._kept[turn.kept[0]] = (turn.kept[1], self._now() + self.KEPT_FOR)
        if turn.locked:
            self._locks.pop(turn.locked).set()
        turn.kept = turn.locked = None
