"""How text is tidied, counted and shortened, whichever platform counts: at a word, never inside a grapheme."""

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from wcwidth import iter_graphemes

from adapters.base import Limits
from adapters.outcomes import Rejected
from adapters.post import Part

ELLIPSIS = "…"
SENSIBLE_SUMMARY = 30
"""Graphemes below which the rest of a summary says nothing and is left out whole."""
LONGEST_WORD = 40
"""Graphemes after which a stretch without a break is cut like text without spaces."""

_LINE_ENDS = re.compile("\r\n?|[\x0b\x0c\x85\u2028\u2029]")
_GONE = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u00ad\ufeff\ud800-\udfff]")
"""Control characters, soft hyphens, byte order marks, and surrogates, which no encoding takes."""
_SPACES = re.compile("[ \t\u1680\u2000-\u2006\u2008-\u200a\u205f\u3000]+")
"""Spaces that a line may break at; the no-break ones are typography and stay."""
_LINE_BREAK = re.compile(r"[^\S\n]*\n[^\S\n]*")
_BLANK_LINES = re.compile(r"\n{3,}")
_SPACELESS = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3001-\u30ff\u3400-\u9fff\uf900-\ufaff\uff00-\uffef\U00020000-\U0003ffff]"
)
"""Thai, Lao, Burmese, Khmer, Kana and Han: written without spaces between words."""
_BOUND = re.compile("(?<=[^\\W\\d_])[^\\w\\s]+[^\\W\\d_\u0e33\u0eb3]")
"""Within one character: a mark, and a letter that it binds to the one before."""
_ADDRESS = re.compile(":\u2060?//")
"""In a word: it is an address, whether or not it is kept from becoming a link."""
_DANGLING = frozenset(" \n\u00a0.,;:-–—…([{«“‘„\"'、。，")
"""What must not stand before an ellipsis."""


@dataclass(frozen=True, slots=True)
class Span:
    """Where a title, summary, link or hashtag stands: `start` and `end` in code points of the text, end exclusive."""

    kind: Literal["title", "summary", "link", "tag"]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Fitted:
    """A text within the limits, where its parts stand, and which kinds of part had to be shortened or left out."""

    text: str
    spans: tuple[Span, ...]
    cut: tuple[str, ...] = ()

    @property
    def warnings(self) -> tuple[str, ...]:
        """What was cut, as sentences for the operator."""
        left = {span.kind for span in self.spans}
        return tuple(_said(kind, kind in left) for kind in self.cut)


def _said(kind: str, some_left: bool) -> str:
    if kind == "tag":
        return f"{'some' if some_left else 'all'} hashtags were left out to fit"
    return f"the {kind} was {'shortened' if some_left else 'left out'} to fit"


def graphemes(text: str) -> int:
    """How many characters a reader sees: extended grapheme clusters, https://www.unicode.org/reports/tr29/."""
    return sum(1 for _ in iter_graphemes(text))


def most_graphemes(text: str) -> int:
    """How many any server may count, whose Unicode is older than ours.

    Consonants that are bound into one character (rule GB9c) have become it script by script since Unicode 15.1: before,
    each was counted, as Khmer ones still are by most. https://www.unicode.org/reports/tr29/#Modifications
    """
    return sum(1 + len(_BOUND.findall(grapheme)) if len(grapheme) > 1 else 1 for grapheme in iter_graphemes(text))


def tidy(text: str) -> str:
    """`text` in NFC without control characters; runs of spaces are one, blank lines at most one, ends bare."""
    return _clean(text).strip()


def tidy_line(text: str) -> str:
    """`text` tidied, on one line."""
    return tidy(_LINE_BREAK.sub(" ", _clean(text)))


def fit(parts: Sequence[Part], limits: Limits) -> Fitted:
    """The text of `parts` within `limits`: the summary yields first, then hashtags, then the title, the link never.

    Raises Rejected when nothing of the title would be left, when it is too long all the same, or when it is empty.
    """
    pieces = [_tidied(part) for part in parts]
    cut: dict[str, None] = {}
    for place in _yielding(pieces):
        if limits.fits(_assemble(pieces)[0]):
            break
        kind = pieces[place].kind
        cut[kind] = None
        pieces[place] = Part(kind, "" if kind == "tag" else _shortened(pieces, place, limits))
    text, spans = _assemble(pieces)
    if not text:
        raise Rejected("the post is empty")
    if not limits.fits(text) or ("title" in cut and all(span.kind != "title" for span in spans)):
        raise Rejected(
            f"the post does not fit into {limits.length} {limits.unit}, however much of summary and title is cut"
        )
    return Fitted(text, spans, tuple(cut))


