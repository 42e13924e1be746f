"""The doors of time and chance, as production has them. The only module that asks the machine for either."""

import asyncio
import random
import secrets
import time
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """The wall time, UTC, aware."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds that never run backwards."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Return after `seconds`."""
        await asyncio.sleep(seconds)

    def deadline(self, seconds: float | None) -> AbstractAsyncContextManager[object]:
        """A block that raises TimeoutError after `seconds`."""
        return asyncio.timeout(seconds)


class SystemDice:
    """The machine's randomness."""

    def __init__(self) -> None:
        self._random = random.SystemRandom()

    def uniform(self, low: float, high: float) -> float:
        """A number between `low` and `high`."""
        return self._random.uniform(low, high)

    def token(self) -> str:
        """A fresh opaque id."""
        return secrets.token_hex(8)


def random_bytes(count: int) -> bytes:
    """Bytes fit for cryptography."""
    return secrets.token_bytes(count)
