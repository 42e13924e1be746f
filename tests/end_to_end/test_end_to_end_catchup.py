"""While the daemon is away more is published than a feed holds: what its older pages have is posted all the same."""

import asyncio
from pathlib import Path

import pytest

from adapters.sandbox.feeds import ArticleStub
from tests.inside import LONG, core_on, lay_ledger
from tests.judge import judge
from tests.leaping import LoopClock, run
from tests.stage import Stage

NEWEST = 4
"""Articles that a feed holds."""


@pytest.mark.parametrize("feed", ["/feed.xml", "/atom.xml", "/feed.json"])
def test_all_that_came_in_between_is_posted_once(feed: str, tmp_path: Path, new_ledger: Path) -> None:
    """Three times as many articles as the feed holds, in half a day without the daemon: each is posted once, in order,
    and looks that follow ask for no older page."""
    run(_come_back(feed, tmp_path, new_ledger))


async def _come_back(feed: str, folder: Path, ledger: Path) -> None:
    clock = LoopClock()
    async with Stage(folder, now=clock.seconds, feed=feed, newest=NEWEST, platforms=["telegram"]) as stage:
        lay_ledger(ledger, stage)
        stage.publication.paged = True
        for _ in range(NEWEST + 2):
            await _publish(stage, clock)
        await _live(stage, clock)
        news = [await _publish(stage, clock) for _ in range(3 * NEWEST)]
        for asked in (5, 6):  # four pages, the last of which has something known; then the first alone
            await _live(stage, clock)
            assert (asked, len(news)) == (stage.publication.count(feed), len(stage.seats["telegram"].server.public()))
            judge(stage, stage.seats["telegram"], news, [])


async def _publish(stage: Stage, clock: LoopClock) -> ArticleStub:
    await clock.sleep(3_600)
    return stage.publication.publish_next()


async def _live(stage: Stage, clock: LoopClock) -> None:
    """One life of the program, with a poll and all that comes of it."""
    async with core_on(stage, clock) as core:
        await core.once(LONG, asyncio.Event())
