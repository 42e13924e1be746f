"""Blocking calls in threads that nobody waits for: not the caller who was cancelled, and not the process that ends.

An executor would not do: `concurrent.futures` joins its threads at exit, and a call that hangs would hold the process.
https://docs.python.org/3/library/concurrent.futures.html#threadpoolexecutor
"""

import asyncio
import contextvars
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Ended(Generic[T]):
    """How a call ended. Carried as a value, since a future takes no StopIteration as its exception."""

    values: tuple[T, ...] = ()
    error: BaseException | None = None


async def call_in_daemon_thread(work: Callable[[], T]) -> T:
    """Run `work` in a fresh daemon thread, in a copy of this context, and return or raise what it does.

    When the waiting task is cancelled, the thread is left to itself and what it brings is dropped.
    """
    loop = asyncio.get_running_loop()
    waiting: asyncio.Future[_Ended[T]] = loop.create_future()
    context = contextvars.copy_context()

    def settle(ended: _Ended[T]) -> None:
        if not waiting.done():
            waiting.set_result(ended)

    def run() -> None:
        try:
            ended = _Ended((context.run(work),))
        except BaseException as error:  # whatever it is belongs to the one who waits
            ended = _Ended(error=error)
        with suppress(RuntimeError):  # the loop has closed: nobody is waiting any more
            loop.call_soon_threadsafe(settle, ended)

    threading.Thread(target=run, name="handbill-call", daemon=True).start()
    ended = await waiting
    if ended.error is not None:
        raise ended.error
    return ended.values[0]
