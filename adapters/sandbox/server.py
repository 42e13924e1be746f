"""What all sandbox servers share: a loopback aiohttp server, its clock, its faults, and its public side."""

import asyncio
import time
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from adapters.sandbox.faults import Fault, Script


@dataclass(frozen=True, slots=True)
class PublicPost:
    """A post as a reader of the platform sees it."""

    platform: str
    place: str
    """The channel's or account's public name."""
    id: str
    text: str
    links: tuple[str, ...]
    """Every address a reader can follow: marked links, then the card's."""
    at: float
    """UNIX seconds."""
    url: str
    card: dict[str, Any] | None = None
    """title, description, link, picture (bool), where the post has a card."""
    marks: tuple[tuple[str, str], ...] = ()
    """(kind, marked text), e.g. ("bold", "Title"), ("link", "https://…")."""
    language: str | None = None
    extra: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Answer:
    """A handler's answer: a JSON body with its status and headers."""

    body: Any
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


Handler = Callable[[web.Request], Awaitable[Answer]]
"""Checks the request, commits, and answers. It must not await between its checks and its commit."""


class SandboxServer(ABC):
    """A fake platform on loopback. Subclasses add routes with `route`, tell what is public and how waiting is told."""

    platform = ""

    def __init__(self, *, now: Callable[[], float] = time.time) -> None:
        self.now = now
        self.faults = Script()
        self.requests: list[tuple[str, str]] = []
        """(method, path) of every request that arrived, in order."""
        self.app = web.Application(client_max_size=60 * 2**20)
        self.port = 0
        self._runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        """The address that clients are given, without a trailing slash."""
        return f"http://127.0.0.1:{self.port}"

    async def start(self, port: int = 0) -> None:
        """Listen on loopback; port 0 takes a free one, which is kept when the server is stopped and started again."""
        self._runner = web.AppRunner(self.app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", port or self.port)
        await site.start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        """Close every line and stop listening; what was posted stays."""
        if self._runner:
            await self._runner.cleanup()
            self._runner = None

    @abstractmethod
    def public(self, place: str | None = None) -> list[PublicPost]:
        """What readers see, oldest first, of one place or of all."""

    @abstractmethod
    def told_to_wait(self, seconds: float) -> Answer:
        """The platform's own 429."""

    def route(self, method: str, path: str, call: str, handler: Handler) -> None:
        """Serve `path` with `handler`, under the faults scripted for this sort of call."""

        async def serve(request: web.Request) -> web.StreamResponse:
            await request.read()
            self.requests.append((request.method, request.path))
            fault = self.faults.next_for(call)
            if fault is None:
                return self._response(await handler(request))
            return await self._faulty(request, handler, fault)

        self.app.router.add_route(method, path, serve)

    async def _faulty(self, request: web.Request, handler: Handler, fault: Fault) -> web.StreamResponse:
        match fault.kind:
            case "error":
                return self._response(self.error(fault.status))
            case "wait":
                return self._response(self.told_to_wait(fault.seconds))
            case "drop":
                return self._cut(request)
            case "hang":
                await asyncio.Event().wait()
            case "garbage":
                return self._garbage()
        answer = await handler(request)
        match fault.kind:
            case "cut":
                return self._cut(request)
            case "late":
                await asyncio.sleep(fault.seconds)
            case "error-after":
                return self._response(self.error(fault.status))
            case "garbage-after":
                return self._garbage()
        return self._response(answer)

    def error(self, status: int) -> Answer:
        """The platform's own body for a server error; subclasses make it theirs."""
        return Answer({"error": f"sandbox says {status}"}, status)

    @staticmethod
    def _response(answer: Answer) -> web.Response:
        return web.json_response(answer.body, status=answer.status, headers=answer.headers)

    @staticmethod
    def _garbage() -> web.Response:
        return web.Response(text="<html><body>Welcome to nginx!</body></html>", content_type="text/html")

    @staticmethod
    def _cut(request: web.Request) -> web.StreamResponse:
        if request.transport is not None:
            request.transport.abort()
        return web.Response()
