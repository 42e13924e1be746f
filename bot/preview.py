"""What a feed's articles would come to on each channel: the very path of the lanes, up to the draft and no further.

    feed ─▶ entry ─▶ article ─▶ its page ─▶ picture ─▶ template ─▶ post ─▶ the adapter's `compose` ─▶ draft

No ledger is needed, and no account: without one, a platform composes by its own defaults.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

import structlog

from adapters.base import Adapter, Platform
from adapters.outcomes import Outcome, Rejected
from adapters.post import Draft, Post
from adapters.shaping import Shape
from bot.doors import Doors, FetchFailed
from bot.enrich import ENRICH_FOR, read_facts
from bot.facts import enriched
from bot.model import Article
from bot.pictures import Sought, find_picture
from bot.plan import candidates
from bot.render import Place, Renderer
from bot.sources.entry import Feed
from bot.sources.kinds import read_source
from bot.sources.reading import Cursor, Unreadable, Watched
from bot.sources.robots import Robots

log = structlog.get_logger()

ASK_FOR = 15.0
"""Seconds that a platform has to tell the limits of a channel."""


@dataclass(frozen=True, slots=True)
class Composer:
    """Whoever makes drafts for one channel, or for a platform in general."""

    channel: str | None
    """The configured channel; None for a platform by its defaults."""
    platform: str
    takes_picture: bool
    compose: Callable[[Post, datetime], Draft]
    shape: Shape = field(default_factory=Shape)
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Preview:
    """One article on one channel: a draft, or why there can be none."""

    article: Article
    channel: str | None
    platform: str
    at: datetime
    draft: Draft | None
    refused: str | None = None
    notes: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """One line of `handbill preview --json`."""
        head = {
            "article": {"title": self.article.title, "link": self.article.link},
            "channel": self.channel,
            "platform": self.platform,
            "at": self.at.isoformat(),
        }
        if self.draft is None:
            return {**head, "refused": self.refused, "warnings": list(self.notes)}
        draft = self.draft
        return {
            **head,
            "text": draft.text,
            "length": draft.length,
            "limit": draft.limit,
            "unit": draft.unit,
            "marks": [{**asdict(mark), "text": draft.text[mark.start : mark.end]} for mark in draft.marks],
            "card": asdict(draft.card) if draft.card else None,
            "warnings": [*draft.warnings, *self.notes],
            "body": draft.body,
        }


def by_defaults(platform: Platform) -> Composer:
    """A platform as it composes for nobody in particular."""
    return Composer(None, platform.name, platform.takes_picture, lambda post, at: platform.compose(None, post, at))


async def by_channel(name: str, adapter: Adapter, shape: Shape, doors: Doors) -> Composer:
    """A configured channel, by its own limits as the platform tells them, or by the defaults where it does not."""
    notes: tuple[str, ...] = ()
    try:
        async with doors.clock.deadline(ASK_FOR):
            await adapter.verify()
    except Outcome as outcome:
        notes = (f"Composed without having asked the platform for its limits: {outcome.message}",)
    except TimeoutError:
        notes = (f"Composed without having asked the platform for its limits: no answer within {ASK_FOR:.0f} s.",)
    return Composer(name, adapter.platform, adapter.takes_picture, adapter.compose, shape, notes)


async def read_articles(
    doors: Doors, watched: Watched, newest: int, *, identity: str, language: str | None = None, name: str = ""
) -> tuple[Feed, list[Article]]:
    """What is read there and its newest articles, newest first, as the ledger would hold them. Raises FetchFailed or
    Unreadable. `language` and `name`: the source's, where the settings tell them."""
    robots, now = Robots(doors.web, doors.clock), doors.clock.now()
    reading = await read_source(doors.web, doors.offload, watched, Cursor(), now, robots=robots)
    feed = reading.feed
    if feed is None:
        raise AssertionError("unreachable: without validators there is no 304")
    found = candidates(identity, feed)
    now = doors.clock.now()
    articles = [
        Article(
            id=0,
            key=candidate.keys[0],
            title=candidate.entry.title,
            summary=candidate.entry.summary,
            link=candidate.link,
            found_at=now,
            published_at=candidate.entry.published_at,
            author=candidate.entry.author,
            language=language or candidate.entry.language,
            picture_url=candidate.entry.picture_url,
            picture_alt=candidate.entry.picture_alt,
            tags=candidate.entry.tags,
            source=name,
        )
        for candidate in found[max(0, len(found) - newest) :]
    ]
    return feed, articles[::-1]


async def enrich_all(doors: Doors, articles: Sequence[Article]) -> list[Article]:
    """The articles with what their pages add, as far as they can be read."""
    robots = Robots(doors.web, doors.clock)
    return list(await asyncio.gather(*(_enriched(doors, robots, article) for article in articles)))


async def _enriched(doors: Doors, robots: Robots, article: Article) -> Article:
    try:
        async with doors.clock.deadline(ENRICH_FOR):
            facts, _ = await read_facts(doors, robots, article)
    except (FetchFailed, Unreadable) as error:
        log.warning("page.unread", article=article.title, reason=error.message)
    except TimeoutError:
        log.warning("page.unread", article=article.title, reason="it did not answer in time")
    else:
        return enriched(article, facts)
    return article


async def compose_all(
    doors: Doors, articles: Sequence[Article], composers: Sequence[Composer], at: datetime, renderer: Renderer
) -> list[Preview]:
    """Every article on every channel, as it would be sent `at` that time."""
    wanted = any(composer.takes_picture for composer in composers)
    pictures: Mapping[int, Sought] = {}
    if wanted:
        found = await asyncio.gather(*(find_picture(doors, article) for article in articles))
        pictures = dict(enumerate(found))
    return [
        _compose(renderer, article, composer, pictures.get(number, Sought(None)), at)
        for number, article in enumerate(articles)
        for composer in composers
    ]


def _compose(renderer: Renderer, article: Article, composer: Composer, sought: Sought, at: datetime) -> Preview:
    notes = composer.notes
    if composer.takes_picture and sought.picture is None:
        notes = (*notes, f"no picture: {sought.why_none}")
    used = sought.picture if composer.takes_picture else None
    place = Place(composer.platform, composer.channel, composer.shape)
    try:
        draft = composer.compose(renderer.post(article, place, used), at)
    except Rejected as refusal:
        return Preview(article, composer.channel, composer.platform, at, None, refusal.message, notes)
    return Preview(article, composer.channel, composer.platform, at, draft, None, notes)
