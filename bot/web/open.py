"""The web server with the routes that the settings ask for."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

from bot.app import Core
from bot.settings.model import Settings
from bot.web.articles import PATH, ArticlesHook
from bot.web.server import WebServer


@asynccontextmanager
async def opened_server(settings: Settings, core: Core) -> AsyncIterator[WebServer]:
    """A server that listens until the block ends. Raises CannotListen."""
    routes: list[web.AbstractRouteDef] = []
    if core.inbox is not None and settings.web.hook_secret is not None:
        routes.append(web.post(PATH, ArticlesHook(core.inbox, settings.web.hook_secret, core.doors.clock).answer))
    if settings.web.listen is None:
        raise AssertionError("unreachable: without an address nobody asks for a server")
    server = WebServer(core.doors, routes)
    await server.start(*settings.web.listen)
    try:
        yield server
    finally:
        await server.stop()
