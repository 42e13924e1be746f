"""What an operator's CSS selectors say is where on an archive page: exactly that, and nothing else, is taken."""

from collections.abc import Sequence

from selectolax.lexbor import LexborHTMLParser, SelectolaxError

from bot.links import absolute, canonical_link
from bot.sources.archive.items import Item
from bot.sources.archive.mentions import Mention
from bot.sources.archive.page import HEADINGS, Element, Page, span_of
from bot.sources.plain import one_line

MAX_ITEMS = 1_000
"""Items of a page that are looked at, and one more."""
_MANY = 100
"""Links of an item."""


def selector_mistake(selector: str) -> str | None:
    """Why this is no CSS selector that can be used, as the end of a sentence; None: it can be used."""
    if len(selector) > 1_000:  # noqa: PLR2004 - characters; nobody writes that by hand
        return "it is longer than 1,000 characters"
    try:
        LexborHTMLParser("<p></p>").css(selector)
    except SelectolaxError:
        return "it is not a CSS selector that can be read"
    return None


def told_items(page: Page, selector: str) -> list[Item]:
    """The items that a selector names, each with its link: the first in a heading, or else the first. One inside of
    another is left out; one without a link has no target."""
    items: list[Item] = []
    end = -1
    for element in page.select(selector):
        if element.place >= end and len(items) <= MAX_ITEMS:
            end = element.end
            links = _links_of(page, element)
            target = links[0].target if links else ""
            items.append(Item(span_of(element), target, tuple(each for each in links if each.target == target)))
    return items


def links_in(page: Page, elements: Sequence[Element]) -> tuple[Mention, ...]:
    """The links to one article that a selector names: to that of the first of them, which is a link or holds one."""
    inside = (each for element in elements for each in page.inside(span_of(element)))
    links = _read(page, [each for each in inside if each.tag == "a"][:_MANY])
    return tuple(each for each in links if each.target == links[0].target)


def _links_of(page: Page, item: Element) -> list[Mention]:
    found = [each for each in (*item.above(), *page.inside(span_of(item))[1:]) if each.tag == "a"][:_MANY]
    return sorted(_read(page, found), key=lambda each: not any(up.tag in HEADINGS for up in each.element.above()))


def _read(page: Page, elements: Sequence[Element]) -> list[Mention]:
    found = []
    for element in elements:
        href = element.get("href")
        link = absolute(page.base, href) if href else None
        target = canonical_link(link) if link else None
        if link and target:
            found.append(Mention(element, link, target, one_line(page.text(span_of(element))), home=True))
    return found
