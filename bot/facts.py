"""What an article's page adds to what its source says. Pure.

Field by field, the first that states anything counts:

    title, summary, author      the source, the page
    language                    the operator, the source, the page
    link, published_at          the source alone: keys are made of them
    picture                     the source's, the page's
    its alternative text        the source's, what stands at the picture in the page, the page's head
    tags                        the source, the page
    fediverse, paywalled, noindex   the page alone
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

from bot.links import canonical_link
from bot.model import Article
from bot.sources.page import Page, Stated


@dataclass(frozen=True, slots=True)
class Facts(Stated):
    """What is kept of a page."""

    shown_url: str | None = None
    shown_alt: str | None = None
    """The source's own picture, and what the page says of it."""


def facts_of(page: Page, picture_url: str | None) -> Facts:
    """The facts of the page of an article whose source shows this picture."""
    stated = {each.name: getattr(page, each.name) for each in fields(Stated)}
    shown_alt = page.alt_of(picture_url) if picture_url else None
    return Facts(**stated, shown_url=picture_url if shown_alt else None, shown_alt=shown_alt)


def keys_of(page: Page, *, moved_to: str | None) -> Sequence[str]:
    """The keys that the page is known by besides: the address that it calls its own; where it states none, the one
    that it has moved to for good. Where a redirect for now leads (a login, a choice of cookies) tells nothing."""
    address = page.canonical or moved_to
    canonical = canonical_link(address) if address else None
    return [f"link:{canonical}"] if canonical else []


def enriched(article: Article, facts: Facts) -> Article:
    """The article with what its page adds."""
    picture_url, picture_alt = article.picture_url, article.picture_alt
    if not picture_url:
        picture_url, picture_alt = facts.picture_url, facts.picture_alt
    elif not picture_alt and picture_url == facts.shown_url:
        picture_alt = facts.shown_alt
    return replace(
        article,
        title=article.title or facts.title,
        summary=article.summary or facts.description,
        author=article.author or facts.author,
        language=article.language or facts.language,
        picture_url=picture_url,
        picture_alt=picture_alt,
        tags=article.tags or facts.tags,
        fediverse=facts.fediverse,
        paywalled=facts.paywalled,
        noindex=facts.noindex,
    )
