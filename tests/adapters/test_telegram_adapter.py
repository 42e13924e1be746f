"""The Telegram adapter, through python-telegram-bot, against the sandbox."""

import asyncio
import json
import logging
import traceback
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import pytest

from adapters.base import CanAlert, Context, KeySeed, Pace
from adapters.outcomes import ChannelDown, Outcome, RateLimited, Rejected, Unavailable, Uncertain
from adapters.post import Part, Payload, Post
from adapters.sandbox.faults import Fault
from adapters.sandbox.telegram import TelegramSandbox
from adapters.telegram import PLATFORM, TelegramSettings
from adapters.telegram.adapter import TelegramAdapter

TOKEN = "123456:AAEhBP0av28hunter2hunter2hunter2"
CHAT = -1001234567890
OPS = -1009876543210
LINK = "https://news.example/a-story"
NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
POST = Post((Part("title", "Title"), Part("text", "\n\n"), Part("link", LINK)), LINK, "Title", "")
SEED = KeySeed("123456", "article", "publish", 1, 1, None)

Opened = Callable[..., AbstractAsyncContextManager[TelegramAdapter]]


class NoSessions:
    """Telegram keeps no session."""

    async def load(self) -> str | None:
        """Nothing was saved."""
        return None

    async def save(self, sealed: str) -> None:
        """Nothing is ever saved."""
        raise AssertionError(sealed)


@pytest.fixture
async def sandbox() -> AsyncIterator[TelegramSandbox]:
    """A Bot API server with one bot, a channel that it may post to, and an ops chat."""
    server = TelegramSandbox(now=NOW.timestamp, paced=False)
    server.add_bot(TOKEN, "news_bot")
    server.add_chat(CHAT, "news", "Example News", admins={TOKEN: ["can_post_messages"]})
    server.add_chat(OPS, None, "Operators", "supergroup", members=[TOKEN])
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
def opened(sandbox: TelegramSandbox) -> Opened:
    """Opens the adapter as the registry does; closes it in the end."""

    @asynccontextmanager
    async def open_(**changes: Any) -> AsyncIterator[TelegramAdapter]:
        written = {"token": TOKEN, "chat": "@news", "api_base": sandbox.api_base, **changes}
        context = Context(now=lambda: NOW, random_bytes=bytes, keep_secret=list[str]().append, sessions=NoSessions())
        adapter = PLATFORM.open(TelegramSettings(**written), context)
        assert isinstance(adapter, TelegramAdapter)
        try:
            yield adapter
        finally:
            await adapter.close()

    return open_


async def payload_of(adapter: TelegramAdapter) -> Payload:
    """The usual post, frozen."""
    return await adapter.stage(adapter.compose(POST, NOW))


async def test_a_post_comes_out(sandbox: TelegramSandbox, opened: Opened) -> None:
    """One request publishes the post as composed; the receipt names it."""
    async with opened() as adapter:
        await adapter.verify()
        payload = await payload_of(adapter)
        sandbox.requests.clear()
        receipt = await adapter.publish(payload, adapter.key(SEED))
    (post,) = sandbox.public("@news")
    assert [path.rsplit("/", 1)[-1] for _, path in sandbox.requests] == ["sendMessage"]
    assert (post.text, post.links) == (f"Title\n\n{LINK}", (LINK,))
    assert ("bold", "Title") in post.marks
    assert post.extra["preview"] == {"url": LINK}
    assert (receipt.id, receipt.url, receipt.at) == (post.id, f"https://t.me/news/{post.id}", NOW)


