"""Which template is for which post: the order of precedence, how names are compared, and what no post ever uses."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.templates.names import Rule, Scope, never_chosen, rule_of, rules_for

SCOPE = Scope.of(
    ["paper", "radio"],
    ["News", "The Culture Desk", "herald.example"],
    ["Herald", "127.0.0.1:8080/feed.xml"],
    {"Herald": ("News",), "127.0.0.1:8080/feed.xml": ("News", "The Culture Desk")},
)


def test_the_order_of_precedence() -> None:
    """The place decides first, then the categories in the article's order, then the source; the last is everything."""
    files = [rule.file for rule in rules_for("paper", "News", "Herald", ["City council", "Trees"])]
    what = ["category-city-council.", "category-trees.", "source-herald.", ""]
    where = ["channel-news.", "paper.", ""]
    assert [*[f"{first}{second}txt" for first in where for second in what][:-1], "default.txt"] == files


def test_without_channel_source_and_categories_there_are_two() -> None:
    """A platform by its defaults has its own template, or the one for everything."""
    assert ["paper.txt", "default.txt"] == [rule.file for rule in rules_for("paper", None, "", ["", " . "])]


@pytest.mark.parametrize(
    ("stem", "rule"),
    [
        ("default", Rule()),
        ("Paper", Rule("paper")),
        ("channel-The Culture Desk", Rule("channel-the-culture-desk")),
        ("CHANNEL-the-culture-desk", Rule("channel-the-culture-desk")),
        ("channel-herald.example", Rule("channel-herald-example")),
        (
            "channel-herald.example.source-127.0.0.1-8080-feed.xml",
            Rule("channel-herald-example", "source-127-0-0-1-8080-feed-xml"),
        ),
        ("paper.category-City  council", Rule("paper", "category-city-council")),
        ("category-Straße", Rule("", "category-strasse")),
        ("category-Cafe\u0301", Rule("", "category-café")),
        ("category-C++", Rule("", "category-c++")),
        ("category-नगर परिषद", Rule("", "category-नगर-परिषद")),
        ("source-a.category-b", Rule("source-a", "category-b")),
    ],
)
def test_names_are_compared_as_people_read_them(stem: str, rule: Rule) -> None:
    """Case, how accents are encoded, and what stands between words (a space, a full stop, a slash) do not count."""
    assert rule == rule_of(stem)


@given(st.text(min_size=1), st.text(min_size=1))
def test_any_name_can_be_written_as_a_file(channel: str, category: str) -> None:
    """The file that a rule is called by stands for that very rule, and holds no slash."""
    for rule in rules_for("paper", channel, "", [category]):
        assert rule == rule_of(rule.file.removesuffix(".txt"))
        assert "/" not in rule.file


@pytest.mark.parametrize(
    "file",
    [
        *("default.txt", "digest.txt", "paper.txt", "radio.txt", "channel-news.txt", "channel-the-culture-desk.txt"),
        *("category-anything.txt", "source-herald.txt", "source-127.0.0.1-8080-feed.xml.txt"),
        *("channel-news.source-herald.txt", "radio.category-politics.txt", "paper.source-herald.txt"),
        "channel-the-culture-desk.source-127-0-0-1-8080-feed-xml.txt",
    ],
)
def test_what_some_post_could_use_is_no_mistake(file: str) -> None:
    """Platforms, channels and sources that there are, any category, and what of them goes together."""
    assert None is never_chosen(file, SCOPE)


@pytest.mark.parametrize(
    ("file", "told"),
    [
        (
            "defualt.txt",
            "there is no channel or platform of this name, so that no post is ever made by it: "
            "did you mean default.txt?",
        ),
        (
            "papr.txt",
            "there is no channel or platform of this name, so that no post is ever made by it: did you mean paper.txt?",
        ),
        (
            "papr.category-x.txt",
            "there is no channel or platform of this name, so that no post is ever made by it: "
            "did you mean paper.category-x.txt?",
        ),
        (
            "channel-nwes.txt",
            "there is no channel of this name, so that no post is ever made by it: did you mean channel-news.txt?",
        ),
        (
            "channel-news.source-heralt.txt",
            "there is no source or category of this name, so that no post is ever made by it: did you mean "
            "channel-news.source-herald.txt?",
        ),
        (
            "channel-the-culture-desk.source-herald.txt",
            "nothing of the source Herald goes to the channel The Culture Desk: remove it, or add a route",
        ),
    ],
)
def test_what_no_post_could_use_is_told_with_what_was_meant(file: str, told: str) -> None:
    """A misspelt name would otherwise leave everybody wondering why a template changes nothing."""
    assert told == never_chosen(file, SCOPE)


@pytest.mark.parametrize(
    "file", ["zzz.txt", "category-.txt", "source-a.category-b.txt", "digest.category-x.txt", "paper.html", "paper"]
)
def test_what_is_like_nothing_is_told_with_all_forms(file: str) -> None:
    """Where nothing comes near, the sentence says how templates are called."""
    told = never_chosen(file, SCOPE)
    assert told is not None
    assert "a template is called default.txt, digest.txt, PLATFORM.txt, channel-NAME.txt" in told


def test_names_that_differ_in_case_share_a_template() -> None:
    """It is in use where any of those who are called so could use it."""
    scope = Scope.of([], ["news", "News"], ["herald", "HERALD"], {"herald": ("news",), "HERALD": ()})
    assert None is never_chosen("channel-news.source-herald.txt", scope)
    nobody = Scope.of([], ["news", "News"], ["herald"], {"herald": ()})
    assert "add a route" in str(never_chosen("channel-news.source-herald.txt", nobody))
