"""Short waits in process, by tenacity: where nothing was sent, and where an outcome must reach the ledger.

Everything longer is `due_at` in the ledger: one truth about when.
"""

from collections.abc import Awaitable, Callable
from typing import TypeVar

import structlog
from tenacity import (
    AsyncRetrying,
    RetryCallState,
    retry_if_exception,
    retry_if_exception_type,
    stop_after_attempt,
    stop_before_delay,
    wait_exponential,
)

from adapters.outcomes import Unavailable
from bot.doors import Clock
from bot.ledger.trouble import passes

T = TypeVar("T")

log = structlog.get_logger()

TRIES = 3
FIRST_WAIT = 0.25
"""Seconds."""
WITHIN = 5.0
"""Seconds that the short waits of one step may take together."""


async def shortly(clock: Clock, call: Callable[[], Awaitable[T]]) -> T:
    """Call, and call again within seconds where it was proven that nothing had been executed (a refused connection)."""
    try:
        return await call()  # the usual case does without the machinery, which costs as much as a query
    except Unavailable:
        await clock.sleep(FIRST_WAIT)

    async def attempt() -> T:  # tenacity awaits only what it can see to be a coroutine function
        return await call()

    retrying = AsyncRetrying(
        retry=retry_if_exception_type(Unavailable),
        stop=stop_after_attempt(TRIES - 1) | stop_before_delay(WITHIN),
        wait=wait_exponential(multiplier=FIRST_WAIT * 2, max=2),
        sleep=clock.sleep,
        reraise=True,
    )
    return await retrying(attempt)


async def surely(clock: Clock, write: Callable[[], Awaitable[T]]) -> T:
    """Write to the ledger until it takes it: an outcome that is known must not be lost to a full disk or a lock.

    What does not pass (`bot.ledger.trouble`) is a mistake of ours, which waiting does not mend: it rises.
    """

    def say(state: RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        log.error("ledger.unavailable", error=str(getattr(error, "orig", error)), tries=state.attempt_number)

    async def attempt() -> T:
        return await write()

    retrying = AsyncRetrying(
        retry=retry_if_exception(passes),
        wait=wait_exponential(multiplier=0.5, max=10),
        sleep=clock.sleep,
        before_sleep=say,
    )
    return await retrying(attempt)
