"""A text with its marks as a row of pieces that each are marked in one way, as pages and terminals write them. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from adapters.post import Mark


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of a text."""

    text: str
    bold: bool = False
    tag: bool = False
    target: str | None = None
    """Where it leads, if it is a link."""


def segments_of(text: str, marks: Sequence[Mark]) -> list[Segment]:
    """The pieces of `text`, in order; joined they are `text`. Where links overlap, the first of them counts."""
    edges = {0, len(text), *(edge for mark in marks for edge in (mark.start, mark.end) if 0 < edge < len(text))}
    return [
        _segment(text[start:end], [mark for mark in marks if mark.start <= start and end <= mark.end])
        for start, end in pairwise(sorted(edges))
    ]


def _segment(text: str, marks: Sequence[Mark]) -> Segment:
    return Segment(
        text,
        bold=any(mark.kind == "bold" for mark in marks),
        tag=any(mark.kind == "tag" for mark in marks),
        target=next((mark.target for mark in marks if mark.kind == "link"), None),
    )
