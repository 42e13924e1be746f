"""A site of very many feeds in a process of its own: prints its port, ends with its stdin.

Under /calm/N nothing ever changes; under /live/N each answer has an article more.
"""

import asyncio
import sys
from collections import Counter
from datetime import UTC, datetime, timedelta

from aiohttp import web

HOSTS = 50
"""Addresses on loopback that it listens on: one host has one connection at a time."""
ENTRIES = 20
_NOW = datetime(2026, 11, 26, tzinfo=UTC)
_WORDS = "The council has voted for the new bridge after a debate of six hours. " * 4


def feed(name: str, edition: int) -> bytes:
    """An RSS document of ENTRIES articles; each edition has one more, and one less of the oldest."""
    items = "".join(
        f"<item><guid>{name}-{number}</guid><title>The bridge will be built, part {number}</title>"
        f"<link>https://herald.example.org/{name}/{number}</link><description>{_WORDS}</description>"
        f"<pubDate>{_NOW - timedelta(hours=edition + ENTRIES - number):%a, %d %b %Y %H:%M:%S} GMT</pubDate></item>"
        for number in range(edition + ENTRIES, edition, -1)
    )
    return f'<?xml version="1.0"?><rss version="2.0"><channel><title>{name}</title>{items}</channel></rss>'.encode()


async def main() -> None:
    editions: Counter[str] = Counter()

    async def answer(request: web.Request) -> web.StreamResponse:
        kind, name = request.match_info["kind"], request.match_info["name"]
        if kind == "live":
            editions[name] += 1
        tag = f'"{editions[name]}"'
        if request.headers.get("If-None-Match") == tag:
            return web.Response(status=304, headers={"ETag": tag})
        return web.Response(body=feed(name, editions[name]), content_type="application/rss+xml", headers={"ETag": tag})

    app = web.Application()
    app.router.add_get("/{kind}/{name}", answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    port = runner.addresses[0][1]
    for number in range(2, HOSTS + 1):
        await web.TCPSite(runner, f"127.0.0.{number}", port).start()
    print(port, flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(main())
