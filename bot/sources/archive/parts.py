"""What an item of a list says: its title, excerpt, day and picture, by what is marked as such, else by its place."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.links import absolute
from bot.sources.archive.days import Order, find_day
from bot.sources.archive.mentions import Mention
from bot.sources.archive.page import HEADINGS, Element, Page, Span, names, span_of
from bot.sources.dates import read_time
from bot.sources.plain import one_line

MAX_TITLE = 300
"""Characters. What is longer is an excerpt, or a whole article."""
_MAX_EXCERPT = 2_000
_SHORT_EXCERPT, _EXCERPT = 20, 40
_MORE_THAN_A_DAY = 30
_WHOLE_LINK = 90
"""Weighted characters of a link that is more than a title: a card."""
_WIDE = re.compile("[\u1100-\u11ff\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uffef]")

_BOLD = frozenset({"strong", "b", "dt", "th"})
_TITLE_WORDS = frozenset({"title", "headline", "titel", "titre", "titulo", "heading", "hed"})
_EXCERPT_WORDS = names(
    "excerpt summary teaser description dek standfirst lead intro snippet abstract desc blurb preview"
)
_DAY_WORDS = names("date time timestamp published pubdate posted datum fecha data day updated dateline")
_META_WORDS = _DAY_WORDS | names(
    "meta byline author authors category categories cat tag tags label badge kicker comments share reading info"
)
_MORE_WORDS = frozenset({"more", "readmore", "continue", "weiter"})
_NOT_PICTURE_WORDS = frozenset({"avatar", "gravatar", "author", "icon", "emoji", "logo", "spacer", "pixel"})
_SOURCES = ("data-src", "data-lazy-src", "data-original", "data-lazy", "data-image", "data-url")
_SOURCE_SETS = ("data-srcset", "data-lazy-srcset", "srcset")
_LARGEST = 1_600
"""Pixels of width beyond which platforms make a picture smaller anyway."""
_BACKGROUND = re.compile(r"background(?:-image)?\s*:[^;]{0,40}?url\(\s*[\"']?([^\"')]{1,2000})", re.IGNORECASE)
_NO_PICTURE = re.compile(
    r"\.svg(?:$|\?)|^data:|(?:blank|spacer|placeholder|pixel|transparent)[\w-]*\.\w{3,4}$", re.IGNORECASE
)
_IN_PATH = re.compile(r"/(20\d{2}|19\d{2})/(\d{1,2})/(\d{1,2})(?=/)|/(20\d{2})-?(\d{2})-?(\d{2})(?=[/-])")


@dataclass(frozen=True, slots=True)
class Item:
    """A place of the page that tells of one article."""

    span: Span
    target: str
    mentions: tuple[Mention, ...]
    """The links to it that stand there."""


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
        best = max(speaking, key=lambda each: weight(each.text) if weight(each.text) < _WHOLE_LINK else 1)
        element = best.element if weight(best.text) < _WHOLE_LINK else _title_in_card(page, best.element)
        return _title(page, element, is_link=True, of_other=bool(headings))
    spoken = _marked(page, inside) or next((each for each in inside if each.tag in _BOLD and _says(page, each)), None)
    if spoken is not None:
        return _title(page, spoken, of_other=bool(headings))
    stated = next((text for text in _stated(page, item) if text and text.casefold() not in generic), None)
    return Title(one_line(stated)[:MAX_TITLE], None, is_link=True, of_other=bool(headings)) if stated else None


def _marked(page: Page, elements: Iterable[Element]) -> Element | None:
    return next((each for each in elements if each.words() & _TITLE_WORDS and _says(page, each)), None)


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
    blocks = (block for block, line in page.blocks(span_of(link)) if weight(line) > _SHORT_EXCERPT / 2)
    first = next((each for each in blocks if each is not link and link in each.above()), link)
    return _marked(page, inside) or bold or first


def find_excerpt(page: Page, item: Item, title: Title | None, generic: frozenset[str]) -> str:
    """The first paragraph of an item that is neither its title nor said about it; empty where there is none."""
    left_out = frozenset(_said_already(page, item, title, generic))
    inside = page.inside(item.span)
    for element in inside:
        if element.words() & _EXCERPT_WORDS and not element.words() & _TITLE_WORDS:
            text = " ".join(line for _, line in page.blocks(span_of(element), without=left_out))
            if weight(text) >= _SHORT_EXCERPT:
                return _cut(text)
    lines = [(block, line) for block, line in page.blocks(item.span, without=left_out) if not _is_meta(block, item)]
    lines = [(block, line) for block, line in lines if title is None or line != title.text]
    long = next((line for block, line in lines if block.tag == "p" and weight(line) >= _EXCERPT), "")
    long = long or next((line for _, line in lines if weight(line) >= _EXCERPT), "")
    return _cut(long or max((line for block, line in lines if block.tag in ("p", "dd", "td")), key=weight, default=""))


def _said_already(page: Page, item: Item, title: Title | None, generic: frozenset[str]) -> list[Element]:
    """The elements of an item whose text is no excerpt."""
    left_out = [title.element] if title is not None and title.element is not None else []
    for element in page.inside(item.span):
        if element.tag in (*HEADINGS, "time", "button"):
            left_out.append(element)
        elif element.tag == "a" and title is not None and title.element not in page.inside(span_of(element)):
            text = page.text(span_of(element))
            if text.casefold() in generic or title.text in text or element.words() & _MORE_WORDS:
                left_out.append(element)
    return left_out


def _is_meta(block: Element, item: Item) -> bool:
    inside = (each for each in block.above() if item.span.start < each.place < item.span.end)
    return any(each.words() & _META_WORDS for each in inside)


def _cut(text: str) -> str:
    """An excerpt as it is kept: without the marks that stand for a "read more"."""
    text = re.sub(r"\s*\[(?:…|\.\.\.)\]$", "…", text.rstrip(" »›→"))
    return text[:_MAX_EXCERPT] if weight(text) >= _SHORT_EXCERPT else ""


def find_time(page: Page, item: Item, title: Title | None, order: Order | None) -> datetime | None:
    """When the article was published, as its item says, in UTC; a clock time only where it is machine-readable."""
    inside = page.inside(item.span)
    for element in inside:
        stated = element.get("datetime") if element.tag == "time" else ""
        if not stated and element.get("itemprop") == "datePublished":
            stated = element.get("content") or element.get("datetime")
        if stated and (at := read_time(stated)):
            return at
    for element in inside:
        if element.tag == "time" or element.words() & _DAY_WORDS:
            for _, line in page.blocks(span_of(element)):
                if at := find_day(line, order, anywhere=True):
                    return at
    own = frozenset([title.element] if title is not None and title.element is not None else [])
    for _, line in page.blocks(item.span, without=own):
        if at := find_day(line, order):
            return at
    return _day_in_path(item.mentions)


def _day_in_path(mentions: Sequence[Mention]) -> datetime | None:
    for mention in mentions:
        if match := _IN_PATH.search(mention.link):
            year, month, day = [part for part in match.groups() if part]
            return read_time(f"{year}-{month}-{day}")
    return None


def find_picture(page: Page, item: Item) -> tuple[str | None, str | None]:
    """The address and alternative text of an item's first picture, also of one that is loaded late."""
    for element in page.inside(item.span):
        if element.tag == "img" and not _is_ornament(element):
            if link := next((found for each in _addresses(element) if (found := _picture(page, each))), None):
                return link, one_line(element.get("alt"))[:2_000] or None
        elif (match := _BACKGROUND.search(element.get("style"))) and (link := _picture(page, match[1])):
            return link, None
    return None, None


