"""Notices that somebody has set the machine's clock, and says so: times in the log before and after do not compare."""

from datetime import timedelta

import structlog

from bot.doors import Clock

log = structlog.get_logger()

LOOK_EVERY = 30.0
"""Seconds between two looks."""
NOTABLE = timedelta(seconds=10)
"""Less is a clock that is being kept right."""


async def watch(clock: Clock) -> None:
    """Compare the wall clock with the one that never runs back, for life; ended by cancelling."""
    wall, steady = clock.now(), clock.monotonic()
    while True:
        await clock.sleep(LOOK_EVERY)
        wall_then, steady_then, wall, steady = wall, steady, clock.now(), clock.monotonic()
        by = (wall - wall_then) - timedelta(seconds=steady - steady_then)
        if abs(by) >= NOTABLE:
            way = "back by" if by < timedelta() else "ahead, or the machine slept, for"
            log.warning("clock.set", reason=f"the machine's clock was set {way} {abs(by).total_seconds():.0f} s")
