"""Article → post, by template. Pure.

What each name in a template stood for is still known after rendering (`bot.marks`), so that the adapter can shorten the
summary and never the link.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from adapters.hashtags import hashtags_of
from adapters.outcomes import Rejected
from adapters.post import Part, Picture, Post
from adapters.shaping import Shape, with_parameters
from bot.marks import clean, marked, parts_of, unmarked
from bot.model import Article
from bot.templates.chosen import Templates, packaged
from bot.templates.compiled import Compiled
from bot.templates.wrong import Wrong


@dataclass(frozen=True, slots=True)
class Place:
    """Where a post goes, as far as its words depend on it."""

    platform: str
    channel: str | None = None
    """The configured channel; None: the platform in general."""
    shape: Shape = field(default_factory=Shape)


class _Tags(tuple[str, ...]):
    """Hashtags, each marked: `{{ tags }}` shows all of them, a template can ask for one, and go through them."""

    __slots__ = ()

    def __str__(self) -> str:
        return " ".join(self)

    def __contains__(self, tag: object) -> bool:
        return any(unmarked(each) == tag for each in self)


class Renderer:
    """Makes posts by the templates that it was given, without any: by the packaged ones."""

    def __init__(self, templates: Templates | None = None) -> None:
        self._templates = templates or packaged()

    @property
    def own(self) -> tuple[str, ...]:
        """The files of the templates that are the operator's own."""
        return tuple(sorted(each.file for each in self._templates.own.values()))

    def post(self, article: Article, place: Place, picture: Picture | None = None) -> Post:
        """The post that this article comes to in this place, before its limits.

        Raises Rejected where the template fails on this article in spite of all that was checked.
        """
        template = self._templates.for_post(place.platform, place.channel, article.source, article.tags)
        rendered = _rendered(template, post_values(article, place))
        return Post(
            parts=parts_of(rendered.strip()),
            link=_link(article, place),
            title=clean(article.title),
            description=clean(article.summary),
            language=article.language,
            picture=picture,
            source=article.source,
            categories=article.tags,
        )

    def digest(self, heading: str, articles: Sequence[Article], place: Place) -> tuple[Part, ...]:
        """One text for several articles, each with its link. Nothing sends it yet. Raises Rejected, as `post` does."""
        return parts_of(_rendered(self._templates.digest, digest_values(heading, articles, place)).strip())


def post_values(article: Article, place: Place) -> Mapping[str, Any]:
    """What the names in the template of an article's post stand for."""
    tags = hashtags_of(article.tags, most=place.shape.hashtags, never=place.shape.hashtags_never)
    return {
        "title": marked("title", clean(article.title)),
        "summary": marked("summary", clean(article.summary)),
        "link": marked("link", _link(article, place)),
        "author": clean(article.author or ""),
        "source": clean(article.source),
        "published": article.published_at,
        "tags": _Tags(marked("tag", each) for each in tags),
    }


def digest_values(heading: str, articles: Sequence[Article], place: Place) -> Mapping[str, Any]:
    """What the names in a digest's template stand for."""
    return {"heading": clean(heading), "articles": [post_values(each, place) for each in articles]}


def _link(article: Article, place: Place) -> str:
    return with_parameters(article.link, place.shape.link_parameters)


def _rendered(template: Compiled, values: Mapping[str, Any]) -> str:
    try:
        return template.render(values)
    except Wrong as wrong:
        told = wrong.told_of(template.file)
        raise Rejected(f"{told}. Start Handbill anew once that is mended; `handbill retry` sends this then.") from wrong
