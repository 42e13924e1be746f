"""Article → post: what each part is survives the template, and hostile text stays text."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import DictLoader, UndefinedError
from jinja2.exceptions import SecurityError

from adapters.post import Part, Picture
from adapters.shaping import Shape
from bot.model import Article
from bot.render import Place, Renderer

ARTICLE = Article(1, "k", "A title", "A summary.", "https://news.example/1", datetime(2026, 11, 23, tzinfo=UTC))
RENDERER = Renderer()
DEFAULT = [Part("title", "A title"), Part("text", "\n\n"), Part("summary", "A summary.")]
DEFAULT += [Part("text", "\n\n"), Part("link", "https://news.example/1")]
NONCHARACTERS = "".join(map(chr, range(0xFDD0, 0xFDF0)))


def text_of(parts: tuple[Part, ...]) -> str:
    """What a reader would see if there were no limits."""
    return "".join(part.text for part in parts)


def test_the_default_template_is_title_summary_and_link() -> None:
    """A platform without a template of its own gets the default, with each part known for what it is."""
    assert list(RENDERER.post(ARTICLE, Place("no such platform")).parts) == DEFAULT


def test_a_post_carries_what_a_card_needs() -> None:
    """Link, title, description, language and picture go beside the text."""
    picture = Picture(b"x", "image/png", 1, 1, "alt")
    post = RENDERER.post(replace(ARTICLE, language="pl"), Place("x"), picture)
    assert (post.link, post.title, post.description) == (ARTICLE.link, "A title", "A summary.")
    assert (post.language, post.picture) == ("pl", picture)


@pytest.mark.parametrize("summary", ["", "  \n ", NONCHARACTERS])
def test_without_a_summary_there_is_no_gap(summary: str) -> None:
    """An article without a summary leaves no empty lines behind."""
    post = RENDERER.post(replace(ARTICLE, summary=summary), Place("x"))
    assert list(post.parts) == [DEFAULT[0], DEFAULT[1], DEFAULT[4]]


@pytest.mark.parametrize(
    "hostile",
    [
        "{{ 7*7 }}",
        "{% for x in range(10**9) %}x{% endfor %}",
        "{# not a comment #}",
        "<script>alert(1)</script>",
        "{{ ''.__class__.__mro__ }}",
        "a\u202eb",
    ],
)
def test_hostile_text_stays_text(hostile: str) -> None:
    """What looks like a template or markup is passed on as the text that it is."""
    post = RENDERER.post(replace(ARTICLE, title=hostile, summary=hostile), Place("x"))
    assert [part.text for part in post.parts if part.kind in ("title", "summary")] == [hostile, hostile]


@pytest.mark.parametrize("unseen", ["\u200b\u2060", "\xad", "\ufe0f", "\u3164", "\u2800 \u200f", "\x07\u2028"])
def test_what_nobody_sees_is_nothing(unseen: str) -> None:
    """A title or summary of joiners, selectors and blanks alone leaves no empty line, and none of it goes to a card."""
    post = RENDERER.post(replace(ARTICLE, title=unseen, summary=unseen), Place("x"))
    assert [part.text for part in post.parts if part.kind != "text"] == [ARTICLE.link]
    assert ("", "") == (post.title, post.description)


VISIBLE = st.text() | st.text().map(lambda text: f"a{text}")


def tagged(template: str, **shape: Any) -> list[Part]:
    """The parts that this template makes of an article with three categories."""
    article = replace(ARTICLE, tags=("city council", "Köln", "2026", "R&D"))
    return list(with_template(template).post(article, Place("x", shape=Shape(**shape))).parts)


def test_the_default_template_ends_in_hashtags() -> None:
    """After the link, in a paragraph of their own, each a part by itself: as many as the channel asks for."""
    post = RENDERER.post(replace(ARTICLE, tags=("city council", "Köln", "Parks")), Place("x", shape=Shape(hashtags=2)))
    tags = [Part("text", "\n\n"), Part("tag", "#CityCouncil"), Part("text", " "), Part("tag", "#Köln")]
    assert [*DEFAULT, *tags] == list(post.parts)
    assert ("city council", "Köln", "Parks") == post.categories


def test_without_hashtags_there_is_no_gap() -> None:
    """None asked for, or none to be had: the link is the last line."""
    assert list(RENDERER.post(replace(ARTICLE, tags=("Köln",)), Place("x", shape=Shape(hashtags=0))).parts) == DEFAULT
    assert list(RENDERER.post(replace(ARTICLE, tags=("2026", "🎉")), Place("x")).parts) == DEFAULT


def test_a_template_can_ask_for_each_hashtag() -> None:
    """`tags` can be tested, counted, iterated and joined, and what is printed of it stays a hashtag."""
    first, second, third = (Part("tag", tag) for tag in ("#CityCouncil", "#Köln", "#RD"))
    comma = Part("text", ", ")
    each = "{% for tag in tags %}{{ tag }}{% if not loop.last %}, {% endif %}{% endfor %}"
    assert [first, comma, second, comma, third] == tagged(each) == tagged("{{ tags | join(', ') }}")
    assert [third] == tagged("{{ tags[-1] }}")
    assert [second, Part("text", " of 2")] == tagged(
        "{{ tags[0] }} of {{ tags | length }}", hashtags=2, hashtags_never=("City Council",)
    )
    assert [Part("text", "none")] == tagged("{% if tags %}{{ tags }}{% else %}none{% endif %}", hashtags=0)


@given(VISIBLE.filter(bool), VISIBLE)
def test_any_text_survives_but_for_noncharacters(title: str, summary: str) -> None:
    """Whatever an article says, its parts come out as they went in, trimmed, without noncharacters, the link whole."""
    dirty = replace(ARTICLE, title=f"{NONCHARACTERS}{title}", summary=f"{summary}\ufdd2\ufddf")
    post = RENDERER.post(dirty, Place("x"))
    kept = {part.kind: part.text for part in post.parts if part.kind != "text"}
    assert (kept.get("title", ""), kept.get("summary", "")) == (post.title, post.description)
    for text, taken in ((title, post.title), (summary, post.description)):
        clean = "".join(each for each in text if each not in NONCHARACTERS).strip()
        # Nothing is taken from what can be seen; what cannot is for the test above.
        assert clean == taken or (not taken and not any(each.isalnum() for each in clean))
    assert kept["link"] == ARTICLE.link
    assert not set(text_of(post.parts)) & set(NONCHARACTERS)


def with_template(text: str) -> Renderer:
    """A renderer that knows this template only."""
    return Renderer(DictLoader({"default.txt": text}))


@pytest.mark.parametrize(
    ("template", "kinds"),
    [
        ("{{ title }} {{ link }}", ["title", "text", "link"]),
        ("{{ title | upper }}\n{{ link }}", ["title", "text", "link"]),
        ("{{ title | truncate(4, true, '…', 0) }} {{ link }}", ["title", "link"]),
        ("{{ title[:4] }}{{ link }}", ["title", "link"]),
        ("{{ author }}: {{ title }} {{ link }}", ["text", "title", "text", "link"]),
        ("New!\n{{ link }}\n{{ title }}\n", ["text", "link", "text", "title"]),
        ("Only words", ["text"]),
        ("{% if summary %}{{ summary }}{% else %}none{% endif %}", ["summary"]),
    ],
)
def test_parts_keep_their_kind_through_a_template(template: str, kinds: list[str]) -> None:
    """Filters, slices and any order leave the link a whole part of its own, and no mark in the text."""
    post = with_template(template).post(ARTICLE, Place("x"))
    assert [part.kind for part in post.parts] == kinds
    assert not set(text_of(post.parts)) & set(NONCHARACTERS)
    assert [part.text for part in post.parts if part.kind == "link"] == [ARTICLE.link] * kinds.count("link")


def test_a_platform_may_have_a_template_of_its_own() -> None:
    """`posts/PLATFORM.txt` is used for that platform only."""
    renderer = Renderer(DictLoader({"default.txt": "{{ title }}", "paper.txt": "Read: {{ link }}"}))
    assert text_of(renderer.post(ARTICLE, Place("paper")).parts) == f"Read: {ARTICLE.link}"
    assert text_of(renderer.post(ARTICLE, Place("other")).parts) == "A title"


@pytest.mark.parametrize(
    ("template", "error"),
    [
        ("{{ titel }}", UndefinedError),
        ("{{ 'x' * 1000000000 }}", ValueError),
        ("{{ 1000000000 * 'x' }}", ValueError),
        ("{{ 9 ** 9 ** 9 }}", ValueError),
        ("{{ title.__class__.__mro__ }}", SecurityError),
    ],
)
def test_a_template_cannot_do_harm(template: str, error: type[Exception]) -> None:
    """A misspelled name, a bomb and a way out of the sandbox are errors."""
    renderer = with_template(template)
    with pytest.raises(error):
        renderer.post(ARTICLE, Place("x"))
