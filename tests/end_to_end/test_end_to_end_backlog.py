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

BACKLOG, SHORT = 200, 60
"""Articles; and in the default suite, where it is still three times what Telegram takes in a minute."""
QUICK = ("mastodon", SHORT)


@pytest.mark.parametrize(
    ("down", "length"), [QUICK, *(pytest.param(name, BACKLOG, marks=pytest.mark.slow) for name in PLATFORMS)]
)
def test_a_backlog_with_one_platform_down(down: str, length: int, tmp_path: Path, new_ledger: Path) -> None:
    """While one platform is down the others bring out all articles, in order, at the first try and never too fast; when
    it is back, it catches up in order."""
    run(_work_through(down, length, tmp_path, new_ledger))


async def _work_through(down: str, length: int, folder: Path, ledger: Path) -> None:
    clock, stop = LoopClock(), asyncio.Event()
    async with Stage(folder, now=clock.seconds, newest=length) as stage:
        lay_ledger(ledger, stage)
        articles = _publish(stage, clock, length)
        late = stage.seats[down]
        others = [seat for seat in stage.seats.values() if seat is not late]
        finished = {name: _when_out(seat, length) for name, seat in stage.seats.items()}
        await late.server.stop()
        async with core_on(stage, clock, BACKFILL=str(length)) as core:
            working = asyncio.create_task(core.run(stop))
            await _first(working, *(finished[seat.platform].wait() for seat in others))
            assert ([], False) == (late.server.public(), finished[down].is_set())
            await late.server.start()
            await _first(working, finished[down].wait())
            stop.set()
            await working
        for seat in stage.seats.values():
            judge(stage, seat, articles, [])
            assert (length, 0) == (len(seat.server.public()), seat.answers[429])
        with Told(stage) as told:
            assert {1} == {row.attempts for row in told.log()}
        assert [] == find_secrets(stage.ledger_bytes().decode("latin-1"), HANDED_OUT)


def _publish(stage: Stage, clock: LoopClock, length: int) -> list[ArticleStub]:
    began_at = clock.now() - timedelta(hours=length)
    return [
        stage.publication.publish(f"Article {number:03}", "Words.", published_at=began_at + timedelta(hours=number))
        for number in range(length)
    ]


def _when_out(seat: Seat, length: int) -> asyncio.Event:
    """An event that is set when the platform shows the whole backlog."""
    seen, all_out = [], asyncio.Event()

    def note(post: object) -> None:
        seen.append(post)
        if len(seen) == length:
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
