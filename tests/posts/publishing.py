"""Articles on their way from a feed to what readers see: the program's own parser, template, composer and client, and
the sandbox's servers. Time is the test's, so that no pace holds anything up."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from adapters.base import Adapter, Context
from adapters.outcomes import Rejected
from adapters.post import Post
from adapters.registry import PLATFORMS
from adapters.sandbox.mastodon_text import html
from bot.clock import random_bytes
from bot.doors import Fetched
from bot.model import Article
from bot.plan import candidates
from bot.render import Place, Renderer
from bot.sources.feed import parse_feed
from tests.conformance.stages import Sessions, seed
from tests.posts.awkward import Awkward
from tests.posts.checker import Seen, SeenMark
from tests.posts.counting import utf8_to_points, utf16_to_points
from tests.secrecy import hand_out
from tests.stage import Seat, Stage

FEED = "https://herald.example.org/feed"
APART = timedelta(seconds=40)
"""Between two posts: no platform has anything against that."""


class Hours:
    """A clock that goes on from post to post."""

    def __init__(self) -> None:
        self.at = datetime(2026, 11, 23, 7, 0, tzinfo=UTC)

    def now(self) -> datetime:
        return self.at

    def seconds(self) -> float:
        return self.at.timestamp()


def published(folder: Path, articles: Sequence[Awkward]) -> dict[tuple[str, str], Seen | str]:
    """(platform, article's name) → what readers see, or why there is nothing to be seen."""
    return asyncio.run(_published(folder, articles))


def read(article: Awkward) -> Article:
    """The article as the program reads it from its feed."""
    (found,) = candidates("herald", parse_feed(Fetched(FEED, changed=True, body=article.feed())))
    entry = found.entry
    return Article(
        id=0,
        key=found.keys[0],
        title=entry.title,
        summary=entry.summary,
        link=found.link,
        found_at=datetime(2026, 11, 23, 7, 0, tzinfo=UTC),
        published_at=entry.published_at,
        author=entry.author,
        language=entry.language,
        tags=entry.tags,
    )


async def _published(folder: Path, articles: Sequence[Awkward]) -> dict[tuple[str, str], Seen | str]:
    clock, renderer = Hours(), Renderer()
    outcome: dict[tuple[str, str], Seen | str] = {}
    async with Stage(folder, now=clock.seconds) as stage:
        for channel in stage.settings().channels:
            seat = stage.seats[channel.platform]
            context = Context(clock.now, random_bytes, _keep, Sessions(), user_agent="Handbill under test")
            adapter = PLATFORMS[channel.platform].open(channel.settings, context)
            try:
                await adapter.verify()
                for article in articles:
                    clock.at += APART
                    post = renderer.post(read(article), Place(channel.platform))
                    outcome[channel.platform, article.name] = await _publish(adapter, seat, post, article.name, clock)
            finally:
                await adapter.close()
    return outcome


def _keep(secret: str) -> None:
    hand_out(secret)


async def _publish(adapter: Adapter, seat: Seat, post: Post, name: str, clock: Hours) -> Seen | str:
    try:
        payload = await adapter.stage(adapter.compose(post, clock.now()))
        receipt = await adapter.publish(payload, adapter.key(seed(name)))
    except Rejected as rejected:
        return str(rejected)
    return _SEEN[adapter.platform](seat.server, receipt.id)


# ── what the platforms keep, in their own words ───────────────────────────────────────────────────────────────────


def _on_telegram(server: Any, number: str) -> Seen:
    """https://core.telegram.org/bots/api#messageentity"""
    chat = next(chat for chat in server._chats.values() if chat.kind == "channel")
    message = chat.messages[int(number.rpartition("/")[2])]
    return seen_on_telegram(message.text, message.entities, message.card)


def seen_on_telegram(text: str, entities: Sequence[Mapping[str, Any]], card: str | None) -> Seen:
    """What a message with these entities shows."""
    kinds = {"text_link": "link", "url": "link"}
    marks = []
    for entity in entities:
        place = [utf16_to_points, entity["offset"], entity["offset"] + entity["length"]]
        marks.append(_mark(text, place, kinds.get(entity["type"], entity["type"]), entity.get("url", "")))
    return Seen("telegram", text, tuple(marks), card)


def _on_bluesky(server: Any, key: str) -> Seen:
    """https://github.com/bluesky-social/atproto/blob/main/lexicons/app/bsky/richtext/facet.json"""
    (account,) = server._accounts.every()
    return seen_on_bluesky(account.repo.records["app.bsky.feed.post", key.rpartition("/")[2]].value)


def seen_on_bluesky(record: Mapping[str, Any]) -> Seen:
    """What an app shows of this record, wherever it is kept."""
    marks = [
        _mark(
            record["text"],
            [utf8_to_points, facet["index"]["byteStart"], facet["index"]["byteEnd"]],
            feature["$type"].partition("#")[2],
            feature.get("uri", ""),
        )
        for facet in record.get("facets", [])
        for feature in facet["features"]
    ]
    return Seen("bluesky", record["text"], tuple(marks), record["embed"]["external"]["uri"])


def _mark(text: str, place: list[Any], kind: str, target: str) -> SeenMark:
    points, start, end = place
    try:
        first, last = points(text, start), points(text, end)
    except ValueError as error:
        return SeenMark(f"broken mark ({error})", 0, 0)
    return SeenMark(kind, first, last, target or text[first:last])


def _on_mastodon(server: Any, number: str) -> Seen:
    """What the HTML of a status says: https://docs.joinmastodon.org/spec/activitypub/#sanitization"""
    return seen_on_mastodon(server.store.statuses[number].text, server.url)


def seen_on_mastodon(text: str, site: str) -> Seen:
    """What a status of this text shows on a server with a few people on it."""
    page = _Page(html(text, site, frozenset({"herald", "name", "everybody"})))
    first = next((mark.target for mark in page.marks if mark.kind == "link"), None)
    # The server makes the card of the first link: app/services/fetch_link_card_service.rb
    return Seen("mastodon", page.text, tuple(page.marks), first)


class _Page(HTMLParser):
    """The text of a status with its links, people and tags."""

    def __init__(self, content: str) -> None:
        super().__init__()
        self.text = ""
        self.marks: list[SeenMark] = []
        self._open: tuple[str, int, str] = ("", 0, "")
        self.feed(content)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        if tag == "a":
            kinds = (named.get("class") or "").split()
            kind = "hashtag" if "hashtag" in kinds else "mention" if "mention" in kinds else "link"
            self._open = (kind, len(self.text), named.get("href") or "")
        elif tag == "br":
            self.text += "\n"
        elif tag == "p" and self.text:
            self.text += "\n\n"

    def handle_endtag(self, tag: str) -> None:
        if tag == "a":
            kind, start, target = self._open
            self.marks.append(SeenMark(kind, start, len(self.text), target))

    def handle_data(self, data: str) -> None:
        self.text += data


_SEEN = {"telegram": _on_telegram, "mastodon": _on_mastodon, "bluesky": _on_bluesky}
