"""Archive pages read by an operator's selectors."""

from datetime import UTC, datetime

from bot.doors import Fetched
from bot.sources.archive.parse import parse_archive
from bot.sources.archive.told import selector_mistake
from bot.sources.entry import Feed
from bot.sources.reading import Selectors

PAGE = """<html lang="en"><body>
<div class="x"><span class="d">3. 5. 2026</span><b class="t">One</b><i class="s">About the first of them.</i>
  <a href="/first?utm_source=page">here</a><a class="l" href="/other">there</a></div>
<div class="x"><span class="d">4. 5. 2026</span><b class="t">Two</b><i class="s">About the second of them.</i>
  <a href="/second">here</a><a class="l" href="/other/2">there</a></div>
<div class="x"><b class="t">No link</b></div>
<div class="x"><a href="/untitled"><img src="/a.jpg"></a></div>
<ul><li><h2><a href="/a-much-better-list-1">A list that looks far more like articles</a></h2>
<li><h2><a href="/a-much-better-list-2">A list that looks far more like articles, too</a></h2>
<li><h2><a href="/a-much-better-list-3">A list that looks far more like articles as well</a></h2></ul>
</body></html>"""


def read(page: str = PAGE, **selectors: str) -> Feed:
    """The page by these selectors."""
    return parse_archive(Fetched("https://a.example/list", changed=True, body=page.encode()), Selectors(**selectors))


def test_selectors_are_followed_to_the_letter() -> None:
    """What the selectors name is taken, whatever looks better; items without a link or a title are counted as lost."""
    feed = read(item="div.x", link="a.l", title=".t", excerpt=".s", date=".d")
    assert [
        ("https://a.example/other", "One", "About the first of them.", datetime(2026, 5, 3, tzinfo=UTC)),
        ("https://a.example/other/2", "Two", "About the second of them.", datetime(2026, 5, 4, tzinfo=UTC)),
    ] == [(each.link, each.title, each.summary, each.published_at) for each in feed.entries]
    assert 2 == feed.dropped


def test_what_no_selector_names_is_found_out() -> None:
    """With the item alone, its first link and its parts are found; the link is posted as it stands."""
    feed = read(item="div.x")
    assert ["https://a.example/first?utm_source=page", "https://a.example/second"] == [
        each.link for each in feed.entries[:2]
    ]
    assert ("https://a.example/first", "One") == (feed.entries[0].id, feed.entries[0].title)


def test_an_item_may_be_a_link_or_stand_in_one() -> None:
    """A selector may name the link itself; items inside of items are part of these."""
    feed = read(item="h2, h2 a")
    assert [f"https://a.example/a-much-better-list-{number}" for number in (1, 2, 3)] == [
        each.link for each in feed.entries
    ]
    assert 3 == len(read(item="h2 a").entries)


def test_parts_can_be_told_where_items_are_found_out() -> None:
    """Without a selector for items these are found by their shape, and the others count inside of each."""
    page = PAGE.replace("</a></h2>", "</a></h2><p class=q>Words of the paper.</p>")
    feed = read(page.replace("<p class=q>", "<p><a class=m href=/more/of-it>m</a><p class=q>"), excerpt=".q", link=".m")
    assert ["Words of the paper."] == [each.summary for each in feed.entries]
    assert ["https://a.example/more/of-it"] == [each.id for each in feed.entries]
    assert 3 == len(read(page, excerpt=".q").entries)


def test_a_selector_that_matches_nothing_gives_nothing() -> None:
    """No guess takes the place of what was told."""
    assert () == read(item="article.post").entries
    assert () == read(item="div.x", title=".missing").entries


def test_mistakes_in_selectors_are_known_before_any_page_is_there() -> None:
    """What cannot be a CSS selector is told as the end of a sentence."""
    assert [None] * 4 == [selector_mistake(each) for each in ("article", "ul > li.x:nth-child(2)", "a, b", "[data-x]")]
    assert ["it is not a CSS selector that can be read"] * 4 == [
        selector_mistake(each) for each in ("a[", "p::text", "//div/a", "> a")
    ]
    assert "it is longer than 1,000 characters" == selector_mistake("p" * 1_001)
