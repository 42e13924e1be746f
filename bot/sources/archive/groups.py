"""Finds which links of a page are its articles: those whose places look like items of a list.

Each shape of links is weighed by what its items have (title, day, excerpt, picture); the best one wins, and others
count that are about as good and stand elsewhere.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import median
from urllib.parse import urlsplit

from bot.sources.archive.days import Order, find_day, order_of
from bot.sources.archive.items import ITEM_WORDS, Item, items_of
from bot.sources.archive.mentions import Mention, find_asides, find_mentions, generic_texts
from bot.sources.archive.page import Page
from bot.sources.archive.parts import find_excerpt, find_time
from bot.sources.archive.pictures import find_picture
from bot.sources.archive.shapes import shapes_of
from bot.sources.archive.titles import find_title, weight
from bot.sources.plain import one_line

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
_FIT = 0.4
"""Of the middle one: an item that weighs less is another thing of the same shape."""
_FEW_TEXTS, _PROSE = 8, 25
_TITLE_FOR = 30
"""Weighted characters of an ordinary title."""


@dataclass(frozen=True, slots=True)
class Group:
    """Links of one shape, with their items."""

    items: tuple[Item, ...]
    generic: frozenset[str]
    """Texts that several of a page's links share, in lower case: "Read more"."""
    quality: float
    """What the middle one of its items weighs."""


def find_items(page: Page) -> tuple[tuple[Item, ...], frozenset[str], Order | None]:
    """The items of the page's articles, in document order, with the generic texts and the order of its dates."""
    order = order_of((text.content for text in page.texts), page.language)
    mentions = find_mentions(page)
    generic = generic_texts(mentions)
    for guess in (True, False):
        asides = find_asides(page, mentions, guess=guess)
        inside = [each for each in mentions if not any(element in asides for element in each.element.above())]
        if chosen := _choose(page, inside, generic, order):
            return chosen, generic, order
    return (), generic, order


def _choose(page: Page, mentions: Sequence[Mention], generic: frozenset[str], order: Order | None) -> tuple[Item, ...]:
    """The items of the best group, and of those beside it that are as good, in other places and of other articles."""
    shapes = shapes_of(mentions)
    shapes.sort(key=lambda group: -sum(min(weight(each.text), _TITLE_FOR) + 1 for each in group))
    weighed = [_weigh_group(page, group, mentions, generic, order) for group in shapes[:_MANY]]
    left = sorted((each for each in weighed if _is_enough(each, alike=True)), key=_rank, reverse=True)
    chosen: list[Group] = []
    taken: set[str] = set()
    covered = [False] * (len(page.elements) + 1)
    for group in left:
        outside = [each for each in group.items if not any(covered[link.element.place] for link in each.mentions)]
        fresh = tuple(each for each in outside if each.target not in taken)
        if 2 * len(fresh) < len(group.items):
            continue
        if len(fresh) < len(group.items):  # what is left has to be worth it by itself
            group = _weigh_items(page, fresh, generic, order)  # noqa: PLW2901
        alike = bool(chosen) and _forms(group) & _forms(chosen[0])
        if not _is_enough(group, alike=bool(alike)) or (chosen and group.quality < _AS_GOOD * chosen[0].quality):
            continue
        chosen.append(replace(group, items=_fitting(page, group, order)))
        for item in group.items:
            taken.add(item.target)
            covered[item.span.start : item.span.end] = [True] * (item.span.end - item.span.start)
    elsewhere = [item for group in left for item in group.items if not covered[item.mentions[0].element.place]]
    return _best_places(page, [item for group in chosen for item in group.items], elsewhere, generic, order)


def _best_places(
    page: Page, chosen: Sequence[Item], elsewhere: Sequence[Item], generic: frozenset[str], order: Order | None
) -> tuple[Item, ...]:
    """Each article once, at the place of those where it is told of that says the most; in document order."""
    best: dict[str, tuple[float, Item]] = {}
    for item in chosen:
        best.setdefault(item.target, (_weigh(page, item, generic, order) or 0.0, item))
    for item in elsewhere:
        if item.target in best and (weighs := _weigh(page, item, generic, order) or 0.0) > best[item.target][0]:
            best[item.target] = weighs, item
    return tuple(sorted((item for _, item in best.values()), key=lambda item: item.span.start))


def _fitting(page: Page, group: Group, order: Order | None) -> tuple[Item, ...]:
    """Those items that weigh about as much as the middle one."""
    weighed = [(each, _weigh(page, each, group.generic, order) or 0.0) for each in group.items]
    least = _FIT * median(of for _, of in weighed)
    return tuple(each for each, of in weighed if of >= least)


def _rank(group: Group) -> float:
    return group.quality * math.sqrt(min(len(group.items), 12))


def _is_enough(group: Group, *, alike: bool) -> bool:
    """`alike`: whether its addresses have a form that is known to be that of articles."""
    count = len(group.items)
    least = (_ENOUGH_OF_TWO if alike else _ENOUGH_OF_ONE, _ENOUGH_OF_TWO, _ENOUGH)
    return bool(count) and group.quality >= least[min(count, 3) - 1]


def _forms(group: Group) -> set[str]:
    """The forms of a group's addresses: "/news/2026/a-long-name" is "/news/9/x"."""
    paths = (urlsplit(item.mentions[0].link).path.rstrip("/") for item in group.items)
    return {re.sub(r"\d+", "9", re.sub(r"[^/]*-[^/]*-[^/]*", "x", path)) for path in paths}


def _weigh_group(
    page: Page, group: Sequence[Mention], mentions: Sequence[Mention], generic: frozenset[str], order: Order | None
) -> Group:
    weighed = _weigh_items(page, items_of(page, group, mentions), generic, order)
    # The same few again and again are sections or authors.
    return replace(weighed, quality=weighed.quality / 2) if len(group) > 2 * len(weighed.items) else weighed


def _weigh_items(page: Page, items: tuple[Item, ...], generic: frozenset[str], order: Order | None) -> Group:
    step = max(1, len(items) // _WEIGHED)
    weights = [_weigh(page, item, generic, order) or 0.0 for item in items[::step]]
    return Group(items, generic, median(weights) if weights else 0.0)


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
    weighs += 1.0 * (first.tag == "article" or bool(first.words() & ITEM_WORDS))
    weighs += 0.5 * any(each.tag == "main" or each.get("role") == "main" for each in first.above())
    weighs -= 2.0 * _is_in_prose(page, item.mentions[0])
    weighs += 1.0 * _is_slug(item.mentions[0].link) - 1.5 * (not item.mentions[0].home)
    return weighs


def _is_in_prose(page: Page, mention: Mention) -> bool:
    """Whether a link stands in the middle of a sentence."""
    first = mention.element.text_from
    block = page.texts[first].block if first < len(page.texts) else mention.element
    line: list[str] = []
    for text in reversed(page.texts[max(block.text_from, first - _FEW_TEXTS) : first]):
        if text.block is not block or text.element.tag == "br":
            break
        line.append(text.content)
    before = one_line("".join(reversed(line)))
    return (
        len(before) > _PROSE and mention.element is not block and find_day(before, "day first", anywhere=True) is None
    )


def _is_slug(link: str) -> bool:
    """Whether an address looks like that of one thing among many: a long name, or a number."""
    parts = urlsplit(link)
    last = next((part for part in reversed(parts.path.split("/")) if part), "")
    return last.count("-") + last.count("_") > 1 or bool(re.search(r"\d{3}", parts.path + parts.query)) or "%" in last
