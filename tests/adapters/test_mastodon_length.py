"""How long a Mastodon server says a text is."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.mastodon.compose import linkable
from adapters.mastodon.length import links, measure
from adapters.sandbox.mastodon_text import length as sandbox_length

FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467"
FRAGMENTS = (
    *("https://", "http://", "gopher://", "example", "e", ".", "com", "org", ".music", "/", "?", "=", "&", "(", ")"),
    *("a", "ä", "日本", "@", "bob", "#tag", " ", "\n", "'", '"', "<", ">", "{", "}", "~", "-", "_", ":", "8080"),
    *("127.0.0.1", "xn--p1ai", "中国", "…", "\u200f", FAMILY, "%20", "t.co/", "!", ",", "*", "|", "\u2060", "\u00a0"),
    *("https://example.com/", "https://example.com/?", "@a@b.c", "．"),
)
texts = st.lists(st.sampled_from(FRAGMENTS), max_size=12).map("".join).map(str.strip)


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("", 0),
        ("  hello\n", 5),
        (FAMILY + " e\u0301", 3),
        # https://github.com/mastodon/mastodon/blob/main/spec/validators/status_length_validator_spec.rb
        ("a" * 476 + f" http://{'b' * 30}.com/example", 500),
        ("a" * 475 + f" @alice@{'b' * 30}.com", 475 + 1 + 6),
        ("http://example.com", 23),
        ("https://a.co", 23),
        ("https://example.com:8080/a?b=c#d", 23),
        ("https://en.wikipedia.org/wiki/Handbill_(disambiguation)", 23),
        ("(https://example.com/a)", 25),
        ("See https://example.com/a.", 28),
        ("https://example.com/文章/日本", 23),
        ("https://xn--e1afmkfd.xn--p1ai/" + "a" * 50, 23),
        ("https://中国.中国/", 23),
        ("https://example.com/a https://example.com/b", 47),
        ("https://mastodon.social/@a@b.example/1", 23),
    ],
)
def test_known_lengths(text: str, length: int) -> None:
    """Graphemes are counted, links as 23, mentions without their server."""
    assert length == measure(text)


@pytest.mark.parametrize(
    "text",
    [
        "example.com/without/a/scheme",
        "texthttps://example.com/in-a-word",
        "http://127.0.0.1:8000/articles/1",
        "http://localhost/articles/1",
        "https://publisher.music/articles/after-2020",
        "https://example.com/" + "a" * 4077,
        "https://t.co/" + "a" * 41,
        "#hashtag",
        "someone@example.com",
    ],
)
def test_counted_letter_by_letter(text: str) -> None:
    """What no server makes a link or mention of counts in full: no scheme, no known domain, too long."""
    assert len(text) == measure(text)
    assert links(text) == []


def test_an_instance_may_count_links_otherwise() -> None:
    """The length of a link is the instance's to say."""
    assert measure("at https://example.com/", link_length=40) == 43


@settings(max_examples=400, deadline=None)
@given(texts)
def test_agrees_with_the_sandbox(text: str) -> None:
    """Two independent readings of the server's rules, ours and the sandbox's, come to the same count."""
    assert sandbox_length(text) == measure(text)


@settings(max_examples=200, deadline=None)
@given(texts)
def test_any_path_can_be_linked(path: str) -> None:
    """Whatever stands in an address, it comes out as one that the server takes whole, and counts as 23."""
    link = linkable(f"https://example.com/{path}")
    assert [link] == links(link)
    assert measure(link) == 23


@pytest.mark.parametrize(
    "text",
    [
        "a." * 5000,
        "日" * 10_000,
        "com." * 3000,
        "https://e.org/" + "(a" * 3000,
        "https://e.org/" + "." * 10_000,
        "https://e.org/?" + "!" * 10_000,
        "@" + "a-" * 5000,
        "https://a.com/(" * 500,
    ],
)
def test_hostile_text_costs_no_more_than_its_length(text: str) -> None:
    """Texts made to send a pattern back and forth are counted all the same; a naive pattern takes minutes for some."""
    assert measure(text) > 0
