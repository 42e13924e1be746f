"""The doors of a command that asks the world something beside the daemon: it owns no account and changes no ledger."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

from bot.doors import Doors
from bot.ledger.schema import metadata
from bot.settings import Settings
from bot.wiring import production


@asynccontextmanager
async def doors_beside(settings: Settings, *, with_ledger: bool) -> AsyncIterator[Doors]:
    """The doors of production. Where there is no ledger to read, an empty one in memory stands in for it: adapters look
    there for an account's session before they sign in."""
    async with production(settings if with_ledger else replace(settings, database_url="sqlite://")) as doors:
        if not with_ledger:
            await doors.ledger.write(metadata.create_all)
        yield doors
