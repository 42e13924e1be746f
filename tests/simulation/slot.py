"""Where one process of a simulated life runs, and the next one when it is gone."""

import asyncio

from tests.simulation.life import BEAT_EVERY, Life, Scene
from tests.simulation.process import Fuse, Gone, Process, spawn, within

STOPPED_FOR = (2.0, 15.0, 60.0, 400.0)
"""Seconds, times the stretch, that a stopped process sleeps."""
AGAIN_AFTER = (1.0, 5.0, 40.0)
"""Seconds, times the stretch, after which one that died is started again."""


class Slot:
    """One machine."""

    def __init__(self, scene: Scene, number: int) -> None:
        self._scene = scene
        self._number = number
        self._lives: list[tuple[Life, asyncio.Task[None]]] = []
        self._again: asyncio.TimerHandle | None = None
        self._leaving = False

    def open(self) -> None:
        """Start a process."""
        self._leaving = False
        process = Process(f"{self._number}.{len(self._lives)}", self._burnt)
        life = Life(self._scene, process, beat_every=BEAT_EVERY * self._scene.stretch)
        task = spawn(process, life.main())
        task.add_done_callback(lambda task: self._ended(life, task))
        self._lives.append((life, task))

    def plant(self, fuse: Fuse) -> None:
        """In the process that runs now."""
        self._lives[-1][0].process.fuses.append(fuse)

    def end_troubles(self) -> None:
        """Nothing more happens to it, and it runs."""
        process = self._lives[-1][0].process
        process.fuses.clear()
        if process.stopped:
            process.go_on()

    async def leave(self) -> None:
        """SIGTERM, and wait until it is gone; nothing is started in its place."""
        self._leaving = True
        life, task = self._lives[-1]
        life.process.fuses = [fuse for fuse in life.process.fuses if fuse.what != "stop"]
        if life.process.stopped:
            life.process.go_on()
        if not life.process.dead:
            life.leave()
            _, late = await asyncio.wait([task], timeout=60)
            if late and not life.process.dead:
                self._scene.judge.broken("hangs", f"process {life.process.name} does not end when told to")
            life.process.die()
        for each, _ in self._lives:
            each.ledger.close()
        if self._again is not None:
            self._again.cancel()

    def close(self) -> None:
        """The world ends: what is left of every process may unwind."""
        if self._again is not None:
            self._again.cancel()
        for life, _ in self._lives:
            life.process.close()
            life.ledger.close()

    def _ended(self, life: Life, task: asyncio.Task[None]) -> None:
        """By itself: by a ledger that was away at the start, or by a mistake of ours."""
        error = None if task.cancelled() else task.exception()
        if error is not None and not isinstance(error, Gone):
            self._scene.judge.broken("mistake", f"the process ended with {type(error).__name__}: {error}")
        if not life.process.dead:
            life.process.die()
            self._start_again()

    def _burnt(self, process: Process, fuse: Fuse) -> None:
        life = next(life for life, _ in self._lives if life.process is process)
        self._scene.notes.happened[f"point {fuse.what} {fuse.point}"] += 1
        chance, stretch = self._scene.chance, self._scene.stretch
        match fuse.what:
            case "crash":
                process.die()
                life.ledger.lose()
                self._scene.judge.session_ended(process)
                self._start_again()
            case "stop":
                process.stop()
                with within(None):
                    asyncio.get_running_loop().call_later(chance.choice(STOPPED_FOR) * stretch, process.go_on)
            case "lose":
                life.ledger.lose()
                self._scene.judge.session_ended(process)

    def _start_again(self) -> None:
        if self._leaving:
            return
        wait = self._scene.chance.choice(AGAIN_AFTER) * self._scene.stretch
        with within(None):
            self._again = asyncio.get_running_loop().call_later(wait, self.open)
