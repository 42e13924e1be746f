"""The web server inside the daemon: few routes, a limit to everything, and it leaves the daemon's signals alone.

One request a connection, and no connection for longer than any request needs, so that slow senders cannot pile up.
"""

import asyncio
import logging
from collections.abc import Sequence
from contextlib import suppress

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler

from bot.doors import CannotListen, Clock, Doors
from bot.ledger.reports import list_sources
from bot.ledger.trouble import passes
from bot.web.problem import problem

log = structlog.get_logger()

MAX_BODY = 2**20
"""Bytes."""
MAX_HEADER, MAX_HEADERS = 8_190, 64
"""Bytes of one line, and how many."""
MAX_CONNECTIONS = 200
LIVES_FOR, LOOKS_EVERY = 30.0, 10.0
"""Seconds after which a connection is cut, whatever it is at; and between two looks for such."""
ANSWERS_WITHIN = 5.0
"""Seconds that the ledger has for saying that it is there."""
ENDS_WITHIN = 1.0
"""Seconds that requests may still take when the daemon stops."""


class WebServer:
    """Listens from `start` to `stop`."""

    def __init__(self, doors: Doors, routes: Sequence[web.AbstractRouteDef] = ()) -> None:
        self._doors = doors
        app = web.Application(client_max_size=MAX_BODY, middlewares=[self._guarded])
        app.on_response_prepare.append(_plainly)
        app.add_routes([web.get("/healthz", self._health), *routes])
        self._runner = web.AppRunner(
            app,
            access_log=None,
            shutdown_timeout=ENDS_WITHIN,
            keepalive_timeout=0.0,
            lingering_time=1.0,
            max_line_size=MAX_HEADER,
            max_field_size=MAX_HEADER,
            max_headers=MAX_HEADERS,
            auto_decompress=False,  # what was signed is what was sent
            logger=_silent(),
        )
        self._sweeping: asyncio.Task[None] | None = None

    async def start(self, host: str, port: int) -> None:
        """Listen. Raises CannotListen."""
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, host, port).start()
        except OSError as error:
            await self._runner.cleanup()
            raise CannotListen(_why(error, host, port)) from None
        self._sweeping = asyncio.create_task(self._sweep(self._doors.clock))
        log.info("web.listening", host=host, port=self.port)

    @property
    def port(self) -> int:
        """Where it listens: of use where it was told to take any that is free (0)."""
        return int(self._runner.addresses[0][1])

    async def stop(self) -> None:
        """Take nothing new, let what is being answered end, and close."""
        if self._sweeping is not None:
            self._sweeping.cancel()
            with suppress(asyncio.CancelledError):
                await self._sweeping
        await self._runner.cleanup()

    async def _sweep(self, clock: Clock) -> None:
        """Cut what lives for too long: a client that sends a letter a minute would stay for ever."""
        since: dict[web.RequestHandler, float] = {}
        while True:
            await clock.sleep(LOOKS_EVERY)
            now, open_ones = clock.monotonic(), self._runner.server.connections if self._runner.server else []
            since = {each: since.get(each, now) for each in open_ones}
            for each, first in since.items():
                if now - first >= LIVES_FOR - LOOKS_EVERY:
                    each.force_close()

    @web.middleware
    async def _guarded(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if self._runner.server is not None and len(self._runner.server.connections) > MAX_CONNECTIONS:
            return _later("There are too many requests at once.")
        try:
            return await handler(request)
        except web.HTTPRequestEntityTooLarge:
            return problem(413, "Too large", f"A request may have {MAX_BODY} bytes.")
        except web.HTTPException as error:
            return problem(error.status, error.reason)
        except Exception as error:
            if passes(error):  # of a ledger that cannot be used just now its door tells
                return _later("The ledger cannot be used right now.")
            log.exception("web.stumbled", path=request.path)
            return problem(500, "A mistake of ours")

    async def _health(self, _: web.Request) -> web.Response:
        """Alive, and the ledger can be read."""
        try:
            async with self._doors.clock.deadline(ANSWERS_WITHIN):
                await self._doors.ledger.read(list_sources)
        except TimeoutError:
            return _later("The ledger does not answer.")
        return web.json_response({"status": "ok"})


def _later(detail: str) -> web.Response:
    response = problem(503, "Not now", detail)
    response.headers["Retry-After"] = "30"
    return response


async def _plainly(_: web.Request, response: web.StreamResponse) -> None:
    """Say nothing of what serves it, and end the connection."""
    response.headers.pop("Server", None)
    response.headers["Connection"] = "close"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = "no-store"
    response.force_close()


def _silent() -> logging.Logger:
    """Where the library complains of what strangers send: what concerns the operator is logged by ourselves."""
    logger = logging.getLogger(f"{__name__}.strangers")
    logger.disabled = True
    return logger


def _why(error: OSError, host: str, port: int) -> str:
    where = f"{host}:{port}"
    mend = "Name another in HANDBILL_WEB__LISTEN, or end what listens there."
    return f"The web server cannot listen on {where} ({error.strerror or error}). {mend}"
