"""Polls that bring nothing new, from every kind of feed, post nothing new."""

import asyncio
from pathlib import Path

import pytest

from adapters.sandbox.feeds import ArticleStub
from adapters.sandbox.publication import FEEDS
from tests.inside import LONG, core_on, lay_ledger
from tests.judge import judge
from tests.leaping import LoopClock, run
from tests.stage import Stage


@pytest.mark.parametrize("feed", FEEDS)
def test_only_a_new_article_is_news(feed: str, tmp_path: Path, new_ledger: Path) -> None:
    """The same feed again, in another order, with edited titles under their old ids, and after a restart posts nothing;
    a new article is posted, though it has the title of an old one."""
    run(_look_again_and_again(feed, tmp_path, new_ledger))


async def _look_again_and_again(feed: str, folder: Path, ledger: Path) -> None:
    clock = LoopClock()
    async with Stage(folder, now=clock.seconds, feed=feed, platforms=["telegram"]) as stage:
        lay_ledger(ledger, stage)
        paper = stage.publication
        old = paper.publish_next()
        await _look(stage, clock, [])
        news = [await _publish(stage, clock, title) for title in ("One", "Two", "Three")]
        await _look(stage, clock, news)
        await _look(stage, clock, news)
        assert paper.unchanged > 0
        paper.etags = paper.last_modified = False
        await _look(stage, clock, news)
        paper.reorder()
        await _look(stage, clock, news)
        for article in (old, *news):
            await clock.sleep(60)
            paper.edit(article.guid, title=f"{article.title}, corrected", summary="Not what we said.")
        await _look(stage, clock, news)
        paper.reorder()
        paper.remove(news[0].guid)
        await _look(stage, clock, news)
        await _look(stage, clock, [*news, await _publish(stage, clock, "Two")])


async def _publish(stage: Stage, clock: LoopClock, title: str) -> ArticleStub:
    await clock.sleep(60)
    return stage.publication.publish(title, f"What there is to say about {title}.")


async def _look(stage: Stage, clock: LoopClock, expected: list[ArticleStub]) -> None:
    """One life of the program, with a poll and all that comes of it."""
    asked = stage.publication.count(stage.feed)
    async with core_on(stage, clock) as core:
        await core.once(LONG, asyncio.Event())
    assert asked + 1 == stage.publication.count(stage.feed)
    for seat in stage.seats.values():
        assert len(expected) == len(seat.server.public())
        judge(stage, seat, expected, [])
