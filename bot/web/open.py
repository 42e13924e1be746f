"""The web server with the routes that the settings ask for."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

from bot.app import Core
from bot.settings.model import Settings
from bot.subscribe import Subscriber
from bot.web.articles import PATH, ArticlesHook
from bot.web.pushes import PATH as PUSHES
from bot.web.pushes import PushHook
from bot.web.server import WebServer


@asynccontextmanager
async def opened_server(settings: Settings, core: Core) -> AsyncIterator[WebServer]:
    """A server that listens until the block ends. Raises CannotListen."""
    routes: list[web.AbstractRouteDef] = []
    if core.sourcing.inbox is not None and settings.web.hook_secret is not None:
        routes.append(
            web.post(PATH, ArticlesHook(core.sourcing.inbox, settings.web.hook_secret, core.doors.clock).answer)
        )
    subscriber = _subscriber(settings, core)
    if subscriber is not None and settings.web.public_url is not None:
        hook = PushHook(subscriber, settings.web.public_url, core.doors.clock)
        routes += [web.get(PUSHES, hook.verify), web.post(PUSHES, hook.push)]
    if settings.web.listen is None:
        raise AssertionError("unreachable: without an address nobody asks for a server")
    server = WebServer(core.doors, routes)
    await server.start(*settings.web.listen)
    subscribing = None if subscriber is None else asyncio.create_task(subscriber.run())
    try:
        yield server
    finally:
        if subscribing is not None:
            subscribing.cancel()
            await asyncio.wait([subscribing])
        await server.stop()


def _subscriber(settings: Settings, core: Core) -> Subscriber | None:
    """Asks for pushes, where hubs can reach us."""
    public_url, key, hubs = settings.web.public_url, settings.web.hook_secret, core.doors.hubs
    if public_url is None or key is None or hubs is None:
        return None
    return Subscriber(core.sourcing.watching, core.doors, hubs, public_url=public_url, key=key, redact=core.redact)
