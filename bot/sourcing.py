"""The side of the core where articles come from: what looks at sources, takes what is posted here, and reads pages.

Whatever there is for each source is small, and made once for many where it can be: there may be very many of them.
"""

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from functools import cache, partial
from typing import Any

import structlog
from sqlalchemy import Connection

from bot.deliver import Lane
from bot.doors import Doors
from bot.enrich import ENRICH_FOR, Enricher
from bot.enriching import Enriching
from bot.inbox import Inbox
from bot.ledger import watched
from bot.ledger.postgres import take_turn
from bot.ledger.watched import Known
from bot.plan import Rules
from bot.poll import Poller
from bot.settings.model import Settings, SourceSettings
from bot.sources.robots import Robots
from bot.turns import Turns
from bot.watcher import Watcher
from bot.watching import AT_ONCE, Watching, site_of

log = structlog.get_logger()

REGISTERED_AT_ONCE = 500
"""Sources that are registered in one transaction: others want to write in between."""


class Sourcing:
    """All sources of one core, over its lanes."""

    def __init__(
        self, settings: Settings, doors: Doors, lanes: Mapping[str, Lane], redact: Callable[[str], str]
    ) -> None:
        self._settings = settings
        self._doors = doors
        self._lanes = lanes
        self._redact = redact
        self._robots = Robots(doors.web, doors.clock)
        self._channels_of: Mapping[str, Sequence[str]] = {}
        """Name of a source → names of the channels that its articles go to."""
        self._enriching = Enriching(self._enricher, doors) if settings.enrich else None
        self.pollers: Sequence[Poller] = ()
        self.watching = Watching((), doors)
        self.inbox: Inbox | None = None
        """Takes articles that are posted here, where the settings have a source for them."""

    async def start(self) -> None:
        """Make what looks at the sources, once all lanes are there, and make sure that the ledger knows them."""
        self._channels_of = self._settings.channel_names_by_source()
        rules, channel_ids = cache(self._rules), cache(self._channel_ids)
        beside = {source.identity for source in self._settings.polled}
        self.pollers = [
            Poller(
                source,
                self._doors,
                rules(source.backfill, source.expires_for),
                channel_ids=channel_ids(self._channels_of[source.name]),
                on_new=partial(self._found, source),
                redact=self._redact,
                robots=self._robots,
                beside=beside,
            )
            for source in self._settings.polled
        ]
        self.watching = Watching([Watcher(poller, self._doors) for poller in self.pollers], self._doors)
        self.inbox = None if self._settings.pushed is None else self._inbox(self._settings.pushed)
        await self._register(self._settings.sources)

    async def _register(self, sources: Sequence[SourceSettings]) -> None:
        now = self._doors.clock.now()
        for start in range(0, len(sources), REGISTERED_AT_ONCE):
            some = [Known(each.identity, each.name, each.url) for each in sources[start : start + REGISTERED_AT_ONCE]]

            def work(conn: Connection, some: Sequence[Known] = some) -> None:
                take_turn(conn)  # another process may be starting, too
                watched.register_sources(conn, some, now=now)

            await self._doors.ledger.write(work)

    def loops(self) -> Iterable[Coroutine[Any, Any, None]]:
        """What goes on for life, each ended by cancelling."""
        yield self.watching.run()
        if self._enriching is not None:
            yield self._enriching.run()

    def wake(self) -> None:
        """Something was found, here or in another process: its page is to be read."""
        if self._enriching is not None:
            self._enriching.wake()

    async def look(self) -> None:
        """One look at everything whatever its interval, but at what a server told us to stay away from."""
        turns: Turns[Poller] = Turns(lambda poller: site_of(poller.source.url))
        for poller in self.pollers:
            turns.add(poller)
        await asyncio.gather(*(self._look_in_turn(turns) for _ in self.pollers[:AT_ONCE]))

    async def enrich(self) -> None:
        """Read the pages of what was found. What goes wrong with that costs no article."""
        if self._enriching is not None:
            await self._enriching.read_all()

    async def _look_in_turn(self, turns: Turns[Poller]) -> None:
        while (poller := turns.next()) is not None:
            try:
                await self._look(poller)
            finally:
                turns.done(poller)

    async def _look(self, poller: Poller) -> None:
        if told := await poller.told_until():
            log.info("source.left_alone", source=poller.source.name, until=told)
            return
        await poller.look()

    def _inbox(self, source: SourceSettings) -> Inbox:
        return Inbox(
            source,
            self._doors,
            self._rules(source.backfill, source.expires_for),
            channel_ids=self._channel_ids(self._channels_of[source.name]),
            on_new=partial(self._found, source),
        )

    def _channel_ids(self, channels: Sequence[str]) -> Callable[[Connection], Sequence[int]]:
        lanes = [self._lanes[name] for name in channels]
        return lambda conn: [lane.channel.row(conn) for lane in lanes]

    def _rules(self, backfill: int, expires_for: float | None) -> Rules:
        settings = self._settings
        enrich_for = ENRICH_FOR if settings.enrich else 0.0
        return Rules(settings.settle, settings.max_age, backfill, expires_for, enrich_for)

    def _found(self, source: SourceSettings) -> None:
        """Something was planned for a source: its page is read, if that is wanted."""
        self._wake_lanes(source.name)
        if self._enriching is not None:
            self._enriching.found(source.identity)

    def _wake_lanes(self, source: str) -> None:
        for name in self._channels_of[source]:
            self._lanes[name].wake()

    def _enricher(self, identity: str) -> Enricher | None:
        """What reads the pages of a source of ours."""
        if identity in self.watching:
            name = self.watching[identity].name
        elif self.inbox is not None and self.inbox.source.identity == identity:
            name = self.inbox.source.name
        else:
            return None
        ready = partial(self._wake_lanes, name)
        return Enricher(identity, self._doors, self._robots, on_ready=ready, redact=self._redact)
