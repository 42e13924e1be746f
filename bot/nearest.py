"""Names in sentences for people: the one that was probably meant, or all that there are. Pure."""

import difflib
from collections.abc import Iterable


def suggestion(name: str, known: Iterable[str], prefix: str = "") -> str:
    """The known name that was probably meant, or all of them; `prefix` goes before each."""
    by_folded = {each.casefold(): prefix + each for each in known}
    if near := nearest(name, by_folded):
        return f"did you mean {by_folded[near]}?"
    return f"there is {listed(by_folded.values())}" if by_folded else "remove it"


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The one of `known`, all in small letters, that is spelled like `name`."""
    return next(iter(difflib.get_close_matches(name.casefold(), known, n=1, cutoff=0.6)), None)


def listed(names: Iterable[str], word: str = "and") -> str:
    """Names in a sentence: "a, b and c"."""
    *most, last = [*names] or ["nothing"]
    return f"{', '.join(most)} {word} {last}" if most else last
