"""Article → post, by template. Pure once the templates are loaded.

A template is a text with plain names. What each name stood for is still known after rendering, because its text was put
between noncharacters (https://www.unicode.org/faq/private_use.html#noncharacters), so that the adapter can shorten the
summary and never the link.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import resources
from typing import Any, Literal

from jinja2 import BaseLoader, StrictUndefined, Template, TemplateNotFound
from jinja2.sandbox import ImmutableSandboxedEnvironment

from adapters.hashtags import hashtags_of
from adapters.post import Part, Picture, Post
from adapters.shaping import Shape, with_parameters
from bot.model import Article

_OPEN = {"title": "\ufdd0", "summary": "\ufdd1", "link": "\ufdd2", "tag": "\ufdd3"}
_KIND: Mapping[str, Literal["title", "summary", "link", "tag"]] = {
    "\ufdd0": "title",
    "\ufdd1": "summary",
    "\ufdd2": "link",
    "\ufdd3": "tag",
}
_CLOSE = "\ufddf"
_MARKED = re.compile(f"([\ufdd0-\ufdd3])([^\ufdd0-\ufdef]*){_CLOSE}?")
_NONCHARACTERS = re.compile("[\ufdd0-\ufdef]")
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Mn", "Zl", "Zp", "Zs"})
"""Categories of what is not seen by itself: controls, joiners, spaces, and marks without a letter."""
_BLANK = frozenset("\u115f\u1160\u2800\u3164\uffa0")
"""Letters and signs by category, and yet nothing to see."""
_LONGEST_REPEAT = 10_000


@dataclass(frozen=True, slots=True)
class Place:
    """Where a post goes, as far as its words depend on it."""

    platform: str
    channel: str | None = None
    """The configured channel; None: the platform in general."""
    shape: Shape = field(default_factory=Shape)


class _Tags(tuple[str, ...]):
    """Hashtags: `{{ tags }}` prints all of them, and a template can ask for them, and for each."""

    __slots__ = ()

    def __str__(self) -> str:
        return " ".join(self)


class _Packaged(BaseLoader):
    """Templates from the package `templates`, wherever it was installed."""

    def get_source(self, environment: object, template: str) -> tuple[str, str | None, Any]:  # noqa: ARG002 # Jinja's signature
        found = resources.files("templates").joinpath("posts", template)
        if not found.is_file():
            raise TemplateNotFound(template)
        return found.read_text(encoding="utf-8"), str(found), lambda: True


class _Environment(ImmutableSandboxedEnvironment):
    """Jinja's sandbox, with multiplication kept from eating the memory ({{ 'x' * 1000000000 }})."""

    intercepted_binops = frozenset({"*", "**"})

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        if operator == "**" or any(isinstance(side, int) and side > _LONGEST_REPEAT for side in (left, right)):
            raise ValueError(f"{operator} with such numbers is not for templates")
        return super().call_binop(context, operator, left, right)


class Renderer:
    """The loaded templates: `posts/PLATFORM.txt` where there is one, else `posts/default.txt`."""

    def __init__(self, loader: BaseLoader | None = None) -> None:
        self._environment = _Environment(
            loader=loader or _Packaged(), undefined=StrictUndefined, autoescape=False, keep_trailing_newline=False
        )
        self._chosen: dict[str, Template] = {}

    def _template(self, platform: str) -> Template:
        if platform not in self._chosen:  # looking for the one that is not there costs more than rendering
            self._chosen[platform] = self._environment.select_template([f"{platform}.txt", "default.txt"])
        return self._chosen[platform]

    def post(self, article: Article, place: Place, picture: Picture | None = None) -> Post:
        """The post that this article comes to in this place, before its limits."""
        template = self._template(place.platform)
        link = with_parameters(article.link, place.shape.link_parameters)
        title, summary = _clean(article.title), _clean(article.summary)
        rendered = template.render(
            title=_marked("title", title),
            summary=_marked("summary", summary),
            link=_marked("link", link),
            author=_clean(article.author or ""),
            tags=_Tags(_marked("tag", tag) for tag in _hashtags(article, place)),
        )
        return Post(
            parts=_parts(rendered.strip()),
            link=link,
            title=title,
            description=summary,
            language=article.language,
            picture=picture,
            source=article.source,
            categories=article.tags,
        )


def _hashtags(article: Article, place: Place) -> tuple[str, ...]:
    return hashtags_of(article.tags, most=place.shape.hashtags, never=place.shape.hashtags_never)


def _clean(text: str) -> str:
    """`text` without what marks parts; nothing at all where there is nothing in it that a reader would see."""
    text = _NONCHARACTERS.sub("", text).strip()
    return text if any(map(_is_seen, text)) else ""


def _is_seen(character: str) -> bool:
    return unicodedata.category(character) not in _UNSEEN and character not in _BLANK


def _marked(kind: str, text: str) -> str:
    """Empty stays empty, so that a template can ask `{% if summary %}`."""
    return f"{_OPEN[kind]}{text}{_CLOSE}" if text else ""


def _parts(rendered: str) -> tuple[Part, ...]:
    parts: list[Part] = []
    end = 0
    for found in _MARKED.finditer(rendered):
        if before := _NONCHARACTERS.sub("", rendered[end : found.start()]):
            parts.append(Part("text", before))
        parts.append(Part(_KIND[found[1]], found[2]))
        end = found.end()
    if rest := _NONCHARACTERS.sub("", rendered[end:]):
        parts.append(Part("text", rest))
    return tuple(parts)
