"""A running daemon with a web server, and whoever posts to it."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

from aiohttp import ClientResponse, ClientSession

from bot.app import Core
from bot.signed import SIGNATURE, TIMESTAMP, sign
from bot.web.open import opened_server
from bot.web.server import WebServer
from tests.inside import core_on, lay_ledger
from tests.leaping import LoopClock
from tests.secrecy import hand_out
from tests.stage import Stage

SECRET = hand_out("5e1b0c3f9a7d4e6288aa01bc34de56f7")


class Desk:
    """A running daemon with a web server, and whoever posts to it."""

    def __init__(self, stage: Stage, core: Core, server: WebServer, clock: LoopClock, session: ClientSession) -> None:
        self.stage, self.core, self.server, self.clock, self.session = stage, core, server, clock, session
        self.answered_as = ""
        """The media type of the last answer to `post`."""

    async def post(self, document: object, *, body: bytes | None = None, **headers: str) -> tuple[int, Any]:
        """Post articles, signed now with the right secret unless `headers` say otherwise: status and answer."""
        data = json.dumps(document).encode() if body is None else body
        async with self.session.post(self.url(), data=BytesIO(data), headers=self.signed(data) | headers) as response:
            self.answered_as = response.content_type
            return response.status, await json_of(response)

    def signed(self, data: bytes, *, ago: float = 0.0, secret: str = SECRET) -> dict[str, str]:
        """The headers for a body that was sent some seconds ago."""
        at = int((self.clock.now() - timedelta(seconds=ago)).timestamp())
        return {TIMESTAMP: str(at), SIGNATURE: sign(data, secret=secret, timestamp=at)}

    def url(self, path: str = "/hooks/articles") -> str:
        """An address of the server."""
        return f"http://127.0.0.1:{self.server.port}{path}"

    async def posts(self, link: str) -> dict[str, int]:
        """How many posts of an article each platform shows, once each has one."""
        for seat in self.stage.seats.values():
            while not seat.by_link().get(link):
                await self.clock.sleep(1)
        return {name: len(seat.by_link()[link]) for name, seat in self.stage.seats.items()}


async def json_of(response: ClientResponse) -> Any:
    """The JSON of an answer, whatever it calls itself."""
    return json.loads(await response.read())


@asynccontextmanager
async def desk(
    folder: Path,
    ledger: Path,
    *,
    platforms: tuple[str, ...] = (),
    link: str = "",
    more: Mapping[str, str] | None = None,
) -> AsyncIterator[Desk]:
    """A daemon at work on a stage, with a hook. `link`: the Link header of its feed, in which {feed} is its address."""
    clock = LoopClock()
    async with Stage(folder, now=clock.seconds, platforms=platforms or ("mastodon",)) as stage:
        lay_ledger(ledger, stage)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            where = f"127.0.0.1:{free.getsockname()[1]}"
        web = {"WEB__LISTEN": where, "WEB__HOOK_SECRET": SECRET, "WEB__PUBLIC_URL": f"http://{where}", **(more or {})}
        if link:
            stage.publication.link = link.replace("{feed}", stage.feed_url)
        async with (
            core_on(stage, clock, **web) as core,
            opened_server(stage.settings(**web), core) as server,
            ClientSession() as session,
        ):
            stop = asyncio.Event()
            working = asyncio.create_task(core.run(stop))
            try:
                yield Desk(stage, core, server, clock, session)
            finally:
                await clock.sleep(1)  # calls that are on the wire come to their end
                stop.set()
                await working
