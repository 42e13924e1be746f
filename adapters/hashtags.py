"""Categories → hashtags, as readers, screen readers and platforms take them. Pure.

Each word begins with a capital, so that a screen reader can tell words apart, or after a low line where its script has
no capitals; what its writer spelled with capitals inside (iPhone, NATO) stays as it is. Letters, their marks and
figures of every script stay; what no platform takes into a hashtag (spaces, punctuation, emoji) is where words end.
What would say something else without its signs, is too long, or says nothing is left out: a hashtag is never cut. What
each platform takes, by its own rule:
https://github.com/mastodon/mastodon/blob/main/app/models/concerns/tag/naming.rb (HASHTAG_RE),
https://github.com/tdlib/td/blob/master/td/telegram/MessageEntity.cpp (match_hashtags),
https://github.com/bluesky-social/atproto/blob/main/packages/api/src/rich-text/util.ts (TAG_REGEX).
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import pairwise

from adapters.cutting import SPACELESS
from adapters.text import graphemes

LONGEST = 40
"""Characters that a reader sees: more is a sentence, not a tag. Bluesky takes 64."""
_MOST_POINTS = 100
"""Code points, so that marks upon marks are no way around that."""

_NAMES = {"c++": "Cpp", "c#": "CSharp", "f#": "FSharp", ".net": "DotNet"}
"""Names that would be others without their signs, as hashtags spell them."""
_DEFAULTS = (
    *("Uncategorized", "Uncategorised", "Sin categoría", "Non classé", "Senza categoria", "Sem categoria"),
    *("Geen categorie", "Bez kategorii", "Okategoriserade", "Ukategoriseret", "Ukategorisert", "Без рубрики"),
    *("Без категорії", "未分類", "未分类", "미분류", "غير مصنف", "Chưa phân loại", "Fără categorie", "Nezařazené"),
    *("Allgemein", "Genel", "Yleinen", "Egyéb"),
)
"""What WordPress puts an article into that its writer put into nothing: its word, and not the publisher's."""

_LEVELS = re.compile(r"\s*[>»›→]\s*")
"""Between a category and the one within it, of which the innermost says most."""
_UNSEEN = re.compile("[\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200d-\u200f\u202a-\u202e\u2060-\u2069"
                     "\u3164\ufe00-\ufe0f\ufeff\uffa0\U000e0100-\U000e01ef]")  # fmt: skip
"""Joiners, selectors and fillers: gone without a trace. The non-joiner is a part of Persian words, and stays."""
_APOSTROPHES = "'\u2018\u2019\u02bc\uff07`´"
_ELISION = re.compile(rf"\b([a-zà-ɏ]{{1,4}})[{_APOSTROPHES}](?=[a-zà-ɏ]{{3}})", re.IGNORECASE)
"""The end of a word in French and Italian: l'Équipe, dell'arte; and of a name in O'Neill."""
_HANGUL = re.compile("[\u1100-\u11ff\u3130-\u318f\uac00-\ud7ff]")
_WITHIN = re.compile(r"(?<=[^\W\d_])[\u00b7\u200c](?=[^\W\d_])")
"""Signs within a word that all platforms take: the raised dot of Catalan, the non-joiner of Persian."""


def hashtags_of(categories: Iterable[str], *, most: int, never: Sequence[str] = ()) -> tuple[str, ...]:
    """At most `most` hashtags with their signs, in the order of the categories; the same one only once.

    `never`: categories that are left out, however they are spelled; those that WordPress itself gives always are.
    """
    chosen: dict[str, str] = {}
    refused = {_key(hashtag_of(category)) for category in (*never, *_DEFAULTS)}
    for category in categories:
        tag = hashtag_of(category)
        if tag and _key(tag) not in refused:
            chosen.setdefault(_key(tag), tag)
    return tuple(chosen.values())[:most]


