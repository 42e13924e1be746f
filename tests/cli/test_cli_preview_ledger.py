"""`handbill preview` of articles in the ledger: to the byte what their lanes send, or have sent."""

import base64
import hashlib
import json
import sqlite3
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection

from adapters.base import Adapter
from adapters.post import Payload
from adapters.registry import PLATFORMS
from bot.channel import Channel
from bot.doors import Clock, Doors
from bot.ledger import backlog
from bot.ledger.channels import ChannelState, get_channel
from bot.model import Article, Delivery
from bot.payloads import Payloads
from bot.redact import Redactor
from bot.render import Renderer
from bot.settings import load_settings
from bot.settings.model import ChannelConfig
from bot.wiring import open_adapter, production
from tests.cli.books import Book
from tests.cli.running import Handbill
from tests.stage import Stage

AWKWARD = "“Ünïcödé” & @someone@example.org 👩‍🚀 <b>x</b> node.js"


class StoppedClock:
    """The clock of a lane that sends at one moment for ever."""

    def __init__(self, clock: Clock, at: datetime) -> None:
        self._clock = clock
        self._at = at

    def now(self) -> datetime:
        return self._at

    def monotonic(self) -> float:
        return self._clock.monotonic()

    async def sleep(self, seconds: float) -> None:
        await self._clock.sleep(seconds)

    def deadline(self, seconds: float | None) -> AbstractAsyncContextManager[object]:
        return self._clock.deadline(seconds)


def _publish(stage: Stage) -> None:
    for _ in range(3):
        stage.publication.publish_next()
    stage.publication.publish(AWKWARD, "A very long story. " * 300, picture=True, alt="A 🌉")


def _deliveries(path: Path) -> dict[int, tuple[int, str, str, dict[str, Any] | None]]:
    """The ledger's deliveries: id → its article's id and link, its channel, its frozen payload."""
    query = (
        "SELECT d.id, a.id, a.link, c.name, d.body FROM deliveries d JOIN articles a ON a.id = d.article_id "
        "JOIN channels c ON c.id = d.channel_id"
    )
    with sqlite3.connect(path) as connection:
        found = {
            number: (article, link, name, json.loads(body) if body else None)
            for number, article, link, name, body in connection.execute(query)
        }
    connection.close()
    return found


def _without_uploads(body: dict[str, Any]) -> dict[str, Any]:
    """A request without what only an upload can tell."""
    body = json.loads(json.dumps(body))
    body.pop("media_ids", None)
    body.get("embed", {}).get("external", {}).pop("thumb", None)
    return body


def _digest_in(cid: str) -> str:
    """The SHA-256 in the name of a blob (CIDv1, raw, base32): https://github.com/multiformats/cid"""
    letters = cid.removeprefix("b").upper()
    data = base64.b32decode(letters + "=" * (-len(letters) % 8))
    assert b"\x01\x55\x12\x20" == data[:4]
    return data[4:].hex()


def _articles(path: Path) -> list[str]:
    """One delivery of each article, as a person would name them."""
    one_of = {article: number for number, (article, *_) in _deliveries(path).items()}
    return [str(number) for number in one_of.values()]


@pytest.mark.parametrize(
    ("language", "attach"), [("de-AT", "true"), pytest.param(None, "false", marks=pytest.mark.slow)]
)
async def test_preview_is_byte_for_byte_what_the_lanes_send(
    stage: Stage, tmp_path: Path, language: str | None, attach: str
) -> None:
    """Of every article on every channel, whether it was named by its source or by the ledger, the lane at the same time
    stages the very body that was shown, but for the names that uploads were given, and uploads the very pictures."""
    _publish(stage)
    config = tmp_path / "source.toml"
    tongue = f'language = "{language}"' if language else ""
    config.write_text(f'[[sources]]\nname = "herald"\nurl = "{stage.feed_url}"\n{tongue}\n')
    more = {"BACKFILL": "4", "SETTLE": "1h", "MASTODON__ATTACH_PICTURE": attach, "CONFIG": str(config)}
    environment = stage.environment(**more)
    del environment["HANDBILL_SOURCES"]
    handbill = Handbill(environment)
    await handbill.process("once")
    shown = await handbill.beside("preview", *_articles(stage.ledger), "herald", "--newest", "4", "--json")
    assert (0, "", 24) == (shown.code, shown.err, len(shown.objects))
    assert not any(each["frozen"] for each in shown.objects)
    planned = {(link, channel): number for number, (_, link, channel, _) in _deliveries(stage.ledger).items()}
    uploaded: list[str] = []
    settings = load_settings(PLATFORMS, environ=environment, env_file=None)
    async with production(settings) as doors:
        for channel in settings.channels:
            async with closing_adapter(channel, doors) as adapter:
                for preview in [each for each in shown.objects if each["channel"] == channel.name]:
                    number = planned[preview["article"]["link"], channel.name]
                    payload = await _staged(doors, adapter, channel, number, datetime.fromisoformat(preview["at"]))
                    assert _bytes(_without_uploads(dict(payload.body))) == _bytes(preview["body"])
                    told = [(each["sha256"], each["alt"], each["bytes"]) for each in preview["media"]]
                    assert told == [(_sha256(each.data), each.alt, len(each.data)) for each in payload.media]
                    if thumb := payload.body.get("embed", {}).get("external", {}).get("thumb"):
                        assert preview["media"][0]["sha256"] == _digest_in(thumb["ref"]["$link"])
                    uploaded += [channel.name] * len(payload.media)
    assert {"bluesky": 6} | ({"mastodon": 6} if attach == "true" else {}) == Counter(uploaded)


