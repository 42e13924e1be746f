"""Which share of what a platform allows a backlog uses, in leaping time; for a proof, and for `make bench`."""

import asyncio
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from adapters.sandbox.bluesky import BlueskySandbox
from adapters.sandbox.bluesky_budgets import Budget, Charge
from adapters.sandbox.mastodon_limits import STATUSES
from tests.inside import core_on, lay_ledger
from tests.leaping import LoopClock, run
from tests.stage import Stage

BACKLOG = 500
INTO_THE_WINDOW = 3600.0
"""Seconds of Mastodon's window that are over when the backlog begins."""
TENTH = Budget("repo-write-hour", 500, 3600)
"""Points: 250 puts an hour, a tenth of what Bluesky grants, so that 500 posts meet the limit."""

RULES: dict[str, Callable[[float, int], float]] = {
    # 20 in any minute
    "telegram": lambda began, posts: began + (math.ceil(posts / 20) - 1) * 60.0,
    # 300 in each three hours, which begin with the epoch
    "mastodon": lambda began, posts: (
        (began // STATUSES.per_for + math.ceil(posts / STATUSES.count) - 1) * STATUSES.per_for
    ),
    # 250 in an hour, which begins with the first
    "bluesky": lambda began, posts: began + (math.ceil(posts * 2 / TENTH.points) - 1) * TENTH.seconds,
}
"""When the last of a backlog can be out, by the time of the first and its length."""


@dataclass(frozen=True, slots=True)
class Used:
    """What came of a backlog."""

    share: float
    """Of the time from the first post to the last, the part that the platform's own rules made us wait."""
    took: float
    """Seconds of that time."""
    out: int
    """Articles that readers see."""
    posts: int
    refused: int
    """Calls that came too early (429)."""


def use_up(platform: str, folder: Path, ledger: Path, backlog: int = BACKLOG) -> Used:
    """Let a backlog go out on one platform. `ledger`: an empty one. `backlog`: posts, more than any window takes."""
    with _scarce():
        return run(_use_up(platform, folder, ledger, backlog))


@contextmanager
def _scarce() -> Iterator[None]:
    """A tenth of the points for an hour's writes on Bluesky."""
    charges = BlueskySandbox._charges

    def scarce(*call: Any) -> list[Charge]:
        return [replace(each, budget=TENTH) if each.budget.name == TENTH.name else each for each in charges(*call)]

    BlueskySandbox._charges = staticmethod(scarce)  # type: ignore[assignment] # of any arguments
    try:
        yield
    finally:
        BlueskySandbox._charges = staticmethod(charges)  # type: ignore[method-assign]


async def _use_up(platform: str, folder: Path, ledger: Path, backlog: int) -> Used:
    clock, stop, out = LoopClock(), asyncio.Event(), list[float]()
    clock.leap((INTO_THE_WINDOW - clock.seconds()) % STATUSES.per_for)
    async with Stage(folder, now=clock.seconds, newest=backlog, platforms=[platform]) as stage:
        lay_ledger(ledger, stage)
        for number in range(backlog):
            published_at = clock.now() - timedelta(hours=backlog - number)
            stage.publication.publish(f"Article {number:03}", "Words.", published_at=published_at)
        (seat,) = stage.seats.values()

        def note(_post: object) -> None:
            out.append(clock.seconds())
            if len(out) == backlog:
                stop.set()

        seat.server.on_post = note
        async with core_on(stage, clock, BACKFILL=str(backlog)) as core:
            await core.run(stop)
        began, took = out[0], out[-1] - out[0]
        share = (RULES[platform](began, backlog) - began) / took
        return Used(share, took, len(seat.by_link()), len(seat.server.public()), seat.answers[429])
