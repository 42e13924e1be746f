"""Plays a scenario: starts and ends processes, lets happen what is written, and judges every step and the end.

events ─▶ faults, crashes, people … ─▶ the horizon ─▶ all troubles over ─▶ everything settled? ─▶ the verdict
"""

import asyncio
import random
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

from bot.ledger.backup import back_up, restore
from bot.ledger.db import InlineLedger
from bot.settings import ChannelConfig, Settings, load_settings
from tests.simulation import engines
from tests.simulation.judge import Judge
from tests.simulation.ledger import Locks
from tests.simulation.life import Life
from tests.simulation.people import Operator
from tests.simulation.places import Place
from tests.simulation.process import Fuse, GatedLoop, What
from tests.simulation.publication import ADDRESS, TWINS, Publication
from tests.simulation.scratch import empty_ledger, scratch
from tests.simulation.script import HORIZON, Event, Scenario
from tests.simulation.slot import Slot
from tests.simulation.speakers import QUIET_FOR
from tests.simulation.watch import Notes, watched
from tests.simulation.world import EPOCH, SimSettings

HUNG_AFTER = 12.0
"""Seconds, times the stretch, without a sign of life after which the session of a process is ended."""
TICK = 5.0
"""Seconds, times the stretch, between two looks of the operator."""
AHEAD_FOR = 16 * 3600.0
"""Seconds by which some articles are dated ahead: more than a wrong time zone explains."""
PATIENCE = 14 * 86_400.0
"""Seconds after the last event in which everything has to be settled."""


_WHATS: Mapping[str, What] = {"crash": "crash", "stop": "stop", "lose": "lose"}


@dataclass(frozen=True, slots=True)
class Report:
    """What came of a life."""

    scenario: Scenario
    broken: str | None
    """The first promise that was broken; None: all were kept."""
    digest: str
    """Of all that was logged and shown: the same for the same scenario."""
    happened: Counter[str]
    lasted: float
    """Seconds, of the life."""
    posts: int


@cache
def _settings(sources: str, poll_every: int, expires_for: int | None) -> Settings:
    given = {
        "HANDBILL_SOURCES": sources,
        "HANDBILL_POLL_EVERY": f"{poll_every}s",
        "HANDBILL_SETTLE": "1s",
        "HANDBILL_QUIET_TIME": f"{QUIET_FOR:.0f}s",
        "HANDBILL_CONFIRM_AFTER": "60s",
    }
    if expires_for is not None:
        given["HANDBILL_EXPIRES_FOR"] = f"{expires_for}s"
    return load_settings({}, environ=given, env_file=None)


