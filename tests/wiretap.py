"""A line between a client and a sandbox server: what the client writes is seen, and when it hangs up."""

import asyncio
from contextlib import suppress


class Wiretap:
    """Passes connections through to a port of this machine."""

    def __init__(self, port: int) -> None:
        self._target = port
        self._server: asyncio.Server | None = None
        self._calls: set[asyncio.Task[None]] = set()
        self._open = 0
        self._hung_up = asyncio.Event()
        self.seen = ""
        """All that clients have written."""
        self.port = 0

    @property
    def written(self) -> int:
        """How many bytes clients have written."""
        return len(self.seen)

    async def __aenter__(self) -> "Wiretap":
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._server is not None:
            self._server.close()
        for call in self._calls:
            call.cancel()
        await asyncio.gather(*self._calls, return_exceptions=True)

    async def all_closed(self) -> None:
        """Wait until no client holds a line."""
        while self._open:
            self._hung_up.clear()
            await self._hung_up.wait()

    async def _serve(self, client: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        call = asyncio.current_task()
        if call is not None:
            self._calls.add(call)
            call.add_done_callback(self._calls.discard)
        self._open += 1
        try:
            await self._connect(client, to_client)
        finally:
            self._open -= 1
            self._hung_up.set()
            to_client.transport.abort()

    async def _connect(self, client: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        server, to_server = await asyncio.open_connection("127.0.0.1", self._target)
        answers = asyncio.create_task(self._pass(server, to_client))
        try:
            await self._pass(client, to_server, listen=True)
        finally:
            to_server.transport.abort()
            answers.cancel()
            with suppress(asyncio.CancelledError):
                await answers

    async def _pass(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, *, listen: bool = False) -> None:
        with suppress(ConnectionError):
            while data := await source.read(65536):
                if listen:
                    self.seen += data.decode("latin-1")
                sink.write(data)
                await sink.drain()
        with suppress(OSError):
            if not listen:
                sink.write_eof()