def _is_ornament(element: Element) -> bool:
    sizes = (element.get(side).removesuffix("px") for side in ("width", "height"))
    return bool(element.words() & _NOT_PICTURE_WORDS) or any(re.fullmatch(r"[0-4]?\d", size) for size in sizes)


def _addresses(element: Element) -> list[str]:
    late = [element.get(name) for name in _SOURCES]
    sets = [_best_of(element.get(name)) for name in _SOURCE_SETS]
    around = element.parent.children if element.parent is not None and element.parent.tag == "picture" else []
    sources = [_best_of(each.get("srcset") or each.get("data-srcset")) for each in around if each.tag == "source"]
    return [each for each in (*late, *sets, element.get("src"), *sources) if each]


def _best_of(source_set: str) -> str:
    """The widest picture of a set that is not wider than of use: https://html.spec.whatwg.org/#srcset-attributes."""
    best, width = "", -1.0
    for candidate in re.findall(r"([^\s,]\S*[^\s,])(?:\s+(\d+(?:\.\d+)?)([wx]))?", source_set[:8_000]):
        address, size, unit = candidate
        wide = float(size or 1) * (1 if unit == "w" else 800)
        if width < 0 or (width < wide <= _LARGEST) or (width > _LARGEST and wide < width):
            best, width = address, wide
    return best


def _picture(page: Page, address: str) -> str | None:
    address = address.strip()
    return None if not address or _NO_PICTURE.search(address) else absolute(page.base, address)