class Play:
    """One life."""

    def __init__(self, scenario: Scenario, folder: Path, empty: Path) -> None:
        """`empty`: an empty ledger, of which a copy is worked on in `folder`."""
        self.scenario = scenario
        self.path = folder / "ledger.db"
        shutil.copyfile(empty, self.path)
        self.stretch = max(4.0, scenario.tempo)
        self.notes = Notes()
        self.places: dict[str, Place] = {}
        self.judge = self.notes.judge = Judge(self.path, self.places)
        self.places.update({name: Place(name, self.judge, self.notes.happened) for name in scenario.places})
        self.publication = Publication()
        self.judge.documents = self.publication.documents
        self.chance = random.Random(scenario.seed)
        self.skew = 0.0
        self.locks = Locks() if scenario.workers else None
        channels = tuple(ChannelConfig(name, name, SimSettings(name)) for name in scenario.places)
        url = f"sqlite:///{self.path}"
        twins = any(event.what == "twin" for event in scenario.events)
        sources = f"{ADDRESS},{TWINS}" if twins else ADDRESS
        settings = _settings(sources, int(20 * self.stretch), scenario.expires_for)
        self.settings = replace(settings, database_url=url, channels=channels)
        self.operator = Operator(self.places, self.judge, self.wall)
        self.slots = [Slot(self, number) for number in range(max(1, scenario.workers))]
        self._backup: Path | None = None
        self._beats: dict[Life, float] = {}

    def wall(self) -> datetime:
        """What the machine's clock says."""
        return EPOCH + timedelta(seconds=self.judge.now + self.skew)

    def beat(self, life: Life) -> int:
        """A process shows that it is alive; those that have not for long lose their sessions. How many are."""
        self._beats[life] = self.judge.now
        for other, at in list(self._beats.items()):
            if self.judge.now - at > HUNG_AFTER * self.stretch or other.process.dead:
                del self._beats[other]
                if not other.process.dead:
                    self.notes.happened["fate fenced"] += 1
                other.ledger.lose()
                self.judge.session_ended(other.process)
        return len(self._beats)

    async def run(self) -> Report:
        """From the first event to the verdict."""
        self.publication.add(1)
        for slot in self.slots:
            slot.open()
        try:
            await self._happen()
            self._end_troubles()
            await self._settle()
            for slot in self.slots:
                await slot.leave()
        finally:
            lasted = self.judge.now
            await self._close()
        self.judge.verdict(range(1, self.publication.count))
        self.judge.close()
        posts = sum(self.judge.once_out.values())
        broken = None if self.judge.found is None else str(self.judge.found)
        return Report(self.scenario, broken, self.notes.digest(), self.notes.happened, lasted, posts)

    # ── what happens ──────────────────────────────────────────────────────────────────────────────────────────────

    async def _happen(self) -> None:
        await asyncio.sleep(3 * self.stretch)  # the first look is over
        for event in self.scenario.events:
            await self._until(event.at)
            if self.judge.found is not None:
                return
            self.notes.happened[f"event {event.what}"] += 1
            await self._let_happen(event)
        await self._until(HORIZON * self.scenario.tempo)

    async def _until(self, at: float) -> None:
        """Until then, with the operator about."""
        while self.judge.now < at and self.judge.found is None:
            await asyncio.sleep(min(TICK * self.stretch, at - self.judge.now))
            if self.operator.wants_something():
                self._by_a_person(self.operator.act)

    def _by_a_person(self, do: Callable[[InlineLedger], object]) -> None:
        with closing(engines.take(self.path)) as reused:
            do(InlineLedger(reused.engine))

    async def _let_happen(self, event: Event) -> None:
        match event.what:
            case "articles":
                self.publication.add(event.count)
            case "twin":
                ahead = self.wall() + timedelta(seconds=AHEAD_FOR)
                self.publication.add_twin(ahead.isoformat() if event.how == "ahead" else None)
            case "fault":
                place, call = event.where.split(".")
                self.places[place].fates.setdefault(call, []).extend([event.how] * event.count)
            case "vanish":
                self.places[event.where].vanishing += event.count
            case "other":
                self.places[event.where].other()
            case "clock":
                self.skew += event.count
                self.judge.skewed = True
            case "person":
                self.operator.wants.append(event.how)
            case "backup":
                self._back_up()
            case "restore":
                await self._restore()
            case "restart":
                await self.slots[int(event.where)].leave()
                self.slots[int(event.where)].open()
            case "crash" | "stop" | "lose":
                self.slots[int(event.where)].plant(Fuse(event.how, event.count, _WHATS[event.what]))
            case _:
                self._for_a_while(event)

    def _for_a_while(self, event: Event) -> None:
        match event.what:
            case "outage":
                self.places[event.where].trouble = event.how
                self._later(event.count, lambda: setattr(self.places[event.where], "trouble", ""))
            case "feed":
                self.publication.trouble = event.how
                self.notes.happened[f"feed {event.how}"] += 1
                self.publication.edition += 1
                self._later(event.count, lambda: setattr(self.publication, "trouble", ""))
            case "pause":
                self._by_a_person(lambda book: self.operator.pause(book, event.where))
                self._later(event.count, lambda: self._resume(event.where))

    def _later(self, seconds: float, do: Callable[[], object]) -> None:
        asyncio.get_running_loop().call_later(seconds, do)

    def _resume(self, where: str) -> None:
        if self.judge.found is None:
            self._by_a_person(lambda book: self.operator.resume(book, where))

    def _back_up(self) -> None:
        self._backup = self.path.with_name("backup.db")
        self._backup.unlink(missing_ok=True)
        back_up(self.path, self._backup, lambda *_: None)

    async def _restore(self) -> None:
        """Told to stop, put the old ledger in the place of the new one, and start again."""
        if self._backup is None:
            return
        for slot in self.slots:
            await slot.leave()
        self.judge.close()
        restore(self._backup, self.path, lambda *_: None, now=self.wall())
        self.judge.reopened()
        for slot in self.slots:
            slot.open()

    # ── and what comes of it ──────────────────────────────────────────────────────────────────────────────────────

    def _end_troubles(self) -> None:
        """From here on nothing is in the way."""
        for place in self.places.values():
            place.trouble, place.fates, place.vanishing = "", {}, 0
        self.publication.trouble = ""
        for slot in self.slots:
            slot.end_troubles()
        for where in list(self.judge.paused):
            self._resume(where)

    async def _settle(self) -> None:
        """Give everything the time that it needs, and decide what waits for a person."""
        until = self.judge.now + PATIENCE
        await asyncio.sleep(60 * self.stretch)
        while self.judge.found is None and self.judge.now < until:
            self._by_a_person(self.operator.decide_all)
            if self.judge.settled() and self.judge.knows(range(1, self.publication.count)):
                return
            await asyncio.sleep(30 * self.stretch)

    async def _close(self) -> None:
        for slot in self.slots:
            slot.close()
        while tasks := asyncio.all_tasks() - {asyncio.current_task()}:  # unwinding may begin something new
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


def play(scenario: Scenario) -> Report:
    """Play one life from beginning to end, in a folder of its own."""
    with tempfile.TemporaryDirectory(dir=scratch()) as folder:
        life = Play(scenario, Path(folder), empty_ledger())
        with watched(life.notes, stretch=life.stretch), asyncio.Runner(loop_factory=GatedLoop) as runner:
            runner.get_loop().set_exception_handler(life.notes.unheard)
            return runner.run(life.run())
