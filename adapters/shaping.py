"""How an operator shapes the posts of one channel, as far as that is the same on every platform. Pure.

The settings model of each platform inherits `Shaping`; what the rest of the program needs of it is a `Shape`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated
from urllib.parse import quote, unquote

from pydantic import BaseModel, BeforeValidator, Field

MOST_HASHTAGS = 10
_PARAMETER = re.compile(r"[A-Za-z0-9_.~-]{1,64}")


@dataclass(frozen=True, slots=True)
class Shape:
    """What is asked of the posts of one channel."""

    hashtags: int = 3
    """How many of an article's categories become hashtags at most."""
    hashtags_never: tuple[str, ...] = ()
    """Categories that never do, as the operator wrote them."""
    link_parameters: Mapping[str, str] = field(default_factory=dict)
    """Name → value of what is added to the query of the link that is posted."""


def split(value: object) -> object:
    """A list, as the environment writes it: separated by commas."""
    return [each.strip() for each in value.split(",") if each.strip()] if isinstance(value, str) else value


def _parameters(value: object) -> object:
    """A mapping, or as the environment writes it: "utm_source=mastodon,utm_medium=social"."""
    if isinstance(value, str):
        pairs = [each.partition("=") for each in value.split(",") if each.strip()]
        value = {name.strip(): text.strip() for name, _, text in pairs}
    if isinstance(value, Mapping):
        wrong = [name for name, text in value.items() if not (_PARAMETER.fullmatch(str(name)) and _is_told(text))]
        if wrong:
            raise ValueError(
                f"{str(wrong[0])!r} is not the name of a parameter with a value: write it like utm_source=mastodon"
            )
        return {str(name): str(text).strip() for name, text in value.items()}
    return value


def _is_told(value: object) -> bool:
    """A text or a whole number."""
    return isinstance(value, str | int) and not isinstance(value, bool) and bool(str(value).strip())


Words = Annotated[tuple[str, ...], BeforeValidator(split)]
"""A list of words or phrases: a list in TOML, separated by commas in the environment."""


class Shaping(BaseModel):
    """The part of a platform's settings that shapes the text and the link of its posts."""

    hashtags: int = Field(
        default=3,
        ge=0,
        le=MOST_HASHTAGS,
        description="At most so many of an article's categories become hashtags (0: none).",
    )
    hashtags_never: Words = Field(
        default=(),
        description="Categories that never become hashtags, comma-separated, such as Uncategorized,News.",
    )
    link_parameters: Annotated[Mapping[str, str], BeforeValidator(_parameters)] = Field(
        default_factory=dict,
        description="What is added to the links that are posted, comma-separated, such as "
        "utm_source=handbill,utm_medium=social; a parameter that a link has already stays.",
    )

    @property
    def shape(self) -> Shape:
        """These settings without anything that belongs to an account."""
        return Shape(self.hashtags, self.hashtags_never, self.link_parameters)


def with_parameters(link: str, parameters: Mapping[str, str]) -> str:
    """`link` with `parameters` in its query. One that the link has already is left as its publisher set it."""
    if not parameters:
        return link
    address, hash_sign, fragment = link.partition("#")
    _, question_mark, query = address.partition("?")
    there = {unquote(pair.partition("=")[0]) for pair in query.split("&")}
    added = "&".join(f"{name}={quote(value, safe='')}" for name, value in parameters.items() if name not in there)
    if not added:
        return link
    between = "?" if not question_mark else "" if query == "" or query.endswith("&") else "&"
    return f"{address}{between}{added}{hash_sign}{fragment}"
