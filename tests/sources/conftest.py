"""The hostile web on loopback, and the door to it."""

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from bot.sources.fetch import AiohttpWeb
from tests.sources.wild import Site, Wire, door


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    """A site on loopback."""
    site = Site()
    await site.start()
    yield site
    await site.stop()


@pytest.fixture
async def wires() -> AsyncIterator[Callable[..., Awaitable[str]]]:
    """Starts raw servers and gives their addresses."""
    started: list[Wire] = []

    async def start(*chunks: bytes, endless: bytes = b"") -> str:
        started.append(Wire(*chunks, endless=endless))
        return await started[-1].start()

    yield start
    for wire in started:
        await wire.stop()


@pytest.fixture
async def the_web() -> AsyncIterator[AiohttpWeb]:
    """The door to the web, open to loopback."""
    opened = door("127.0.0.0/8")
    yield opened
    await opened.close()


@pytest.fixture
async def doors() -> AsyncIterator[Callable[..., AiohttpWeb]]:
    """Opens doors and closes them again."""
    opened: list[AiohttpWeb] = []

    def make(*networks: str, total_for: float = 20.0) -> AiohttpWeb:
        opened.append(door(*networks, total_for=total_for))
        return opened[-1]

    yield make
    for one in opened:
        await one.close()
