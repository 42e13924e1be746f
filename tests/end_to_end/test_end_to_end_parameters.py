"""Parameters of links, from the settings to what readers follow, and through a lost answer."""

import asyncio
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from adapters.sandbox.faults import Fault
from tests.inside import LONG, Told, core_on, lay_ledger
from tests.leaping import LoopClock, run
from tests.stage import HOME, Stage

BEFORE = {f"{platform}__LINK_PARAMETERS": "utm_source=before" for platform in ("TELEGRAM", "MASTODON", "BLUESKY")}
AFTER = {f"{platform}__LINK_PARAMETERS": "utm_source=after" for platform in ("TELEGRAM", "MASTODON", "BLUESKY")}


def test_they_are_in_every_link_and_in_no_identity(tmp_path: Path, new_ledger: Path) -> None:
    """Every link that a reader can follow has the parameters of the moment when the post was made; a changed setting
    neither hides a post whose answer was lost, nor makes an old article a new one."""
    run(_post_and_change(tmp_path, new_ledger))


async def _post_and_change(folder: Path, ledger: Path) -> None:
    clock = LoopClock()
    async with Stage(folder, now=clock.seconds) as stage:
        lay_ledger(ledger, stage)
        await _once(stage, clock, BACKFILL="0", **BEFORE)
        stage.publication.publish_next()
        await clock.sleep(600)
        await _once(stage, clock, **BEFORE)
        stage.publication.publish_next()
        for seat in stage.seats.values():
            seat.server.faults.add(Fault.parse("cut"))
        await clock.sleep(600)
        async with core_on(stage, clock, **BEFORE) as core:
            lanes = asyncio.create_task(core.once(LONG, asyncio.Event()))
            for seat in stage.seats.values():
                await seat.struck("cut")
            lanes.cancel()
            await asyncio.gather(lanes, return_exceptions=True)
        await clock.sleep(600)
        await _once(stage, clock, **AFTER)
        stage.publication.publish_next()
        await clock.sleep(600)
        await _once(stage, clock, **AFTER)
        expected = ["before", "before", "after"]
        for platform, seat in stage.seats.items():
            posts = seat.server.public()
            assert (platform, expected) == (platform, [_source_of(post) for post in posts])
        with Told(stage) as told:
            assert 9 == len([row for row in told.log() if row.state == "sent"])


async def _once(stage: Stage, clock: LoopClock, **more: str) -> None:
    async with core_on(stage, clock, **more) as core:
        await core.once(LONG, asyncio.Event())


def _source_of(post: Any) -> str:
    """The one value that all links of a post have, the card's and the preview's among them."""
    links = [link for link in post.links if link.startswith(HOME)]
    (value,) = {dict(parse_qsl(urlsplit(link).query)).get("utm_source", "") for link in links}
    assert post.card is None or post.card["link"] in links
    return str(value)
