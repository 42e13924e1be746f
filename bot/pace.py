"""When the next visible call fits: by what the platform said is left, and where it said nothing, by the paces. Pure.

All times here are seconds of one clock that never runs backwards: however the wall clock jumps, a window is as long as
it is. A platform counts a call when it arrives, which is any time before its answer is here: a call on the wire counts
as if it arrived now, and one that is over as if it had arrived at its end.

    configured pace      a sliding window: no window of the platform's, wherever it begins, sees more than its count
    what was said        until the window ends, what is left; then a new window, with all of the limit
    what was said of old the limit holds for one more window; after that the configured pace
"""

import math
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from adapters.base import Budget, Pace

RESET_SLACK = 1.1
"""Seconds: platforms tell the end of a window in whole seconds, as their answers tell the time."""
TOLD_IN = 1.0
"""Seconds: what a platform says is rounded to these."""
LOOK_AGAIN = 0.25
"""Seconds after which a lane looks again when calls on the wire use up all that there is."""
MOST = 20_000
"""Calls that are remembered; of a platform that allows more in a window, no more are made on memory alone."""


def find_reset(budget: Budget, wall: datetime) -> float | None:
    """In how many seconds the window of a budget ends; None where what was said cannot be.

    A window is never longer than it is: where a clock is wrong, what is told ends after its own length at the latest.
    Told in whole seconds, the end may have passed by less than one: then the window ends in these moments.
    """
    if not (math.isfinite(budget.per_for) and budget.per_for > 0 and budget.limit >= 1):
        return None
    ends_in = (budget.resets_at - wall).total_seconds()
    if not (0 <= budget.remaining <= budget.limit and -TOLD_IN < ends_in <= 2 * budget.per_for):
        return None
    return min(ends_in, budget.per_for)


class Calls:
    """The visible calls of one place, or of a whole account."""

    def __init__(self, over: Iterable[float] = (), *, kept: int = 0) -> None:
        """`over`: when those made before were over, oldest first. `kept`: how many are needed."""
        self.running = 0
        """How many are on the wire."""
        self._over = deque(over, maxlen=min(kept, MOST))

    def keep(self, count: int) -> None:
        """From now on remember at least so many."""
        if min(count, MOST) > (self._over.maxlen or 0):
            self._over = deque(self._over, maxlen=min(count, MOST))

    def begin(self) -> None:
        """One more is on the wire."""
        self.running += 1

    def forgo(self) -> None:
        """One that was begun was not made after all."""
        self.running -= 1

    def end(self, now: float) -> None:
        """One is over."""
        self.running -= 1
        self._over.append(now)

    def slot(self, count: int, per_for: float, now: float, *, since: float = -math.inf) -> float:
        """The earliest time at which one more keeps within `count` in any `per_for` seconds; at most `now`: at once.

        `since`: what was over by then counts no longer.
        """
        room = min(count, MOST) - self.running
        if room <= 0:
            return now + LOOK_AGAIN
        if len(self._over) < room or self._over[-room] <= since:
            return now
        return self._over[-room] + per_for


@dataclass(slots=True)
class Window:
    """What the platform said last of its windows of one length, and how much of it we have used since."""

    limit: int
    left: int
    """When it was said, less what was on the wire then and may not have been counted yet."""
    per_for: float
    ends_at: float
    noted_at: float
    """What was over by then belongs to the window that it was said of, or to an earlier one; never after its end."""
    begun: int = 0
    """Calls since it was said."""

    def slot(self, calls: Calls, configured: int | None, now: float) -> float:
        """The earliest time for one more call. `configured`: the pace for windows of this length, if there is one."""
        if now < self.ends_at + RESET_SLACK:
            return now if self.begun < self.left else self.ends_at + RESET_SLACK
        count = self.limit if now < self.ends_at + self.per_for else configured
        if count is None:
            return now
        return calls.slot(count, self.per_for, now, since=max(self.noted_at, self.ends_at - RESET_SLACK))


@dataclass(frozen=True, slots=True)
class Remembered:
    """A budget as it was saved."""

    budget: Budget
    noted_at: datetime
    begun: int
    """Visible calls of the account since."""


@dataclass(slots=True)
class _Account:
    calls: Calls
    windows: dict[float, Window]
    places: dict[int, Calls] = field(default_factory=dict)


