"""Archive pages that we wrote, read without configuration."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.doors import Fetched
from bot.sources.archive.parse import parse_archive
from bot.sources.reading import Selectors
from tests.sources.archive.measure import SETS, Layout, layouts, score, shown

ALL = [layout for folder in SETS for layout in layouts(folder)]


@pytest.mark.parametrize("layout", ALL, ids=lambda layout: str(layout.name))
def test_a_layout_gives_its_articles(layout: Layout) -> None:
    """Every article that a reader sees, but for those that are written down as missed, comes with all its parts."""
    expected = [each for each in layout.expected if each["link"] not in layout.missed]
    assert expected == [shown(entry) for entry in layout.read().entries]


@pytest.mark.parametrize("layout", ALL, ids=lambda layout: str(layout.name))
def test_an_entry_is_known_by_its_canonical_link(layout: Layout) -> None:
    """Ids are links without what does not tell articles apart, each once; the language is the page's."""
    feed = layout.read()
    ids = [entry.id or "" for entry in feed.entries]
    assert len(set(ids)) == len(ids)
    assert all(each.startswith("https://") for each in ids)
    assert {entry.language for entry in feed.entries} <= {feed.language}
    assert "archive page" == feed.kind


def test_precision_and_recall_hold() -> None:
    """Over all layouts nothing is found that is no article, and nine in ten articles are found."""
    scores = [score(layout) for layout in ALL]
    expected, right = sum(each.expected for each in scores), sum(each.right for each in scores)
    assert [1.0] * len(scores) == [each.precision for each in scores]
    assert right / expected >= 0.9


ITEMS = [
    f'<li><h3><a href="/story/{number}-long-name">Story number {number} of the day</a></h3>'
    f"<p>What happened in story {number}, told in about one line of text.</p></li>"
    for number in range(12)
]


@given(seed=st.integers(0, 2**32), count=st.integers(3, 12))
def test_the_order_of_items_changes_nothing(seed: int, count: int) -> None:
    """However the items are shuffled, the same articles are found, in the order of the page."""
    items = ITEMS[:count]
    random.Random(seed).shuffle(items)
    page = f"<html><body><ul class=menu><li><a href=/a>Home</a><li><a href=/b>News</a></ul><ul>{''.join(items)}</ul>"
    feed = parse_archive(Fetched("https://a.example/", changed=True, body=page.encode()), Selectors())
    assert [item.split('"')[1] for item in items] == [
        (entry.link or "").removeprefix("https://a.example") for entry in feed.entries
    ]


NOTHING = {
    "an article": "<article><h1>A title</h1><p>Long text with a <a href='/other-article-of-ours'>link</a> in it, and "
    "another <a href='/yet-another-article'>here</a>, but it is no list.</p></article>",
    "a menu": "<nav><a href=/first-long-name-here>First long name here</a><a href=/second-long-name>Second</a></nav>",
    "a page that scripts fill": "<div id=root></div><script>render('<h2><a href=\"/a-b-c\">Title</a></h2>')</script>",
    "tags": "<p><a href=/tag/one-two-three>One two three</a> <a href=/tag/four>Four</a> <a href=/tag/five>Five</a></p>",
    "letters": "<ul><li><a href=mailto:a@b.example>Write to us now</a><li><a href='javascript:x()'>Open it</a></ul>",
}


@pytest.mark.parametrize("body", NOTHING.values(), ids=NOTHING)
def test_a_page_that_lists_nothing_gives_nothing(body: str) -> None:
    """An article, a menu, an empty shell, tags and what is no web address are no lists of articles."""
    fetched = Fetched("https://a.example/", changed=True, body=f"<html><body>{body}".encode())
    assert () == parse_archive(fetched, Selectors()).entries
