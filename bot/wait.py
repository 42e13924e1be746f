"""How much is left of a wait whose end is written as wall time, whatever becomes of the wall clock meanwhile. Pure.

A clock that is set back makes no wait longer: from when its end is first met, it is measured by the clock that never
runs back, and it is never longer than was meant when it was planned, be that in an earlier life of the program.
"""

from datetime import datetime


class Wait:
    """One wait after the other; a new end begins a new one."""

    def __init__(self) -> None:
        self._until: datetime | None = None
        self._ends_at = 0.0

    def left(self, until: datetime, *, planned_at: datetime, now: datetime, monotonic: float) -> float:
        """Seconds until it is over; at most 0: it is. A wall clock that is set ahead ends it."""
        return min((until - now).total_seconds(), self.firm(until, planned_at=planned_at, now=now, monotonic=monotonic))

    def firm(self, until: datetime, *, planned_at: datetime, now: datetime, monotonic: float) -> float:
        """The same for a wait that protects against duplicates: a wall clock that is set ahead does not end it."""
        if until != self._until:
            meant = max(0.0, (until - planned_at).total_seconds())
            self._until, self._ends_at = until, monotonic + min((until - now).total_seconds(), meant)
        return self._ends_at - monotonic
