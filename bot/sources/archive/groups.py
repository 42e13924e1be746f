"""Finds the links of a page that are its articles: those that stand in places of one shape, which look like items.

Links are grouped by the tags on the way to them, and a group is parted where boxes of different names hold it. Each
link's item is the largest element around it that holds no other of its group. Groups are weighed by what their items
have (title, day, excerpt, picture); the best one wins, and others count that are as good and stand elsewhere.
"""

import itertools
import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from bot.sources.archive.days import Order, order_of
from bot.sources.archive.mentions import Mention, find_asides, find_mentions, generic_texts
from bot.sources.archive.page import HEADINGS, Element, Page, Span, names, span_of
from bot.sources.archive.parts import Item, find_excerpt, find_picture, find_time, find_title, weight

_MANY = 40
"""Groups that are weighed, the largest first."""
_WEIGHED = 24
"""Items of a group that are weighed."""
_MAX_SPAN = 400
"""Elements and texts of an item that are looked at."""
_ENOUGH = 3.2
"""What an item of a list has to weigh at least, in the measure of `_weigh`; more in a group of one or two."""
_ENOUGH_OF_TWO, _ENOUGH_OF_ONE = 4.5, 5.5
_AS_GOOD = 0.5
_FAR = 12
"""Siblings that an item without an element of its own may have."""
_PAIR = 2
_PAGE_TAGS = frozenset({"html", "body", "main"})
_ITEM_WORDS = names("post entry article story teaser item card news hentry archive result")
_TITLE_FOR = 30
"""Weighted characters of an ordinary title."""


@dataclass(frozen=True, slots=True)
class Group:
    """Links of one shape, with their items."""

    items: tuple[Item, ...]
    generic: frozenset[str]
    """Texts that several of a page's links share, in lower case: "Read more"."""
    quality: float
    """What one of its items weighs."""


def find_items(page: Page) -> tuple[tuple[Item, ...], frozenset[str], Order | None]:
    """The items of the page's articles, in document order, with the generic texts and the order of its dates."""
    order = order_of((text.content for text in page.texts), page.language)
    mentions = find_mentions(page)
    generic = generic_texts(mentions)
    for guess in (True, False):
        asides = find_asides(page, mentions, guess=guess)
        inside = [each for each in mentions if not any(element in asides for element in each.element.above())]
        if chosen := _choose(page, inside, generic, order):
            return _merge(chosen), generic, order
    return (), generic, order


def _choose(page: Page, mentions: Sequence[Mention], generic: frozenset[str], order: Order | None) -> list[Group]:
    """The best group, and those beside it that are as good, in other places and of other articles."""
    by_shape: dict[tuple[str, ...], list[Mention]] = {}
    for mention in mentions:
        by_shape.setdefault(tuple(element.tag for element in mention.element.above()), []).append(mention)
    parted = [part for group in by_shape.values() for part in _part(group)]
    parted.sort(key=lambda group: -sum(min(weight(each.text), _TITLE_FOR) + 1 for each in group))
    weighed = [_weigh_group(page, group, mentions, generic, order) for group in parted[:_MANY]]
    left = sorted((each for each in weighed if _is_enough(each)), key=_rank, reverse=True)
    chosen: list[Group] = []
    taken: set[str] = set()
    covered = [False] * (len(page.elements) + 1)
    for group in left:
        outside = [each for each in group.items if not any(covered[link.element.place] for link in each.mentions)]
        fresh = [each for each in outside if each.target not in taken]
        if chosen and (group.quality < _AS_GOOD * chosen[0].quality or 2 * len(fresh) < len(group.items)):
            continue
        chosen.append(group)
        for item in group.items:
            taken.add(item.target)
            covered[item.span.start : item.span.end] = [True] * (item.span.end - item.span.start)
    return chosen


def _rank(group: Group) -> float:
    return group.quality * math.sqrt(min(len(group.items), 12))


def _is_enough(group: Group) -> bool:
    count = len(group.items)
    return bool(count) and group.quality >= (_ENOUGH_OF_ONE, _ENOUGH_OF_TWO, _ENOUGH)[min(count, 3) - 1]


