"""What articles come to on each channel: the very path of the lanes, up to the draft and no further.

    feed ─▶ entry ─▶ article ─▶ its page ─▶ picture ─▶ template ─▶ post ─▶ the adapter's `compose` ─▶ draft
                        ▲
                      ledger, where a payload that is frozen already is shown in the place of a new draft

For a feed no ledger is needed, and no account: without one, a platform composes by its own defaults.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

import structlog

from adapters.base import Adapter, Platform
from adapters.outcomes import Outcome, Rejected
from adapters.post import Draft, Json, Media, Post
from adapters.shaping import Shape
from bot.doors import Doors, FetchFailed
from bot.enrich import ENRICH_FOR, read_facts
from bot.facts import enriched
from bot.ledger.recorded import Recorded
from bot.model import Article
from bot.pictures import Sought, find_picture
from bot.plan import candidates
from bot.previewed import Preview
from bot.render import Place, Renderer
from bot.sources.entry import Feed
from bot.sources.kinds import read_source
from bot.sources.reading import Cursor, Unreadable, Watched
from bot.sources.robots import Robots

log = structlog.get_logger()

ASK_FOR = 15.0
"""Seconds that a platform has to tell the limits of a channel."""

_NO_PICTURE = "no picture: the page has none"
_NO_PICTURE_UNREAD = "no picture: the source names none, and the page was not read"
_NO_LANGUAGE = "the article has no language"
_UNPLANNED = "Nothing is planned here: no route led the article to this channel."


@dataclass(frozen=True, slots=True)
class Composer:
    """Whoever makes drafts for one channel, or for a platform in general."""

    channel: str | None
    """The configured channel; None for a platform by its defaults."""
    platform: str
    title: str
    """The platform's name for people."""
    takes_picture: bool
    compose: Callable[[Post, datetime], Draft]
    shown: Callable[[Json, Sequence[Media]], Draft]
    label: str | None = None
    """The account or place as the settings name it: "@news"."""
    shape: Shape = field(default_factory=Shape)
    notes: tuple[str, ...] = ()
    only_frozen: bool = False
    """Whether the channel is no longer in the settings: then only what is frozen for it is shown."""


@dataclass(frozen=True, slots=True)
class Subject:
    """An article that is to be shown."""

    article: Article
    page_read: bool = False
    """Whether the article has what its page says."""
    known: bool = False
    """Whether it comes out of the ledger."""
    recorded: tuple[Recorded, ...] = ()
    """What became of it on each channel, where the ledger knows it."""
    publication: str = ""
    """What the source that it was read from calls itself."""


def by_defaults(platform: Platform) -> Composer:
    """A platform as it composes for nobody in particular."""
    return Composer(
        None,
        platform.name,
        platform.title,
        platform.takes_picture,
        lambda post, at: platform.compose(None, post, at),
        platform.shown,
    )


def by_record(platform: Platform, name: str) -> Composer:
    """A channel that the settings no longer name, for what the ledger has for it."""
    gone = ("The settings no longer name this channel.",)
    return replace(by_defaults(platform), channel=name, notes=gone, only_frozen=True)


async def by_channel(
    name: str, adapter: Adapter, platform: Platform, doors: Doors, *, label: str, shape: Shape
) -> Composer:
    """A configured channel, by its own limits as the platform tells them, or by the defaults where it does not."""
    notes: tuple[str, ...] = ()
    try:
        async with doors.clock.deadline(ASK_FOR):
            await adapter.verify()
    except Outcome as outcome:
        notes = (f"Composed without having asked the platform for its limits: {outcome.message}",)
    except TimeoutError:
        notes = (f"Composed without having asked the platform for its limits: no answer within {ASK_FOR:.0f} s.",)
    return Composer(
        name,
        platform.name,
        platform.title,
        adapter.takes_picture,
        adapter.compose,
        platform.shown,
        label,
        shape,
        notes,
    )


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


async def enrich_all(doors: Doors, subjects: Sequence[Subject]) -> list[Subject]:
    """The same with what the articles' pages add, as far as they can be read."""
    robots = Robots(doors.web, doors.clock)
    return list(await asyncio.gather(*(_enriched(doors, robots, subject) for subject in subjects)))


