"""How bodies with articles are understood."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.sources.entry import Entry
from bot.sources.push import MOST, Mistake, read_arrivals

OWN = {"url": "https://news.example/one", "title": "One & only"}


def read(document: object) -> list[Entry | None]:
    """The entries of a body."""
    return [each.entry for each in read_arrivals(json.dumps(document).encode())]


def ignored(document: object) -> str | None:
    """Why nothing is made of a body."""
    [arrival] = read_arrivals(json.dumps(document).encode())
    return arrival.ignored


def test_our_own_shape_in_full() -> None:
    """Every field arrives; texts are plain texts."""
    [entry] = read(
        OWN
        | {
            "summary": "First.\n\n\n\nSecond <b>.",
            "id": 7,
            "published_at": "2026-11-26T09:00:00+01:00",
            "language": "de-AT",
            "author": "A. Writer",
            "picture": {"url": "https://news.example/one.jpg", "alt": "A tree"},
            "tags": ["trees", "trees", "woods"],
        }
    )
    assert entry == Entry(
        id="7",
        link="https://news.example/one",
        title="One & only",
        summary="First.\n\nSecond <b>.",
        published_at=datetime(2026, 11, 26, 8, 0, tzinfo=UTC),
        author="A. Writer",
        language="de-AT",
        picture_url="https://news.example/one.jpg",
        picture_alt="A tree",
        tags=("trees", "woods"),
    )


def test_our_own_shape_at_its_shortest() -> None:
    """An address and a title are enough, and null is as good as nothing."""
    assert read(OWN) == read(OWN | {"summary": None, "id": None, "picture": None, "tags": None})
    assert [Entry(None, "https://news.example/one", "One & only", "")] == read(OWN)


def test_several_at_once_keep_their_order() -> None:
    """Up to a hundred in a list."""
    many = [OWN | {"url": f"https://news.example/{number}"} for number in range(MOST)]
    assert [each["url"] for each in many] == [entry.link for entry in read(many) if entry]


GHOST: dict[str, Any] = {
    "post": {
        "current": {
            "id": "6566f1",
            "uuid": "b6f1",
            "title": "Hello <World>",
            "slug": "hello",
            "html": "<p>Long.</p>",
            "plaintext": "Long.",
            "excerpt": "Long.",
            "custom_excerpt": "Short.",
            "feature_image": "https://ghost.example/hello.png",
            "feature_image_alt": "A wave",
            "status": "published",
            "visibility": "public",
            "published_at": "2026-11-26T08:00:00.000Z",
            "updated_at": "2026-11-26T08:00:01.000Z",
            "url": "https://ghost.example/hello/",
            "tags": [{"name": "Greetings"}],
            "primary_author": {"name": "Casper"},
        },
        "previous": {"status": "draft"},
    }
}


def test_ghost() -> None:
    """What Ghost sends when a post is published."""
    [entry] = read(GHOST)
    assert entry == Entry(
        id="6566f1",
        link="https://ghost.example/hello/",
        title="Hello <World>",
        summary="Short.",
        published_at=datetime(2026, 11, 26, 8, 0, tzinfo=UTC),
        updated_at=datetime(2026, 11, 26, 8, 0, 1, tzinfo=UTC),
        author="Casper",
        picture_url="https://ghost.example/hello.png",
        picture_alt="A wave",
        tags=("Greetings",),
    )


def test_ghost_tells_of_more_than_news() -> None:
    """A draft and a deletion are no articles, and no mistakes."""
    assert "draft" in (ignored({"post": {"current": GHOST["post"]["current"] | {"status": "draft"}}}) or "")
    assert "deleted" in (ignored({"post": {"current": {}, "previous": GHOST["post"]["current"]}}) or "")


POST: dict[str, Any] = {
    "ID": 42,
    "post_title": "Tom &amp; Jerry",
    "post_content": "<p>All of it.</p>",
    "post_excerpt": "",
    "post_status": "publish",
    "post_type": "post",
    "post_date_gmt": "2026-11-26 08:00:00",
    "post_modified_gmt": "2026-11-26 08:05:00",
    "guid": "https://wp.example/?p=42",
}


def test_wordpress_post_object() -> None:
    """A post as WordPress has it in PHP: its guid is its id, and leads to it where nothing better does."""
    [entry] = read(POST)
    assert entry is not None
    assert ("https://wp.example/?p=42", "https://wp.example/?p=42") == (entry.id, entry.link)
    assert ("Tom & Jerry", "All of it.") == (entry.title, entry.summary)
    assert datetime(2026, 11, 26, 8, 0, tzinfo=UTC) == entry.published_at


def test_wordpress_plugin() -> None:
    """What "WP Webhooks" sends: the post within, its address, picture and terms beside it."""
    [entry] = read(
        {
            "post_id": 42,
            "post": POST,
            "post_thumbnail": "https://wp.example/cat.jpg",
            "post_permalink": "https://wp.example/tom-and-jerry/",
            "taxonomies": {"post_tag": {"cats": {"name": "Cats &amp; mice"}}, "category": []},
        }
    )
    assert entry is not None
    assert ("https://wp.example/tom-and-jerry/", "https://wp.example/cat.jpg") == (entry.link, entry.picture_url)
    assert ("Cats & mice",) == entry.tags


def test_wordpress_rest_shape() -> None:
    """A post as WordPress' REST interface has it."""
    post = {
        "id": 42,
        "status": "publish",
        "type": "post",
        "link": "https://wp.example/tom/",
        "guid": {"rendered": "https://wp.example/?p=42"},
        "title": {"rendered": "Tom &amp; Jerry"},
        "excerpt": {"rendered": "<p>Some of it.</p>"},
        "date_gmt": "2026-11-26T08:00:00",
    }
    [entry] = read(post)
    assert entry is not None
    assert ("https://wp.example/tom/", "Tom & Jerry", "Some of it.") == (entry.link, entry.title, entry.summary)
    assert "draft" in (ignored(post | {"status": "draft"}) or "")


