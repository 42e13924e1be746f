"""The three platforms with limits so wide that thousands of posts go out in minutes; in all else they are as strict."""

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, cast

from aiohttp import web

from adapters.sandbox.server import Answer
from tests.stage import SEATS, Now, Seat

POSTS = 1_000_000
"""How many a window allows."""
HOURS = {"mastodon": 3 * 3600, "bluesky": 3600}


def _budget(platform: str) -> dict[str, str]:
    """What an answer tells of it, in the platform's own headers."""
    length = HOURS[platform]
    reset_at = str((int(time.time()) // length + 1) * length)
    count = str(POSTS)
    if platform == "mastodon":
        return {"X-RateLimit-Limit": count, "X-RateLimit-Remaining": count, "X-RateLimit-Reset": reset_at}
    policy = f"{count};w={length}"
    told = {"RateLimit-Limit": count, "RateLimit-Remaining": count, "RateLimit-Reset": reset_at}
    return told | {"RateLimit-Policy": policy}


def _tell(server: Any, platform: str) -> None:
    async def tell(_: web.Request, response: web.StreamResponse) -> None:
        if response.status < 400:
            response.headers.update(_budget(platform))

    server.app.on_response_prepare.append(tell)


def _be_as_wide_when_told_to_wait(server: Any) -> None:
    """Or the usual limit would be learnt from it, and kept to for as long as its window is."""
    told_to_wait = server.told_to_wait

    def told(seconds: float) -> Answer:
        answer: Answer = told_to_wait(seconds)
        return replace(answer, headers={**answer.headers, "X-RateLimit-Limit": str(POSTS)})

    server.told_to_wait = told


def _telegram(now: Now) -> Seat:
    seat = SEATS["telegram"](now)
    cast(Any, seat.server).paced = False
    wide = {"HANDBILL_TELEGRAM__PER_MINUTE": lambda: "6000", "HANDBILL_TELEGRAM__PER_SECOND": lambda: "100"}
    seat.settings = {**seat.settings, **wide}
    return seat


def _mastodon(now: Now) -> Seat:
    seat = SEATS["mastodon"](now)
    cast(Any, seat.server)._gate.paced = False
    _tell(seat.server, "mastodon")
    _be_as_wide_when_told_to_wait(seat.server)
    return seat


def _bluesky(now: Now) -> Seat:
    seat = SEATS["bluesky"](now)
    cast(Any, seat.server)._till._paced = False
    _tell(seat.server, "bluesky")
    return seat


GENEROUS: Mapping[str, Callable[[Now], Seat]] = {"telegram": _telegram, "mastodon": _mastodon, "bluesky": _bluesky}
