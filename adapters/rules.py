"""Rules of a channel: which of its posts get something, such as a content warning, by category, keyword or source.

Pure. An operator writes them as a list. A plain text holds for every post, a table for those that meet a condition:

    content_warnings = ["Politics", { text = "War", categories = ["Ukraine"], keywords = ["front line"] }]
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated

from pydantic import BeforeValidator

from adapters.cutting import SPACELESS
from adapters.post import Post

_CONDITIONS = ("categories", "keywords", "sources")
_YES_AND_NO = {"true": True, "yes": True, "1": True, "on": True, "false": False, "no": False, "0": False, "off": False}
_UNSEEN = re.compile("[\u00ad\u200b\u2060\ufeff]")
_HANGUL = re.compile("[\uac00-\ud7a3]")
"""Korean words take their particles without a space between."""


@dataclass(frozen=True, slots=True)
class Rule:
    """`text` is what a post gets that has one of these categories, has one of these keywords in its title or its
    description, or comes from one of these sources; without any of the three, every post gets it."""

    text: str = ""
    categories: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()

    def applies_to(self, post: Post) -> bool:
        """Whether `post` meets a condition. Case never matters; a keyword is found as whole words."""
        if not (self.categories or self.keywords or self.sources):
            return True
        if not _folded(self.categories).isdisjoint(_fold(each.removeprefix("#")) for each in post.categories):
            return True
        if _fold(post.source) in _folded(self.sources):
            return True
        said = _fold(f"{post.title}\n{post.description}") if self.keywords else ""
        return any(_says(said, keyword) for keyword in _folded(self.keywords))


def texts_of(rules: Iterable[Rule], post: Post) -> tuple[str, ...]:
    """What `post` gets by `rules`, in their order, each text once."""
    return tuple(dict.fromkeys(rule.text for rule in rules if rule.applies_to(post)))


def holds(choice: bool | Iterable[Rule], post: Post) -> bool:
    """Whether a choice that is yes, no or depends on the post is yes for `post`."""
    return choice if isinstance(choice, bool) else any(rule.applies_to(post) for rule in choice)


# ── as they are written ───────────────────────────────────────────────────────────────────────────────────────────


def _rules(value: object) -> object:
    """A list of texts and tables, or, as the environment has it, texts separated by commas."""
    if isinstance(value, str):
        value = [each for each in value.split(",") if each.strip()]
    if not isinstance(value, (list, tuple)):
        raise ValueError(  # noqa: TRY004 # the only one that becomes a sentence
            'it is a list of texts, or of tables such as { text = "War", categories = ["Ukraine"], keywords = ["war"] }'
        )
    return tuple(each if isinstance(each, Rule) else _rule(each) for each in value)


def _rule(written: object) -> Rule:
    table = {"text": written} if isinstance(written, str) else written
    if not isinstance(table, Mapping):
        raise ValueError(f"{written!r} is neither a text nor a table: write it like {{ text = 'War' }}")  # noqa: TRY004
    text = table.get("text")
    if not isinstance(text, str) or not text.strip():
        raise ValueError(f"a rule lacks its text: give {_shown(table)} one, such as text = 'War'")
    return Rule(" ".join(text.split()), **_conditions(table, {"text", *_CONDITIONS}))


def _choice(value: object) -> object:
    """True, false, or a list of tables of which one has to hold."""
    if isinstance(value, str) and value.strip().lower() in _YES_AND_NO:
        return _YES_AND_NO[value.strip().lower()]
    if isinstance(value, bool):
        return value
    if not isinstance(value, (list, tuple)) or not value:
        raise ValueError('it is true or false, or, in handbill.toml, a list such as [{ categories = ["War"] }]')
    return tuple(each if isinstance(each, Rule) else _condition(each) for each in value)


def _condition(written: object) -> Rule:
    conditions = _conditions(written, set(_CONDITIONS)) if isinstance(written, Mapping) else {}
    if not conditions:
        raise ValueError(f"{written!r} does not say when: write it like {{ categories = ['War'] }}")
    return Rule("", **conditions)


def _conditions(table: Mapping[str, object], known: Iterable[str]) -> dict[str, tuple[str, ...]]:
    for name in table:
        if name not in known:
            allowed = ", ".join(sorted(known))
            raise ValueError(f"{name!r} is no part of such a rule: it has {allowed}")
    return {name: _words(name, table[name]) for name in _CONDITIONS if name in table}


def _words(name: str, value: object) -> tuple[str, ...]:
    words = [value] if isinstance(value, str) else value
    if not isinstance(words, (list, tuple)) or not words:
        raise ValueError(f"{name} of a rule is a list such as ['War']: name one, or leave {name} out")
    for word in words:
        if not isinstance(word, str) or not _fold(word.removeprefix("#")):
            raise ValueError(f"{word!r} is none of the {name} that there can be: write a word, or leave it out")
    return tuple(" ".join(word.split()) for word in words)


def _shown(table: Mapping[str, object]) -> str:
    return "{ " + ", ".join(f"{name} = {value!r}" for name, value in table.items()) + " }"


Rules = Annotated[tuple[Rule, ...], BeforeValidator(_rules)]
"""What posts get, each by its conditions."""
Choice = Annotated[bool | tuple[Rule, ...], BeforeValidator(_choice)]
"""Yes, no, or yes where one of the rules, which have no text, applies."""


# ── what is found ─────────────────────────────────────────────────────────────────────────────────────────────────


@lru_cache(maxsize=1024)
def _folded(words: tuple[str, ...]) -> frozenset[str]:
    return frozenset(filter(None, (_fold(word.removeprefix("#")) for word in words)))


def _fold(text: str) -> str:
    """The same for every way to write the same letters: https://www.unicode.org/reports/tr15/"""
    folded = unicodedata.normalize("NFKC", _UNSEEN.sub("", text)).casefold()
    return " ".join(unicodedata.normalize("NFKC", folded).replace("\u2019", "'").split())


def _says(text: str, keyword: str) -> bool:
    start = text.find(keyword)
    while start >= 0:
        end = start + len(keyword)
        before, after = text[start - 1 : start], text[end : end + 1]
        if _is_edge(before, keyword[0]) and (_HANGUL.match(after) or _is_edge(after, keyword[-1])):
            return True
        start = text.find(keyword, start + 1)
    return False


def _is_edge(beside: str, own: str) -> bool:
    """Whether a word may begin or end between its own character and the one beside it."""
    if not (_is_of_word(beside) and _is_of_word(own)):
        return True
    return not unicodedata.category(beside).startswith("M") and bool(SPACELESS.match(own) or SPACELESS.match(beside))


def _is_of_word(character: str) -> bool:
    return bool(character) and (character == "_" or unicodedata.category(character)[0] in "LMN")
