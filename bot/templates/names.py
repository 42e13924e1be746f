"""Which template is for which post, by the name of its file. Pure.

    WHERE.WHAT.txt      WHERE.txt      WHAT.txt      default.txt

WHERE is a channel (`channel-NAME`) or a platform (its name), WHAT is a category (`category-NAME`) or a source
(`source-NAME`). The place decides first: the channel's own, then the platform's, then those for every place; in each of
them the first of the article's categories that has one, then its source, then what is for every article:

    channel.category  channel.source  channel  platform.category  platform.source  platform  category  source  default

Names are compared in small letters, with a hyphen for each stretch of spaces, full stops, slashes, colons and hyphens.
"""

import re
import unicodedata
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from bot.nearest import nearest

SUFFIX = ".txt"
DIGEST = "digest"
"""The template for several articles in one post."""
_DEFAULT = "default"
_BETWEEN = re.compile(r"[\s./\\:-]+")
_NAME = re.compile(r"(?:(?P<where>.*?)\.)?(?P<what>(?:category|source)-.*)", re.IGNORECASE | re.DOTALL)
_MOST_COMPARED = 2_000
_FORMS = (
    "a template is called default.txt, digest.txt, PLATFORM.txt, channel-NAME.txt, category-NAME.txt or "
    "source-NAME.txt, or after both, such as channel-NAME.category-NAME.txt"
)


@dataclass(frozen=True, slots=True)
class Rule:
    """What a template is for; empty is everything."""

    where: str = ""
    """ "channel-news", or the name of a platform, folded."""
    what: str = ""
    """ "category-politics" or "source-herald", folded."""

    @property
    def file(self) -> str:
        """The file that is called so."""
        return (".".join(filter(None, (self.where, self.what))) or _DEFAULT) + SUFFIX


@dataclass(frozen=True, slots=True)
class Scope:
    """What there is that a template could be for, by its folded name: platforms ("paper"), channels ("channel-news"),
    sources ("source-herald"), each with all the names that are folded so."""

    platforms: Mapping[str, Sequence[str]]
    channels: Mapping[str, Sequence[str]]
    sources: Mapping[str, Sequence[str]]
    routed: Mapping[str, Collection[str]]
    """The channels that the articles of a source go to."""

    @classmethod
    def of(
        cls,
        platforms: Iterable[str],
        channels: Iterable[str],
        sources: Iterable[str],
        routed: Mapping[str, Collection[str]],
    ) -> "Scope":
        """By the names as the settings have them."""
        return cls(_by_fold("", platforms), _by_fold("channel-", channels), _by_fold("source-", sources), routed)


def _by_fold(kind: str, names: Iterable[str]) -> Mapping[str, Sequence[str]]:
    found: dict[str, list[str]] = {}
    for name in names:
        found.setdefault(kind + folded(name), []).append(name)
    return found


@lru_cache(maxsize=4096)
def folded(name: str) -> str:
    """`name` as names are compared."""
    caseless = unicodedata.normalize("NFC", unicodedata.normalize("NFD", name).casefold())
    return _BETWEEN.sub("-", caseless).strip("-")


def rule_of(stem: str) -> Rule:
    """What the template of this name, without its suffix, is for."""
    match = _NAME.fullmatch(stem)
    where, what = (match["where"] or "", match["what"]) if match else (stem, "")
    return Rule("" if folded(where) == _DEFAULT else _side(where), _side(what))


def rules_for(platform: str, channel: str | None, source: str, categories: Iterable[str]) -> Iterator[Rule]:
    """What the templates of a post may be for, the one that counts most first; the last is everything."""
    wheres = [*_sides("channel", [channel or ""]), folded(platform), ""]
    whats = [*_sides("category", categories), *_sides("source", [source]), ""]
    return (Rule(where, what) for where in wheres for what in whats)


def never_chosen(file: str, scope: Scope) -> str | None:
    """Why no post could ever be made by a template of this name, with the mend; None where one could."""
    if not file.endswith(SUFFIX):
        return f"it is no template: {_FORMS}; move it elsewhere"
    rule = rule_of(file.removesuffix(SUFFIX))
    if rule == Rule(DIGEST):
        return None
    if rule.where and rule.where not in scope.channels and rule.where not in scope.platforms:
        kinds = "channel" if rule.where.startswith("channel-") else "channel or platform"
        known = [*scope.channels, *scope.platforms, *([] if rule.what else [DIGEST, _DEFAULT])]
        return _meant(kinds, rule.where, known, lambda near: Rule(near, rule.what))
    if rule.what == "category-" or (rule.what.startswith("source-") and rule.what not in scope.sources):
        return _meant("source or category", rule.what, [*scope.sources], lambda near: Rule(rule.where, near))
    if rule.where in scope.channels and rule.what in scope.sources:
        sources, channels = scope.sources[rule.what], scope.channels[rule.where]
        if not any(channel in scope.routed.get(source, ()) for source in sources for channel in channels):
            return f"nothing of the source {sources[0]} goes to the channel {channels[0]}: remove it, or add a route"
    return None


def _meant(kinds: str, half: str, known: Sequence[str], whole: Callable[[str], Rule]) -> str:
    """That there is nothing of the name of one half, with the whole name that was probably meant."""
    near = nearest(half, known[:_MOST_COMPARED])
    mend = f"did you mean {whole(near).file}?" if near else _FORMS
    return f"there is no {kinds} of this name, so that no post is ever made by it: {mend}"


def _side(text: str) -> str:
    kind, hyphen, name = text.partition("-")
    if hyphen and kind.casefold() in ("channel", "category", "source"):
        return f"{kind.casefold()}-{folded(name)}"
    return folded(text)


def _sides(kind: str, names: Iterable[str]) -> list[str]:
    return [f"{kind}-{name}" for each in names if (name := folded(each))]
