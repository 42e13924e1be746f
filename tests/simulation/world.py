"""A world in virtual time and one thread: the doors of the core in their inline form, and platforms that keep posts.

A crash is a `Crash` that the next door raises and every later door repeats, so that nothing more of that process
happens; the ledger's file and the platforms stay, and a new core is started over them.
"""

import asyncio
import hashlib
import random
import selectors
from collections.abc import Callable, Coroutine, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection

from adapters.base import KeySeed, Limits, Pace, Standing
from adapters.outcomes import Absent, Answer, CannotTell, Found, Marker, Presence, Unavailable, Uncertain
from adapters.post import Draft, Payload, Post, Receipt
from adapters.shaping import Shape
from bot.doors import Fetched, FetchFailed, Lease
from bot.ledger.db import InlineLedger, open_engine

T = TypeVar("T")

EPOCH = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


class Crash(BaseException):
    """The process is gone. Not an Exception: nothing may catch it and go on."""


class Stuck(AssertionError):
    """Nothing is scheduled and nothing is running: the core waits for something that will never come."""


class _VirtualSelector(selectors.SelectSelector):
    """Never waits: the time that the loop would have waited has passed."""

    def __init__(self) -> None:
        super().__init__()
        self.passed = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if not ready:
            if timeout is None:
                raise Stuck
            self.passed += timeout
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop whose time passes only when nobody has anything left to do."""

    def __init__(self) -> None:
        self._virtual = _VirtualSelector()
        super().__init__(self._virtual)
        self._timers = 0

    def time(self) -> float:
        return self._virtual.passed

    def leap(self, seconds: float) -> None:
        """So much time passes at once."""
        self._virtual.passed += seconds

    def call_at(  # type: ignore[override] # typeshed ties the arguments to the callback
        self, when: float, callback: Callable[..., object], *args: Any, context: Any = None
    ) -> asyncio.TimerHandle:
        """What is due at the same moment comes in the order in which it was asked for, as a heap does not promise."""
        self._timers += 1
        return super().call_at(when + self._timers * 1e-9, callback, *args, context=context)


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run `main` in virtual time and throw away whatever it leaves running."""
    loop = VirtualLoop()
    loop.set_exception_handler(_pass_over_crashes)
    try:
        return loop.run_until_complete(main)
    finally:
        left = asyncio.all_tasks(loop)
        for task in left:
            task.cancel()
        loop.run_until_complete(_ended(left))
        loop.close()


async def _ended(tasks: set[asyncio.Task[Any]]) -> None:
    await asyncio.gather(*tasks, return_exceptions=True)