class Pacer:
    """All that is known of the calls and budgets of the accounts that one owner works, as long as it works them.

    It is shared by the lanes of an account, and asked and told between two awaits only: that is what keeps two lanes
    from taking the same slot.
    """

    def __init__(self) -> None:
        self._accounts: dict[str, _Account] = {}

    def knows(self, account: str, place: int | None = None) -> bool:
        """Whether the calls of an account, or of a place of it, have been recalled from the ledger."""
        known = self._accounts.get(account)
        return known is not None and (place is None or place in known.places)

    def recall_account(
        self,
        account: str,
        paces: Sequence[Pace],
        over: Sequence[float],
        saved: Sequence[Remembered],
        *,
        wall: datetime,
        now: float,
    ) -> None:
        """Take up what the ledger knows, unless that was done: what has happened since is not in what was read."""
        if self.knows(account):
            return
        windows = {}
        for each in saved:
            if (window := _recalled(each, wall, now)) is not None:
                windows[window.per_for] = window
        kept = [pace.count for pace in paces if pace.scope == "account"]
        kept += [window.limit for window in windows.values()]
        self._accounts[account] = _Account(Calls(over, kept=max(kept, default=0)), windows)

    def recall_place(self, account: str, place: int, paces: Sequence[Pace], over: Sequence[float]) -> None:
        """The same for one place of an account that is known."""
        if not self.knows(account, place):
            kept = max((pace.count for pace in paces if pace.scope == "place"), default=0)
            self._accounts[account].places[place] = Calls(over, kept=kept)

    def note(self, account: str, place: int, budget: Budget, *, wall: datetime, now: float) -> Budget | None:
        """The platform has said what is left. What is to be saved of it; None where it cannot be believed.

        The call whose answer said so is over; whether what other places have on the wire is counted already, nobody
        knows.
        """
        ends_in, known = find_reset(budget, wall), self._accounts[account]
        if ends_in is None:
            return None
        others = known.calls.running - known.places[place].running
        left = max(0, budget.remaining - others)
        if ends_in <= 0:  # what was over since may belong to the next window, which another place may have told of
            newest = known.windows.get(budget.per_for)
            if newest is not None and newest.ends_at > now:
                return None
            left = 0
        ends_at = now + ends_in
        known.windows[budget.per_for] = Window(budget.limit, left, budget.per_for, ends_at, min(now, ends_at))
        known.calls.keep(budget.limit)
        return Budget(budget.limit, left, budget.per_for, budget.resets_at)

    def slot(self, account: str, place: int, paces: Sequence[Pace], now: float) -> float:
        """The earliest time of the next visible call of a place; at most `now`: at once."""
        known = self._accounts[account]
        configured = {pace.per_for: pace.count for pace in paces if pace.scope == "account"}
        slots = [known.places[place].slot(pace.count, pace.per_for, now) for pace in paces if pace.scope == "place"]
        slots += [
            known.calls.slot(count, per_for, now)
            for per_for, count in configured.items()
            if per_for not in known.windows
        ]
        slots += [window.slot(known.calls, configured.get(per_for), now) for per_for, window in known.windows.items()]
        return max(slots, default=now)

    def begin(self, account: str, place: int) -> None:
        """A visible call is about to be made."""
        known = self._accounts[account]
        for calls in (known.calls, known.places[place]):
            calls.begin()
        for window in known.windows.values():
            window.begun += 1

    def forgo(self, account: str, place: int) -> None:
        """It was not made. It stays taken off what is left, until the platform says how much that is."""
        known = self._accounts[account]
        for calls in (known.calls, known.places[place]):
            calls.forgo()

    def end(self, account: str, place: int, now: float) -> None:
        """It is over, whatever came of it."""
        known = self._accounts[account]
        for calls in (known.calls, known.places[place]):
            calls.end(now)


def _recalled(saved: Remembered, wall: datetime, now: float) -> Window | None:
    budget = saved.budget
    ends_in = (budget.resets_at - wall).total_seconds()
    if saved.noted_at > wall or ends_in < -budget.per_for:  # the clock was set back; or it is over, and the next too
        return None
    if ends_in > 0:
        believed = find_reset(budget, wall)
        if believed is None:
            return None
        ends_in = believed
    noted_at = min(now - (wall - saved.noted_at).total_seconds(), now + ends_in)
    return Window(budget.limit, budget.remaining, budget.per_for, now + ends_in, noted_at, saved.begun)
