"""A Mastodon account as its tests begin: the adapter on it, an article's payload, servers that answer to the letter."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from aiohttp import web

from adapters.base import Budget, Context, KeySeed
from adapters.mastodon import PLATFORM, MastodonSettings
from adapters.mastodon.adapter import MastodonAdapter
from adapters.outcomes import Outcome
from adapters.post import Part, Payload, Picture, Post
from adapters.sandbox.publication import draw

TOKEN = "k3Y-of-the-account-0123456789abcdefghijklmno"
LINK = "https://news.example.com/2026/11/an-article"
NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
PICTURE = Picture(draw(1), "image/jpeg", 1200, 630, "A lighthouse at dusk")
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class NoSessions:
    """Mastodon has no sessions to keep."""

    async def load(self) -> str | None:
        return None

    async def save(self, sealed: str) -> None:
        raise AssertionError(sealed)


@dataclass
class Hands:
    """A clock that only a test moves; by default it begins with a window of three hours."""

    at: float = 1_795_413_600.0

    def __call__(self) -> float:
        return self.at

    def now(self) -> datetime:
        """The time, as adapters are told it."""
        return datetime.fromtimestamp(self.at, UTC)


def adapter_for(
    url: str,
    token: str = TOKEN,
    *,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
    note_budget: Callable[[Budget], None] = lambda _: None,
    **settings: object,
) -> MastodonAdapter:
    """An adapter as the core opens it."""
    context = Context(
        now=now,
        random_bytes=lambda count: b"\0" * count,
        keep_secret=lambda _: None,
        sessions=NoSessions(),
        user_agent="Handbill-test",
        note_budget=note_budget,
    )
    adapter = PLATFORM.open(MastodonSettings.model_validate({"server": url, "token": token, **settings}), context)
    assert isinstance(adapter, MastodonAdapter)
    return adapter


@asynccontextmanager
async def answering(handler: Handler, **context: Any) -> AsyncIterator[tuple[MastodonAdapter, list[str]]]:
    """An adapter for a server that gives every request to `handler`, and the requests it has got.
    `context`: as for `adapter_for`."""
    requests: list[str] = []

    async def serve(request: web.Request) -> web.StreamResponse:
        await request.read()
        requests.append(f"{request.method} {request.path}")
        return await handler(request)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", serve)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.01)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    adapter = adapter_for(f"http://127.0.0.1:{runner.addresses[0][1]}", **context)
    try:
        yield adapter, requests
    finally:
        await adapter.close()
        await runner.cleanup()


def always(answer: Callable[[], web.Response]) -> Handler:
    """A handler that gives this answer to everything."""

    async def handler(_: web.Request) -> web.Response:
        return answer()

    return handler


async def payload_of(
    adapter: MastodonAdapter, title: str = "A title", link: str = LINK, picture: Picture | None = None
) -> Payload:
    """The frozen request for an article."""
    gap = Part("text", "\n\n")
    post = Post((Part("title", title), gap, Part("link", link)), link, title, "", "en", picture)
    return await adapter.stage(adapter.compose(post, NOW))


def key_of(adapter: MastodonAdapter, article: str = "article-1", payload_number: int = 1) -> str:
    """The key of an obligation."""
    return adapter.key(KeySeed("1@mastodon.example", article, "publish", 0, payload_number, NOW))


async def outcome_of(call: Awaitable[object]) -> Outcome:
    """The outcome that `call` raises, which carries no error along that might hold the token."""
    with pytest.raises(Outcome) as caught:
        await call
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None
    return caught.value
