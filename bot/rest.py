"""What a lane rests for, and until when; and a platform that is left alone since it could not be reached."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from adapters.outcomes import Outcome, RateLimited
from bot.doors import Clock, Doors
from bot.retry import BACKOFF_FROM, backoff

SHORTEST_REST = 0.001
"""Seconds: less than wall time can tell would be no rest at all."""


@dataclass(frozen=True, slots=True)
class Rest:
    """Nothing to do before `until` (None: before something new is planned)."""

    until: datetime | None
    why: str = ""


def rest_for(seconds: float, why: str, clock: Clock) -> Rest:
    """A rest of so many seconds from now."""
    return Rest(clock.now() + timedelta(seconds=max(seconds, SHORTEST_REST)), why)


class Away:
    """Until when a platform is left alone, by the clock that never runs back; for longer each time in a row."""

    def __init__(self, doors: Doors, redact: Callable[[str], str], *, backoff_from: float = BACKOFF_FROM) -> None:
        """`backoff_from`: seconds, the first wait."""
        self.rest: Rest | None = None
        """The last one, even if it is over; None once the platform has answered."""
        self._doors = doors
        self._redact = redact
        self._backoff_from = backoff_from
        self._failures = 0
        self._until = 0.0

    def left(self) -> Rest | None:
        """What is left of the rest; None: the platform may be asked."""
        wait = self._until - self._doors.clock.monotonic()
        return rest_for(wait, self.rest.why, self._doors.clock) if self.rest is not None and wait > 0 else None

    def put_off(self, outcome: Outcome) -> Rest:
        """It could not be reached, or told us to wait."""
        self._failures += 1
        wait = backoff(self._failures, self._doors.dice, start=self._backoff_from)
        if isinstance(outcome, RateLimited) and outcome.retry_after is not None:
            wait = outcome.retry_after
        self._until = self._doors.clock.monotonic() + wait
        self.rest = Rest(self._doors.clock.now() + timedelta(seconds=wait), self._redact(outcome.message))
        return self.rest

    def over(self) -> None:
        """It has answered."""
        self.rest, self._failures = None, 0
