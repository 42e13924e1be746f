"""How long the lanes of a worker that is gone stand still: real processes on a real PostgreSQL, three accounts."""

import asyncio
import io
import signal
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack, redirect_stdout
from pathlib import Path
from typing import Any

from bot.crew import BEAT_EVERY, HUNG_AFTER
from tests.races.workers import accounts_taken, workers_on
from tests.real.postgres.server import RealPostgres
from tests.stage import Stage

KINDS = {"killed": signal.SIGKILL, "stopped": signal.SIGSTOP}
"""A process that is gone, whose session goes with it; one that hangs, which is found by its missing heartbeat."""


def measure() -> list[dict[str, Any]]:
    """One row for each way to go: seconds from the signal until all accounts were taken, and until posts went out."""
    # What the processes logged is of interest only where they fail, and then their errors are told.
    with RealPostgres(durable=True) as server, redirect_stdout(io.StringIO()), ExitStack() as stack:
        folders = [Path(stack.enter_context(tempfile.TemporaryDirectory())) for _ in KINDS]
        urls = [server.make_database(how) for how in KINDS]
        found = asyncio.run(_lose_each(folders, urls))
    return [
        {"worker": how, "taken_s": taken, "out_s": out, "beats": out / BEAT_EVERY, "hung_after": out / HUNG_AFTER}
        for how, (taken, out) in zip(KINDS, found, strict=True)
    ]


async def _lose_each(folders: Sequence[Path], urls: Sequence[str]) -> list[tuple[float, float]]:
    """Beside each other, in ledgers of their own: almost all of it is waiting."""
    return await asyncio.gather(*map(_lose_one, folders, urls, KINDS.values()))


async def _lose_one(folder: Path, url: str, sent: signal.Signals) -> tuple[float, float]:
    async with Stage(folder) as stage, workers_on(stage, url, 1) as workers:
        [first] = workers.programs
        await first.heard(lambda events: len(accounts_taken(events)) == len(stage.seats))
        second = await workers.start()
        # Two share: the one that is lost has some accounts, the other one the rest.
        await second.heard(lambda events: bool(accounts_taken(events)))
        first.process.send_signal(sent)
        began = time.monotonic()
        article = stage.publication.publish_next()
        await second.heard(lambda events: len(accounts_taken(events)) == len(stage.seats))
        taken = time.monotonic() - began
        await second.heard(
            lambda events: sum(event.get("event") == "delivery.sent" for event in events) >= len(stage.seats)
        )
        out = time.monotonic() - began
        assert [1] * len(stage.seats) == [len(seat.posts_of(article)) for seat in stage.seats.values()]
        return taken, out
