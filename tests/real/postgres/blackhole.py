"""A way to a server on which everything may vanish without a word, as behind a firewall that has forgotten us."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Self


class Blackhole:
    """`async with Blackhole(url) as way:` passes everything on, at `way.url`, until `way.swallow()`; a connection that
    has been swallowed stays so, new ones pass again after `way.mend()`."""

    def __init__(self, url: str) -> None:
        self._head, _, self._name = url.rpartition("/")
        self._port = int(self._head.rpartition(":")[2])
        self._swallowing = False
        self._tasks: set[asyncio.Task[None]] = set()
        self._writers: list[asyncio.StreamWriter] = []
        self._server: asyncio.Server | None = None
        self.lost = 0
        """Bytes that vanished."""
        self.on_loss: Callable[[], None] = lambda: None

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close()
        for task in self._tasks:
            task.cancel()
        for writer in self._writers:
            writer.close()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @property
    def url(self) -> str:
        """The server's address by this way."""
        assert self._server is not None
        return f"{self._head.rpartition(':')[0]}:{self._server.sockets[0].getsockname()[1]}/{self._name}"

    def swallow(self) -> None:
        """From now on nothing arrives on either side, and nobody is told."""
        self._swallowing = True

    def mend(self) -> None:
        """Let new connections pass."""
        self._swallowing = False

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server, to_server = await asyncio.open_connection("127.0.0.1", self._port)
        self._writers += [writer, to_server]
        lost = asyncio.Event()
        for source, target in ((reader, to_server), (server, writer)):
            self._tasks.add(asyncio.create_task(self._pass_on(source, target, lost)))

    async def _pass_on(self, source: asyncio.StreamReader, target: asyncio.StreamWriter, lost: asyncio.Event) -> None:
        with suppress(ConnectionError):
            while data := await source.read(65536):
                if self._swallowing or lost.is_set():
                    lost.set()
                    self.lost += len(data)
                    self.on_loss()
                else:
                    target.write(data)
            if not lost.is_set() and not self._swallowing:
                target.close()
