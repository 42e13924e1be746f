"""Article → post: what each part is survives the template, and hostile text stays text."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.base import Limits
from adapters.outcomes import Rejected
from adapters.post import Part, Picture
from adapters.shaping import Shape
from adapters.text import fit
from bot.model import Article
from bot.render import Place, Renderer
from bot.templates.chosen import Templates, packaged
from bot.templates.compiled import compiled
from bot.templates.forms import POST
from bot.templates.names import Rule, rule_of

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
    """The parts that this template makes of an article with three categories, the link after it not among them."""
    article = replace(ARTICLE, tags=("city council", "Köln", "2026", "R&D"))
    *parts, between, link = (
        with_template(f"{template}|{{{{ link }}}}").post(article, Place("x", shape=Shape(**shape))).parts
    )
    assert (Part("text", "|"), Part("link", ARTICLE.link)) == (between, link)
    return parts


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
    """`tags` can be tested, gone through and joined, and what is printed of it stays a hashtag."""
    first, second, third = (Part("tag", tag) for tag in ("#CityCouncil", "#Köln", "#RD"))
    comma = Part("text", ", ")
    each = "{% for tag in tags %}{{ tag }}{% if not loop.last %}, {% endif %}{% endfor %}"
    assert [first, comma, second, comma, third] == tagged(each) == tagged("{{ tags | join(', ') }}")
    asked = "{% if tags %}{{ tags }}{% endif %}"
    assert [first, Part("text", " "), second] == tagged(asked, hashtags=2)
    assert [second] == tagged(asked, hashtags=1, hashtags_never=("City Council",))
    assert [] == tagged(asked, hashtags=0)


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
    return Renderer(Templates({Rule(): compiled(text, "default.txt", POST)}, packaged().digest))


@pytest.mark.parametrize(
    ("template", "kinds"),
    [
        ("{{ title }} {{ link }}", ["title", "text", "link"]),
        ("{{ title | upper }}\n{{ link }}", ["title", "text", "link"]),
        ("{{ title | shorten(4) }} {{ link }}", ["title", "text", "link"]),
        ("{{ summary or title }}{{ link }}", ["summary", "link"]),
        ("{{ author }}: {{ title }} {{ link }}", ["text", "title", "text", "link"]),
        ("New!\n{{ link }}\n{{ title }}\n", ["text", "link", "text", "title"]),
        ('{{ link }} {{ "city council" | hashtag }}', ["link", "text", "tag"]),
        ("{% if summary %}{{ summary }}{% else %}none{% endif %}{{ link }}", ["summary", "link"]),
        ("{{ title if author }}{{ link }}", ["title", "link"]),
        ("{{ author if not author }}{{ link }}", ["link"]),
        ("{{ link }}{% if tags %} {{ tags }}{% endif %}", ["link", "text", "tag", "text", "tag"]),
        ("{{ link }} {% for tag in tags %}{{ tag }}{% endfor %}", ["link", "text", "tag", "tag"]),
        ("{{ link }} {{ tags | join('') }}", ["link", "text", "tag", "tag"]),
        (
            "{{ link }}{% if '#Trees' in tags and '#Tree' not in tags %} {{ tags }}{% endif %}",
            ["link", "text", "tag", "text", "tag"],
        ),
    ],
)
def test_parts_keep_their_kind_through_a_template(template: str, kinds: list[str]) -> None:
    """Filters, choices and any order leave the link a whole part of its own, and no mark in the text."""
    article = replace(ARTICLE, author="An Author", tags=("Trees", "city council"))
    post = with_template(template).post(article, Place("x"))
    assert [part.kind for part in post.parts] == kinds
    assert not set(text_of(post.parts)) & set(NONCHARACTERS)
    assert [part.text for part in post.parts if part.kind == "link"] == [ARTICLE.link]
    assert [part.text for part in post.parts if part.kind == "tag"] in (
        [],
        ["#CityCouncil"],
        ["#Trees", "#CityCouncil"],
    )


def test_a_shortened_part_can_be_shortened_further() -> None:
    """What `shorten` has cut is still the summary that yields when space is short, and what fits is left alone."""
    template = with_template("{{ title | shorten(7) }} {{ summary | shorten(40) }} {{ link }}")
    post = template.post(replace(ARTICLE, summary="One word and another. " * 9), Place("x"))
    title, summary = (next(part for part in post.parts if part.kind == kind) for kind in ("title", "summary"))
    assert "A title" == title.text
    assert (True, True) == (summary.text.endswith("…"), len(summary.text) <= 40)
    length = len(text_of(post.parts)) - 5
    fitted = fit(post.parts, Limits(length, "characters", len))
    assert ("summary",) == fitted.cut
    assert fitted.text.startswith("A title")
    assert fitted.text.endswith(ARTICLE.link)


def test_the_template_is_chosen_by_place_source_and_category() -> None:
    """Each post is made by the most specific template that there is for it."""
    texts = {
        "paper": "P",
        "channel-news": "N",
        "category-trees": "T",
        "channel-news.source-herald": "NH",
        "default": "",
    }
    templates = {rule_of(name): compiled(f"{text}{{{{ link }}}}", name, POST) for name, text in texts.items()}
    renderer = Renderer(Templates({}, packaged().digest, templates))

    def made(place: Place, **changes: object) -> str:
        return text_of(renderer.post(replace(ARTICLE, **changes), place).parts).removesuffix(ARTICLE.link)  # type: ignore[arg-type]

    assert "P" == made(Place("paper", "other"), tags=("Trees",))
    assert "N" == made(Place("paper", "News"), tags=("Trees",), source="bote")
    assert "NH" == made(Place("paper", "news"), source="Herald")
    assert "T" == made(Place("radio", "other"), tags=("News", "trees"))
    assert "" == made(Place("radio"))


def test_several_articles_make_one_digest() -> None:
    """The packaged digest is a heading, and each article's title and link, all of them known for what they are."""
    articles = [replace(ARTICLE, title=f"Title {number}", link=f"https://news.example/{number}") for number in (1, 2)]
    place = Place("x", shape=Shape(link_parameters={"utm_source": "x"}))
    parts = Renderer().digest("This week", articles, place)
    assert (
        "This week\n\nTitle 1\nhttps://news.example/1?utm_source=x\n\nTitle 2\nhttps://news.example/2?utm_source=x"
        == (text_of(parts))
    )
    assert ["text", "title", "text", "link", "text", "title", "text", "link"] == [part.kind for part in parts]
    assert text_of(Renderer().digest("", articles[:1], Place("x"))).startswith("Title 1\n")


@pytest.mark.parametrize(
    ("template", "article", "why"),
    [
        (
            "{{ link }}" + "{{ summary | upper }}" * 15,
            replace(ARTICLE, summary="ß" * 10_000),
            "default.txt: it comes to more than 200,000 characters; make it shorter.",
        ),
        (
            '{{ link }}\n{{ published | date("en", zone="Pacific/Kiritimati") }}',
            replace(ARTICLE, published_at=datetime.max.replace(tzinfo=UTC)),
            "default.txt, line 2: it fails: date value out of range.",
        ),
    ],
)
def test_a_template_that_fails_on_an_article_says_so(template: str, article: Article, why: str) -> None:
    """What no check could foresee is a refusal that names file, line and mend, and nothing goes out half made."""
    with pytest.raises(Rejected) as caught:
        with_template(template).post(article, Place("x"))
    assert f"{why} Start Handbill anew once that is mended; `handbill retry` sends this then." == caught.value.message
