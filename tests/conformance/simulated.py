"""The simulated platforms on the stage of the conformance suite: what the simulation speaks to is held to the same
contract as the adapters that speak to real ones."""

import asyncio
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from adapters.post import Payload
from adapters.sandbox.faults import Fault, Script
from adapters.sandbox.server import PublicPost
from tests.conformance.stages import Play, Played
from tests.simulation.life import Clock
from tests.simulation.places import Place, Shown
from tests.simulation.process import Fuse, GatedLoop, Process, spawn, within
from tests.simulation.speakers import SPEAKERS, Speaker

SIMULATED = ("sky", "masto", "tele")
"""Not blind, which is to Telegram without an ops chat as that is to Telegram with one: it cannot be asked."""

_CALLS = {"publish": "publish", "stage": "upload", "verify": "auth", "find": "read", "confirm": "read"}
_OF_THE_CALL: Mapping[str, str] = {"drop": "drop", "garbage": "drop", "hang": "hang-lost", "late": "hang"}
"""Fault of the visible call → its fate here; what commits and then fails is `cut`."""


def _fate_of(fault: Fault, call: str) -> str:
    if fault.kind == "wait" or fault.status == 429:
        return "wait"
    if fault.kind == "error":
        if fault.status in (401, 403, 404):
            return "down"
        return "reject" if fault.status in (400, 409, 413, 422) and call in ("publish", "stage") else "refuse"
    if call != "publish":
        return "slow" if fault.kind == "late" else "refuse"
    return _OF_THE_CALL.get(fault.kind, "cut")


class SimServer(Place):
    """A place with what the suite asks of a sandbox server."""

    def __init__(self, name: str) -> None:
        super().__init__(name, Nobody(), Counter())
        self.requests: list[str] = []
        self.faults = Script()
        self.called = asyncio.Event()
        """Set with each request."""

    def public(self) -> list[PublicPost]:
        """What readers see."""
        return [self._public(post) for post in self.out()]

    def _public(self, post: Shown) -> PublicPost:
        number = post.key if self.name == "sky" else str(post.number)
        url = f"https://{self.name}.example/{number}"
        return PublicPost(self.name, self.name, number, post.body["title"], (post.body["link"],), post.at, url)

    def _fate(self, call: str) -> str:
        self.requests.append(call)
        self.called.set()
        fault = self.faults.next_for(_CALLS[call])
        return "ok" if fault is None else _fate_of(fault, call)


class Nobody:
    """Watches nothing: here it is the suite that judges."""

    def shown(self, place: Place, post: Shown) -> None:
        """As it is."""

    def lied(self, place: Place, key: str) -> None:
        """As it is."""

    def answered(self, place: Place) -> None:
        """As it is."""

    def asked(self, place: Place, key: str) -> None:
        """As it is."""


class SimTap(Nobody):
    """What has left the process."""

    def __init__(self) -> None:
        self.seen = ""

    @property
    def written(self) -> int:
        """How much it is."""
        return len(self.seen)

    def note(self, payload: Payload) -> None:
        """A call leaves."""
        self.seen += payload.canonical()

    async def all_closed(self) -> None:
        """There are no lines to hold."""


class _Overseer(Nobody):
    def __init__(self, tap: SimTap) -> None:
        self._tap = tap

    def written(self, place: Place, payload: Payload, key: str) -> None:
        self._tap.note(payload)


@dataclass
class SimSeat:
    """A simulated platform's seat."""

    server: SimServer
    repeats: bool = True

    def delete(self, post: PublicPost) -> None:
        """Its owner deletes a post by hand."""
        next(each for each in self.server.out() if self.server._public(each) == post).gone = True

    async def struck(self, kind: str) -> None:
        """Wait until a fault of this kind has happened."""
        while kind not in [happened for happened, _ in self.server.faults.happened]:
            self.server.called.clear()
            await self.server.called.wait()


class SimClock(Clock):
    """The clock of a simulated life, which may also leap."""

    def leap(self, seconds: float) -> None:
        """So much time passes at once."""
        loop = asyncio.get_running_loop()
        assert isinstance(loop, GatedLoop)
        loop.leap(seconds)


class RightClock:
    """Of the world's troubles that a clock may have, none."""

    skew = 0.0


def _stage(name: str) -> tuple[Process, Played]:
    def burnt(process: Process, _fuse: Fuse) -> None:
        process.stop()
        with within(None):
            asyncio.get_running_loop().call_later(adapter.deadline_for + 1, process.go_on)

    process = Process(name, burnt)
    clock, tap, server = SimClock(RightClock(), process), SimTap(), SimServer(name)
    adapter: Speaker = SPEAKERS[name](server, process, clock, _Overseer(tap))

    @contextmanager
    def stopped() -> Iterator[None]:
        process.fuses.append(Fuse("call", 1, "stop"))
        yield

    return process, Played(adapter, SimSeat(server, repeats=name != "tele"), clock, tap, stopped)


def run_simulated(name: str, act: Play) -> None:
    """Play a scene with a simulated platform's adapter, in virtual time."""

    async def scene() -> None:
        process, it = _stage(name)

        async def inside() -> None:
            await it.adapter.verify()
            await act(it)

        await spawn(process, inside())

    with asyncio.Runner(loop_factory=GatedLoop) as runner:
        runner.run(scene())
