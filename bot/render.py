"""Article → post, by template. Pure once the templates are loaded.

A template is a text with plain names. What each name stood for is still known after rendering, because its text was put
between noncharacters (https://www.unicode.org/faq/private_use.html#noncharacters), so that the adapter can shorten the
summary and never the link.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import resources
from typing import Any, Literal

from jinja2 import BaseLoader, StrictUndefined, Template, TemplateNotFound
from jinja2.sandbox import ImmutableSandboxedEnvironment

from adapters.post import Part, Picture, Post
from adapters.shaping import Shape, with_parameters
from bot.model import Article

_OPEN = {"title": "\ufdd0", "summary": "\ufdd1", "link": "\ufdd2"}
_KIND: Mapping[str, Literal["title", "summary", "link"]] = {"\ufdd0": "title", "\ufdd1": "summary", "\ufdd2": "link"}
_CLOSE = "\ufddf"
_MARKED = re.compile(f"([\ufdd0-\ufdd2])([^\ufdd0-\ufdef]*){_CLOSE}?")
_NONCHARACTERS = re.compile("[\ufdd0-\ufdef]")
_LONGEST_REPEAT = 10_000


@dataclass(frozen=True, slots=True)
class Place:
    """Where a post goes, as far as its words depend on it."""

    platform: str
    channel: str | None = None
    """The configured channel; None: the platform in general."""
    shape: Shape = field(default_factory=Shape)


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


def _clean(text: str) -> str:
    return _NONCHARACTERS.sub("", text).strip()


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
