"""What each kind of template is given: names, and what may be done with them. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Kind = Literal["text", "plain", "whole", "tags", "time", "list"]
"""text   may be shown and changed by filters (plain: compared as well)
whole  is shown as it is, or left out
tags   the same, or joined, or each by itself
time   is shown by `date`
list   is what a loop goes over"""

_ARTICLE: Mapping[str, Kind] = {
    "title": "text",
    "summary": "text",
    "link": "whole",
    "author": "plain",
    "tags": "tags",
    "source": "plain",
    "published": "time",
}


@dataclass(frozen=True, slots=True)
class Form:
    """What one kind of template is given."""

    names: Mapping[str, Kind]
    over: str
    """What its loop goes over."""
    one: str
    """What one of these is best called."""
    each: Mapping[str, Kind] | None
    """What each of them has; None: each is shown as it is."""


POST = Form(_ARTICLE, "tags", "tag", None)
DIGEST = Form({"heading": "plain", "articles": "list"}, "articles", "article", _ARTICLE)
