"""An event loop over real sockets and real threads in which nobody waits for time: when nothing moves, time leaps.

The whole of a process that runs in it (timers, deadlines, pacing, the sandbox servers' own clocks) sees a backoff of an
hour pass in milliseconds, while every byte still goes through the kernel.
"""

import asyncio
import selectors
import threading
from collections.abc import Callable, Coroutine
from contextlib import AbstractAsyncContextManager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")

AT_REST = 0.002
"""Real seconds without an event after which the loop's own sockets have nothing more to say: what was sent on loopback
has arrived."""
AT_REST_BESIDE_A_CALL = 0.2
"""The same while a blocking call runs in a thread, which may be starved; unless it has slept all the while, waiting for
an answer that is held back."""
STUCK_AFTER = 60.0
"""Real seconds after which waiting for something that is on no timer is given up."""


class Stuck(AssertionError):
    """Nothing is scheduled, and nothing has come for a long time."""


class _LeapingSelector(selectors.DefaultSelector):
    """Waits a moment for real events, then lets the rest of the time have passed."""

    def __init__(self) -> None:
        super().__init__()
        self.leapt = 0.0
        self.working = 0
        """How many pieces of work are in an executor: as long as there are any, time passes as it does."""

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if self.working:
            return super().select(STUCK_AFTER if timeout is None else timeout)
        if timeout is None:
            ready = super().select(STUCK_AFTER)
            if not ready:
                raise Stuck
            return ready
        waited, before = 0.0, _calls()
        while not (ready := super().select(min(timeout - waited, AT_REST))):
            waited += min(timeout - waited, AT_REST)
            seen, before = before, _calls()
            if waited >= min(timeout, AT_REST_BESIDE_A_CALL) or (seen == before and all(map(_sleeps, seen))):
                self.leapt += timeout - waited
                break
        return ready


def _calls() -> list[str]:
    """What the kernel says of each thread of a blocking call: its state, and how often it has run and rested
    (https://man7.org/linux/man-pages/man5/proc_pid_status.5.html). Empty words where it says nothing."""
    return [_told(thread) for thread in threading.enumerate() if thread.name == "handbill-call"]


def _told(thread: threading.Thread) -> str:
    with suppress(OSError):
        lines = Path(f"/proc/self/task/{thread.native_id}/status").read_text("ascii", "replace").splitlines()
        return "\n".join(line for line in lines if line.startswith(("State", "Pid", "vol", "nonvol")))
    return ""


def _sleeps(told: str) -> bool:
    return told.startswith("State:\tS")


class LeapingLoop(asyncio.SelectorEventLoop):
    """An event loop whose time is the machine's plus all leaps."""

    def __init__(self) -> None:
        self._leaping = _LeapingSelector()
        super().__init__(self._leaping)

    def time(self) -> float:
        return super().time() + self._leaping.leapt

    def leap(self, seconds: float) -> None:
        """So much time passes at once."""
        self._leaping.leapt += seconds

    def run_in_executor(self, executor: Any, func: Callable[..., T], *args: Any) -> asyncio.Future[T]:  # type: ignore[override] # typeshed's own is generic in another way
        self._leaping.working += 1
        future = super().run_in_executor(executor, func, *args)
        future.add_done_callback(self._worked)
        return future

    def _worked(self, _future: asyncio.Future[Any]) -> None:
        self._leaping.working -= 1


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run `main` in leaping time; what it leaves running is cancelled and seen to its end."""
    with asyncio.Runner(loop_factory=LeapingLoop) as runner:
        return runner.run(main)


class LoopClock:
    """The clock door over the running loop. `seconds` is what sandbox servers take for their `now`."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._zero = datetime.now(UTC) - timedelta(seconds=self._loop.time())

    def now(self) -> datetime:
        return self._zero + timedelta(seconds=self._loop.time())

    def seconds(self) -> float:
        return self.now().timestamp()

    def monotonic(self) -> float:
        return self._loop.time()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    def leap(self, seconds: float) -> None:
        """So much time passes at once: the process was stopped meanwhile."""
        assert isinstance(self._loop, LeapingLoop)
        self._loop.leap(seconds)

    def deadline(self, seconds: float | None) -> AbstractAsyncContextManager[object]:
        return asyncio.timeout(seconds)
