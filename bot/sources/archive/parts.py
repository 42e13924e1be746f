"""What an item says beside its title: its excerpt and its day, by what is marked as such, else by its place."""

import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import chain

from bot.sources.archive.days import Order, find_day
from bot.sources.archive.items import Item
from bot.sources.archive.mentions import Mention
from bot.sources.archive.page import HEADINGS, Element, Page, span_of
from bot.sources.archive.titles import TITLE_WORDS, Title, weight
from bot.sources.archive.words import names
from bot.sources.dates import read_time
from bot.sources.plain import one_line

_MAX_EXCERPT = 2_000
_SHORT_EXCERPT, _EXCERPT = 20, 40
_LEAF = 40
_SHORT_META = 120
_EXCERPT_WORDS = names(
    "excerpt summary teaser description dek standfirst lead intro snippet abstract desc blurb preview"
)
_DAY_WORDS = names("date time timestamp published pubdate posted datum fecha data day updated dateline")
_META_WORDS = _DAY_WORDS | names(
    "meta byline author authors category categories cat tag tags label badge kicker comments share reading info"
)
_MORE_WORDS = frozenset({"more", "readmore", "continue", "weiter"})
_IN_PATH = re.compile(r"/(20\d{2}|19\d{2})/(\d{1,2})/(\d{1,2})(?=/)|/(20\d{2})-?(\d{2})-?(\d{2})(?=[/-])")


def find_excerpt(page: Page, item: Item, title: Title | None, generic: frozenset[str]) -> str:
    """The first paragraph of an item that is neither its title nor said about it; empty where there is none."""
    left_out = frozenset(_said_already(page, item, title, generic))
    inside = page.inside(item.span)
    for element in inside:
        around = title is not None and title.element is not None and element in title.element.above()
        if element.words() & _EXCERPT_WORDS and not around and not element.words() & TITLE_WORDS:
            text = " ".join(line for _, line in page.blocks(span_of(element), without=left_out))
            if weight(text) >= _SHORT_EXCERPT:
                return _cut(text)
    lines = [
        (block, line) for block, line in page.blocks(item.span, without=left_out) if not _is_meta(page, block, item)
    ]
    lines = [(block, line) for block, line in lines if title is None or line != title.text]
    long = next((line for block, line in lines if block.tag == "p" and weight(line) >= _EXCERPT), "")
    long = long or next((line for _, line in lines if weight(line) >= _EXCERPT), "")
    return _cut(long or max((line for block, line in lines if block.tag in ("p", "dd", "td")), key=weight, default=""))


def _said_already(page: Page, item: Item, title: Title | None, generic: frozenset[str]) -> list[Element]:
    """The elements of an item whose text is no excerpt."""
    left_out = [title.element] if title is not None and title.element is not None else []
    for element in page.inside(item.span):
        if element.tag in (*HEADINGS, "time", "button") or _is_day(page, element):
            left_out.append(element)
        elif element.tag == "a" and title is not None and title.element not in page.inside(span_of(element)):
            text = page.text(span_of(element))
            if text.casefold() in generic or title.text in text or element.words() & _MORE_WORDS:
                left_out.append(element)
    return left_out


def _is_day(page: Page, element: Element) -> bool:
    """Whether an element holds a day and nothing else."""
    if element.children or element.text_to - element.text_from != 1:
        return False
    line = one_line(page.texts[element.text_from].content[: 2 * _LEAF])
    return len(line) <= _LEAF and find_day(line, "day first") is not None


def _is_meta(page: Page, block: Element, item: Item) -> bool:
    """Whether a block, or what holds it, is called a date or the like, and is as short as these."""
    inside = (each for each in block.above() if item.span.start < each.place < item.span.end)
    return any(each.words() & _META_WORDS and _is_short(page, each) for each in inside)


def _is_short(page: Page, element: Element) -> bool:
    return sum(len(text.content.strip()) for text in page.texts[element.text_from : element.text_to]) <= _SHORT_META


def _cut(text: str) -> str:
    """An excerpt as it is kept: without the marks that stand for a "read more"."""
    text = re.sub(r"\s*\[(?:…|\.\.\.)\]$", "…", text.rstrip(" »›→#").lstrip(" .,:;–—|·"))
    return text[:_MAX_EXCERPT] if weight(text) >= _SHORT_EXCERPT else ""


def find_time(page: Page, item: Item, title: Title | None, order: Order | None) -> datetime | None:
    """When the article was published, as its item says, in UTC; a clock time only where it is machine-readable."""
    stated = (read_time(_machine_readable(element)) for element in page.inside(item.span))
    own = title.element if title is not None else None
    days = (find_day(line, order, anywhere=marked) for line, marked in _lines_of_days(page, item, own))
    return next((at for at in chain(stated, days) if at), None) or _day_in_path(item.mentions)


def _machine_readable(element: Element) -> str:
    if element.tag == "time" and (stated := element.get("datetime")):
        return stated
    return element.get("content") or element.get("datetime") if element.get("itemprop") == "datePublished" else ""


def _lines_of_days(page: Page, item: Item, title: Element | None) -> Iterator[tuple[str, bool]]:
    """Where a day may stand, the surest first: (a line, whether it is marked as a date)."""
    inside = page.inside(item.span)
    for element in inside:
        if element.tag == "time" or (element.words() & _DAY_WORDS and _is_short(page, element)):
            yield from ((line, True) for _, line in page.blocks(span_of(element)))
    for element in inside:
        if not element.children and element is not title and element.text_to - element.text_from == 1:
            yield one_line(page.texts[element.text_from].content[: 2 * _LEAF])[: _LEAF + 1], False
    yield from ((line, False) for _, line in page.blocks(item.span, without=frozenset([title] if title else [])))


def _day_in_path(mentions: Sequence[Mention]) -> datetime | None:
    for mention in mentions:
        if match := _IN_PATH.search(mention.link):
            year, month, day = [part for part in match.groups() if part]
            return read_time(f"{year}-{month}-{day}")
    return None