async def _enriched(doors: Doors, robots: Robots, subject: Subject) -> Subject:
    article = subject.article
    try:
        async with doors.clock.deadline(ENRICH_FOR):
            facts, _ = await read_facts(doors, robots, article)
    except (FetchFailed, Unreadable) as error:
        log.warning("page.unread", article=article.title, reason=error.message)
    except TimeoutError:
        log.warning("page.unread", article=article.title, reason="it did not answer in time")
    else:
        return replace(subject, article=enriched(article, facts), page_read=True)
    return subject


async def compose_all(
    doors: Doors,
    subjects: Sequence[Subject],
    composers: Sequence[Composer],
    at: datetime,
    renderer: Renderer,
    *,
    pictures: bool = False,
) -> list[Preview]:
    """Every article on every channel, as it would be sent `at` that time, or is frozen to be sent.

    `pictures`: find the articles' pictures for the page, also where platforms would fetch them by themselves.
    """
    found: Mapping[int, Sought] = {}
    if pictures or any(composer.takes_picture for composer in composers):
        gathered = await asyncio.gather(*(find_picture(doors, subject.article) for subject in subjects))
        found = dict(enumerate(gathered))
    return [
        _preview(renderer, subject, composer, found.get(number, Sought(None)), at)
        for number, subject in enumerate(subjects)
        for composer in composers
        if not composer.only_frozen or _is_frozen(subject, composer)
    ]


def _recorded(subject: Subject, composer: Composer) -> Recorded | None:
    here = (composer.platform, composer.channel)
    return next((each for each in subject.recorded[::-1] if (each.row.platform, each.row.channel) == here), None)


def _is_frozen(subject: Subject, composer: Composer) -> bool:
    recorded = _recorded(subject, composer)
    return recorded is not None and recorded.body is not None


def _preview(renderer: Renderer, subject: Subject, composer: Composer, sought: Sought, at: datetime) -> Preview:
    recorded = _recorded(subject, composer)
    draft, refused, notes = _composed(renderer, subject, composer, sought, at)
    if recorded is not None and recorded.body is not None:
        draft, refused, notes = _as_frozen(composer.shown(recorded.body, recorded.media), draft), None, ()
    elif subject.known and recorded is None and composer.channel is not None:
        notes = (*notes, _UNPLANNED)
    return Preview(
        article=subject.article,
        channel=composer.channel,
        platform=composer.platform,
        at=at,
        draft=draft,
        refused=refused,
        notes=(*composer.notes, *notes),
        platform_title=composer.title,
        label=composer.label,
        publication=subject.publication,
        picture=sought.picture,
        recorded=recorded,
    )


def _as_frozen(frozen: Draft, anew: Draft | None) -> Draft:
    """The draft of a frozen payload, counted by the channel's own limit, and with a card's words, which a platform that
    makes the card by itself is not sent."""
    if anew is None:
        return frozen
    card = frozen.card
    if card is not None and not card.title and anew.card is not None:
        card = replace(card, title=anew.card.title, description=anew.card.description)
    return replace(frozen, limit=anew.limit, card=card)


def _composed(
    renderer: Renderer, subject: Subject, composer: Composer, sought: Sought, at: datetime
) -> tuple[Draft | None, str | None, tuple[str, ...]]:
    """A new draft, or why there can be none, and what the operator should know besides."""
    article = subject.article
    used = sought.picture if composer.takes_picture else None
    place = Place(composer.platform, composer.channel, composer.shape)
    try:
        post = renderer.post(article, place, used)
        draft = composer.compose(post, at)
    except Rejected as refusal:
        return None, refusal.message, ()
    notes = []
    if not article.picture_url:
        notes.append(_NO_PICTURE if subject.page_read else _NO_PICTURE_UNREAD)
    elif composer.takes_picture and sought.picture is None:
        notes.append(f"no picture: {sought.why_none}")
    if article.language is None and _would_say_language(composer, post, draft, at):
        notes.append(_NO_LANGUAGE)
    return draft, None, tuple(notes)


def _would_say_language(composer: Composer, post: Post, draft: Draft, at: datetime) -> bool:
    """Whether the post says no language, and would if the article did."""
    if any(name == "language" for name, _ in draft.details):
        return False
    return composer.compose(replace(post, language="en"), at).body != draft.body