@asynccontextmanager
async def closing_adapter(channel: ChannelConfig, doors: Doors) -> AsyncIterator[Adapter]:
    """The adapter of a channel."""
    adapter = open_adapter(channel, doors, Redactor(), owner=False)
    try:
        yield adapter
    finally:
        await adapter.close()


async def _staged(doors: Doors, adapter: Adapter, channel: ChannelConfig, number: int, at: datetime) -> Payload:
    """What the lane of this channel makes of a delivery at that time, uploads and all."""

    def read(conn: Connection) -> tuple[Delivery, Article, ChannelState]:
        delivery = backlog.get_delivery(conn, number)
        return delivery, backlog.get_article(conn, delivery.article_id), get_channel(conn, delivery.channel_id)

    delivery, article, state = await doors.ledger.read(read)
    then = replace(doors, clock=StoppedClock(doors.clock, at))
    lane = Channel(state, adapter, then, str, {})
    assert None is await lane.ready(state)
    return (await Payloads(lane, adapter, then, Renderer(), channel.settings.shape).of(delivery, article))[0]


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _bytes(body: Any) -> str:
    return json.dumps(body, ensure_ascii=False, sort_keys=True)


async def test_what_is_frozen_is_shown_as_it_is(stage: Stage) -> None:
    """A post that is out is shown as it went out, uploads and time included, though the template, the limits and the
    article may say something else by now; and it says so."""
    stage.publication.publish(AWKWARD, "A very long story. " * 300, picture=True, alt="A 🌉")
    handbill = Handbill(stage.environment(BACKFILL="1", MASTODON__ATTACH_PICTURE="true"))
    assert 0 == (await handbill.process("once")).code
    stage.publication.edit(stage.publication.articles[0].guid, title="Something else")
    mastodon: Any = stage.seats["mastodon"].server
    mastodon.traits.max_characters = 5000
    shown = await handbill.beside("preview", *_articles(stage.ledger), "--json")
    assert 0 == shown.code
    sent = _deliveries(stage.ledger)
    assert sorted(sent) == sorted(each["delivery"]["id"] for each in shown.objects)
    for each in shown.objects:
        _, _, channel, body = sent[each["delivery"]["id"]]
        assert (True, "sent", channel) == (each["frozen"], each["delivery"]["state"], each["channel"])
        assert _bytes(body) == _bytes(each["body"])
        assert each["text"] == each["body"].get("text", each["body"].get("status"))
        seen = [post for post in stage.seats[channel].server.public() if post.url == each["delivery"]["url"]]
        assert [each["text"]] == [post.text for post in seen]
        if channel == "mastodon":
            assert 5000 == each["limit"]
    told = await handbill.beside("preview", str(shown.objects[0]["delivery"]["id"]))
    assert "is sent: this is the payload that went out, byte for byte." in told.out
    page = await handbill.beside("preview", str(shown.objects[0]["delivery"]["id"]), "--html", "-")
    assert (0, 2) == (page.code, page.out.count("is no longer kept here; drawn is the one that the article has now."))


def test_channels_that_are_gone_are_shown_for_what_is_frozen(book: Book, handbill: Handbill) -> None:
    """A payload that is frozen for a channel that the settings no longer name is shown all the same; of an article
    that has none, that channel shows nothing."""
    news = book.channel("news", "telegram")
    (begun,) = book.article("One", [news])
    (waiting,) = book.article("Two", [news])
    book.begin(begun)
    shown = handbill("preview", str(waiting), str(begun), "--json").objects
    names = [(each["article"]["title"], each["platform"], each["channel"]) for each in shown]
    defaults = [("telegram", None), ("mastodon", None), ("bluesky", None)]
    assert [("Two", *each) for each in defaults] + [
        ("One", *each) for each in [*defaults, ("telegram", "news")]
    ] == names
    last = shown[-1]
    assert ("as frozen", True, "sending", {"text": "as frozen"}) == (
        last["text"],
        last["frozen"],
        last["delivery"]["state"],
        last["body"],
    )
    assert "The settings no longer name this channel." in last["warnings"]
    lines = handbill("preview", str(begun)).lines
    assert f"· Delivery {begun} is sending: this is its frozen payload, which is sent byte for byte." in lines


def test_what_is_not_there_is_said_in_one_sentence(book: Book, handbill: Handbill, tmp_path: Path) -> None:
    """An unknown ID and a ledger that does not exist end with one sentence that says what to do, and make nothing."""
    answer = handbill("preview", "77")
    assert (2, "", "There is no delivery 77: `handbill log` shows them all.\n") == (answer.code, answer.out, answer.err)
    elsewhere = tmp_path / "elsewhere.db"
    answer = Handbill({"HANDBILL_DATABASE_URL": f"sqlite:///{elsewhere}"})("preview", "77")
    assert (2, "") == (answer.code, answer.out)
    assert (
        "There is no delivery 77, for there is no ledger yet: `handbill run` or `handbill once` makes it.\n"
        == answer.err
    )
    assert not elsewhere.exists()


async def test_a_channel_that_nothing_is_planned_for_says_so(stage: Stage) -> None:
    """Where no route led an article to a channel, the preview shows what it would be there, and that it is not sent."""
    stage.publication.publish("Bridge closes")
    environment = stage.environment(BACKFILL="1", SETTLE="1h")
    only = {name: value for name, value in environment.items() if not name.startswith("HANDBILL_MASTODON__")}
    await Handbill(only).process("once")
    number = min(_deliveries(stage.ledger))
    shown = (await Handbill(environment).beside("preview", str(number), "--json")).objects
    warned = {each["channel"] for each in shown if any("Nothing is planned here" in text for text in each["warnings"])}
    assert {"mastodon"} == warned
    (one,) = (await Handbill(environment).beside("preview", str(number), "--channel", "mastodon", "--json")).objects
    assert (None, False) == (one["delivery"], one["frozen"])
