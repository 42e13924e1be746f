"""One process of a simulated life: the real core over doors of the simulation."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Protocol

from sqlalchemy.exc import OperationalError

from bot.app import Core, Opened
from bot.doors import Doors, Fetched
from bot.ledger.leases import SessionLeases, SoleLeases
from bot.settings import Settings
from tests.simulation.judge import Judge
from tests.simulation.ledger import Locks, SimLedger
from tests.simulation.places import LATENCY, Place
from tests.simulation.process import Process
from tests.simulation.publication import ADDRESS, TWINS, Publication
from tests.simulation.speakers import SPEAKERS, account_of
from tests.simulation.watch import Notes
from tests.simulation.world import EPOCH, SimDice, inline


class Scene(Protocol):
    """What a process finds in the world around it."""

    path: Path
    """The ledger's file."""
    places: dict[str, Place]
    publication: Publication
    settings: Settings
    locks: Locks | None
    judge: Judge
    chance: Random
    notes: Notes
    stretch: float
    """By how much rarer idle looks are."""
    skew: float
    """Seconds by which the machines' wall clocks are wrong."""

    def beat(self, life: "Life") -> int:
        """A process shows that it is alive. How many are."""


class Wrong(Protocol):
    """What may be wrong with the machine's wall clock."""

    skew: float
    """Seconds."""


@dataclass
class Clock:
    """The clock door: the machine's wall clock may be set, its monotonic one not."""

    scene: Wrong
    process: Process

    def now(self) -> datetime:
        return EPOCH + timedelta(seconds=asyncio.get_running_loop().time() + self.scene.skew)

    def monotonic(self) -> float:
        return asyncio.get_running_loop().time()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
        self.process.pass_("awake")

    def deadline(self, seconds: float | None) -> AbstractAsyncContextManager[object]:
        return asyncio.timeout(seconds)


class Web:
    """The web door: there is one publication."""

    def __init__(self, publication: Publication, process: Process) -> None:
        self._publication = publication
        self._process = process

    async def get(
        self,
        url: str,
        *,
        etag: str | None = None,
        last_modified: str | None = None,
        accept: str = "*/*",
        max_bytes: int = 10 * 2**20,
    ) -> Fetched:
        feed = url in (ADDRESS, TWINS)
        self._process.pass_("asking")
        await asyncio.sleep(LATENCY if feed else LATENCY + self._publication.takes(url))
        self._process.pass_("told")
        return self._publication.get(url, etag) if feed else self._publication.page(url)


BEAT_EVERY = 4.0
"""Seconds, times the stretch, between two signs of life."""


class Life:
    """One process, from its start to its end."""

    def __init__(self, scene: Scene, process: Process, *, beat_every: float) -> None:
        self.process = process
        self._scene = scene
        self._beat_every = beat_every
        self._stop = asyncio.Event()
        self.ledger = SimLedger(scene.path, process, scene.locks, scene.judge.committed)
        clock = Clock(scene, process)
        accounts = {account_of(name) for name in scene.places}
        self._shared = None if scene.locks is None else SessionLeases(self.ledger, clock, fair_ones=len(accounts))
        web = Web(scene.publication, process)
        doors = Doors(clock, SimDice(scene.chance), self.ledger, self._shared or SoleLeases(), web, inline)
        opened = [
            Opened(name, SPEAKERS[name](place, process, clock, scene.judge), account_of(name))
            for name, place in scene.places.items()
        ]
        self._core = Core(scene.settings, opened, doors, lambda text: text)

    async def main(self) -> None:
        """`handbill run`, without what starts a process. A ledger that is away at the start ends it, as there."""
        with suppress(OperationalError):
            await self._core.start()
            async with self._beating():
                await self._core.run(self._stop)

    def leave(self) -> None:
        """SIGTERM."""
        self._stop.set()

    @asynccontextmanager
    async def _beating(self) -> AsyncIterator[None]:
        beating = asyncio.create_task(self._beat())
        try:
            yield
        finally:
            beating.cancel()

    async def _beat(self) -> None:
        while self._shared is not None:
            with suppress(OperationalError):
                await self.ledger.read(lambda _conn: None)
                self._shared.share_with(self._scene.beat(self))
            await asyncio.sleep(self._beat_every)
