"""Several processes in one thread: what belongs to one may stop, go on, or be gone between any two of its steps.

Which process a piece of work belongs to travels with its context, as the tasks it starts inherit it. Every callback of
a process goes through its gate: after its death none is run, and what a stopped one would have done is done when it
goes on, in order.
"""

import asyncio
import contextvars
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from tests.simulation.world import VirtualLoop

T = TypeVar("T")

What = Literal["crash", "stop", "lose"]
"""
crash  SIGKILL: nothing more of it runs
stop   SIGSTOP: nothing of it runs until it goes on
lose   its session with the ledger ends
"""


class Gone(BaseException):
    """The process is dead. Not an Exception: nothing may catch it and go on."""


@dataclass
class Fuse:
    """Burns when the process passes a point of this kind for the `left`-th time from now."""

    point: str
    left: int
    what: What


@dataclass
class Callback:
    """What a process is to run, under the handle by which it may still be called off."""

    call: Callable[..., object]
    args: tuple[Any, ...]
    context: contextvars.Context
    handle: asyncio.Handle | None = None


class Process:
    """One process: alive, stopped or dead."""

    def __init__(self, name: str, burnt: "Callable[[Process, Fuse], None]") -> None:
        """`burnt` is told of each fuse that burns, and does what is to be done."""
        self.name = name
        self.dead = False
        self.stopped = False
        self.fuses: list[Fuse] = []
        self._burnt = burnt
        self._closing = False
        self._waiting: list[Callback] = []

    def die(self) -> None:
        """SIGKILL."""
        self.dead, self.stopped = True, False

    def stop(self) -> None:
        """SIGSTOP."""
        if not self.dead:
            self.stopped = True

    def go_on(self) -> None:
        """SIGCONT."""
        self.stopped = False
        if not self.dead:
            self._run_waiting()

    def close(self) -> None:
        """The world ends: what is parked may unwind. The doors let nothing of it out any more."""
        self._closing = self.dead = True
        self.stopped = False
        self._run_waiting()

    def pass_(self, point: str) -> list[Fuse]:
        """Go by a point. Raises Gone if the process is dead, or dies of it; the other fuses that burnt are returned."""
        burnt = [] if self.dead else self._burn(point)
        if self.dead:
            raise Gone
        return burnt

    def notice(self, point: str) -> None:
        """Something happens to the process from outside, while it does not run."""
        if not self.dead:
            self._burn(point)

    async def rest_at(self, point: str) -> None:
        """Go by a point at which a process may also be stopped."""
        self.pass_(point)
        if self.stopped:
            await asyncio.sleep(0)  # the gate keeps it
            self.pass_("awake")

    def gate(self, callback: "Callback") -> None:
        """Run a callback of this process, if it may run."""
        if callback.handle is None or callback.handle.cancelled():
            return
        if not self._closing:
            if not self.dead and not self.stopped:
                self._burn("step")
            if self.dead or self.stopped:
                self._waiting.append(callback)
                return
        callback.call(*callback.args)

    def _burn(self, point: str) -> list[Fuse]:
        burnt = []
        for fuse in [each for each in self.fuses if each.point == point]:
            fuse.left -= 1
            if fuse.left <= 0:
                self.fuses.remove(fuse)
                self._burnt(self, fuse)
                burnt.append(fuse)
        return burnt

    def _run_waiting(self) -> None:
        waiting, self._waiting = self._waiting, []
        loop = asyncio.get_running_loop()
        assert isinstance(loop, GatedLoop)
        for callback in waiting:
            loop.again(self, callback)


_WHO: contextvars.ContextVar[Process | None] = contextvars.ContextVar("process", default=None)


def whose() -> Process | None:
    """The process that this code belongs to; None: the world outside."""
    return _WHO.get()


@contextmanager
def within(process: Process | None) -> Iterator[None]:
    """What is started inside belongs to `process`."""
    token = _WHO.set(process)
    try:
        yield
    finally:
        _WHO.reset(token)


def spawn(process: Process | None, main: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
    """A task of that process."""
    with within(process):
        return asyncio.get_running_loop().create_task(main)


class GatedLoop(VirtualLoop):
    """Virtual time, in which every callback of a process goes through that process's gate."""

    def call_soon(  # type: ignore[override] # typeshed ties the arguments to the callback
        self, callback: Callable[..., object], *args: Any, context: contextvars.Context | None = None
    ) -> asyncio.Handle:
        chosen = contextvars.copy_context() if context is None else context
        if (who := chosen.get(_WHO)) is None:
            return super().call_soon(callback, *args, context=chosen)
        gated = Callback(callback, args, chosen)
        gated.handle = super().call_soon(who.gate, gated, context=chosen)
        return gated.handle

    def call_at(  # type: ignore[override] # as above
        self, when: float, callback: Callable[..., object], *args: Any, context: contextvars.Context | None = None
    ) -> asyncio.TimerHandle:
        chosen = contextvars.copy_context() if context is None else context
        if (who := chosen.get(_WHO)) is None:
            return super().call_at(when, callback, *args, context=chosen)
        gated = Callback(callback, args, chosen)
        handle = gated.handle = super().call_at(when, who.gate, gated, context=chosen)
        return handle

    def again(self, who: Process, callback: Callback) -> None:
        """What was kept back at the gate comes to it once more."""
        super().call_soon(who.gate, callback, context=callback.context)
