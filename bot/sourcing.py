"""The side of the core where articles come from: what looks at sources, takes what is posted here, and reads pages."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping, Sequence
from typing import Any

import structlog
from sqlalchemy import Connection

from bot.deliver import Lane
from bot.doors import Doors
from bot.enrich import ENRICH_FOR, Enricher
from bot.inbox import Inbox
from bot.ledger import watched
from bot.ledger.postgres import take_turn
from bot.patience import say
from bot.plan import Rules
from bot.poll import Poller
from bot.settings.model import Settings, SourceSettings
from bot.sources.robots import Robots
from bot.watcher import Watcher

log = structlog.get_logger()

AT_ONCE = 500
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
        self._enrichers: list[Enricher] = []
        self.pollers: Sequence[Poller] = ()
        self.watchers: Sequence[Watcher] = ()
        self.inbox: Inbox | None = None
        """Takes articles that are posted here, where the settings have a source for them."""

    async def start(self) -> None:
        """Make what looks at the sources, once all lanes are there, and make sure that the ledger knows them."""
        self.pollers = [self._poller(source) for source in self._settings.polled]
        self.watchers = [Watcher(poller, self._doors) for poller in self.pollers]
        self.inbox = None if self._settings.pushed is None else self._inbox(self._settings.pushed)
        looked_at = [poller.source for poller in self.pollers]
        await self._register(looked_at if self.inbox is None else [*looked_at, self.inbox.source])

    async def _register(self, sources: Sequence[SourceSettings]) -> None:
        now = self._doors.clock.now()
        for start in range(0, len(sources), AT_ONCE):
            some = sources[start : start + AT_ONCE]

            def work(conn: Connection, some: Sequence[SourceSettings] = some) -> None:
                take_turn(conn)  # another process may be starting, too
                for each in some:
                    watched.register_source(conn, identity=each.identity, name=each.name, url=each.url, now=now)

            await self._doors.ledger.write(work)

    def loops(self) -> Iterable[Coroutine[Any, Any, None]]:
        """What goes on for life, each ended by cancelling."""
        yield from (watcher.run() for watcher in self.watchers)
        yield from (enricher.run() for enricher in self._enrichers)

    def wake(self) -> None:
        """Something was found, here or in another process: its page is to be read."""
        for enricher in self._enrichers:
            enricher.wake()

    async def look(self) -> None:
        """One look at everything whatever its interval, but at what a server told us to stay away from."""
        await asyncio.gather(*map(self._look, self.pollers))

    async def enrich(self) -> None:
        """Read the pages of what was found. What goes wrong with that costs no article."""
        reading: list[Awaitable[bool]] = [each.read_all() for each in self._enrichers]
        for read in await asyncio.gather(*reading, return_exceptions=True):
            if isinstance(read, Exception):
                say(read, log=log, event="enrich.failed")

    async def _look(self, poller: Poller) -> None:
        if told := await poller.told_until():
            log.info("source.left_alone", source=poller.source.name, until=told)
            return
        await poller.look()

    def _poller(self, source: SourceSettings) -> Poller:
        lanes = self._lanes_of(source)
        return Poller(
            source,
            self._doors,
            self._rules(source),
            channel_ids=lambda conn: [lane.channel.row(conn) for lane in lanes],
            on_new=self._on_new(source, lanes),
            redact=self._redact,
            robots=self._robots,
        )

    def _inbox(self, source: SourceSettings) -> Inbox:
        lanes = self._lanes_of(source)
        return Inbox(
            source,
            self._doors,
            self._rules(source),
            channel_ids=lambda conn: [lane.channel.row(conn) for lane in lanes],
            on_new=self._on_new(source, lanes),
        )

    def _lanes_of(self, source: SourceSettings) -> Sequence[Lane]:
        """The lanes that its articles go to."""
        return [self._lanes[channel.name] for channel in self._settings.channels_for(source.name)]

    def _rules(self, source: SourceSettings) -> Rules:
        settings = self._settings
        enrich_for = ENRICH_FOR if settings.enrich else 0.0
        return Rules(settings.settle, settings.max_age, source.backfill, source.expires_for, enrich_for)

    def _on_new(self, source: SourceSettings, lanes: Sequence[Lane]) -> Callable[[], None]:
        """What is to be done when something was planned for a source: its page is read, if that is wanted."""

        def ready() -> None:
            for lane in lanes:
                lane.wake()

        if not self._settings.enrich:
            return ready
        enricher = Enricher(source.identity, self._doors, self._robots, on_ready=ready, redact=self._redact)
        self._enrichers.append(enricher)

        def found() -> None:
            ready()
            enricher.wake()

        return found