@lru_cache(maxsize=4096)
def hashtag_of(category: str) -> str:
    """ "city council" → "#CityCouncil"; empty where no hashtag can be made of it."""
    if "://" in category:  # the kind of an entry, as Blogger and Google write it
        return ""
    innermost = _LEVELS.split(unicodedata.normalize("NFC", category).strip())[-1].removeprefix("#").removeprefix("＃")
    tag = unicodedata.normalize("NFC", "".join(_capitalised(_phrase(innermost))))
    return f"#{tag}" if _says_something(tag, innermost) and _is_short(tag) else ""


def _key(tag: str) -> str:
    """What two spellings of one hashtag have in common: platforms find a hashtag by any case."""
    return unicodedata.normalize("NFC", tag.casefold())


def _phrase(text: str) -> list[list[str]]:
    """The words of `text`: those between two spaces together."""
    text = " ".join(_NAMES.get(chunk.casefold(), chunk) for chunk in _UNSEEN.sub("", text).split())
    text = _ELISION.sub(r"\1-", text)
    text = re.sub(rf"[{_APOSTROPHES}]|(?<=\d)[.,](?=\d)", "", text)
    text = re.sub(r"(?<=\w)\+(?![\w+])", " Plus", "".join(map(_plain_figure, text)))
    return [words for chunk in text.split() if (words := _words(chunk))]


def _words(chunk: str) -> list[str]:
    within = {found.start() for found in _WITHIN.finditer(chunk)}
    kept = "".join(letter if at in within or _is_kept(letter) else " " for at, letter in enumerate(chunk))
    # A mark needs a letter to stand on.
    return [word for each in kept.split() if (word := each.lstrip("".join(filter(_is_mark, each))))]


def _capitalised(phrase: Sequence[Sequence[str]]) -> list[str]:
    words = [word for chunk in phrase for word in chunk]
    # Capitals all through are a matter of layout where there are several words, and of the name where there is one.
    shouted = len(phrase) > 1 and all(word == word.upper() for word in words)
    spelled: list[str] = []
    for chunk in phrase:
        for word in chunk:
            loud = shouted and len(chunk) == 1
            spelled.append(word[:1] + word[1:].lower() if loud else _with_capital(word, first=not spelled))
    return [f"_{word}" if _would_run_together(before, word) else word for before, word in pairwise(["", *spelled])]


def _would_run_together(before: str, word: str) -> bool:
    """Figures of two words would become one number, and words without capitals one word, where their script has them
    apart (Arabic, Hebrew, Hindi). Korean ones are written together in hashtags."""
    if before[-1:].isdecimal() and word[:1].isdecimal():
        return True
    ends = [letter for letter in before if letter.isalpha()][-1:] + [letter for letter in word if letter.isalpha()][:1]
    return len(ends) == 2 and all(map(_has_no_capital, ends))  # noqa: PLR2004 # one of each


def _has_no_capital(letter: str) -> bool:
    return letter.title() == letter.lower() and not SPACELESS.match(letter) and not _HANGUL.match(letter)


def _with_capital(word: str, *, first: bool) -> str:
    keeps_its_own = first and any(letter.isupper() for letter in word[1:])  # iPhone
    return word if keeps_its_own else word[:1].title() + word[1:]


def _says_something(tag: str, category: str) -> bool:
    """Figures alone are no hashtag anywhere; one letter is what is left of a name like "C++", or nothing at all."""
    letters = [letter for letter in tag if letter.isalpha()]
    alone = len(letters) == 1 and letters[0].isascii() and not any(letter.isdecimal() for letter in tag)
    return bool(letters) and (not alone or category.casefold() == tag.casefold())


def _is_short(tag: str) -> bool:
    return len(tag) <= _MOST_POINTS and graphemes(tag) <= LONGEST


def _is_kept(character: str) -> bool:
    return character.isalpha() or unicodedata.category(character) in ("Nd", "Mn", "Mc")


def _is_mark(character: str) -> bool:
    return unicodedata.category(character) in ("Mn", "Mc")


def _plain_figure(character: str) -> str:
    """The letters or figures that Roman numerals, small and circled figures stand for; Telegram takes no others."""
    if unicodedata.category(character) not in ("Nl", "No"):
        return character
    plain = unicodedata.normalize("NFKC", character)
    return plain if plain.isalpha() or plain.isdecimal() else " "
