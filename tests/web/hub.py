"""A hub of WebSub on loopback, written from the specification: https://www.w3.org/TR/websub/"""

import asyncio
import hmac
from collections.abc import Mapping
from dataclasses import dataclass

from aiohttp import ClientSession, web


@dataclass
class Subscriber:
    """Somebody who has asked."""

    callback: str
    topic: str
    secret: str | None
    lease_for: float


class Hub:
    """Takes requests, asks back, and pushes to whoever has confirmed."""

    def __init__(self) -> None:
        self.lease_for = 864_000.0
        self.status = 202
        """What requests are answered with."""
        self.denies = False
        self.asks_first = False
        """Whether it asks back before it answers."""
        self.asked: list[Mapping[str, str]] = []
        self.subscribers: dict[str, Subscriber] = {}
        self.news = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._runner: web.AppRunner | None = None
        self.url = ""

    async def __aenter__(self) -> "Hub":
        app = web.Application()
        app.router.add_post("/", self._take)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}/"
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._tasks:
            await asyncio.wait(self._tasks)
        if self._runner:
            await self._runner.cleanup()

    async def _take(self, request: web.Request) -> web.Response:
        form = {name: str(value) for name, value in (await request.post()).items()}
        self.asked.append(form)
        self.news.set()
        if self.status == 202:
            asking = asyncio.create_task(self._ask_back(form))
            self._tasks.add(asking)
            if self.asks_first:
                await asking
        return web.Response(status=self.status, text="So it is.")

    async def _ask_back(self, form: Mapping[str, str]) -> None:
        query = {"hub.mode": "denied", "hub.topic": form["hub.topic"], "hub.reason": "not here"}
        if not self.denies:
            query = {"hub.mode": "subscribe", "hub.topic": form["hub.topic"], "hub.challenge": "carrot-42"}
            query["hub.lease_seconds"] = f"{self.lease_for:.0f}"
        async with ClientSession() as session, session.get(form["hub.callback"], params=query) as response:
            confirmed = response.status // 100 == 2 and await response.text() == "carrot-42"
        if confirmed:
            self.subscribers[form["hub.callback"]] = Subscriber(
                form["hub.callback"], form["hub.topic"], form.get("hub.secret"), self.lease_for
            )
        self.news.set()

    async def happens(self, count: int) -> None:
        """Wait until it was asked so many times, and each was dealt with."""
        while len(self.asked) < count or any(not task.done() for task in self._tasks):
            self.news.clear()
            if len(self.asked) < count:
                await self.news.wait()
            else:
                await asyncio.wait(self._tasks)

    async def push(self, body: bytes, *, method: str = "sha256", secret: str | None = None) -> list[int]:
        """Push to everybody; the statuses of their answers. `secret` in place of the right one."""
        answers = []
        for each in self.subscribers.values():
            key = secret or each.secret
            headers = {"Content-Type": "application/rss+xml"}
            if key:
                headers["X-Hub-Signature"] = f"{method}={hmac.new(key.encode(), body, method).hexdigest()}"
            async with ClientSession() as session, session.post(each.callback, data=body, headers=headers) as response:
                answers.append(response.status)
        return answers
