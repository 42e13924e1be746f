"""A lane's side of pacing: between its clocks, its adapter and the ledger, and `bot.pace`, which decides."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import Connection

from adapters.base import Adapter, Budget
from bot.channel import Channel
from bot.doors import Clock
from bot.ledger.budgets import History, save_budget
from bot.pace import Pacer

SHORTEST = 0.001
"""Seconds: less than wall time can tell would be no wait at all."""


class Notes:
    """What an adapter has said of budgets since somebody last looked: the newest of each window."""

    def __init__(self) -> None:
        self._newest: dict[float, Budget] = {}

    def note(self, budget: Budget) -> None:
        """The adapter's `Context.note_budget`."""
        self._newest[budget.per_for] = budget

    def take(self) -> list[Budget]:
        """Take them out."""
        taken, self._newest = list(self._newest.values()), {}
        return taken


class Pacing:
    """What one lane asks and tells of the visible calls of its account. Only once the platform has said who we are."""

    def __init__(self, channel: Channel, adapter: Adapter, clock: Clock, notes: Notes) -> None:
        self.pacer = Pacer()
        """Shared by the lanes of the account, and new with every lease: others may have called meanwhile."""
        self._channel = channel
        self._adapter = adapter
        self._clock = clock
        self._notes = notes
        self._taken: tuple[str, int] | None = None
        """Whose slot the running call has: a channel may be found to be another one while it runs."""
        self._unsaved: dict[float, tuple[Budget, datetime]] = {}

    @property
    def knows(self) -> bool:
        """Whether the ledger need not be asked any more."""
        return self._channel.known and self.pacer.knows(self._channel.account, self._channel.id)

    def recall(self, history: History) -> None:
        """Take up what the ledger knows."""
        account, paces = self._channel.account, self._adapter.paces
        wall, now = self._clock.now(), self._clock.monotonic()

        def ours(times: Iterable[datetime]) -> list[float]:
            return [now - max(0.0, (wall - at).total_seconds()) for at in times]

        self.pacer.recall_account(account, paces, ours(history.of_account), history.saved, wall=wall, now=now)
        self.pacer.recall_place(account, self._channel.id, paces, ours(history.of_place))

    def find_slot(self) -> datetime | None:
        """When the next visible call fits; None: at once."""
        self.listen()
        now = self._clock.monotonic()
        wait = self.pacer.slot(self._channel.account, self._channel.id, self._adapter.paces, now) - now
        return self._clock.now() + timedelta(seconds=max(wait, SHORTEST)) if wait > 0 else None

    def begin(self) -> None:
        """A visible call is about to be made: before anything else may be asked."""
        self._taken = (self._channel.account, self._channel.id)
        self.pacer.begin(*self._taken)

    def forgo(self) -> None:
        """It was not made."""
        if self._taken is not None:
            self.pacer.forgo(*self._taken)
        self._taken = None

    def end(self) -> None:
        """It is over, whatever came of it."""
        if self._taken is not None:
            self.pacer.end(*self._taken, self._clock.monotonic())
        self._taken = None
        self.listen()

    def listen(self) -> None:
        """Hear what the adapter has said."""
        if not self.knows:
            return
        wall, now = self._clock.now(), self._clock.monotonic()
        for budget in self._notes.take():
            if noted := self.pacer.note(self._channel.account, self._channel.id, budget, wall=wall, now=now):
                self._unsaved[noted.per_for] = (noted, wall)

    def save(self, conn: Connection) -> None:
        """Write down what was heard; `saved` once that is on disk."""
        for budget, noted_at in self._unsaved.values():
            save_budget(conn, self._channel.account, budget, now=noted_at)

    def saved(self) -> None:
        """It is on disk."""
        self._unsaved.clear()
