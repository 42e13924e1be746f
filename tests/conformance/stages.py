"""The stages of the conformance suite: an adapter, real or simulated, with its platform, a clock and a tapped line."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sized
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from adapters.base import Adapter, Context, KeySeed
from adapters.post import Part, Payload, Picture, Post
from adapters.registry import PLATFORMS
from adapters.sandbox.faults import Script
from adapters.sandbox.publication import draw
from adapters.sandbox.server import PublicPost
from adapters.wire import Wire
from bot.clock import random_bytes
from bot.doors import Clock
from tests.leaping import LoopClock
from tests.secrecy import HANDED_OUT, find_secrets, hand_out
from tests.stage import HOME, Seat, Stage
from tests.wiretap import Wiretap

LINK = f"{HOME}/articles/contract?a=1&b=2"
LONG_AGO = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


class Server(Protocol):
    """A platform, as far as the suite looks at it."""

    faults: Script

    @property
    def requests(self) -> Sized:
        """All that were made."""

    def public(self) -> list[PublicPost]:
        """What readers see, oldest first."""


class OnStage(Protocol):
    """A platform's seat, as far as the suite looks at it."""

    @property
    def server(self) -> Server:
        """The platform."""

    @property
    def repeats(self) -> bool:
        """Whether the same call with the same key may be made again at any time."""

    def delete(self, post: PublicPost, /) -> None:
        """Its owner deletes a post by hand."""

    async def struck(self, kind: str) -> None:
        """Wait until a fault of this kind has happened."""


class LeapingClock(Clock, Protocol):
    """A clock in which time may leap."""

    def leap(self, seconds: float) -> None:
        """So much time passes at once."""


class Tap(Protocol):
    """What has left the process."""

    @property
    def seen(self) -> str:
        """All of it."""

    @property
    def written(self) -> int:
        """How much it is."""

    async def all_closed(self) -> None:
        """Wait until no line is held."""


@dataclass
class Sessions:
    """Keeps what an adapter seals, and holds it to sealing it."""

    sealed: list[str] = field(default_factory=list)

    async def load(self) -> str | None:
        return self.sealed[-1] if self.sealed else None

    async def save(self, sealed: str) -> None:
        assert [] == find_secrets(sealed, HANDED_OUT)
        self.sealed.append(sealed)


@dataclass
class Played:
    """An adapter on the stage."""

    adapter: Adapter
    seat: OnStage
    clock: LeapingClock
    tap: Tap
    stopped_before_writing: Callable[[], AbstractContextManager[None]]
    """A block in which the process is stopped (SIGSTOP) right before it writes, until others may have taken over."""

    def post(self, words: str = "Of everything, a little. " * 30) -> Post:
        """A post with all that a platform may take."""
        title = "Ein Titel & more: 👨‍👩‍👧‍👦 <b>"
        parts = (Part("title", title), Part("text", "\n\n"), Part("summary", words), Part("text", "\n\n"))
        picture = Picture(draw(1), "image/jpeg", 1200, 630, "A picture")
        return Post((*parts, Part("link", LINK)), LINK, title, words, "en", picture)

    async def payload(self, article: str = "") -> Payload:
        """The payload of that post, or of another article's, staged."""
        post = self.post()
        if article:
            link = f"{LINK}&article={article}"
            parts = tuple(Part("link", link) if part.kind == "link" else part for part in post.parts)
            post = replace(post, parts=parts, link=link)
        return await self.adapter.stage(self.adapter.compose(post, self.clock.now()))

    def key(self, article: str = "article") -> str:
        """The key of an obligation."""
        return self.adapter.key(seed(article))


Play = Callable[[Played], Awaitable[None]]
"""A scene with one adapter."""


def seed(article: str, *, number: int = 1) -> KeySeed:
    """An obligation of one account."""
    return KeySeed("platform:account", article, "publish", 1, number, LONG_AGO)


@asynccontextmanager
async def played(platform: str, folder: Path, **more: str) -> AsyncIterator[Played]:
    """The adapter, verified, talking to its sandbox through a wiretap. `more`: as in `Stage.environment`."""
    clock = LoopClock()
    async with Stage(folder, now=clock.seconds, platforms=[platform]) as stage:
        seat = stage.seats[platform]
        async with Wiretap(seat.server.port) as tap:
            direct, tapped = f":{seat.server.port}", f":{tap.port}"
            seat.settings = {name: _through(value, direct, tapped) for name, value in seat.settings.items()}
            (channel,) = stage.settings(**more).channels
            context = Context(clock.now, random_bytes, _keep, Sessions(), user_agent="Handbill under test")
            adapter = PLATFORMS[platform].open(channel.settings, context)
            try:
                await adapter.verify()
                yield Played(adapter, _OnStage(seat), clock, tap, lambda: _stopped(clock, adapter))
            finally:
                await adapter.close()


def _through(value: Callable[[], str], direct: str, tapped: str) -> Callable[[], str]:
    return lambda: value().replace(direct, tapped)


def _keep(secret: str) -> None:
    hand_out(secret)


@dataclass
class _OnStage:
    """A seat whose parts are looked at, and not replaced."""

    seat: Seat

    @property
    def server(self) -> Server:
        return self.seat.server

    @property
    def repeats(self) -> bool:
        return self.seat.repeats

    def delete(self, post: PublicPost, /) -> None:
        self.seat.delete(post)

    async def struck(self, kind: str) -> None:
        await self.seat.struck(kind)


@contextmanager
def _stopped(clock: LoopClock, adapter: Adapter) -> Iterator[None]:
    begin = Wire.begin

    def begin_and_stop(wire: Wire) -> None:
        begin(wire)
        clock.leap(adapter.deadline_for + 1)

    Wire.begin = begin_and_stop  # type: ignore[method-assign, assignment] # for the length of the block
    try:
        yield
    finally:
        Wire.begin = begin  # type: ignore[method-assign] # as above
