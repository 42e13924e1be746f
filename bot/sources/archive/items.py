"""The place around a link that tells of its article: the largest element that holds no other link of its shape, with
the siblings that belong to it where it has no element of its own.
"""

import itertools
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.sources.archive.mentions import Mention
from bot.sources.archive.page import HEADINGS, Element, Page, Span, span_of
from bot.sources.archive.words import names

ITEM_WORDS = names("post entry article story teaser item card news hentry archive result")
"""What items are called."""
_PAGE_TAGS = frozenset({"html", "body", "main"})
_FAR = 12
"""Siblings that an item without an element of its own may have."""


@dataclass(frozen=True, slots=True)
class Item:
    """A place of the page that tells of one article."""

    span: Span
    target: str
    mentions: tuple[Mention, ...]
    """The links to it that stand there."""


def items_of(page: Page, group: Sequence[Mention], mentions: Sequence[Mention]) -> tuple[Item, ...]:
    """The items around the links of a group, with all links to the same articles in them; in document order."""
    holds = _only_target(group)
    tops: list[tuple[Mention, list[Element]]] = []
    seen: set[str] = set()
    for mention in group:
        if mention.target not in seen:
            seen.add(mention.target)
            way = [
                each
                for each in mention.element.above()
                if holds.get(each) == mention.target and each.tag not in _PAGE_TAGS
            ]
            tops.append((mention, way or [mention.element]))
    levels = Counter(len(way) for _, way in tops)
    usual = min(levels, key=lambda level: (-levels[level], level))
    if len(tops) < 3:  # noqa: PLR2004 - too few to tell what is usual
        usual = min(levels)
    roots = [way[: max(usual, 1)][-1] if len(tops) > 1 else _single(way) for _, way in tops]
    spans = _with_what_follows(page, roots)
    by_target: dict[str, list[Mention]] = {}
    for mention in mentions:
        by_target.setdefault(mention.target, []).append(mention)
    return tuple(
        Item(
            span,
            mention.target,
            tuple(each for each in by_target[mention.target] if span.start <= each.element.place < span.end)
            or (mention,),
        )
        for (mention, _), span in zip(tops, spans, strict=True)
    )


def _only_target(group: Sequence[Mention]) -> Mapping[Element, str | None]:
    """For each element around a link of the group: the one article that it leads to, or None where it is several."""
    holds: dict[Element, str | None] = {}
    for mention in group:
        for element in mention.element.above():
            known = holds.setdefault(element, mention.target)
            if known is None:
                break
            if known != mention.target:
                holds[element] = None
    return holds


def _single(way: Sequence[Element]) -> Element:
    """The item around a link that is alone in its group."""
    for element in way:
        if element.tag in ("article", "li", "section", "tr") or element.words() & ITEM_WORDS:
            return element
    return way[min(len(way), 3) - 1]


def _with_what_follows(page: Page, roots: Sequence[Element]) -> list[Span]:
    """The roots as spans, each with the siblings up to the next one where what belongs to an item has no element around
    it (a heading and its paragraphs, a row and the next)."""
    spans = [span_of(root) for root in roots]
    gaps: list[int] = []
    for root, following in itertools.pairwise(roots):
        if root.parent is following.parent and root.parent is not None:
            between = [each for each in page.elements[root.end : following.place] if each.parent is root.parent]
            texts = following.text_from > root.text_to and any(
                text.content.strip() for text in page.texts[root.text_to : following.text_from]
            )
            gaps.append(len(between) if texts else 0)
    usual = Counter(gaps).most_common(1)[0][0] if gaps else 0
    flat = sum(gap > 0 for gap in gaps) * 2 > len(gaps)
    if not flat:
        return spans
    usual = usual or max(gaps)
    if _before_each(roots, usual):
        return [_reach_back(root, usual) for root in roots]
    return [_reach_on(page, root, following, usual) for root, following in zip(roots, [*roots[1:], None], strict=True)]


def _siblings(root: Element) -> tuple[list[Element], int]:
    siblings = root.parent.children if root.parent is not None else [root]
    low, high = 0, len(siblings) - 1
    while low < high:  # they are in document order
        middle = (low + high) // 2
        low, high = (middle + 1, high) if siblings[middle].place < root.place else (low, middle)
    return siblings, low


def _before_each(roots: Sequence[Element], usual: int) -> bool:
    """Whether what belongs to an item comes before its link: the same tags before the first as between, and after the
    last one not."""
    siblings, first = _siblings(roots[0])
    between = [each.tag for each in siblings[first + 1 : first + 1 + usual]]
    others, last = _siblings(roots[-1])
    before = [each.tag for each in siblings[max(0, first - usual) : first]]
    after = [each.tag for each in others[last + 1 : last + 1 + usual]]
    return before == between and after != between


def _reach_back(root: Element, count: int) -> Span:
    siblings, at = _siblings(root)
    first = siblings[max(0, at - count)]
    return Span(first.place, root.end, first.text_from, root.text_to)


def _reach_on(page: Page, root: Element, following: Element | None, count: int) -> Span:
    siblings, at = _siblings(root)
    if following is not None and following.parent is root.parent:
        upto = [each for each in siblings[at + 1 : at + 1 + _FAR] if each.place < following.place]
    else:
        upto = siblings[at + 1 : at + 1 + count]
    last = root
    for sibling in upto:
        if sibling.tag in HEADINGS and (root.tag not in HEADINGS or sibling.tag <= root.tag):
            break
        last = sibling
    beyond = next(iter(page.after(last)), None)
    inside = root.parent.text_to if root.parent is not None else last.text_to
    return Span(root.place, last.end, root.text_from, beyond.text_from if beyond is not None else inside)
