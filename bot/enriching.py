"""Has the pages of all sources' articles read: there is a task only for a source that has some to be read.

found here ──▶ that source's pages
found elsewhere, or before we came ─▶ which sources have some? ─▶ their pages
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress

import structlog

from bot.doors import Doors
from bot.enrich import Enricher
from bot.ledger.pages import list_unread_sources
from bot.patience import after_failure, say

log = structlog.get_logger()


class Enriching:
    """The enrich loops of some sources."""

    def __init__(self, enricher_of: Callable[[str], Enricher | None], doors: Doors) -> None:
        """`enricher_of`: by a source's identity; None where it is none of ours."""
        self._enricher_of = enricher_of
        self._doors = doors
        self._reading: dict[str, Enricher] = {}
        """Identity → whose pages are being read."""
        self._tasks: dict[asyncio.Task[None], None] = {}
        self._running = False
        self._failed: BaseException | None = None
        self._news = asyncio.Event()

    def found(self, identity: str) -> None:
        """Something new was found at this source."""
        if (enricher := self._reading.get(identity)) is not None:
            enricher.wake()
        elif self._running and (enricher := self._enricher_of(identity)) is not None:
            self._reading[identity] = enricher
            task = asyncio.create_task(self._read(identity, enricher))
            self._tasks[task] = None
            task.add_done_callback(self._ended)

    def wake(self) -> None:
        """Something new was found in another process."""
        self._news.set()

    async def run(self) -> None:
        """Have whatever waits read, for life; ended by cancelling. A mistake of ours rests it, never ends it."""
        failures, self._running = 0, True
        try:
            while self._failed is None:
                self._news.clear()
                again_in = None
                try:
                    for identity in await self._doors.ledger.read(list_unread_sources):
                        self.found(identity)
                    failures = 0
                except Exception as error:
                    failures += 1
                    again_in = after_failure(error, failures, self._doors.dice, log=log, event="enrich.failed")
                with suppress(TimeoutError):
                    async with self._doors.clock.deadline(again_in):
                        await self._news.wait()
            raise self._failed
        finally:
            self._running = False
            await self._leave()

    async def read_all(self) -> None:
        """Read what waits now, each page once. What goes wrong with one source's costs no other's."""
        try:
            identities = await self._doors.ledger.read(list_unread_sources)
        except Exception as error:
            say(error, log=log, event="enrich.failed")
            return
        enrichers = [each for identity in identities if (each := self._enricher_of(identity)) is not None]
        for read in await asyncio.gather(*(each.read_all() for each in enrichers), return_exceptions=True):
            if isinstance(read, Exception):
                say(read, log=log, event="enrich.failed")

    async def _read(self, identity: str, enricher: Enricher) -> None:
        try:
            await enricher.run()
        finally:
            del self._reading[identity]

    def _ended(self, task: asyncio.Task[None]) -> None:
        """A source's own mistakes rest it alone: what rises all the same is to end the daemon, not to go unseen."""
        del self._tasks[task]
        if not task.cancelled() and (error := task.exception()) is not None:
            self._failed = error
            self._news.set()

    async def _leave(self) -> None:
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(list(self._tasks))