def _clean(text: str) -> str:
    text = unicodedata.normalize("NFC", _GONE.sub("", _LINE_ENDS.sub("\n", text)))
    return _BLANK_LINES.sub("\n\n", _LINE_BREAK.sub("\n", _SPACES.sub(" ", text)))


def _tidied(part: Part) -> Part:
    match part.kind:
        case "title":
            return Part("title", tidy_line(part.text))
        case "summary":
            return Part("summary", tidy(part.text))
        case "link" | "tag":
            return Part(part.kind, part.text.strip())
        case "text":
            return Part("text", _clean(part.text))


def _yielding(pieces: Sequence[Part]) -> Iterator[int]:
    for kind in ("summary", "tag", "title"):
        yield from (
            place for place in reversed(range(len(pieces))) if pieces[place].kind == kind and pieces[place].text
        )


def _assemble(pieces: Sequence[Part]) -> tuple[str, tuple[Span, ...]]:
    """One text of all pieces. The literal text around a piece that is gone closes up."""
    text, between, spans = "", "", []
    for piece in pieces:
        if piece.kind == "text":
            between += piece.text
        elif piece.text:
            between = _clean(between)
            text += between if text else between.lstrip()
            spans.append(Span(piece.kind, len(text), len(text) + len(piece.text)))
            text += piece.text
            between = ""
    text += _clean(between).rstrip()
    return (text, tuple(spans)) if spans else (text.strip(), ())


def _shortened(pieces: Sequence[Part], place: int, limits: Limits) -> str:
    """The longest sensible beginning of the piece at `place`, with an ellipsis, that makes all of them fit, or ""."""
    kind, text = pieces[place].kind, pieces[place].text
    ends = _grapheme_ends(text)

    def fits(candidate: str) -> bool:
        return limits.fits(_assemble([*pieces[:place], Part(kind, candidate), *pieces[place + 1 :]])[0])

    def too_long(count: int) -> bool:
        return count > 0 and not fits(text[: ends[count - 1]] + ELLIPSIS)

    high = 1  # grows by doubling, so that the work depends on the limit, not on how long the text is
    while high < len(ends) and not too_long(high):
        high *= 2
    most = bisect_left(range(min(high, len(ends))), True, lo=high // 2, key=too_long) - 1
    least = SENSIBLE_SUMMARY if kind == "summary" else 1
    # A shorter beginning is hardly ever counted as longer, but where a platform counts addresses in a way of its own
    # it may be: hence the last look at each candidate.
    for end in range(most, 0, -1):
        kept = _without_dangling(text, ends, _word_end(text, ends, end))
        if kept < least:
            return ""
        if fits(candidate := text[: ends[kept - 1]] + ELLIPSIS):
            return candidate
    return ""


def _grapheme_ends(text: str) -> list[int]:
    ends, end = [], 0
    for grapheme in iter_graphemes(text):
        end += len(grapheme)
        ends.append(end)
    return ends


def _word_end(text: str, ends: Sequence[int], count: int) -> int:
    """The largest number of graphemes, at most `count`, after which a reader would break the text."""
    for end in range(count, 0, -1):
        after = text[ends[end - 1]]
        if after in " \n" or _SPACELESS.match(after) or _SPACELESS.match(text[ends[end - 1] - 1]):
            return end
        if count - end >= LONGEST_WORD and not _ADDRESS.search(_word_around(text, ends[end - 1])):
            return count
    # The very first word is too long. Half a word is better than none, half an address is worse.
    return 0 if _ADDRESS.search(_word_around(text, ends[count - 1])) else count


def _word_around(text: str, at: int) -> str:
    start = max(text.rfind(" ", 0, at), text.rfind("\n", 0, at)) + 1
    return re.split(r"[ \n]", text[start:], maxsplit=1)[0]


def _without_dangling(text: str, ends: Sequence[int], most: int) -> int:
    count = most
    while count and text[ends[count - 2] if count > 1 else 0 : ends[count - 1]] in _DANGLING:
        count -= 1
    return count or most  # what consists of nothing else is no better for being left out
