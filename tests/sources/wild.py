"""A hostile web on loopback: a server whose answers each test writes."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from ipaddress import ip_network

from aiohttp import web

from bot.sources.fetch import AiohttpWeb

NOW = datetime(2026, 11, 23, 7, 0, tzinfo=UTC)
AGENT = "Handbill/0 (+https://example.org/bot)"

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Site:
    """A real HTTP server with scripted pages."""

    def __init__(self) -> None:
        self.pages: dict[str, Handler] = {}
        self.requests: list[web.Request] = []
        self.port = 0
        self._runner: web.AppRunner | None = None

    async def start(self) -> None:
        """Listen on loopback, on every address that tests use."""
        app = web.Application()
        app.router.add_get("/{path:.*}", self._answer)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.port = self._runner.addresses[0][1]
        await web.TCPSite(self._runner, "127.0.0.2", self.port).start()

    async def stop(self) -> None:
        """Close every line."""
        if self._runner:
            await self._runner.cleanup()

    def url(self, path: str = "/", host: str = "127.0.0.1") -> str:
        """The address of a page."""
        return f"http://{host}:{self.port}{path}"

    def page(
        self, path: str, body: bytes | str = b"", *, status: int = 200, headers: dict[str, str] | None = None
    ) -> str:
        """Put an answer under `path`; its address."""
        data = body.encode() if isinstance(body, str) else body

        async def answer(_: web.Request) -> web.StreamResponse:
            return web.Response(body=data, status=status, headers=headers)

        return self.handle(path, answer)

    def handle(self, path: str, handler: Handler) -> str:
        """Put a handler under `path`; its address."""
        self.pages[path] = handler
        return self.url(path)

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        self.requests.append(request)
        handler = self.pages.get(request.path)
        return await handler(request) if handler else web.Response(status=404)


class Wire:
    """A server that writes raw bytes, for what no HTTP library would send."""

    def __init__(self, *chunks: bytes, endless: bytes = b"") -> None:
        self.chunks, self.endless = chunks, endless
        self.written = 0
        self.closed = asyncio.Event()
        self._server: asyncio.Server | None = None

    async def start(self) -> str:
        """Listen on loopback; the address."""
        self._server = await asyncio.start_server(self._talk, "127.0.0.1", 0)
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/"

    async def stop(self) -> None:
        """Stop listening."""
        if self._server:
            self._server.close()
            await self._server.wait_closed()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            for chunk in self.chunks:
                await self._write(writer, chunk)
            while self.endless:
                await self._write(writer, self.endless)
        except (ConnectionError, asyncio.IncompleteReadError):
            self.closed.set()
        finally:
            writer.close()
            self.closed.set()

    async def _write(self, writer: asyncio.StreamWriter, data: bytes) -> None:
        writer.write(data)
        await writer.drain()
        self.written += len(data)


def door(*networks: str, total_for: float = 20.0) -> AiohttpWeb:
    """The door to the web, open to these networks."""
    return AiohttpWeb(
        AGENT, now=lambda: NOW, allow_networks=[ip_network(network) for network in networks], total_for=total_for
    )