@asynccontextmanager
async def answering(answer: bytes, bodies: list[bytes]) -> AsyncIterator[str]:
    """A server that says `answer` to everything and keeps the bodies it was sent; its API base."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
        bodies.append(await reader.readexactly(length))
        writer.write(answer)
        writer.close()
        await writer.wait_closed()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/bot"


async def test_what_is_frozen_is_what_is_sent(opened: Opened) -> None:
    """A payload read back from its canonical text gives the very same request, byte for byte."""
    bodies: list[bytes] = []
    async with answering(b"", bodies) as api_base, opened(api_base=api_base) as adapter:
        payload = await payload_of(adapter)
        for body in (payload.body, json.loads(payload.canonical())):
            with pytest.raises(Uncertain):
                await adapter.publish(Payload(body), "")
    assert bodies[0] == bodies[1]


@pytest.mark.parametrize(
    "oddity", [{"date": 10**30}, {"entities": "none"}, {"chat": []}, {"from": 5}, {"new_in_2030": {}}]
)
async def test_a_proof_that_the_library_cannot_read(opened: Opened, oddity: dict[str, Any]) -> None:
    """An answer that names the message and carries the link is a proof, whatever else stands in it."""
    message = {"message_id": 7, "date": 1795420800, "chat": {"id": CHAT, "type": "channel"}, "text": LINK, **oddity}
    body = json.dumps({"ok": True, "result": message}).encode()
    answer = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)
    async with answering(answer, []) as api_base, opened(api_base=api_base) as adapter:
        receipt = await adapter.publish(await payload_of(adapter), "")
    assert receipt.id == "7"


async def test_the_number_is_frozen_once_it_is_known(opened: Opened) -> None:
    """After asking, posts go to the chat's number, which a renaming does not change."""
    async with opened() as adapter:
        assert (await payload_of(adapter)).body["chat_id"] == "@news"
        await adapter.verify()
        assert (await payload_of(adapter)).body["chat_id"] == CHAT


OUTCOMES: list[tuple[Fault, type[Outcome], int]] = [
    (Fault("error", status=500), Uncertain, 0),
    (Fault("error", status=502), Uncertain, 0),
    (Fault("error", status=401), ChannelDown, 0),
    (Fault("error", status=404), ChannelDown, 0),
    (Fault("error", status=400), Rejected, 0),
    (Fault("wait", seconds=17), RateLimited, 0),
    (Fault("drop"), Uncertain, 0),
    (Fault("cut"), Uncertain, 1),
    (Fault("garbage"), Uncertain, 0),
    (Fault("error-after", status=500), Uncertain, 1),
    (Fault("garbage-after"), Uncertain, 1),
]


@pytest.mark.parametrize(("fault", "kind", "out"), OUTCOMES, ids=[f"{one.kind}-{one.status}" for one, *_ in OUTCOMES])
async def test_faults(sandbox: TelegramSandbox, opened: Opened, fault: Fault, kind: type[Outcome], out: int) -> None:
    """Each fault gives its outcome from one request, never a second try, and never a word of the token."""
    sandbox.faults.add(Fault(fault.kind, status=fault.status, seconds=fault.seconds))
    async with opened() as adapter:
        payload = await payload_of(adapter)
        with pytest.raises(Outcome) as raised:
            await adapter.publish(payload, "")
    assert type(raised.value) is kind
    assert len(sandbox.requests) == 1
    assert len(sandbox.public("@news")) == out
    assert "hunter2" not in "".join(traceback.format_exception(raised.value))


async def test_told_how_long_to_wait(sandbox: TelegramSandbox, opened: Opened) -> None:
    """The wait is Telegram's."""
    sandbox.faults.add(Fault("wait", seconds=17))
    async with opened() as adapter:
        with pytest.raises(RateLimited) as raised:
            await adapter.publish(await payload_of(adapter), "")
    assert raised.value.retry_after == 17


@pytest.mark.parametrize("fault", ["hang", "late=600"])
async def test_the_deadline(sandbox: TelegramSandbox, opened: Opened, fault: str) -> None:
    """A call that hangs ends at its deadline, and nobody knows."""
    sandbox.faults.add(Fault.parse(fault))
    async with opened() as adapter:
        await adapter.verify()  # the line is open: a slow machine does not spend the deadline on connecting
        adapter.deadline_for = 0.3
        with pytest.raises(Uncertain, match=r"no answer within 0\.3 s"):
            await adapter.publish(await payload_of(adapter), "")


