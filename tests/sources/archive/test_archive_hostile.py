"""Pages that mean harm."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.doors import Fetched
from bot.sources.archive.page import MAX_LEVELS, parse_page
from bot.sources.archive.parse import MAX_ENTRIES, parse_archive
from bot.sources.entry import Feed
from bot.sources.reading import Selectors, Unreadable

NESTED = {
    "elements": "<div>" * 50_000,
    "elements that claim to end": "<div/>" * 50_000,
    "drawings that are none": "<svg><p>" + "<path/>" * 50_000,
    "formatting": "<p>" + "".join(f"<b id={number}>" for number in range(1_900)) + "</p><p>x" * 2_000,
    "tables": "<table><tr><td>" * 30_000,
    "links": "<a href=/x><div>" * 30_000,
    "forms": "<form><span>" * 30_000,
}


def read(html: str, **selectors: str) -> Feed:
    """A page by its text."""
    return parse_archive(Fetched("https://a.example/", changed=True, body=html.encode()), Selectors(**selectors))


@pytest.mark.parametrize("html", NESTED.values(), ids=NESTED)
def test_what_no_page_nests_is_not_read(html: str) -> None:
    """Markup that would take a parser minutes or gigabytes is refused before it is parsed."""
    with pytest.raises(Unreadable, match="nested deeper"):
        read(html)


FLAT = {
    "a page of links": "<li><a href=/story-{n}>A story with the number {n}</a></li>",
    "links of many shapes": "<{t}><a href=/story-{n}>A story with the number {n}</a></{t}>",
    "paragraphs without end": "<p><a href=/story-{n}>A story {n}</a> and text and <b>text</b>",
    "items in items": "<ul><li><a href=/a-b-{n}>A story with the number {n}</a></li></ul></div>",
    "texts": "x {n} <br>",
}


@pytest.mark.parametrize("item", FLAT.values(), ids=FLAT)
def test_a_long_page_is_read_within_limits(item: str) -> None:
    """Two thousand items are no trouble; a thousand of them are taken, and it says so."""
    shapes = ("p", "div", "h2", "section", "em", "address", "figure", "h3", "x-y")
    html = "".join(item.format(n=number, t=shapes[number % len(shapes)]) for number in range(2_000))
    feed = read(html)
    assert len(feed.entries) <= MAX_ENTRIES
    assert bool(feed.notes) == (len(feed.entries) == MAX_ENTRIES)


def test_depth_within_limits_is_no_trouble() -> None:
    """As deep as it may be, with links at every level and any selector, a page is read."""
    html = "".join(f"<div class=date><a href=/story-{n}>A story number {n}</a>" for n in range(MAX_LEVELS // 2))
    assert read(html).entries is not None
    assert read(html, item="div div div", link="div a").entries is not None


@given(st.lists(st.sampled_from(PIECES := [
    "<div>", "</div>", "<p>", "<li>", "<ul>", "</ul>", "<table>", "<tr>", "<td>", "</table>", "<a href=/one-two-three>",
    "<a href=/four-five-six>", "<a href='//other.example/x-y-z'>", "</a>", "<h2>", "</h2>", "Some title of an article",
    "2026-05-04", "<time datetime=2026>", "<time>", "</time>", "<img src=a.jpg srcset='a 1w, b 2x,'>", "<br>", "<nav>",
    "<b>", "</b>", "<base href=/x/>", "<article class='post date title more'>", "</article>", "<form>", "<!--", "-->",
    "<svg>", "<template>", "<select>", "<script>", "</script>", "&amp;", "\0", "<", ">", "<frameset>", "<plaintext>",
]), max_size=60))  # fmt: skip
def test_any_markup_can_be_read(pieces: list[str]) -> None:
    """However tags are mixed, entries have absolute links and titles, and ids of their own."""
    for selectors in ({}, {"item": "div, li, article", "title": "h2", "date": "time"}):
        feed = read("<html>" + "".join(pieces), **selectors)
        assert all(entry.title and (entry.link or "").startswith("http") for entry in feed.entries)
        assert len({entry.id for entry in feed.entries}) == len(feed.entries)


@given(st.binary(max_size=300))
def test_any_bytes_can_be_read(body: bytes) -> None:
    """What is no page at all is refused or empty."""
    try:
        feed = parse_archive(Fetched("https://a.example/", changed=True, body=body), Selectors())
    except Unreadable:
        return
    assert () == feed.entries


@pytest.mark.parametrize("charset", ["windows-1251", "koi8-r", "utf-8"])
def test_the_page_says_how_it_is_encoded(charset: str) -> None:
    """The charset of the page's own head counts where the server says none."""
    html = f'<html><head><meta charset="{charset}"><title>Новости</title></head><body><p>Текст</p></body></html>'
    assert "Новости" == parse_page(html.encode(charset), None, "https://a.example/").title


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "The answer is empty."),
        (b'{"items": []}', "This is not a web page."),
        (b'<?xml version="1.0"?><rss version="2.0"><channel/></rss>', "This is not a web page."),
    ],
)
def test_what_is_no_page_is_told(body: bytes, message: str) -> None:
    """An empty answer, JSON and a feed are no archive pages."""
    with pytest.raises(Unreadable, match=message):
        parse_archive(Fetched("https://a.example/", changed=True, body=body), Selectors())
