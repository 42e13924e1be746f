"""Watches all sources of one process: one loop that knows when each has its next turn, whatever their number.

    states, many at a time ─▶ heap of times ─▶ due ─▶ `Turns` ─▶ at most AT_ONCE looks ─▶ heap
                                    pushed ─────────────────────▶ a look at once ────────▶┘

There is a task only for a source that is being looked at.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from heapq import heappop, heappush
from urllib.parse import urlsplit

import structlog

from bot.doors import Doors
from bot.ledger import watched
from bot.ledger.watched import SourceState
from bot.patience import say
from bot.schedule import lead_of
from bot.turns import Turns
from bot.watcher import Pause, Watcher

log = structlog.get_logger()

AT_ONCE = 80
"""Looks that may go on at a time, those that pushes lead to not counted: each takes memory, and on a server a lock."""
READ_AT_ONCE = 500
"""Sources whose states are read in one transaction."""


class Watching:
    """Gives each of some sources its turns."""

    def __init__(self, watchers: Iterable[Watcher], doors: Doors) -> None:
        self._watchers = {watcher.identity: watcher for watcher in watchers}
        self._doors = doors
        self._heap: list[tuple[float, int, Watcher]] = []
        """When, by the monotonic clock; the ticket; whose turn. One whose ticket is no longer its own has had it."""
        self._deaf: set[str] = set()
        """Those in the heap that no push makes due."""
        self._turns: Turns[tuple[int, Watcher]] = Turns(lambda due: site_of(due[1].poller.source.url))
        """What is due, under its ticket."""
        self._tickets = 0
        self._going: dict[asyncio.Task[None], None] = {}
        self._looks = 0
        """How many of those no push has led to."""
        self._running = False
        self._failed: BaseException | None = None
        self._news = asyncio.Event()

    def __contains__(self, identity: object) -> bool:
        """Whether it watches the source that the ledger knows by this."""
        return identity in self._watchers

    def __getitem__(self, identity: str) -> Watcher:
        """The watcher of that source."""
        return self._watchers[identity]

    def look_now(self, identity: str) -> None:
        """There is something to see at a source, as somebody says who should know: its next look is due at once."""
        watcher = self._watchers[identity]
        watcher.pushed = True
        if self._running and watcher.ticket and identity not in self._deaf:
            self._begin(watcher, None)

    async def run(self) -> None:
        """Have each looked at whenever it is due, for life; ended by cancelling."""
        self._running = True
        try:
            await self._load()
            while self._failed is None:
                self._news.clear()
                wait = self._begin_due()
                with suppress(TimeoutError):
                    async with self._doors.clock.deadline(wait):
                        await self._news.wait()
            raise self._failed
        finally:
            await self._leave()

    async def _leave(self) -> None:
        self._running = False
        for task in self._going:
            task.cancel()
        if self._going:
            await asyncio.wait(list(self._going))

    # ── at the start ──────────────────────────────────────────────────────────────────────────────────────────────

    async def _load(self) -> None:
        """Put every source into the heap by what the ledger remembers of it."""
        watchers = list(self._watchers.values())
        settling = await self._settling(watchers)
        for start in range(0, len(watchers), READ_AT_ONCE):
            some = watchers[start : start + READ_AT_ONCE]
            states = {} if settling is None else await self._states(some)
            for watcher in some:
                try:
                    state = states[watcher.identity]
                    pause = watcher.rest(state, (settling or {}).get(state.id))
                except Exception:  # its first turn asks for itself, and says what is wrong: that hurts no other
                    pause = Pause(0.0)
                self._put(watcher, pause)
            self._begin_due()

    async def _settling(self, watchers: Sequence[Watcher]) -> Mapping[int, datetime] | None:
        """Source → when its first article settles; None: the ledger does not tell now."""
        settle = next((watcher.settle for watcher in watchers), None)  # it is one setting for all
        if settle is None:
            return {}
        try:
            return await self._doors.ledger.read(lambda conn: watched.list_settling(conn, lead_of(settle)))
        except Exception as error:
            say(error, log=log, event="poll.failed")
            return None

    async def _states(self, watchers: Sequence[Watcher]) -> Mapping[str, SourceState]:
        """Identity → what the ledger remembers, as far as it tells."""
        identities = [each.identity for each in watchers]
        try:
            return await self._doors.ledger.read(lambda conn: watched.list_sources(conn, identities))
        except Exception as error:
            say(error, log=log, event="poll.failed")
            return {}

    # ── turns ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def _put(self, watcher: Watcher, pause: Pause) -> None:
        """It has its next turn after a pause."""
        if self._running and watcher.pushed and pause.pushes_end_it:
            self._begin(watcher, None)
            return
        self._tickets += 1
        watcher.ticket = self._tickets
        if not pause.pushes_end_it:
            self._deaf.add(watcher.identity)
        heappush(self._heap, (self._doors.clock.monotonic() + pause.seconds, watcher.ticket, watcher))

    def _begin_due(self) -> float | None:
        """Begin whatever is due and may begin; in how many seconds the next is due (None: nothing waits)."""
        now = self._doors.clock.monotonic()
        while self._heap and (self._heap[0][0] <= now or self._is_over(*self._heap[0][1:])):
            _, ticket, watcher = heappop(self._heap)
            if not self._is_over(ticket, watcher):
                self._deaf.discard(watcher.identity)
                self._turns.add((ticket, watcher))
        while self._looks < AT_ONCE and (due := self._turns.next()) is not None:
            if self._is_over(*due):
                self._turns.done(due)
            else:
                self._looks += 1
                self._begin(due[1], due)
        return self._heap[0][0] - now if self._heap else None

    def _is_over(self, ticket: int, watcher: Watcher) -> bool:
        return watcher.ticket != ticket

    def _begin(self, watcher: Watcher, due: tuple[int, Watcher] | None) -> None:
        """A turn: the one that was `due`, or one that waits for nobody, since a push tells of news."""
        watcher.ticket = 0
        task = asyncio.create_task(self._turn(watcher, due))
        self._going[task] = None
        task.add_done_callback(self._ended)

    async def _turn(self, watcher: Watcher, due: tuple[int, Watcher] | None) -> None:
        try:
            pause = await watcher.turn()
        finally:
            if due is not None:
                self._looks -= 1
                self._turns.done(due)
        self._put(watcher, pause)

    def _ended(self, task: asyncio.Task[None]) -> None:
        """A turn mends its own mistakes: what rises all the same is to end the daemon, not to go unseen."""
        del self._going[task]
        if not task.cancelled() and (error := task.exception()) is not None:
            self._failed = error
        self._news.set()


def site_of(url: str) -> str:
    """Whose server an address leads to, as far as can be told from it."""
    try:
        return urlsplit(url).netloc.rpartition("@")[2].lower()
    except ValueError:
        return url