async def test_nobody_listens(sandbox: TelegramSandbox, opened: Opened) -> None:
    """A server that is down has posted nothing: try again later."""
    await sandbox.stop()
    async with opened() as adapter:
        payload = await payload_of(adapter)
        with pytest.raises(Unavailable, match=r"cannot reach 127\.0\.0\.1"):
            await adapter.publish(payload, "")
        with pytest.raises(Unavailable):
            await adapter.verify()


async def test_cancelled(sandbox: TelegramSandbox, opened: Opened) -> None:
    """A cancelled publish ends as cancelled, and its line is let go."""
    sandbox.faults.add(Fault("hang"))
    async with opened() as adapter:
        task = asyncio.create_task(adapter.publish(await payload_of(adapter), ""))
        await sandbox.arrivals(1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await adapter.publish(await payload_of(adapter), "")
    assert len(sandbox.public("@news")) == 1


async def test_closed_while_it_hangs(sandbox: TelegramSandbox, opened: Opened) -> None:
    """Closing does not wait for a call that hangs; the call ends, and nobody knows."""
    sandbox.faults.add(Fault("hang"))
    async with opened() as adapter:
        task = asyncio.create_task(adapter.publish(await payload_of(adapter), ""))
        await sandbox.arrivals(1)
        await adapter.close()
        with pytest.raises(Uncertain):
            await task
        await adapter.close()
        with pytest.raises(Unavailable):
            await adapter.publish(await payload_of(adapter), "")


async def test_who_and_where(opened: Opened) -> None:
    """The identity is Telegram's own: the bot's number and the chat's."""
    async with opened(ops_chat=OPS) as adapter:
        standing = await adapter.verify()
    assert (standing.account_id, standing.place_id) == ("123456", str(CHAT))
    assert standing.who == "@news_bot in Example News (@news)"
    assert (standing.url, standing.limits.length, standing.limits.unit) == ("https://t.me/news", 4096, "characters")
    assert (standing.problems, standing.notes) == ((), ())


async def test_no_ops_chat(opened: Opened) -> None:
    """The operator is told what is missing without an ops chat."""
    async with opened() as adapter:
        (note,) = (await adapter.verify()).notes
    assert "HANDBILL_TELEGRAM__OPS_CHAT" in note


@pytest.mark.parametrize("state", ["member", "left", "powerless"])
async def test_no_right_to_post(sandbox: TelegramSandbox, opened: Opened, state: str) -> None:
    """What stands in the way of posting is a sentence with the mend, also where the bot cannot even ask."""
    if state == "powerless":
        sandbox.grant(TOKEN, CHAT, "can_edit_messages")
    else:
        sandbox.set_status(TOKEN, CHAT, "member" if state == "member" else "left")
    async with opened() as adapter:
        (problem,) = (await adapter.verify()).problems
        assert "make @news_bot an administrator of Example News (@news)" in problem
        with pytest.raises(ChannelDown) as raised:
            await adapter.publish(await payload_of(adapter), "")
    assert "administrator" in raised.value.mend


@pytest.mark.parametrize(("chat", "status"), [("@nowhere", 400), ("@news", 403)])
async def test_no_such_chat(sandbox: TelegramSandbox, opened: Opened, chat: str, status: int) -> None:
    """A chat that is not there or has thrown the bot out has no identity: the channel is down, with the mend."""
    sandbox.set_status(TOKEN, CHAT, "kicked")
    async with opened(chat=chat) as adapter:
        with pytest.raises(ChannelDown) as raised:
            await adapter.verify()
    assert raised.value.status == status
    assert raised.value.mend == f"check {chat} and make @news_bot an administrator there, with the right to post"


@pytest.mark.parametrize("token", ["654321:AAEhBP0av28hunter2hunter2hunter2", "1:hunter2"])
async def test_a_wrong_token(opened: Opened, token: str) -> None:
    """A revoked or malformed token brings the channel down; no error shows it, nor its causes."""
    async with opened(token=token) as adapter:
        for call in (adapter.verify(), adapter.publish(await payload_of(adapter), "")):
            with pytest.raises(ChannelDown) as raised:
                await call
            assert "@BotFather" in raised.value.mend
            assert "hunter2" not in "".join(traceback.format_exception(raised.value))


@pytest.mark.parametrize(("fault", "kind"), [("error=500@auth", Unavailable), ("wait=9@read", RateLimited)])
async def test_asking_in_vain(sandbox: TelegramSandbox, opened: Opened, fault: str, kind: type[Outcome]) -> None:
    """A question that is not answered raises what asking may raise."""
    sandbox.faults.add(Fault.parse(fault))
    async with opened() as adapter:
        with pytest.raises(kind):
            await adapter.verify()


async def test_nothing_is_logged_with_the_token(opened: Opened, caplog: pytest.LogCaptureFixture) -> None:
    """Even with everything logged, the libraries write no address that holds the token."""
    caplog.set_level(logging.DEBUG)
    async with opened() as adapter:
        await adapter.verify()
        await adapter.publish(await payload_of(adapter), "")
    assert "hunter2" not in caplog.text


async def test_garbage_is_not_logged(
    sandbox: TelegramSandbox, opened: Opened, caplog: pytest.LogCaptureFixture
) -> None:
    """An answer that is no JSON does not land in the log."""
    sandbox.faults.add(Fault("garbage"))
    async with opened() as adapter:
        with pytest.raises(Uncertain):
            await adapter.publish(await payload_of(adapter), "")
    assert "nginx" not in caplog.text


async def test_an_alert(sandbox: TelegramSandbox, opened: Opened) -> None:
    """An alert reaches the ops chat, whole or shortened, and never the followers."""
    async with opened(ops_chat=OPS) as adapter:
        assert isinstance(adapter, CanAlert)
        assert await adapter.alert("The feed is down.\n\nSee https://news.example/feed")
        assert await adapter.alert("word " * 2000)
    short, long = sandbox.public(str(OPS))
    assert (short.text, short.card) == ("The feed is down.\n\nSee https://news.example/feed", None)
    assert long.text.endswith("word…")
    assert sandbox.public("@news") == []


async def test_no_place_for_an_alert(sandbox: TelegramSandbox, opened: Opened) -> None:
    """Without an ops chat an alert is not sent and not an error."""
    async with opened() as adapter:
        assert not await adapter.alert("The feed is down.")
    assert sandbox.requests == []


async def test_an_alert_that_fails(opened: Opened) -> None:
    """An ops chat that the bot does not know raises an outcome."""
    async with opened(ops_chat="@nowhere") as adapter:
        with pytest.raises(ChannelDown):
            await adapter.alert("The feed is down.")


async def test_the_marker_is_made_without_asking(sandbox: TelegramSandbox, opened: Opened) -> None:
    """What is needed to ask later is known already: nothing is asked before each post."""
    async with opened() as adapter:
        marker = await adapter.mark("41")
    assert {"last": "41", "at": NOW.timestamp(), "alone": False} == marker
    assert sandbox.requests == []


async def test_the_contract(opened: Opened) -> None:
    """Pace, waits and label are what the settings and the platform say."""
    async with opened(per_minute=5, per_second=2) as adapter:
        assert adapter.paces == (Pace(5, 60, "place"), Pace(2, 1, "account"))
        assert (adapter.quiet_for, adapter.deadline_for, adapter.takes_picture) == (60, 60, False)
        assert adapter.key(SEED) == adapter.key(SEED) != adapter.key(KeySeed("1", "article", "publish", 1, 1, None))
