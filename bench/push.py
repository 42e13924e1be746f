"""From a push to the post, over loopback with the real daemon: one platform, nothing else to do."""

import asyncio
import json
import secrets
import socket
import statistics
import tempfile
import time
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

from aiohttp import ClientSession

from bot.ledger.migrate import ensure_ledger
from bot.signed import SIGNATURE, TIMESTAMP, sign
from tests.process import Program
from tests.stage import HOME, Stage
from tests.web.hub import Hub

PUSHES, FULL = 6, 20
PATIENCE = 60.0
"""Seconds after which a post is not waited for any more."""
SECRET = secrets.token_hex(16)


def measure(full: bool) -> list[dict[str, Any]]:
    """A row for each way to push."""
    rows = []
    for way, push in (("POST /hooks/articles", _articles), ("WebSub, signed", _hub)):
        with tempfile.TemporaryDirectory() as folder, redirect_stdout(StringIO()):  # the daemon's whole log
            took = asyncio.run(push(Path(folder), FULL if full else PUSHES))
        rows.append({"way": way, "median_ms": statistics.median(took) * 1000, "slowest_ms": max(took) * 1000})
    return rows


async def _articles(folder: Path, pushes: int) -> list[float]:
    async with (
        _stage(folder) as stage,
        Program(stage, "run", "--log-json", **_web()) as daemon,
        ClientSession() as session,
    ):
        url = f"http://{await _where(daemon)}/hooks/articles"

        async def push(number: int) -> str:
            link, at = f"{HOME}/pushed-{number}", int(time.time())
            body = json.dumps({"url": link, "title": f"Pushed {number}"}).encode()
            headers = {TIMESTAMP: str(at), SIGNATURE: sign(body, secret=SECRET, timestamp=at)}
            async with session.post(url, data=body, headers=headers) as response:
                response.raise_for_status()
            return link

        return [await _timed(stage, push(number)) for number in range(pushes)]


async def _hub(folder: Path, pushes: int) -> list[float]:
    async with Hub() as hub, _stage(folder) as stage:
        stage.publication.link = f'<{hub.url}>; rel="hub", <{stage.feed_url}>; rel="self"'
        async with Program(stage, "run", "--log-json", **_web()) as first:
            await _where(first)  # it has learnt of the hub, which the next one asks at its start
        async with Program(stage, "run", "--log-json", **_web()) as daemon:
            await daemon.heard(lambda events: any(each["event"] == "websub.verified" for each in events))
            await hub.happens(1)  # the hub, too, has read that answer

            async def push(number: int) -> str:
                article = stage.publication.publish(f"Pushed {number}", "At once.")
                await hub.push(b"<rss/>")
                return article.link

            took = []
            for number in range(pushes):
                took.append(await _timed(stage, push(number)))
                await asyncio.sleep(1.5)  # two looks are a second apart, however many pushes come
            return took


async def _timed(stage: Stage, push: Any) -> float:
    """Seconds until the post can be read."""
    (seat,) = stage.seats.values()
    began = time.monotonic()
    link = await push
    async with asyncio.timeout(PATIENCE):
        while not seat.by_link().get(link):  # noqa: ASYNC110 # the sandbox tells of requests, not of posts
            await asyncio.sleep(0.001)
    return time.monotonic() - began


def _web() -> dict[str, str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        where = f"127.0.0.1:{free.getsockname()[1]}"
    return {
        "WEB__LISTEN": where,
        "WEB__PUBLIC_URL": f"http://{where}",
        "WEB__HOOK_SECRET": SECRET,
        "POLL_EVERY": "1h",
        "ENRICH": "false",
    }


async def _where(daemon: Program) -> str:
    await daemon.heard(lambda events: any(each["event"] == "web.listening" for each in events))
    await daemon.heard(lambda events: any(each["event"] == "source.met" for each in events))
    (said,) = [each for each in daemon.events if each["event"] == "web.listening"]
    return f"{said['host']}:{said['port']}"


def _stage(folder: Path) -> Stage:
    stage = Stage(folder, platforms=["mastodon"])
    ensure_ledger(stage.database_url)
    return stage
