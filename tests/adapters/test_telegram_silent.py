"""Posts without a sound on Telegram."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest

from adapters.base import Context, KeySeed
from adapters.post import Part, Payload, Post
from adapters.sandbox.telegram import TelegramSandbox
from adapters.telegram import PLATFORM, TelegramSettings
from adapters.telegram.adapter import TelegramAdapter
from adapters.telegram.less import with_less
from tests.conformance.stages import Sessions

TOKEN = "123456:AAEhBP0av28hunter2hunter2hunter2"
CHAT = -1001234567890
LINK = "https://news.example/a-story"
NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
POST = Post((Part("title", "Title"), Part("text", "\n\n"), Part("link", LINK)), LINK, "Title", "")
OLD = {
    "chat_id": "@news",
    "text": f"Title\n\n{LINK}",
    "entities": [{"type": "bold", "offset": 0, "length": 5}],
    "link_preview_options": {"url": LINK},
}
"""As the first version froze it."""


@pytest.fixture
async def sandbox() -> AsyncIterator[TelegramSandbox]:
    """A Bot API server with one bot and a channel that it may post to."""
    server = TelegramSandbox(now=NOW.timestamp, paced=False)
    server.add_bot(TOKEN, "news_bot")
    server.add_chat(CHAT, "news", "Example News", admins={TOKEN: ["can_post_messages"]})
    await server.start()
    yield server
    await server.stop()


def opened(sandbox: TelegramSandbox, **changes: Any) -> TelegramAdapter:
    """The adapter with these settings."""
    written = {"token": TOKEN, "chat": "@news", "api_base": sandbox.api_base, **changes}
    context = Context(now=lambda: NOW, random_bytes=bytes, keep_secret=list[str]().append, sessions=Sessions())
    adapter = PLATFORM.open(TelegramSettings(**written), context)
    assert isinstance(adapter, TelegramAdapter)
    return adapter


async def published(sandbox: TelegramSandbox, adapter: TelegramAdapter, payload: Payload | None = None) -> Any:
    """The message as the server keeps it."""
    try:
        payload = payload or await adapter.stage(adapter.compose(POST, NOW))
        await adapter.publish(payload, adapter.key(KeySeed("123456", "article", "publish", 1, 1, None)))
    finally:
        await adapter.close()
    *_, message = sandbox._chats[CHAT].messages.values()  # the channel itself begins with one
    return message


@pytest.mark.parametrize("silent", [True, False])
async def test_silent_or_not(sandbox: TelegramSandbox, silent: bool) -> None:
    """A post is silent where the operator says so; it can always be forwarded, without which none is looked for."""
    message = await published(sandbox, opened(sandbox, silent=silent))
    assert (silent, False) == (message.silent, message.protected)


async def test_what_an_older_version_froze_is_sent_as_it_is(sandbox: TelegramSandbox) -> None:
    """A request that was frozen before there was a choice goes out with a sound, whatever the settings say now."""
    message = await published(sandbox, opened(sandbox, silent=True), Payload(OLD))
    assert (f"Title\n\n{LINK}", False) == (message.text, message.silent)


def test_the_preview_says_so() -> None:
    """A draft tells that it is silent; one that is not is what it always was."""
    settings = TelegramSettings.model_validate({"token": TOKEN, "chat": "@news", "silent": "true"})
    draft, plain = PLATFORM.compose(settings, POST, NOW), PLATFORM.compose(None, POST, NOW)
    assert (("silent", "yes"),) == draft.details
    assert {"chat_id": "@news", **plain.body} == OLD
    assert () == plain.details


def test_a_silent_post_with_less_stays_silent() -> None:
    """What goes out in the place of a refused post makes no sound either."""
    body = {**OLD, "disable_notification": True}
    less = with_less(body, "Bad Request: wrong type of the web page content")
    assert less is not None
    assert less["disable_notification"] is True
