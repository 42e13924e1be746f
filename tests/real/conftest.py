"""Real servers for the tests of this folder."""

from collections.abc import AsyncIterator

import pytest_asyncio

from tests.real.pds.server import RealPds


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def real_pds() -> AsyncIterator[RealPds]:
    """One real PDS for the whole run, without rate limits; tests open accounts of their own on it."""
    async with RealPds() as pds:
        yield pds
