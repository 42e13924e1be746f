"""What all sandbox servers share: a loopback aiohttp server, its clock, its faults, and its public side."""

import asyncio
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Coroutine
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


Handler = Callable[[web.Request], Coroutine[Any, Any, Answer]]
"""Checks the request, commits, and answers. It must not await between its checks and its commit."""


class SandboxServer(ABC):
    """A fake platform on loopback. Subclasses add routes with `route`, tell what is public and how waiting is told."""

    platform = ""

    def __init__(self, *, now: Callable[[], float] = time.time) -> None:
        self.now = now
        self.faults = Script()
        self.requests: list[tuple[str, str]] = []
        """(method, path) of every request that arrived, in order."""
        self.on_post: Callable[[PublicPost], None] | None = None
        """Called with each new post at its commit: it must be quick, and not raise."""
        self.app = web.Application(client_max_size=60 * 2**20)
        self.port = 0
        self._runner: web.AppRunner | None = None
        self._arrived = asyncio.Event()
        self._committing: set[asyncio.Task[Answer]] = set()

    @property
    def url(self) -> str:
        """The address that clients are given, without a trailing slash."""
        return f"http://127.0.0.1:{self.port}"

    async def start(self, port: int = 0) -> None:
        """Listen on loopback; port 0 takes a free one, which is kept when the server is stopped and started again."""
        # A handler ends when its client leaves or the server stops: `hang` and `late` leave nothing behind.
        self._runner = web.AppRunner(self.app, access_log=None, shutdown_timeout=0.01, handler_cancellation=True)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", port or self.port)
        await site.start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        """Close every line and stop listening; what was posted stays. Harmless when not started."""
        runner, self._runner = self._runner, None
        if runner:
            await runner.cleanup()
            await asyncio.gather(*self._committing, return_exceptions=True)

    async def arrivals(self, count: int) -> None:
        """Wait until `count` requests have arrived whole since the server was made, answered or not."""
        while len(self.requests) < count:
            self._arrived.clear()
            await self._arrived.wait()

    @abstractmethod
    def public(self, place: str | None = None) -> list[PublicPost]:
        """What readers see, oldest first, of one place or of all."""

    @abstractmethod
    def told_to_wait(self, seconds: float) -> Answer:
        """The platform's own 429."""

    def route(self, method: str, path: str, call: str, handler: Handler) -> None:
        """Serve `path` with `handler`, under the faults scripted for this sort of call.

        The whole body has arrived when the handler starts: `read`, `json` and `post` answer at once. From then on
        the handler runs to its end, even when the client leaves meanwhile, as on a real server.
        """

        async def serve(request: web.Request) -> web.StreamResponse:
            await self._receive(request)
            self.requests.append((request.method, request.path))
            self._arrived.set()
            fault = self.faults.next_for(call)
            if fault is None:
                return self._response(await self._commit(request, handler))
            return await self._faulty(request, handler, fault)

        self.app.router.add_route(method, path, serve)

    async def _faulty(self, request: web.Request, handler: Handler, fault: Fault) -> web.StreamResponse:
        if fault.kind in ("error", "wait", "drop", "hang", "garbage"):
            await self._throw_away(request)
        match fault.kind:
            case "error":
                return self._response(self.error(fault.status))
            case "wait":
                return self._response(self.told_to_wait(fault.seconds))
            case "drop":
                return self._cut(request)
            case "hang":
                return await self._hang()
            case "garbage":
                return self._garbage()
        answer = await self._commit(request, handler)
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

    @staticmethod
    async def _receive(request: web.Request) -> None:
        # aiohttp keeps a multipart body only in its parsed form: `read` would use it up, and `post` find nothing.
        if request.content_type == "multipart/form-data":
            await request.post()
        else:
            await request.read()

    @staticmethod
    async def _throw_away(request: web.Request) -> None:
        """Close the files of a request that no handler will see."""
        if request.content_type == "multipart/form-data":
            for value in (await request.post()).values():
                if isinstance(value, web.FileField):
                    value.file.close()

    async def _commit(self, request: web.Request, handler: Handler) -> Answer:
        task = asyncio.ensure_future(handler(request))
        self._committing.add(task)
        task.add_done_callback(self._committing.discard)
        return await asyncio.shield(task)

    @staticmethod
    async def _hang() -> web.StreamResponse:
        forever: asyncio.Future[web.StreamResponse] = asyncio.get_running_loop().create_future()
        return await forever

    def came_out(self, post: PublicPost) -> None:
        """Tell whoever watches of a new post. Subclasses call it when they commit one."""
        if self.on_post is not None:
            self.on_post(post)

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