def _pass_over_crashes(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Every task of a crashed process ends with the crash, and nobody is left to ask it why."""
    if not isinstance(context.get("exception"), Crash):
        loop.default_exception_handler(context)


class World:
    """What outlives a process: the time, the ledger's file, the publication, the platforms."""

    def __init__(self, folder: Path, seed: int = 0) -> None:
        self.random = random.Random(seed)
        self.started_at = EPOCH
        self.ledger_url = f"sqlite:///{folder / 'ledger.db'}"
        self.feeds: dict[str, bytes | FetchFailed] = {}
        self.platforms: dict[str, SimPlatform] = {}

    def note_time(self, clock: "SimClock") -> None:
        """The next process starts when the last one ended."""
        self.started_at = clock.now()


@dataclass
class Fuse:
    """Counts the doors that are passed and blows at one of them; blown, it stays so."""

    at: int | None = None
    passed: int = 0
    blown: bool = False

    def pass_(self) -> None:
        """Go through a door, unless the process is gone."""
        self.passed += 1
        if self.at is not None and self.passed >= self.at:
            self.blown = True
        if self.blown:
            raise Crash


class SimClock:
    """The clock door over the virtual loop."""

    def __init__(self, world: World, fuse: Fuse) -> None:
        self._start = world.started_at
        self._fuse = fuse

    def now(self) -> datetime:
        return self._start + timedelta(seconds=asyncio.get_running_loop().time())

    def monotonic(self) -> float:
        return asyncio.get_running_loop().time()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
        self._fuse.pass_()

    def deadline(self, seconds: float | None) -> AbstractAsyncContextManager[object]:
        return asyncio.timeout(seconds)


@dataclass(frozen=True)
class SimSettings:
    """The settings of a simulated channel."""

    label: str
    loopback: bool = True
    shape: Shape = field(default_factory=Shape)

    @property
    def account(self) -> str:
        """Each stands alone, where nothing else is said of it."""
        return self.label


class SimDice:
    """The dice door over a seed."""

    def __init__(self, chance: random.Random) -> None:
        self._random = chance

    def uniform(self, low: float, high: float) -> float:
        return self._random.uniform(low, high)

    def token(self) -> str:
        return f"{self._random.getrandbits(64):016x}"


class SimLedger:
    """The ledger door, inline, on a real file; a crash may come before a commit or right after it."""

    def __init__(self, world: World, fuse: Fuse) -> None:
        engine = open_engine(world.ledger_url)
        self._inline = InlineLedger(engine)
        self._fuse = fuse

    async def read(self, work: Callable[[Connection], T]) -> T:
        self._fuse.pass_()
        return self._inline.read_now(work)

    async def write(self, work: Callable[[Connection], T], *, lease: Lease | None = None) -> T:
        self._fuse.pass_()
        result = self._inline.write_now(work, lease)
        self._fuse.pass_()
        return result

    def close(self) -> None:
        self._inline.close()


class SimWeb:
    """The web door: what the world's feeds, and whatever else stands among them, say right now."""

    def __init__(self, world: World, fuse: Fuse) -> None:
        self._world = world
        self._fuse = fuse

    async def get(
        self,
        url: str,
        *,
        etag: str | None = None,
        last_modified: str | None = None,
        accept: str = "*/*",
        max_bytes: int = 10 * 2**20,
    ) -> Fetched:
        self._fuse.pass_()
        await asyncio.sleep(0.1)
        body = self._world.feeds.get(url) or FetchFailed(f"{url} does not exist (404).", status=404)
        if isinstance(body, FetchFailed):
            raise body
        tag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
        if tag == etag:
            return Fetched(url, changed=False, etag=tag)
        kind = "text/html" if body.startswith(b"<") else "application/feed+json"
        return Fetched(url, changed=True, body=body, content_type=kind, etag=tag)


async def inline(work: Callable[[], T]) -> T:
    """The offload door."""
    return work()


@dataclass(frozen=True)
class SimPost:
    """A post as a reader sees it."""

    key: str
    body: Mapping[str, Any]
    at: float


@dataclass
class SimPlatform:
    """A platform: what readers see, and how it treats the next visible calls."""

    name: str
    remembers: bool
    """Whether it can be asked what is out (Mastodon, Bluesky), or not (a Telegram without an ops chat)."""
    posts: list[SimPost] = field(default_factory=list)
    script: list[str] = field(default_factory=list)
    """What happens to the next visible calls: ok, refuse, drop, cut, hang."""
    down: bool = False

    def titles(self) -> list[str]:
        """The titles that are out, in order."""
        return [post.body["title"] for post in self.posts]


class SimAdapter:
    """The contract over a SimPlatform, inline."""

    quiet_for = 60.0
    deadline_for = 45.0
    paces: tuple[Pace, ...] = (Pace(20, 60.0, "place"),)
    takes_picture = False
    key_good_for: float | None = None

    def __init__(self, platform: SimPlatform, fuse: Fuse) -> None:
        self.platform = platform.name
        self._platform = platform
        self._fuse = fuse

    async def verify(self) -> Standing:
        await self._call()
        return Standing("account", "place", f"@{self.platform}", None, Limits(500, "characters", len))

    def compose(self, post: Post, at: datetime) -> Draft:
        text = f"{post.title}\n\n{post.link}"
        return Draft(text, len(text), 500, "characters", {"title": post.title, "link": post.link})

    async def stage(self, draft: Draft) -> Payload:
        await self._call()
        return Payload(draft.body)

    def key(self, seed: KeySeed) -> str:
        return seed.digest().hex()[:32]

    async def mark(self, last: str | None) -> Marker:
        return {"last": last}

    async def publish(self, payload: Payload, key: str) -> Receipt:
        self._fuse.pass_()
        fate = self._platform.script.pop(0) if self._platform.script else "ok"
        await asyncio.sleep(0.2)
        if self._platform.down or fate == "refuse":
            raise Unavailable("the connection was refused")
        if fate == "drop":
            raise Uncertain("the line was cut")
        if fate == "hang":
            await asyncio.sleep(3600)
        if not (self._platform.remembers and any(post.key == key for post in self._platform.posts)):
            self._platform.posts.append(SimPost(key, payload.body, asyncio.get_running_loop().time()))
        self._fuse.pass_()
        if fate == "cut":
            raise Uncertain("the line was cut")
        return self._receipt(key)

    def _receipt(self, key: str) -> Receipt:
        return Receipt(key, f"https://{self.platform}.example/{key}", EPOCH)

    async def find(self, payload: Payload, key: str, marker: Marker) -> Answer:
        await self._call()
        if not self._platform.remembers:
            return CannotTell("this platform cannot be asked")
        return Found(self._receipt(key)) if any(post.key == key for post in self._platform.posts) else Absent()

    async def confirm(self, payload: Payload, receipt: Receipt) -> Presence:
        await self._call()
        if not self._platform.remembers:
            return "accepted"
        return "confirmed" if any(post.key == receipt.id for post in self._platform.posts) else "vanished"

    async def close(self) -> None:
        return None

    async def _call(self) -> None:
        self._fuse.pass_()
        await asyncio.sleep(0.05)
        if self._platform.down:
            raise Unavailable("the connection was refused")
