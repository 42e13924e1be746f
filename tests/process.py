"""Handbill as a process of its own, as an operator would run it, watched through its log."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import suppress
from typing import Any

from tests.nest import CODE, Born, Order, listen
from tests.secrecy import HANDED_OUT, find_secrets
from tests.stage import Seat, Stage

Event = Mapping[str, Any]

STUCK_AFTER = 5.0
"""Seconds after which whoever waits for news looks again."""


class Program:
    """`python -m bot …` on a stage, out of its nest where it has one. Leaving the block kills it if it still runs, and
    looks through all that it said."""

    def __init__(self, stage: Stage, *arguments: str, module: str = "bot", **more: str) -> None:
        self._stage = stage
        self._module = module
        self._arguments = arguments
        own = {"PATH": os.environ["PATH"], "PYTHONPATH": str(CODE), "NO_COLOR": "1", "COLUMNS": "200"}
        self._environment = {**stage.environment(**more), **own}
        self._lines: list[str] = []
        self._news = asyncio.Event()
        self._reading: list[asyncio.Task[None]] = []
        self._process: asyncio.subprocess.Process | Born | None = None
        self.out: list[str] = []
        """The lines of its standard output."""
        self.events: list[Event] = []
        """What its log said, where it was told to write JSON."""

    @property
    def process(self) -> asyncio.subprocess.Process | Born:
        """The process. RuntimeError before it was started."""
        if self._process is None:
            raise RuntimeError("the program was not started")
        return self._process

    async def __aenter__(self) -> "Program":
        (out, said_out), (err, said_err) = os.pipe(), os.pipe()
        self._process = await self._start(said_out, said_err)
        os.close(said_out)
        os.close(said_err)
        self._reading = [
            asyncio.create_task(self._read(await listen(out), self.out)),
            asyncio.create_task(self._read(await listen(err), self._lines)),
        ]
        return self

    async def _start(self, out: int, err: int) -> asyncio.subprocess.Process | Born:
        folder, nest = self._stage.folder, self._stage.nest
        if nest is not None:
            return await nest.bring_forth(
                Order(self._module, self._arguments, self._environment, str(folder)), out, err
            )
        command = (sys.executable, "-m", self._module, *self._arguments)
        return await asyncio.create_subprocess_exec(*command, env=self._environment, cwd=folder, stdout=out, stderr=err)

    async def __aexit__(self, *_: object) -> None:
        if self.process.returncode is None:
            self.process.kill()
        await self.ended()
        said = "\n".join([*self.out, *self._lines])
        # For whoever looks into why a test failed.
        sys.stdout.write(f"{' '.join((self._module, *self._arguments))}\n{said}\n")
        assert [] == find_secrets(said, HANDED_OUT)

    async def _read(self, stream: asyncio.StreamReader, lines: list[str]) -> None:
        async for line in stream:
            lines.append(line.decode().rstrip("\n"))
            if lines is self._lines:
                with suppress(json.JSONDecodeError):
                    self.events.append(json.loads(line))
            self._news.set()

    async def heard(self, enough: Callable[[list[Event]], bool]) -> None:
        """Wait until its log says enough."""
        while not enough(self.events):
            self._news.clear()
            await self._meanwhile(self._news.wait())

    async def heard_or_ended(self, enough: Callable[[list[Event]], bool]) -> None:
        """Wait until its log says enough, or until it is gone."""
        with suppress(AssertionError):
            await self.heard(enough)

    async def killed_itself(self) -> bool:
        """Whether it has died by its own SIGKILL. If it is still there, it is stopped as a signal would stop it."""
        code = await self.stopped() if self.process.returncode is None else await self.ended()
        if code not in (0, -signal.SIGKILL):
            raise AssertionError(f"the program ended with {code}: {self.err}")
        return code == -signal.SIGKILL

    @staticmethod
    async def any_news(programs: Sequence["Program"]) -> None:
        """Wait until one of several has said something, or has ended."""
        for program in programs:
            program._news.clear()
        waiting: list[asyncio.Task[Any]] = [asyncio.create_task(program._news.wait()) for program in programs]
        waiting += [asyncio.create_task(program.process.wait()) for program in programs]
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED, timeout=STUCK_AFTER)
        for task in waiting:
            task.cancel()

    async def struck(self, seat: Seat, kind: str) -> None:
        """Wait until a fault of this kind has happened to one of its calls."""
        await self._meanwhile(seat.struck(kind))

    async def _meanwhile(self, something: Coroutine[Any, Any, object]) -> None:
        """Wait for `something`. AssertionError when the program ends before."""
        waiting, ending = asyncio.create_task(something), asyncio.create_task(self.process.wait())
        done, _ = await asyncio.wait([waiting, ending], return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        ending.cancel()
        if waiting not in done:
            raise AssertionError(f"the program ended too early: {self.err}")

    async def ended(self) -> int:
        """Its exit code, once it has ended and everything it said has been read."""
        code = await self.process.wait()
        await asyncio.gather(*self._reading)
        return code

    async def stopped(self) -> int:
        """Its exit code after a SIGTERM."""
        self.process.send_signal(signal.SIGTERM)
        return await self.ended()

    async def ended_impatiently(self) -> int:
        """Its exit code after as many more SIGTERMs as it takes, a few a second."""
        while self.process.returncode is None:
            self.process.send_signal(signal.SIGTERM)
            with suppress(TimeoutError):
                await asyncio.wait_for(self.process.wait(), 0.3)
        return await self.ended()

    @property
    def err(self) -> str:
        """All that stood on its standard error."""
        return "\n".join(self._lines)


async def told(stage: Stage, *arguments: str, **more: str) -> tuple[int, str, str]:
    """Run a command to its end: its exit code, its output, its errors."""
    async with Program(stage, *arguments, **more) as program:
        code = await program.ended()
        return code, "\n".join(program.out), program.err


def settled(events: list[Event], channel: str) -> int:
    """How many deliveries of a channel have come to an end, by what the log says."""
    ends = ("delivery.sent", "delivery.found", "delivery.undecided")
    return sum(event.get("event") in ends and event.get("channel") == channel for event in events)
