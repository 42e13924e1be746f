"""Lives of the core in virtual time, over an adapter that does what it is told."""

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import Connection, select

from adapters.base import Adapter, Standing
from adapters.outcomes import Answer, Marker, Outcome, Presence
from adapters.post import Draft, Payload, Receipt
from bot.app import Core, Opened
from bot.doors import Doors
from bot.ledger.db import InlineLedger, open_engine
from bot.ledger.leases import SoleLeases
from bot.ledger.schema import alerts, attempts, deliveries
from bot.pacing import Notes
from bot.settings import ChannelConfig, Settings, load_settings
from tests.simulation.world import (
    EPOCH,
    Fuse,
    SimAdapter,
    SimClock,
    SimDice,
    SimLedger,
    SimPlatform,
    SimSettings,
    SimWeb,
    World,
    inline,
    run,
)

T = TypeVar("T")

FEED = "https://news.example/feed.json"


class Scripted(SimAdapter):
    """A SimAdapter that raises what its script says, call by call, and keeps the times of its calls."""

    def __init__(self, platform: SimPlatform) -> None:
        super().__init__(platform, Fuse())
        self.script: dict[str, list[Outcome | None]] = {}
        """Call → what its next uses raise; None: nothing. The last word counts for ever after."""
        self.calls: list[tuple[str, float]] = []
        self.before: dict[str, Callable[[], None]] = {}
        """Call → what happens in the world just before it."""
        self.account = ""
        """What owns the budgets, as far as settings tell."""
        self.notes = Notes()
        self.place = "place"

    def times(self, name: str) -> list[float]:
        """When a call was made, in seconds of the world's time."""
        return [at for called, at in self.calls if called == name]

    def _begin(self, name: str) -> None:
        self.calls.append((name, asyncio.get_running_loop().time()))
        self.before.get(name, lambda: None)()
        script = self.script.get(name, [])
        said = (script.pop(0) if len(script) > 1 else script[0]) if script else None
        if said is not None:
            raise said

    async def verify(self) -> Standing:
        self._begin("verify")
        return replace(await super().verify(), place_id=self.place)

    async def stage(self, draft: Draft) -> Payload:
        self._begin("stage")
        return await super().stage(draft)

    async def mark(self, last: str | None) -> Marker:
        self._begin("mark")
        return await super().mark(last)

    async def publish(self, payload: Payload, key: str) -> Receipt:
        self._begin("publish")
        return await super().publish(payload, key)

    async def find(self, payload: Payload, key: str, marker: Marker) -> Answer:
        self._begin("find")
        return await super().find(payload, key, marker)

    async def confirm(self, payload: Payload, receipt: Receipt) -> Presence:
        self._begin("confirm")
        return await super().confirm(payload, receipt)


def feed(*titles: str) -> bytes:
    """A JSON feed with these articles, the newest last in the list and first in the document."""
    items = [
        {"id": title, "url": f"https://news.example/{title}", "title": title, "content_text": "Words."}
        for title in reversed(titles)
    ]
    return json.dumps({"version": "https://jsonfeed.org/version/1.1", "title": "News", "items": items}).encode()


def settings(world: World, names: Mapping[str, Adapter], **more: str) -> Settings:
    """One source, polled each minute; what it has goes out at once, at the first look as later on."""
    environ = {
        "HANDBILL_SOURCES": FEED,
        "HANDBILL_DATABASE_URL": world.ledger_url,
        "HANDBILL_POLL_EVERY": "1m",
        "HANDBILL_SETTLE": "0s",
        "HANDBILL_ENRICH": "false",
        "HANDBILL_BACKFILL": "100",
    }
    loaded = load_settings({}, environ=environ | more, env_file=None)
    places = tuple(ChannelConfig(name, adapter.platform, SimSettings(name)) for name, adapter in names.items())
    return replace(loaded, channels=places)


class Wall:
    """The wall clock of a machine, which somebody moves, and the time as it really is, which goes on."""

    def __init__(self) -> None:
        self.ahead = timedelta()
        self.clock: SimClock | None = None

    def of(self, world: World, fuse: Fuse) -> SimClock:
        """The clock of the next process."""
        wall, begun = self, world.started_at - self.ahead

        class Clock(SimClock):
            def now(self) -> datetime:
                return self.real() + wall.ahead

            def real(self) -> datetime:
                return begun + timedelta(seconds=asyncio.get_running_loop().time())

        self.clock = Clock(world, fuse)
        return self.clock

    def real(self) -> float:
        """Seconds since the world began."""
        assert self.clock is not None
        return (self.clock.now() - self.ahead - EPOCH).total_seconds()


Clocks = Callable[[World, Fuse], SimClock]
Ledgers = Callable[[World, Fuse], SimLedger]
Webs = Callable[[World, Fuse], SimWeb]


def _opened(name: str, adapter: Adapter) -> Opened:
    return (
        Opened(name, adapter, adapter.account, adapter.notes)
        if isinstance(adapter, Scripted)
        else Opened(name, adapter)
    )


def live(
    world: World,
    opened: Mapping[str, Adapter],
    seconds: float,
    *,
    clock: Clocks = SimClock,
    ledger: Ledgers = SimLedger,
    web: Webs = SimWeb,
    until: asyncio.Event | None = None,
    **more: str,
) -> None:
    """One life of the daemon over these channels (name → adapter), for so many seconds, or until something happens."""

    async def life() -> None:
        fuse = Fuse()
        time, book = clock(world, fuse), ledger(world, fuse)
        doors = Doors(time, SimDice(world.random), book, SoleLeases(), web(world, fuse), inline)
        channels = [_opened(name, adapter) for name, adapter in opened.items()]
        core = Core(settings(world, opened, **more), channels, doors, lambda text: text)
        stop = asyncio.Event()
        await core.start()
        working = asyncio.create_task(core.run(stop))
        happening = asyncio.create_task((until or asyncio.Event()).wait())
        await asyncio.wait([working, happening], timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        happening.cancel()
        stop.set()
        await working
        world.note_time(time)
        book.close()

    run(life())


def read(world: World, work: Callable[[Connection], T]) -> T:
    """What the ledger says."""
    ledger = InlineLedger(open_engine(world.ledger_url))
    try:
        return ledger.read_now(work)
    finally:
        ledger.close()


def write(world: World, work: Callable[[Connection], T]) -> T:
    """Somebody does something to the ledger beside the daemon."""
    ledger = InlineLedger(open_engine(world.ledger_url))
    try:
        return ledger.write_now(work)
    finally:
        ledger.close()


def rows(world: World, table: Any) -> Sequence[Mapping[str, Any]]:
    """All rows of a table, oldest first."""
    return read(world, lambda conn: [dict(row) for row in conn.execute(select(table).order_by(table.c.id)).mappings()])


def outcomes(world: World) -> list[str]:
    """What came of each visible call."""
    return [row["outcome"] for row in rows(world, attempts) if row["step"] == "publish"]


def states(world: World) -> list[str]:
    """The state of each delivery."""
    return [row["state"] for row in rows(world, deliveries)]


def open_alerts(world: World) -> list[str]:
    """The messages of alerts that are not cleared."""
    return [row["message"] for row in rows(world, alerts) if row["cleared_at"] is None]