def test_wordpress_tells_of_more_than_news() -> None:
    """Drafts, pages and attachments are no articles."""
    assert "draft" in (ignored(POST | {"post_status": "draft"}) or "")
    assert "page" in (ignored(POST | {"post_type": "page"}) or "")


@pytest.mark.parametrize(
    ("document", "field"),
    [
        ([], "articles"),
        ([OWN] * (MOST + 1), "articles"),
        ("text", "body"),
        ({}, "url"),
        ([OWN, 7], "articles[1]"),
        ([OWN, {"url": "https://news.example/2"}], "articles[1].title"),
        (OWN | {"url": "/one"}, "url"),
        (OWN | {"url": "javascript:alert(1)"}, "url"),
        (OWN | {"url": ["https://news.example"]}, "url"),
        (OWN | {"title": "\u200b \n"}, "title"),
        (OWN | {"titel": "Eins"}, "titel"),
        (OWN | {"id": True}, "id"),
        (OWN | {"published_at": "yesterday"}, "published_at"),
        (OWN | {"language": "klingon!"}, "language"),
        (OWN | {"tags": "a, b"}, "tags"),
        (OWN | {"picture": "https://news.example/1.jpg"}, "picture"),
        (OWN | {"picture": {"src": "x"}}, "picture.src"),
        (OWN | {"picture": {"url": "1.jpg"}}, "picture.url"),
        ({"post": {"current": {"status": "published", "title": "Hello"}}}, "post.current"),
        (POST | {"guid": "42"}, "post_permalink"),
    ],
)
def test_mistakes_name_the_field(document: object, field: str) -> None:
    """Whoever sends something odd is told where it is."""
    with pytest.raises(Mistake) as caught:
        read(document)
    assert field == caught.value.field


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\xfe", b"url=https://news.example", b"[" * 100_000, b"9" * 5000])
def test_what_is_no_json(body: bytes) -> None:
    """Anything else than JSON in UTF-8 is told apart."""
    with pytest.raises(Mistake) as caught:
        read_arrivals(body)
    assert "body" == caught.value.field


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["url", "title", "post", "current", "post_title", "guid", "tags", "picture", "rendered", "link"]
            )
            | st.text(max_size=3),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(_json)
def test_anything_is_understood_or_a_mistake(document: object) -> None:
    """No JSON makes it stumble, and what it takes has a link and a title."""
    try:
        found = read(document)
    except Mistake:
        return
    assert all(entry is None or (entry.link and entry.title) for entry in found)
