"""Links that stand in places of one shape: by the tags on the way to them, parted where boxes of other names or other
columns hold them. What is found are guesses at lists, to be weighed.
"""

from collections.abc import Mapping, Sequence

from bot.sources.archive.mentions import Mention
from bot.sources.archive.page import Element

_PAIR = 2
_MANY_CELLS = 50


def shapes_of(mentions: Sequence[Mention]) -> list[list[Mention]]:
    """The links by shape, each shape's in document order."""
    by_tags: dict[tuple[str, ...], list[Mention]] = {}
    for mention in mentions:
        by_tags.setdefault(tuple(element.tag for element in mention.element.above()), []).append(mention)
    return [part for group in by_tags.values() for part in _part(group)]


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
        if columns := _columns(boxes):
            done += columns
        elif len(names) > 1 and len(boxes) < len(members) and any(len(held) > _PAIR for held in boxes.values()):
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


def _columns(boxes: Mapping[Element, list[Mention]]) -> list[list[Mention]]:
    """Parted by their place, where each box has links in several places, and no two of one article's in the same."""
    columns: dict[object, list[Mention]] = {}
    several = 0
    for box, held in boxes.items():
        places = {mention: _place_in(box, mention.element) for mention in held}
        if len(set(places.values())) < len({mention.target for mention in held}):
            return []
        several += len(set(places.values())) > 1
        for mention, place in places.items():
            columns.setdefault(place, []).append(mention)
    return list(columns.values()) if several > 1 and len(columns) > 1 else []


def _place_in(box: Element, element: Element) -> object:
    """Where an element stands in its box: the names on the way, and the cell of a row."""
    way = []
    for each in element.above():
        if each is box:
            break
        row = each.parent.children if each.tag in ("td", "th") and each.parent is not None else []
        cell = row.index(each) if 0 < len(row) < _MANY_CELLS else 0
        way.append((each.tag, each.words(), cell))
    return tuple(way)
