"""When a source is polled next. Pure."""

from datetime import datetime, timedelta

from bot.doors import Dice

POLL_TO = 6 * 3600.0
"""Seconds: the longest that a failing source is left alone, unless its own interval is longer."""
POLL_JITTER = 0.05
PATIENCE = 3
"""Failures in a row before a source is polled less often and an alert is raised."""


def next_poll(
    now: datetime, *, every: float, failures: int, retry_after: float | None, dice: Dice
) -> tuple[datetime, datetime | None]:
    """When a source is polled next, and until when the server told us to stay away (None: it did not).

    `every` in seconds; `failures` in a row, this one included.
    """
    wait = every * dice.uniform(1 - POLL_JITTER, 1 + POLL_JITTER)
    if failures > PATIENCE:
        wait = max(every, min(POLL_TO, every * 2.0 ** min(failures - PATIENCE, 20)))
    told = now + timedelta(seconds=retry_after) if retry_after is not None else None
    due = now + timedelta(seconds=wait)
    return (max(due, told), told) if told else (due, None)
