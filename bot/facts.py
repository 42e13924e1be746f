"""What an article's page adds to what its source says. Pure.

Field by field, the first that states anything counts:

    title, summary, author      the source, the page
    language                    the operator, the source, the page: the first that names one
    link, published_at          the source alone: keys are made of them
    picture                     the source's, the page's
    its alternative text        the source's, what stands at the picture in the page, the page's head
    tags                        the source, the page
    its focal point, fediverse, paywalled, noindex   the page alone
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

from adapters.language import language_of
from bot.focal import Point
from bot.links import canonical_link
from bot.model import Article
from bot.sources.page import Page, Stated

_TELLING = 8
"""Characters of a title that are not found in another one by chance."""


@dataclass(frozen=True, slots=True)
class Facts(Stated):
    """What is kept of a page."""

    shown_url: str | None = None
    shown_alt: str | None = None
    shown_focus: Point | None = None
    """The source's own picture, and what the page says of it."""


def facts_of(page: Page, picture_url: str | None) -> Facts:
    """The facts of the page of an article whose source shows this picture."""
    stated = {each.name: getattr(page, each.name) for each in fields(Stated)}
    alt, focus = (page.alt_of(picture_url), page.focus_of(picture_url)) if picture_url else (None, None)
    return Facts(**stated, shown_url=picture_url if alt or focus else None, shown_alt=alt, shown_focus=focus)


def stands_for(page: Page, *, link: str, title: str) -> bool:
    """Whether a page can be that of the article at `link`: if another one was shown (a login, a choice of cookies, what
    stands in the place of all that was deleted), only if it bears the article's title."""
    return not _elsewhere(page, link) or not title or _bears(page.title, title)


def _elsewhere(page: Page, link: str) -> bool:
    own = canonical_link(link)
    return all(canonical_link(address) != own for address in (page.url, page.canonical) if address)


def _bears(headline: str, title: str) -> bool:
    """Whether it is there; a short one has to be all there is, apart from what is no letter and no figure."""
    shown, own = (" ".join(re.findall(r"\w+", _folded(text))) for text in (headline, title))
    return shown == own or (len(own) >= _TELLING and f" {own} " in f" {shown} ")


def _folded(text: str) -> str:
    """The same for every way to write the same letters (https://www.unicode.org/reports/tr15/)."""
    return unicodedata.normalize("NFKC", text).casefold()


def keys_of(page: Page, *, link: str, title: str, moved_to: str | None) -> Sequence[str]:
    """The keys that the page is known by besides: the address that it calls its own; where it states none, the one
    that it has moved to for good. Where a redirect for now leads tells nothing, nor does one of an article without a
    title, by which its page would be known again: articles that are taken for one cost a post."""
    if _elsewhere(page, link) and not title:
        return []
    address = page.canonical or moved_to
    canonical = canonical_link(address) if address else None
    return [f"link:{canonical}"] if canonical else []


def _is_language(written: str | None) -> bool:
    try:
        return language_of(written) is not None
    except ValueError:
        return False  # what it says is kept where the page says nothing, for the warning


def enriched(article: Article, facts: Facts) -> Article:
    """The article with what its page adds."""
    picture_url, picture_alt, picture_focus = article.picture_url, article.picture_alt, None
    if not picture_url:
        picture_url, picture_alt, picture_focus = facts.picture_url, facts.picture_alt, facts.picture_focus
    elif picture_url == facts.shown_url:
        picture_alt, picture_focus = picture_alt or facts.shown_alt, facts.shown_focus
    return replace(
        article,
        title=article.title or facts.title,
        summary=article.summary or facts.description,
        author=article.author or facts.author,
        language=article.language if _is_language(article.language) else facts.language or article.language,
        picture_url=picture_url,
        picture_alt=picture_alt,
        picture_focus=picture_focus,
        tags=article.tags or facts.tags,
        fediverse=facts.fediverse,
        paywalled=facts.paywalled,
        noindex=facts.noindex,
    )