def _part(group: Sequence[Mention]) -> list[list[Mention]]:
    """A group of one shape, parted where the smallest element around it holds it in boxes of different names."""
    done: list[list[Mention]] = []
    left = [list(group)]
    while left:
        members = left.pop()
        boxes = _boxes(members)
        names: dict[tuple[str, frozenset[str]], list[Mention]] = {}
        for box, held in boxes.items():
            name = (box.tag, box.words())
            names.setdefault(name, []).extend(held)
        if len(names) > 1 and len(boxes) < len(members) and any(len(held) > _PAIR for held in boxes.values()):
            left += names.values()
        else:
            done.append(sorted(members, key=lambda each: each.element.place))
    return done


def _boxes(members: Sequence[Mention]) -> Mapping[Element, list[Mention]]:
    """The children of the smallest element around all members, with what each holds."""
    first, last = members[0].element.place, members[-1].element.place
    around = members[0].element
    while around.parent is not None and not (around.place <= first and last < around.end):
        around = around.parent
    if around is members[0].element:
        return {around: list(members)}
    held: dict[Element, list[Mention]] = {}
    level = around.depth + 1
    for mention in members:
        box = next(each for each in mention.element.above() if each.depth == level)
        held.setdefault(box, []).append(mention)
    return held


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
        if element.tag in ("article", "li", "section", "tr") or element.words() & _ITEM_WORDS:
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


def _weigh_group(
    page: Page, group: Sequence[Mention], mentions: Sequence[Mention], generic: frozenset[str], order: Order | None
) -> Group:
    items = items_of(page, group, mentions)
    step = max(1, len(items) // _WEIGHED)
    weights = [_weigh(page, item, generic, order) for item in items[::step]]
    sound = [each for each in weights if each is not None]
    quality = sum(sound) / len(weights) if 2 * len(sound) > len(weights) else 0.0
    if len(group) > 2 * len(items):  # the same few again and again: sections, authors
        quality /= 2
    return Group(items, generic, quality)


def _weigh(page: Page, item: Item, generic: frozenset[str], order: Order | None) -> float | None:
    """How much an item looks like one; None where it cannot be one."""
    if item.span.end - item.span.start > _MAX_SPAN or item.span.text_to - item.span.text_from > _MAX_SPAN:
        return None
    title = find_title(page, item, generic)
    if title is None or not any(character.isalpha() for character in title.text):
        return None
    first = page.elements[item.span.start]
    weighs = min(weight(title.text) / _TITLE_FOR, 1.5)
    weighs += 1.0 if title.is_link else -2.0 * title.in_heading
    weighs += 1.5 * title.in_heading - 4.0 * title.of_other
    weighs += 2.0 * (find_time(page, item, title, order) is not None)
    weighs += 1.5 * bool(find_excerpt(page, item, title, generic))
    weighs += 0.5 * (find_picture(page, item)[0] is not None)
    weighs += 1.0 * (first.tag == "article" or bool(first.words() & _ITEM_WORDS))
    weighs += 0.5 * any(each.tag == "main" or each.get("role") == "main" for each in first.above())
    weighs += 1.0 * _is_slug(item.mentions[0].link) - 1.5 * (not item.mentions[0].home)
    return weighs


def _is_slug(link: str) -> bool:
    """Whether an address looks like that of one thing among many: a long name, or a number."""
    parts = urlsplit(link)
    last = next((part for part in reversed(parts.path.split("/")) if part), "")
    return last.count("-") + last.count("_") > 1 or bool(re.search(r"\d{3}", parts.path + parts.query)) or "%" in last


def _merge(chosen: Sequence[Group]) -> tuple[Item, ...]:
    """The items of all chosen groups, each article once, in document order."""
    items: dict[str, Item] = {}
    for group in chosen:
        for item in group.items:
            items.setdefault(item.target, item)
    return tuple(sorted(items.values(), key=lambda item: item.span.start))
