"""What an operator's CSS selectors say is where on an archive page: exactly that, and nothing else, is taken."""

from collections.abc import Sequence

from selectolax.lexbor import LexborHTMLParser, SelectolaxError

from bot.links import absolute, canonical_link
from bot.sources.archive.items import Item
from bot.sources.archive.mentions import Mention
from bot.sources.archive.page import Element, Page, span_of
from bot.sources.plain import one_line


def selector_mistake(selector: str) -> str | None:
    """Why this is no CSS selector that can be used, as the end of a sentence; None: it can be used."""
    if len(selector) > 1_000:  # noqa: PLR2004 - characters; nobody writes that by hand
        return "it is longer than 1,000 characters"
    try:
        LexborHTMLParser("<p></p>").css(selector)
    except SelectolaxError:
        return "it is not a CSS selector that can be read"
    return None


def within(page: Page, selector: str, item: Item) -> list[Element]:
    """The elements of an item, itself included, that a selector matches, in document order."""
    return [each for each in page.select(selector) if item.span.start <= each.place < item.span.end]


def told_items(page: Page, selector: str, link_selector: str) -> list[Item]:
    """The items that a selector names, each with its link: the one that `link_selector` names in it, or else the first
    in a heading, or else the first. Those without a link have no target. One inside of another is left out."""
    links = set(page.select(link_selector)) if link_selector else None
    items: list[Item] = []
    end = -1
    for element in page.select(selector):
        if element.place < end:
            continue
        end = element.end
        mentions = _mentions(page, element, links)
        target = mentions[0].target if mentions else ""
        items.append(Item(span_of(element), target, tuple(each for each in mentions if each.target == target)))
    return items


def _mentions(page: Page, item: Element, links: set[Element] | None) -> list[Mention]:
    inside = page.inside(span_of(item))
    if links is None:
        found = [each for each in (item, *item.above(), *inside) if each.tag == "a"]
        return sorted(_read(page, found), key=lambda each: not any(up.tag in _TITLES for up in each.element.above()))
    named = [each for each in inside if each in links]
    around = [inner for each in named for inner in page.inside(span_of(each)) if inner.tag == "a"]
    return _read(page, [each for each in named if each.tag == "a"] or around)


_TITLES = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})


def _read(page: Page, elements: Sequence[Element]) -> list[Mention]:
    found = []
    for element in elements:
        href = element.get("href")
        link = absolute(page.base, href) if href else None
        target = canonical_link(link) if link else None
        if link and target:
            found.append(Mention(element, link, target, one_line(page.text(span_of(element))), home=True))
    return found
