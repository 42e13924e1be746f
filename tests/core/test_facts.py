"""What a page adds to what the source says, field by field."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot.facts import Facts, enriched, facts_of, keys_of, stands_for
from bot.model import Article
from bot.sources.page import Page

NOW = datetime(2026, 11, 23, tzinfo=UTC)
BARE = Article(1, "k", "", "", "https://news.example/1", NOW)
TOLD = Article(
    *(
        1,
        "k",
        "Title",
        "Summary",
        "https://news.example/1",
        NOW,
        NOW,
        "Ana",
        "de",
        "https://news.example/s.jpg",
        "Ours",
    ),
    tags=("ours",),
)
FACTS = Facts(
    "https://news.example/one",
    title="T",
    description="D",
    picture_url="https://news.example/p.jpg",
    picture_alt="P",
    picture_focus=(-0.42, 0.69),
    language="en",
    author="Bo",
    fediverse="@bo@social.example",
    paywalled=True,
    noindex=True,
    published_at=NOW,
    tags=("theirs",),
)


def test_a_page_fills_what_the_source_leaves_open() -> None:
    """All but the link and the time, of which keys are made."""
    assert enriched(BARE, FACTS) == replace(
        BARE,
        title="T",
        summary="D",
        author="Bo",
        language="en",
        picture_url="https://news.example/p.jpg",
        picture_alt="P",
        picture_focus=(-0.42, 0.69),
        tags=("theirs",),
        fediverse="@bo@social.example",
        paywalled=True,
        noindex=True,
    )


@pytest.mark.parametrize(
    ("source", "page", "expected"),
    [
        ("de", "en", "de"),
        (None, "en", "en"),
        ("english", "en", "en"),
        ("und", "en", "en"),
        ("english", None, "english"),
        (None, None, None),
    ],
)
def test_the_first_that_names_a_language(source: str | None, page: str | None, expected: str | None) -> None:
    """What names none does not hide what the page says; where the page says nothing, it is kept and warned of."""
    assert expected == enriched(replace(TOLD, language=source), replace(FACTS, language=page)).language


def test_what_the_source_says_stays() -> None:
    """Only what a source cannot say is added."""
    marks = {"fediverse": "@bo@social.example", "paywalled": True, "noindex": True}
    assert enriched(TOLD, FACTS) == replace(TOLD, **marks)  # type: ignore[arg-type] # mixed values


def test_the_page_tells_the_focal_point_of_the_picture_of_the_source() -> None:
    """Whoever describes it; that of another picture is never taken."""
    key = "news.example/s.jpg"
    for page in (Page("u", focuses={key: (0.1, 0.2)}), Page("u", alts={key: "A"}, focuses={key: (0.1, 0.2)})):
        found = enriched(TOLD, facts_of(page, TOLD.picture_url))
        assert (found.picture_alt, found.picture_focus) == ("Ours", (0.1, 0.2))
    other = enriched(TOLD, facts_of(Page("u", focuses={"news.example/p.jpg": (0.1, 0.2)}), TOLD.picture_url))
    assert other.picture_focus is None


def test_the_page_describes_the_picture_of_the_source() -> None:
    """If it shows the same one; the description of another picture is never taken."""
    silent = replace(TOLD, picture_alt=None)
    page = Page("u", picture_url="https://news.example/p.jpg", picture_alt="P", alts={"news.example/s.jpg": "S"})
    assert enriched(silent, facts_of(page, silent.picture_url)).picture_alt == "S"
    assert enriched(TOLD, facts_of(page, TOLD.picture_url)).picture_alt == "Ours"
    other = replace(silent, picture_url="https://news.example/other.jpg")
    assert enriched(other, facts_of(page, silent.picture_url)).picture_alt is None
    assert enriched(other, facts_of(page, other.picture_url)).picture_alt is None


@pytest.mark.parametrize(
    ("canonical", "moved_to", "keys"),
    [
        ("http://www.News.example/one/?utm_source=x", None, ["link:https://news.example/one"]),
        ("https://news.example/one", "https://news.example/two", ["link:https://news.example/one"]),
        (None, "https://news.example/two", ["link:https://news.example/two"]),
        (None, "https://news.example/", []),
        (None, None, []),
    ],
)
def test_a_page_is_known_by_the_address_that_it_calls_its_own(
    canonical: str | None, moved_to: str | None, keys: list[str]
) -> None:
    """Else by the one that it has moved to for good; never by where a redirect for the moment happens to lead."""
    page = Page("https://news.example/1", canonical=canonical)
    assert keys == keys_of(page, link="https://news.example/1", title="", moved_to=moved_to)


@pytest.mark.parametrize(
    ("headline", "stands"),
    [
        ("The bridge is open", True),
        ("The Bridge is open! – News", True),
        ("News: the bridge is open", True),
        ("Log in", False),
        ("The bridge is", False),
        ("", False),
    ],
)
def test_where_a_redirect_leads_has_to_bear_the_title(headline: str, stands: bool) -> None:
    """A login or a page for all that was deleted says nothing of the article, and two such articles are not one."""
    page = Page("https://news.example/2", canonical="https://news.example/2", title=headline)
    assert stands == stands_for(page, link="https://news.example/1", title="The bridge is open")
    assert stands_for(page, link="http://www.news.example/2/?utm_source=x", title="The bridge is open")
    assert stands_for(replace(page, canonical="https://news.example/1"), link="https://news.example/1", title="Other")


def test_a_short_title_is_not_found_in_a_longer_one() -> None:
    """ "Up" stands in many headlines; alone, it is the same."""
    page = Page("https://news.example/2", title="What is up with our cookies")
    assert not stands_for(page, link="https://news.example/1", title="Up")
    assert stands_for(replace(page, title="Up!"), link="https://news.example/1", title="Up")


def test_one_title_in_two_ways_of_writing_letters_is_the_same() -> None:
    """A feed that takes its accents apart, and a page that does not."""
    page = Page("https://news.example/2", title="Caf\u00e9s in Orl\u00e9ans open again | News")
    assert stands_for(page, link="https://news.example/1", title="Cafe\u0301s in Orle\u0301ans open again")


def test_an_article_without_a_title_gets_no_key_from_where_a_redirect_leads() -> None:
    """Nothing tells whether that is its page; what the page says is taken all the same."""
    page = Page("https://news.example/2", canonical="https://news.example/2", title="Anything")
    assert stands_for(page, link="https://news.example/1", title="")
    assert [] == keys_of(page, link="https://news.example/1", title="", moved_to="https://news.example/2")
