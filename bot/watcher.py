"""Watches one source: when it is looked at, by one process alone, and at once where somebody says that it has news.

due, or pushed? ─▶ lease ─▶ `Poller.look` ─▶ rest
"""

import asyncio
from contextlib import suppress
from datetime import timedelta

import structlog

from bot.doors import Doors
from bot.ledger import watched
from bot.ledger.watched import SourceState
from bot.patience import after_failure
from bot.poll import Poller
from bot.schedule import PATIENCE, latest_look, lead_of, seconds_left, settle_look

log = structlog.get_logger()

WHILE_ANOTHER_LOOKS = 2.0
"""Seconds."""
BETWEEN_PUSHES = 1.0
"""Seconds between two looks, however many pushes come."""
ONCE_MORE = (10.0, 60.0)
"""Seconds of the looks that follow one that a push led to and that showed nothing new: caches may lag behind."""


class Watcher:
    """Has one source looked at, for life."""

    def __init__(self, poller: Poller, doors: Doors) -> None:
        self._poller = poller
        self._doors = doors
        self._pushed = asyncio.Event()
        self._more_looks: list[float] = []
        """Seconds until each of the looks that a push still leads to."""
        self._log = log.bind(source=poller.source.name)

    @property
    def name(self) -> str:
        """The source's, for people."""
        return self._poller.source.name

    @property
    def identity(self) -> str:
        """The source's, in the ledger."""
        return self._poller.source.identity

    async def run(self) -> None:
        """Look whenever the source is due, for life; ended by cancelling. A mistake of ours rests it, never ends it."""
        failures = 0
        while True:
            try:
                await self._rest()
                await self._look_alone()
                failures = 0
            except Exception as error:
                failures += 1
                wait = after_failure(error, failures, self._doors.dice, log=self._log, event="poll.failed")
                # Its server is not asked more often for what we could not write down.
                await self._doors.clock.sleep(max(wait, self._poller.source.poll_every))

    def look_now(self) -> None:
        """There is something to see, as somebody says who should know: the next look is due at once."""
        self._pushed.set()

    async def _rest(self) -> None:
        """Until the next look is due, or somebody says that there is something to see."""
        wait = await self._until_due()
        if self._more_looks:
            wait = min(wait, self._more_looks.pop(0))
        with suppress(TimeoutError):
            async with self._doors.clock.deadline(wait):
                await self._pushed.wait()

    async def _look_alone(self) -> None:
        """A look, unless another process has just had it or is having it."""
        lease = await self._doors.leases.take(f"source:{self._poller.source.identity}", fair=False)
        if lease is None:
            await self._doors.clock.sleep(WHILE_ANOTHER_LOOKS)
            return
        # Cleared before the look: what comes while it goes on may be too late for it.
        pushed = self._pushed.is_set()
        self._pushed.clear()
        try:
            if pushed:
                await self._look_for_push()
            elif not lease.contested or await self._until_due() <= 0:
                found = await self._poller.look()
                self._more_looks = [] if found else self._more_looks
        finally:
            await self._doors.leases.give_back(lease)

    async def _look_for_push(self) -> None:
        if await self._poller.told_until():  # a hub's word does not go before the server's own
            return
        found = await self._poller.look()
        self._more_looks = [] if found else list(ONCE_MORE)
        await self._doors.clock.sleep(BETWEEN_PUSHES)

    async def _until_due(self) -> float:
        state, poller = await self._poller.state(), self._poller
        looked_at = state.polled_at or state.next_poll_at - timedelta(seconds=poller.bounds.every)
        ours = state.polled_at is not None and state.told_until_at is None and state.failures <= PATIENCE
        latest = latest_look(looked_at, poller.bounds_of(state), state.rhythm) if ours else None
        left = seconds_left(self._doors.clock.now(), state.next_poll_at, looked_at, latest)
        return left if (settling := await self._until_settled(state)) is None else min(left, settling)

    async def _until_settled(self, state: SourceState) -> float | None:
        """Seconds until an article goes out that is to be looked at once more before; None: there is none."""
        settle, now = self._poller.rules.settle, self._doors.clock.now()
        if state.polled_at is None or (state.told_until_at is not None and state.told_until_at > now):
            return None
        after = state.polled_at + lead_of(settle)
        settles_at = await self._doors.ledger.read(lambda conn: watched.find_settling(conn, state.id, after=after))
        at = settles_at and settle_look(settles_at, settle, state.rhythm, failures=state.failures)
        return None if at is None else min(max(0.0, (at - now).total_seconds()), settle)
