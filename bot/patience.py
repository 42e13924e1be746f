"""Short waits in process, by tenacity: where nothing was sent, and where an outcome must reach the ledger.

Everything longer is `due_at` in the ledger: one truth about when.
"""

from collections.abc import Awaitable, Callable
from typing import TypeVar

import structlog.typing
from tenacity import (
    AsyncRetrying,
    retry_if_exception,
    retry_if_exception_type,
    stop_after_attempt,
    stop_before_delay,
    wait_exponential,
)

from adapters.outcomes import Unavailable
from bot.doors import Clock, Dice
from bot.ledger.trouble import passes
from bot.retry import backoff

T = TypeVar("T")

TRIES = 3
FIRST_WAIT = 0.25
"""Seconds."""
WITHIN = 5.0
"""Seconds that the short waits of one step may take together."""


LEDGER_FROM, LEDGER_TO = 1.0, 30.0
"""Seconds between two tries on a ledger that cannot be used: it is ours, and nobody is troubled by being asked."""


def after_failure(
    error: Exception, failures: int, dice: Dice, *, log: structlog.typing.FilteringBoundLogger, event: str
) -> float:
    """Say what happened; seconds to rest after the `failures`-th time in a row."""
    say(error, log=log, event=event)
    if passes(error):
        return backoff(failures, dice, start=LEDGER_FROM, top=LEDGER_TO)
    return backoff(failures, dice)


def say(error: Exception, *, log: structlog.typing.FilteringBoundLogger, event: str) -> None:
    """Log a mistake of ours as `event`, with all that is known of it. Of an unusable ledger its door tells."""
    if not passes(error):
        log.error(event, exc_info=error)


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

    async def attempt() -> T:
        return await write()

    retrying = AsyncRetrying(
        retry=retry_if_exception(passes),
        wait=wait_exponential(multiplier=0.5, max=10),
        sleep=clock.sleep,
    )
    return await retrying(attempt)
