"""One source and when it is looked at: by one process alone, and at once where somebody says that it has news.

due, or pushed? ─▶ lease ─▶ `Poller.look` ─▶ rest

It is small, since there may be very many; what gives each its turns is `bot.watching`.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import Connection

from bot.doors import Doors
from bot.ledger import watched
from bot.ledger.watched import SourceState
from bot.patience import after_failure
from bot.poll import Poller
from bot.schedule import PATIENCE, SETTLES_FROM, latest_look, lead_of, seconds_left, settle_look

log = structlog.get_logger()

WHILE_ANOTHER_LOOKS = 2.0
"""Seconds."""
BETWEEN_PUSHES = 1.0
"""Seconds between two looks, however many pushes come."""
ONCE_MORE = (10.0, 60.0)
"""Seconds of the looks that follow one that a push led to and that showed nothing new: caches may lag behind."""


@dataclass(frozen=True, slots=True)
class Pause:
    """The time until a source's next turn."""

    seconds: float
    pushes_end_it: bool = True


class Watcher:
    """Has one source looked at, turn by turn; never two turns at a time."""

    __slots__ = ("_doors", "_failures", "_looks_next", "_more_looks", "poller", "pushed", "ticket")

    def __init__(self, poller: Poller, doors: Doors) -> None:
        self.poller = poller
        self._doors = doors
        self.pushed = False
        """Whether somebody who should know has said that there is something to see."""
        self.ticket = 0
        """Which entry of those who give it its turns counts; theirs alone."""
        self._looks_next = False
        """Whether the pause before the next turn was the one until a look is due."""
        self._more_looks: tuple[float, ...] = ()
        """Seconds until each of the looks that a push still leads to."""
        self._failures = 0

    @property
    def name(self) -> str:
        """The source's, for people."""
        return self.poller.source.name

    @property
    def identity(self) -> str:
        """The source's, in the ledger."""
        return self.poller.source.identity

    @property
    def settle(self) -> float | None:
        """Seconds in which an article waits for a look more before it goes out; None: there is no time for one."""
        settle = self.poller.rules.settle
        return None if settle < SETTLES_FROM else settle

    async def turn(self) -> Pause:
        """A look where one is due, and how long to wait then. A mistake of ours rests the source, never ends it."""
        looks, self._looks_next = self._looks_next or self.pushed, False
        try:
            if looks:
                alone = await self._look_alone()
                self._failures = 0
                if not alone:
                    return Pause(WHILE_ANOTHER_LOOKS, pushes_end_it=False)
            return self.rest(*await self._doors.ledger.read(self._remembered))
        except Exception as error:
            self._failures += 1
            bound = log.bind(source=self.name)
            wait = after_failure(error, self._failures, self._doors.dice, log=bound, event="poll.failed")
            # Its server is not asked more often for what we could not write down.
            return Pause(max(wait, self.poller.source.poll_every), pushes_end_it=False)

    def rest(self, state: SourceState, settles_at: datetime | None) -> Pause:
        """Until the next look is due, by what the ledger remembers: the source, and when its next article settles."""
        wait = self._until_due(state, settles_at)
        if self._more_looks:
            first, *more = self._more_looks
            wait, self._more_looks = min(wait, first), tuple(more)
        self._looks_next = True
        return Pause(wait)

    async def _look_alone(self) -> bool:
        """A look, unless another process has just had it. False: it is having it."""
        lease = await self._doors.leases.take(f"source:{self.identity}", fair=False)
        if lease is None:
            return False
        # Cleared before the look: what comes while it goes on may be too late for it.
        pushed, self.pushed = self.pushed, False
        try:
            if pushed:
                await self._look_for_push()
            elif not lease.contested:
                await self._look(None)
            else:
                state, settles_at = await self._doors.ledger.read(self._remembered)
                if self._until_due(state, settles_at) <= 0:
                    await self._look(state)
        finally:
            await self._doors.leases.give_back(lease)
        return True

    async def _look(self, state: SourceState | None) -> None:
        if await self.poller.look(state):
            self._more_looks = ()

    async def _look_for_push(self) -> None:
        state = await self.poller.state()
        if self.poller.told_until_of(state):  # a hub's word does not go before the server's own
            return
        self._more_looks = () if await self.poller.look(state) else ONCE_MORE
        await self._doors.clock.sleep(BETWEEN_PUSHES)

    def _remembered(self, conn: Connection) -> tuple[SourceState, datetime | None]:
        state = watched.get_source(conn, self.identity)
        if self.settle is None or state.polled_at is None:
            return state, None
        return state, watched.find_settling(conn, state.id, after=state.polled_at + lead_of(self.settle))

    def _until_due(self, state: SourceState, settles_at: datetime | None) -> float:
        """Seconds."""
        poller = self.poller
        looked_at = state.polled_at or state.next_poll_at - timedelta(seconds=poller.bounds.every)
        ours = state.polled_at is not None and state.told_until_at is None and state.failures <= PATIENCE
        latest = latest_look(looked_at, poller.bounds_of(state), state.rhythm) if ours else None
        left = seconds_left(self._doors.clock.now(), state.next_poll_at, looked_at, latest)
        return left if (settling := self._until_settled(state, settles_at)) is None else min(left, settling)

    def _until_settled(self, state: SourceState, settles_at: datetime | None) -> float | None:
        """Seconds until an article goes out that is to be looked at once more before; None: there is none."""
        settle, now = self.settle, self._doors.clock.now()
        if settle is None or settles_at is None or state.polled_at is None:
            return None
        if state.told_until_at is not None and state.told_until_at > now:
            return None
        at = settle_look(settles_at, settle, state.rhythm, failures=state.failures)
        return None if at is None else min(max(0.0, (at - now).total_seconds()), settle)
