"""The doors of the core: everything that it cannot decide by itself reaches it through one of these.

Each has a form for production (threads, sockets, the real clock) and an inline form for simulation, in which the whole
core runs in virtual time in one thread. No loop calls `asyncio.sleep`, `time`, `random` or an executor by itself.
"""

from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, TypeVar

from sqlalchemy import Connection

T = TypeVar("T")


class Clock(Protocol):
    """The one source of time."""

    def now(self) -> datetime:
        """The wall time, UTC, aware. It may jump."""

    def monotonic(self) -> float:
        """Seconds that never run backwards, from an arbitrary start."""

    async def sleep(self, seconds: float) -> None:
        """Return after `seconds`."""

    def deadline(self, seconds: float | None) -> AbstractAsyncContextManager[object]:
        """A block that is cancelled after `seconds` and then raises TimeoutError (None: never)."""


class Dice(Protocol):
    """The one source of randomness, for jitter and fresh ids; never for secrets."""

    def uniform(self, low: float, high: float) -> float:
        """A number between `low` and `high`."""

    def token(self) -> str:
        """A fresh opaque id."""


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to work something (an account, a source) that only one process may work at a time."""

    name: str
    session: int
    """Which session of the ledger holds it: with the session it is gone, without a word."""
    contested: bool
    """Whether the one who had it before may still be alive somewhere, with a call that it has not made yet."""


class CannotListen(Exception):
    """There is no listening where the settings say. A sentence for the operator, and the mend."""


class LeaseLost(Exception):
    """The session that held the lease is gone, and so may be the lease: nothing was written."""


class Leases(Protocol):
    """Who works what, across processes. On one process's own ledger everything is always ours."""

    async def take(self, name: str, *, fair: bool = True) -> Lease | None:
        """Take the lease of this name, never waiting for it. None: another process has it, or (`fair`) is to have it,
        because this one has its share already."""

    async def give_back(self, lease: Lease) -> None:
        """Let it go. Nothing happens where it is lost already."""

    def wanted_elsewhere(self, lease: Lease) -> bool:
        """Whether this process holds more than its share, and this lease should be given back at a quiet moment."""


class LedgerDoor(Protocol):
    """Runs work on the ledger, one transaction a call: a thread in production, inline in simulation."""

    async def read(self, work: Callable[[Connection], T]) -> T:
        """Run `work` in a transaction that writes nothing."""

    async def write(self, work: Callable[[Connection], T], *, lease: Lease | None = None) -> T:
        """Run `work` in a transaction that is on disk when this returns, or has not happened at all.

        With a `lease`, over the session that holds it, or not at all: raises LeaseLost.
        """


@dataclass(frozen=True, slots=True)
class Fetched:
    """The answer to a fetch. `body` is decompressed and within the caps; empty when `changed` is False (304)."""

    url: str
    """Where the body came from, after redirects."""
    changed: bool
    body: bytes = b""
    content_type: str = ""
    """Media type, lower case, without parameters."""
    charset: str | None = None
    """As the Content-Type header says."""
    etag: str | None = None
    last_modified: str | None = None
    """Validators, verbatim as the server sent them."""
    fresh_for: float | None = None
    """Seconds for which the server asks not to be polled again (Cache-Control max-age), if it said."""
    links: Mapping[str, str] = field(default_factory=dict)
    """Relation → address, absolute, of the Link headers that the poll has a use for (hub, self): the first of each."""
    moved_to: str | None = None
    """The new address, where every redirect on the way was a permanent one (301, 308)."""


class FetchFailed(Exception):
    """A fetch that gave no usable body. `message` is one sentence for the operator, without secrets."""

    def __init__(
        self, message: str, *, status: int | None = None, retry_after: float | None = None, mend: str = ""
    ) -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.retry_after = retry_after
        """Seconds that the server told us to wait (429, 503)."""
        self.mend = mend


class Web(Protocol):
    """The one door to the web that sources live in; everything behind it is hostile."""

    async def get(
        self,
        url: str,
        *,
        etag: str | None = None,
        last_modified: str | None = None,
        accept: str = "*/*",
        max_bytes: int = 10 * 2**20,
    ) -> Fetched:
        """Fetch `url`, conditionally where validators are given. Raises FetchFailed."""


class Hubs(Protocol):
    """The same door, for the one thing that is sent to the web that sources live in: requests for pushes."""

    async def post_form(self, url: str, form: Mapping[str, str]) -> None:
        """Send a form that is accepted (2xx). Raises FetchFailed."""


class Offload(Protocol):
    """Runs work that would hold up the loop (parsing, pictures): a thread or process in production, inline in
    simulation."""

    async def __call__(self, work: Callable[[], T]) -> T:
        """Run `work` and return what it returns."""


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a lock, for people."""

    pid: int
    host: str
    command: str
    since: datetime


class SenderLock(Protocol):
    """Keeps out a second sender. Held for life; released by the kernel when the process dies."""

    def acquire(self) -> Holder | None:
        """Take the lock. None: it is ours; otherwise who holds it."""

    def release(self) -> None:
        """Let it go."""


@dataclass(frozen=True, slots=True)
class Doors:
    """All doors of one running core."""

    clock: Clock
    dice: Dice
    ledger: LedgerDoor
    leases: Leases
    web: Web
    offload: Offload
    hubs: Hubs | None = None
    """None where nobody asks for pushes."""
