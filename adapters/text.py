"""How text is tidied, counted and shortened to fit, whichever platform counts."""

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from adapters.base import Limits
from adapters.characters import characters_of, ends_of
from adapters.cutting import ELLIPSIS, beginnings
from adapters.outcomes import Rejected
from adapters.post import Part

SENSIBLE_SUMMARY = 30
"""Graphemes below which the rest of a summary says nothing and is left out whole."""

_LINE_ENDS = re.compile("\r\n?|[\x0b\x0c\x85\u2028\u2029]")
_GONE = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u00ad\u202d\u202e\ufeff\ud800-\udfff]")
"""Control characters, soft hyphens, byte order marks, surrogates, which no encoding takes, and what turns the direction
of letters against their own, which is only ever meant to deceive."""
_NO_BREAK = "\u00a0\u2007\u202f"
_SPACES = re.compile(
    f"[{_NO_BREAK}]*[ \t\u1680\u2000-\u2006\u2008-\u200a\u205f\u3000][ \t\u1680\u2000-\u200a{_NO_BREAK}\u205f\u3000]*"
)
"""Spaces that a line may break at; the no-break ones are typography and stay, unless they stand beside such."""
_NO_BREAK_SPACES = re.compile(f"([{_NO_BREAK}])[{_NO_BREAK}]+")
_NOTHING_THERE = "".join(filter(str.isspace, map(chr, range(0x3001)))) + "\u200b\u2060"
"""What is not seen at either end of a text: all white space, and what only says where a line may break."""
_LINE_BREAK = re.compile(r"[^\S\n]*\n[^\S\n]*")
_BLANK_LINES = re.compile(r"\n{3,}")
_BOUND = re.compile("(?<=[^\\W\\d_])[^\\w\\s]+[^\\W\\d_\u0e33\u0eb3]")
"""Within one character: a mark, and a letter that it binds to the one before."""


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
    return sum(1 for _ in characters_of(text))


def most_graphemes(text: str) -> int:
    """How many any server may count, whose Unicode is older than ours.

    Consonants that are bound into one character (rule GB9c) have become it script by script since Unicode 15.1: before,
    each was counted, as Khmer ones still are by most. https://www.unicode.org/reports/tr29/#Modifications
    A mark that Python does not know yet may be taken for a character of its own elsewhere, too.
    """
    return sum(_most(grapheme) if len(grapheme) > 1 else 1 for grapheme in characters_of(text))


def _most(grapheme: str) -> int:
    return 1 + len(_BOUND.findall(grapheme)) + sum(unicodedata.category(each) == "Cn" for each in grapheme[1:])


def tidy(text: str) -> str:
    """`text` in NFC without control characters; runs of spaces are one, blank lines at most one, ends bare."""
    return _clean(text).strip(_NOTHING_THERE)


def tidy_line(text: str) -> str:
    """`text` tidied, on one line."""
    return tidy(_LINE_BREAK.sub(" ", _clean(text)))


def fit(parts: Sequence[Part], limits: Limits) -> Fitted:
    """The text of `parts` within `limits`: the summary yields first, then hashtags, then the title, the link never.

    Raises Rejected when nothing of the title would be left, when it is too long all the same, or when it is empty.
    """
    whole = [tidied(part) for part in parts]
    pieces = list(whole)
    cut: dict[str, None] = {}
    for place in _yielding(pieces):
        if limits.fits(_assemble(pieces)[0]):
            break
        kind = pieces[place].kind
        cut[kind] = None
        pieces[place] = Part(kind, "" if kind == "tag" else _shortened(pieces, place, limits))
    if "tag" in cut and "title" not in cut:
        pieces, cut = _with_summary_again(pieces, whole, cut, limits)
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
    return _BLANK_LINES.sub("\n\n", _LINE_BREAK.sub("\n", _NO_BREAK_SPACES.sub(r"\1", _SPACES.sub(" ", text))))


def tidied(part: Part) -> Part:
    """`part` as it will stand in the post: what is looked for in a text is not to be there only once it is tidy."""
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


def _with_summary_again(
    pieces: list[Part], whole: Sequence[Part], cut: Mapping[str, None], limits: Limits
) -> tuple[list[Part], dict[str, None]]:
    """The pieces with as much of a summary as fits where a hashtag was, which was too long for what it left."""
    still_cut = dict(cut)
    for place, piece in enumerate(whole):
        if piece.kind == "summary" and piece.text and not pieces[place].text:
            again = [*pieces[:place], piece, *pieces[place + 1 :]]
            if limits.fits(_assemble(again)[0]):
                del still_cut["summary"]
                return again, still_cut
            pieces = [*pieces[:place], Part("summary", _shortened(again, place, limits)), *pieces[place + 1 :]]
    return pieces, still_cut


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
    """The best beginning of the piece at `place` that makes all of them fit, or ""."""
    kind, text = pieces[place].kind, pieces[place].text
    ends = ends_of(text)

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
        kept = 0
        for beginning in beginnings(text, ends, end, even_within=kind == "title"):
            kept = beginning.kept
            if kept >= least and fits(beginning.text):
                return beginning.text
        if kept < least:
            return ""
    return ""
