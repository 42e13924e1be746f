"""The daemons of a soak: always as many as it wants, one of them killed again and again in the midst of its work."""

import asyncio
import math
import os
import signal
import time
from pathlib import Path
from random import Random

from tests.nest import CODE, Born, Nest, Order
from tests.secrecy import HANDED_OUT, find_secrets
from tests.stage import Stage

WAITS = {
    "POLL_EVERY": "1s",
    "QUIET_TIME": "0.5s",
    "PROBE_GAP": "0.3s",
    "REPLAY_WAIT": "0.3s",
    "CALL_DEADLINE": "2s",
    "BACKOFF": "0.2s",
    "CONFIRM_AFTER": "5s",
    "BACKFILL": "1",
}
"""Short, which only towards servers on this machine they may be."""
LOOK_EVERY = 0.05
"""Seconds."""
STARTED = b'"daemon.started"'
SENT = b'"delivery.sent"'
EARLY = 0.25
"""Of so many lives the end does not wait for a first post: it comes before, in the midst of what was found at start."""
IDLE_FOR = 15.0
"""Seconds that are waited for a first post."""
LAST = 2000
"""Bytes of what was said that are told when a daemon ended as it should not."""


class Life:
    """One daemon. `begins`: where its log does, in the file of its place."""

    def __init__(self, process: Born, file: Path, begins: int) -> None:
        self._process = process
        self._file = file
        self._begins = begins
        self.ended = asyncio.Event()

    def said(self) -> bytes:
        """All that it has said so far."""
        with self._file.open("rb") as file:
            file.seek(self._begins)
            return file.read()

    async def heard(self, word: bytes, within: float = math.inf) -> bool:
        """Wait until it says something; False when it ended before, or took too long."""
        until = time.monotonic() + within
        while not self.ended.is_set() and time.monotonic() < until:
            if word in self.said():
                return True
            await asyncio.sleep(LOOK_EVERY)
        return False

    def signal(self, how: signal.Signals) -> bool:
        """Send it a signal; False when it has ended already."""
        if self.ended.is_set():
            return False
        self._process.send_signal(how)
        return True


class Place:
    """One place of a daemon, which has one life after the other until it is told to stop."""

    def __init__(self, stage: Stage, nest: Nest, file: Path) -> None:
        own = {"PATH": os.environ["PATH"], "PYTHONPATH": str(CODE), "NO_COLOR": "1"}
        self._order = Order("bot", ("run", "--log-json"), {**stage.environment(**WAITS), **own}, str(stage.folder))
        self._nest = nest
        self._file = file
        self._born = asyncio.Event()
        self._ending = False
        self._life: Life | None = None
        self.deaths: list[str] = []
        """What was said by those that ended without having been told or killed."""

    async def run(self) -> None:
        """For as long as it may. AssertionError when the last one does not leave well."""
        with self._file.open("ab") as said:
            while not self._ending:
                await self._live(said.fileno())
        assert [] == find_secrets(self._file.read_text(), HANDED_OUT)

    async def _live(self, said: int) -> None:
        begins = self._file.stat().st_size
        process = await self._nest.bring_forth(self._order, said, said)
        self._life = life = Life(process, self._file, begins)
        self._born.set()
        code = await process.wait()
        life.ended.set()
        self._born.clear()
        if code != (0 if self._ending else -signal.SIGKILL):
            self.deaths.append(f"it ended with {code}: {life.said()[-LAST:].decode()}")

    async def alive(self) -> Life:
        """The life that is at work now, or next."""
        while True:
            await self._born.wait()
            if self._life and await self._life.heard(STARTED):
                return self._life
            await asyncio.sleep(LOOK_EVERY)

    async def stop(self) -> None:
        """SIGTERM, once it is at work."""
        life = await self.alive()
        self._ending = True
        life.signal(signal.SIGTERM)
        await life.ended.wait()


class Lives:
    """`count` daemons on a stage."""

    def __init__(self, stage: Stage, nest: Nest, count: int, *, every: float, dice: Random) -> None:
        files = [stage.folder / f"daemon-{number}.log" for number in range(1, count + 1)]
        self._places = [Place(stage, nest, file) for file in files]
        self._every = every
        self._dice = dice
        self._tasks: list[asyncio.Task[None]] = []
        self.kills = 0

    async def __aenter__(self) -> "Lives":
        self._tasks = [asyncio.create_task(place.run()) for place in self._places]
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @property
    def deaths(self) -> list[str]:
        """What was said by those that ended although nobody had killed them."""
        return [death for place in self._places for death in place.deaths]

    def check(self) -> None:
        """Raise what went wrong with the lives themselves."""
        for task in self._tasks:
            if task.done():
                task.result()
        assert len(self.deaths) < len(self._places) + 2, self.deaths

    async def kill_on(self) -> None:
        """For ever: choose one that is at work, let it work for a while, and kill it.

        Most are let send a post first: however slow the machine, something comes out.
        """
        while True:
            life = await self._dice.choice(self._places).alive()
            if self._dice.random() >= EARLY:
                await life.heard(SENT, IDLE_FOR)
            await asyncio.sleep(self._every * self._dice.uniform(0.5, 1.5))
            self.kills += life.signal(signal.SIGKILL)
            await life.ended.wait()

    async def stop(self) -> None:
        """SIGTERM to all of them, and wait until they have left."""
        await asyncio.gather(*(place.stop() for place in self._places))
        await asyncio.gather(*self._tasks)
