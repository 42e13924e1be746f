"""Posts of which the ledger has lost all, on every platform: found whatever parameters their links went out with."""

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from adapters.base import Context
from adapters.outcomes import Absent, AskAgain, CannotTell, Found
from adapters.post import Part, Post
from adapters.registry import PLATFORMS
from adapters.shaping import with_parameters
from bot.clock import random_bytes
from tests.conformance.stages import Sessions, seed
from tests.posts.publishing import APART, Hours, _keep
from tests.stage import HOME, SEATS, Stage


def _post(link: str, **parameters: str) -> Post:
    link = with_parameters(link, parameters)
    parts = (Part("title", "Bridge closes"), Part("text", "\n\n"), Part("link", link))
    return Post(parts, link, "Bridge closes", "For a week.")


@pytest.mark.parametrize("platform", SEATS)
def test_a_changed_setting_hides_nothing(platform: str, tmp_path: Path) -> None:
    """After a restore, an article is composed anew: its post is known again although other parameters are set now, or
    left to a person where the platform shows too little; another article's is not taken for it."""
    asyncio.run(_look_again(platform, tmp_path))


async def _look_again(platform: str, folder: Path) -> None:
    clock = Hours()
    async with Stage(folder, now=clock.seconds, platforms=[platform]) as stage:
        (channel,) = stage.settings().channels
        context = Context(clock.now, random_bytes, _keep, Sessions())
        adapter = PLATFORMS[platform].open(channel.settings, context)
        try:
            await adapter.verify()
            first = await adapter.stage(adapter.compose(_post(f"{HOME}/first"), clock.now()))
            last = await adapter.publish(first, adapter.key(seed("first")))
            clock.at += APART
            sent = await adapter.stage(adapter.compose(_post(f"{HOME}/a?p=1", utm_source="before"), clock.now()))
            receipt = await adapter.publish(sent, adapter.key(seed("a")))
            for link, is_there in ((f"{HOME}/a?p=1", True), (f"{HOME}/a?p=2", False)):
                post = _post(link, utm_source="after", utm_medium="social")
                again = await adapter.stage(adapter.compose(post, clock.now()))
                answer = await _settled(adapter, again, adapter.key(seed("a" if is_there else "b")), last.id, clock)
                if is_there and isinstance(answer, Found):
                    assert answer.receipt.id == receipt.id
                else:
                    assert isinstance(answer, CannotTell if is_there else Absent)
        finally:
            await adapter.close()


async def _settled(adapter: Any, payload: Any, key: str, last: str, clock: Hours) -> Any:
    marker = await adapter.mark(last)
    while isinstance(answer := await adapter.find(payload, key, marker), AskAgain):
        clock.at += timedelta(seconds=answer.after_for) + APART
        marker = answer.marker
    return answer
