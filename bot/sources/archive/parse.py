"""From a fetched archive page to its articles."""

from dataclasses import dataclass, replace
from datetime import datetime

from bot.doors import Fetched
from bot.sources.archive.days import Order, find_day, order_of
from bot.sources.archive.groups import find_items
from bot.sources.archive.items import Item
from bot.sources.archive.mentions import generic_texts
from bot.sources.archive.page import Page, parse_page, span_of
from bot.sources.archive.parts import find_excerpt, find_time
from bot.sources.archive.pictures import find_picture
from bot.sources.archive.titles import MAX_TITLE, find_title
from bot.sources.archive.told import MAX_ITEMS, links_in, told_items
from bot.sources.dates import read_time
from bot.sources.entry import Entry, Feed
from bot.sources.markup import read_language
from bot.sources.plain import one_line
from bot.sources.reading import Selectors, Unreadable

MAX_ENTRIES = MAX_ITEMS
"""Articles that are taken of one page."""
_MAX_SPAN = 5_000
"""Elements or texts of an item; what is larger is no item."""
_CUT = "The page is very large; only its first part was read."
_MANY = f"The page lists very many articles; the first {MAX_ENTRIES:,} were taken."


def parse_archive(fetched: Fetched, selectors: Selectors) -> Feed:
    """The articles that the page lists, none where it seems to list none. Raises Unreadable where it is no page."""
    _refuse_others(fetched)
    page = parse_page(fetched.body, fetched.charset, fetched.url)
    if selectors.item:
        items = told_items(page, selectors.item)
        generic = generic_texts(mention for item in items for mention in item.mentions)
        order = order_of((text.content for text in page.texts), page.language)
    else:
        found, generic, order = find_items(page)
        items = list(found)
    reader = _Reader(page, selectors, generic, order)
    read = [reader.entry(item) for item in items[:MAX_ENTRIES]]
    entries = {entry.id: entry for entry in reversed(read) if entry is not None}
    return Feed(
        id=None,
        title=page.title,
        link=fetched.url,
        language=page.language,
        entries=tuple(reversed(entries.values())),
        kind="archive page",
        dropped=sum(entry is None for entry in read),
        notes=(*((_CUT,) if page.cut else ()), *((_MANY,) if len(items) > MAX_ENTRIES else ())),
    )


def _refuse_others(fetched: Fetched) -> None:
    start = fetched.body[:1_000].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if not start:
        raise Unreadable("The answer is empty.", "Check the address in a browser.")
    if start.startswith((b"{", b"[")) or any(mark in start for mark in (b"<rss", b"<feed", b"<rdf:rdf", b"<urlset")):
        raise Unreadable("This is not a web page.", 'If it is a feed, remove kind = "archive" and the selectors.')


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads the items of one page."""

    page: Page
    selectors: Selectors
    generic: frozenset[str]
    order: Order | None

    def entry(self, item: Item) -> Entry | None:
        """An item as an entry; None where it has no link or title, by the selectors where they are given."""
        page, told = self.page, self.selectors
        if max(item.span.end - item.span.start, item.span.text_to - item.span.text_from) > _MAX_SPAN:
            return None
        if told.link:
            item = replace(item, mentions=links_in(page, page.select_inside(told.link, item.span)))
        title = find_title(page, item, self.generic)
        title_text = self._named(item, told.title)[:MAX_TITLE] if told.title else title.text if title else ""
        if not item.mentions or not title_text:
            return None
        excerpt = self._named(item, told.excerpt) if told.excerpt else find_excerpt(page, item, title, self.generic)
        picture_url, picture_alt = find_picture(page, item)
        first = page.elements[item.span.start]
        languages = (read_language(each.get("lang")) for each in first.above() if each.get("lang"))
        return Entry(
            id=item.mentions[0].target,
            link=item.mentions[0].link,
            title=title_text,
            summary=excerpt if excerpt != title_text else "",
            published_at=self._day(item) if told.date else find_time(page, item, title, self.order),
            language=next((each for each in languages if each), page.language),
            picture_url=picture_url,
            picture_alt=picture_alt,
        )

    def _named(self, item: Item, selector: str) -> str:
        texts = (one_line(self.page.text(span_of(each))) for each in self.page.select_inside(selector, item.span))
        return next((text for text in texts if text), "")

    def _day(self, item: Item) -> datetime | None:
        for each in self.page.select_inside(self.selectors.date, item.span):
            for stated in (each.get("datetime"), each.get("content"), text := self.page.text(span_of(each))):
                if at := read_time(stated):
                    return at
            if at := find_day(text, self.order, anywhere=True):
                return at
        return None
