"""The title of an item: a link's text, a heading, or whatever else says what it is about."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from bot.sources.archive.days import find_day
from bot.sources.archive.items import Item
from bot.sources.archive.mentions import Mention
from bot.sources.archive.page import HEADINGS, Element, Page, span_of
from bot.sources.archive.words import names
from bot.sources.plain import one_line

MAX_TITLE = 300
"""Characters. What is longer is an excerpt, or a whole article."""
_MORE_THAN_A_DAY = 30
_SPEAKING = 12
"""Weighted characters of a text that is likely a title and not its section."""
_WHOLE_LINK = 90
"""Weighted characters of a link that is more than a title: a card."""
_WIDE = re.compile("[\u1100-\u11ff\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uffef]")
_BOLD = frozenset({"strong", "b", "dt", "th"})
TITLE_WORDS = names("title headline titel titre titulo heading hed")
"""What titles are called."""


@dataclass(frozen=True, slots=True)
class Title:
    """An item's title."""

    text: str
    element: Element | None
    """Where it stands."""
    is_link: bool = False
    in_heading: bool = False
    of_other: bool = False
    """Whether the item's heading leads elsewhere."""


def weight(text: str) -> int:
    """The length of a text, where a character of Chinese, Japanese or Korean says as much as two letters."""
    return len(text) + len(_WIDE.findall(text))


def find_title(page: Page, item: Item, generic: frozenset[str]) -> Title | None:
    """The title of an item: the link's text, unless that is `generic` ("Read more"); else the heading there.

    A link that holds a whole card gives the heading inside of it.
    """
    own = {mention.element for mention in item.mentions}
    inside = page.inside(item.span)
    headings = [each for each in inside if each.tag in HEADINGS and page.text(span_of(each))]
    own_heading = next((each for each in headings if _link_in_or_around(page, each) & own), None)
    if own_heading is not None:
        return _title(page, own_heading, is_link=True, in_heading=True)
    speaking = [each for each in item.mentions if each.text and each.text.casefold() not in generic]
    speaking = [each for each in speaking if weight(each.text) > _MORE_THAN_A_DAY or not _is_day(each.text)]
    plain_heading = next((each for each in headings if not _link_in_or_around(page, each)), None)
    if plain_heading is not None and (not speaking or max(weight(each.text) for each in speaking) < _WHOLE_LINK):
        repeats = any(each.text == page.text(span_of(plain_heading)) for each in speaking)
        return _title(page, plain_heading, is_link=repeats or not speaking, in_heading=True)
    if speaking:
        best = _best_link(speaking)
        element = best.element if weight(best.text) < _WHOLE_LINK else _title_in_card(page, best.element)
        return _title(page, element, is_link=True, of_other=bool(headings))
    spoken = _marked(page, inside) or next((each for each in inside if each.tag in _BOLD and _says(page, each)), None)
    if spoken is not None:
        return _title(page, spoken, of_other=bool(headings))
    stated = next((text for text in _stated(page, item) if text and text.casefold() not in generic), None)
    if stated:
        return Title(one_line(stated)[:MAX_TITLE], None, is_link=True, of_other=bool(headings))
    lines = page.blocks(item.span, without=frozenset(own))
    first = next((each for each in lines if weight(each[1]) >= _SPEAKING and not _is_day(each[1])), None)
    return Title(first[1][:MAX_TITLE], first[0], of_other=bool(headings)) if first else None


def _best_link(speaking: Sequence[Mention]) -> Mention:
    """Of the links to one article the one whose text is its title: marked, else the first that says something."""
    short = [each for each in speaking if weight(each.text) < _WHOLE_LINK]
    marked = (each for each in short if any(up.tag in _BOLD or up.words() & TITLE_WORDS for up in _near(each.element)))
    first = next((each for each in short if weight(each.text) >= _SPEAKING), None)
    return next(marked, None) or first or max(short or speaking, key=lambda each: weight(each.text))


def _near(element: Element) -> Iterator[Element]:
    yield from (each for each in (element, element.parent, *element.children) if each is not None)


def _marked(page: Page, elements: Iterable[Element]) -> Element | None:
    return next((each for each in elements if each.words() & TITLE_WORDS and _says(page, each)), None)


def _says(page: Page, element: Element) -> str:
    return page.text(span_of(element))


def _stated(page: Page, item: Item) -> Iterator[str]:
    """What is said of an item's links for those who do not see the pictures that they are made of."""
    for mention in item.mentions:
        yield mention.element.get("aria-label")
        yield mention.element.get("title")
        yield from (each.get("alt") for each in page.inside(span_of(mention.element)) if each.tag == "img")


def _is_day(text: str) -> bool:
    return find_day(text, None, anywhere=True) is not None


def _title(
    page: Page, element: Element, *, is_link: bool = False, in_heading: bool = False, of_other: bool = False
) -> Title:
    text = page.text(span_of(element))
    return Title(text[:MAX_TITLE], element, is_link, in_heading, of_other)


def _link_in_or_around(page: Page, element: Element) -> set[Element]:
    around = {each for each in element.above() if each.tag == "a" and "href" in each.attributes}
    return around | {each for each in page.inside(span_of(element)) if each.tag == "a" and "href" in each.attributes}


def _title_in_card(page: Page, link: Element) -> Element:
    """The part of a long link that is its title: what is marked as such, else its first line."""
    inside = page.inside(span_of(link))[1:]
    bold = next((each for each in inside if each.tag in ("strong", "b") and _says(page, each)), None)
    blocks = (block for block, line in page.blocks(span_of(link)) if weight(line) > _SPEAKING)
    first = next((each for each in blocks if each is not link and link in each.above()), link)
    return _marked(page, inside) or bold or first
