"""The door for work that would hold up the loop, as production has it."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


class ThreadOffload:
    """A few threads: a broken feed may hold one for half a minute, and a dozen big pictures must not eat the memory."""

    def __init__(self) -> None:
        self._executor = ThreadPoolExecutor(max_workers=3, thread_name_prefix="offload")

    async def __call__(self, work: Callable[[], T]) -> T:
        """Run `work` in the thread and return what it returns."""
        return await asyncio.get_running_loop().run_in_executor(self._executor, work)

    def close(self) -> None:
        """Drop what has not begun."""
        self._executor.shutdown(wait=False, cancel_futures=True)
