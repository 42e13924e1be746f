"""A copy of the ledger file is put back by hand, while nothing runs, and nobody says so to the program."""

import asyncio
import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest

from adapters.sandbox.feeds import ArticleStub
from bot.model import State
from tests.inside import LONG, Told, core_on, lay_ledger
from tests.leaping import LoopClock, run
from tests.stage import Stage

LISTED = ("mastodon", "bluesky")
"""Platforms that list an account's posts."""
SILENT = ("telegram",)
"""The others."""
QUICK = {"BACKFILL": "1", "SETTLE": "0s"}


@pytest.mark.parametrize("platforms", [*((name,) for name in LISTED + SILENT), LISTED + SILENT], ids=", ".join)
def test_an_old_copy_is_put_back(platforms: Sequence[str], tmp_path: Path, new_ledger: Path) -> None:
    """What the copy had planned and what the feed shows anew is out already: it is found, or held where the platform
    lists nothing, and nothing is posted twice; what is published later goes out."""
    run(_put_back(platforms, tmp_path, new_ledger))


async def _put_back(platforms: Sequence[str], folder: Path, ledger: Path) -> None:
    clock = LoopClock()
    async with Stage(folder, now=clock.seconds, platforms=platforms) as stage:
        lay_ledger(ledger, stage)
        articles = [stage.publication.publish_next()]
        await _once(stage, clock)
        articles.append(stage.publication.publish_next())
        await _once(stage, clock, SETTLE="1h", wait_for=0.0)
        copy = folder / "copy.db"
        shutil.copy(stage.ledger, copy)
        for _ in range(2):
            await clock.sleep(2 * 3600)
            await _once(stage, clock)
            articles.append(stage.publication.publish_next())
        await _once(stage, clock)
        assert [[1] * 4] * len(platforms) == _seen(stage, articles)
        _put_in_place(copy, stage.ledger)
        await clock.sleep(3600)
        await _once(stage, clock)
        await clock.sleep(60)  # feeds date in whole seconds
        articles.append(stage.publication.publish_next())
        await _once(stage, clock)
        assert [[1] * 5] * len(platforms) == _seen(stage, articles)
        with Told(stage) as told:
            held = [row for row in told.log() if row.state is not State.SENT]
        silent = [name for name in platforms if name in SILENT]
        links = [article.link for article in articles[1:4]]
        assert sorted((name, link) for name in silent for link in links) == sorted((r.platform, r.link) for r in held)
        assert {State.HELD} >= {row.state for row in held}


def _put_in_place(copy: Path, ledger: Path) -> None:
    for beside in ledger.parent.glob(f"{ledger.name}-*"):
        beside.unlink()
    shutil.copy(copy, ledger)


async def _once(stage: Stage, clock: LoopClock, *, wait_for: float = LONG, **more: str) -> None:
    async with core_on(stage, clock, **{**QUICK, **more}) as core:
        await core.once(wait_for, asyncio.Event())


def _seen(stage: Stage, articles: Sequence[ArticleStub]) -> list[list[int]]:
    """For each platform, how often readers see each article."""
    return [[len(seat.posts_of(article)) for article in articles] for seat in stage.seats.values()]
