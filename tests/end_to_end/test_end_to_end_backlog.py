"""A long backlog goes out in order, at the pace that each platform allows, and no lane waits for another."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from adapters.registry import PLATFORMS
from adapters.sandbox.feeds import ArticleStub
from tests.inside import Told, core_on, lay_ledger
from tests.judge import judge
from tests.leaping import LoopClock, run
from tests.secrecy import HANDED_OUT, find_secrets
from tests.stage import Seat, Stage

BACKLOG = 200
QUICK = "mastodon"
"""The platform that is down in the default suite; the others in turn are for the longer one."""


@pytest.mark.parametrize(
    "down", [QUICK, *(pytest.param(name, marks=pytest.mark.slow) for name in PLATFORMS if name != QUICK)]
)
def test_a_backlog_with_one_platform_down(down: str, tmp_path: Path, new_ledger: Path) -> None:
    """200 articles: while one platform is down the others bring out all of them, in order, at the first try and never
    too fast; when it is back, it catches up in order."""
    run(_work_through(down, tmp_path, new_ledger))


async def _work_through(down: str, folder: Path, ledger: Path) -> None:
    clock, stop = LoopClock(), asyncio.Event()
    async with Stage(folder, now=clock.seconds, newest=BACKLOG) as stage:
        lay_ledger(ledger, stage)
        articles = _publish(stage, clock)
        late = stage.seats[down]
        others = [seat for seat in stage.seats.values() if seat is not late]
        finished = {name: _when_out(seat) for name, seat in stage.seats.items()}
        await late.server.stop()
        async with core_on(stage, clock, BACKFILL=str(BACKLOG)) as core:
            working = asyncio.create_task(core.run(stop))
            await _first(working, *(finished[seat.platform].wait() for seat in others))
            assert ([], False) == (late.server.public(), finished[down].is_set())
            await late.server.start()
            await _first(working, finished[down].wait())
            stop.set()
            await working
        for seat in stage.seats.values():
            judge(stage, seat, articles, [])
            assert (BACKLOG, 0) == (len(seat.server.public()), seat.answers[429])
        with Told(stage) as told:
            assert {1} == {row.attempts for row in told.log()}
        assert [] == find_secrets(stage.ledger_bytes().decode("latin-1"), HANDED_OUT)


def _publish(stage: Stage, clock: LoopClock) -> list[ArticleStub]:
    began_at = clock.now() - timedelta(hours=BACKLOG)
    return [
        stage.publication.publish(f"Article {number:03}", "Words.", published_at=began_at + timedelta(hours=number))
        for number in range(BACKLOG)
    ]


def _when_out(seat: Seat) -> asyncio.Event:
    """An event that is set when the platform shows the whole backlog."""
    seen, all_out = [], asyncio.Event()

    def note(post: object) -> None:
        seen.append(post)
        if len(seen) == BACKLOG:
            all_out.set()

    seat.server.on_post = note
    return all_out


async def _first(working: asyncio.Task[None], *waits: object) -> None:
    """Wait for all of these, unless the core ends before."""
    waiting = asyncio.gather(*waits)  # type: ignore[call-overload] # coroutines
    await asyncio.wait([working, waiting], return_when=asyncio.FIRST_COMPLETED)
    if working.done():
        working.result()
        raise AssertionError("the core ended by itself")
