"""What is composed for Telegram is what Telegram publishes: held against its own parser where that is installed."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.outcomes import Rejected
from adapters.post import Card, Draft, Mark, Media, Part, Picture, Post
from adapters.sandbox.telegram_parsers import Refused, best_parser
from adapters.sandbox.telegram_text import addresses, fix_text, piece
from adapters.telegram.compose import MAX_LENGTH, Choice, compose, utf16

AT = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
LINK = "https://news.example/2026/11/a-story?ref=1&x=2"
PARSER = best_parser()


def post(title: str, summary: str = "", link: str = LINK, **more: Any) -> Post:
    """A post as the usual template makes it."""
    blank = Part("text", "\n\n")
    parts = (Part("title", title), blank, Part("summary", summary), blank, Part("link", link))
    return Post(parts, link, title, summary, **more)


def published(draft: Draft) -> tuple[str, list[dict[str, Any]]]:
    """What the sandbox makes of the draft: text and entities, those that Telegram found itself included."""
    return fix_text(PARSER, draft.body["text"], [dict(entity) for entity in draft.body["entities"]])


def test_a_post() -> None:
    """Title in bold, summary, link, with the preview pinned to the article."""
    draft = compose(post("Ein „Titel“ 🎉 mit Emoji", "Was geschah."), AT)
    assert draft.text == f"Ein „Titel“ 🎉 mit Emoji\n\nWas geschah.\n\n{LINK}"
    assert (draft.length, draft.limit, draft.unit) == (utf16(draft.text), 4096, "characters")
    assert draft.body == {
        "text": draft.text,
        "entities": [{"type": "bold", "offset": 0, "length": 24}],
        "link_preview_options": {"url": LINK},
    }
    assert draft.marks == (Mark("bold", 0, 23), Mark("link", 39, 39 + len(LINK), LINK))
    assert draft.card == Card(LINK, "Ein „Titel“ 🎉 mit Emoji", "Was geschah.", picture=False)
    assert (draft.media, draft.warnings) == ((), ())


@pytest.mark.parametrize(
    ("choice", "above", "options"),
    [
        ("preview", False, {"url": LINK}),
        ("preview-large", False, {"url": LINK, "prefer_large_media": True}),
        ("preview-small", True, {"url": LINK, "prefer_small_media": True, "show_above_text": True}),
        ("photo", False, {"url": LINK}),
        ("none", True, {"is_disabled": True}),
    ],
)
def test_the_preview_by_choice(choice: Choice, above: bool, options: dict[str, Any]) -> None:
    """Its size and its place are asked for as they were chosen; an article without a picture has a preview, where a
    photo was."""
    draft = compose(post("Title"), AT, choice, above=above)
    assert draft.body["link_preview_options"] == options
    assert "method" not in draft.body
    assert (draft.card is None) == (choice == "none")


PICTURE = Picture(b"jpeg", "image/jpeg", 1200, 630, "A bridge", (0.1, 0.2))


def test_a_photo_with_a_caption() -> None:
    """The text is held to the limit of captions, the bytes go along, and no card is drawn."""
    draft = compose(post("Title", "Long. " * 1000, picture=PICTURE), AT, "photo")
    assert (draft.limit, draft.body["method"], draft.card) == (1024, "sendPhoto", None)
    assert 1000 < draft.length <= 1024
    assert draft.text.endswith(LINK)
    assert draft.media == (Media(b"jpeg", "image/jpeg", "A bridge", 1200, 630, (0.1, 0.2)),)
    text, entities = fix_text(PARSER, draft.body["text"], list(draft.body["entities"]), caption=True)
    assert draft.text == text
    assert LINK in addresses(text, entities)


def test_a_caption_that_cannot_be_makes_it_a_text() -> None:
    """Where link and title leave no caption, the post has a preview, and the operator is told."""
    link = f"https://news.example/{'x' * 1010}"
    draft = compose(post("Title of many words", link=link, picture=PICTURE), AT, "photo")
    assert (draft.limit, draft.media, "method" in draft.body) == (4096, (), False)
    assert draft.warnings[0].startswith("the photo was left out: ")


@pytest.mark.parametrize("choice", ["photo", "none"])
def test_what_has_no_preview_shows_its_link(choice: Choice) -> None:
    """A template without a link is no reason to lead nowhere."""
    draft = compose(Post((Part("title", "Title"),), LINK, "Title", "", picture=PICTURE), AT, choice)
    assert draft.text == f"Title\n\n{LINK}"


def test_entities_count_in_utf16() -> None:
    """The bold stretch is the whole title, whatever stands in it and before it."""
    parts = (Part("text", "🗞️👨‍👩‍👧 "), Part("title", "Zwei 🎉🎉 Feste"), Part("text", " "), Part("link", LINK))
    draft = compose(Post(parts, LINK, "", ""), AT)
    text, entities = published(draft)
    assert [piece(text, entity) for entity in entities if entity["type"] == "bold"] == ["Zwei 🎉🎉 Feste"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A\u030angstro\u0308m", "Ångström"),
        ("x\u030a y\u0333 z\u033f", "x y z"),
        ("tab\tand\rreturn", "tab and return"),
        ("\u202eevil\u202c \u200e\u200e\u200fmark", "evil \u200fmark"),
        ("two\u2028lines", "two lines"),
    ],
)
def test_what_telegram_would_drop(text: str, expected: str) -> None:
    """What Telegram drops or rewrites is gone before anything is counted."""
    draft = compose(post(text), AT)
    assert draft.text == f"{expected}\n\n{LINK}"
    assert published(draft)[0] == draft.text


@pytest.mark.parametrize(
    "link",
    [
        LINK,
        "https://news.example/",
        "http://127.0.0.1:8000/articles/1",
        "http://localhost:8000/articles/1",
        "https://news.example/story.",
        "https://news.example/(one)",
        "https://news.example/what?",
        "https://bücher.example/größe",
        "https://xn--bcher-kva.example/a;b",
        "https://news.example/a\u030a",
        "https://news.example/~user/@handle/#top",
    ],
)
def test_the_link_is_whole(link: str) -> None:
    """The reader can follow the very address, whatever ends it, unless Telegram takes no such host at all."""
    draft = compose(post("Title", link=link), AT)
    text, entities = published(draft)
    followed = link.replace("\u030a", "%CC%8A")
    assert draft.body["link_preview_options"]["url"] == followed
    assert text == draft.text == f"Title\n\n{followed}"
    if "localhost" not in link:
        assert followed in addresses(text, entities)


def test_an_ordinary_link_is_left_to_telegram() -> None:
    """A plain address is not marked by us: clients would ask the reader before opening it."""
    assert [entity["type"] for entity in compose(post("Title"), AT).body["entities"]] == ["bold"]


def test_a_long_summary_is_shortened() -> None:
    """A summary beyond the limit is shortened at a word, the operator is told, and Telegram takes the rest."""
    draft = compose(post("Title", "Lorem ipsum 🎉 dolor " * 400), AT)
    assert draft.warnings == ("the summary was shortened to fit",)
    assert MAX_LENGTH - 12 < draft.length <= MAX_LENGTH
    assert draft.text.endswith(f"…\n\n{LINK}")
    assert published(draft)[0] == draft.text


def test_nothing_to_say() -> None:
    """A post of nothing is rejected here, not by Telegram."""
    with pytest.raises(Rejected):
        compose(Post((Part("title", " \u2028 "),), LINK, "", ""), AT)


@given(st.text(), st.text())
def test_any_text_is_published_as_composed(title: str, summary: str) -> None:
    """Whatever title and summary: Telegram takes the message and changes not a character of it."""
    draft = compose(post(title, summary), AT)
    try:
        text, entities = published(draft)
    except Refused as refused:
        pytest.fail(f"refused: {refused}")
    assert text == draft.text
    bold = [piece(text, entity) for entity in entities if entity["type"] == "bold"]
    titles = [draft.text[mark.start : mark.end] for mark in draft.marks if mark.kind == "bold"]
    assert "".join(titles).split() == "".join(bold).split()


def tagged(*tags: str, summary: str = "") -> Post:
    """A post with hashtags in its last paragraph."""
    parts = [*post("Title", summary).parts, Part("text", "\n\n")]
    return Post(
        (*parts, *(piece for tag in tags for piece in (Part("tag", tag), Part("text", " ")))), LINK, "Title", ""
    )


def test_hashtags_are_those_that_telegram_finds() -> None:
    """What is marked as a hashtag is what Telegram's own parser takes for one; half ones are left out, with a word."""
    draft = compose(tagged("#CityCouncil", "#हिन्दी", "#Köln", "#علوم\u200cانسانی"), AT)
    assert draft.text.endswith(f"{LINK}\n\n#CityCouncil #Köln #علوم\u200cانسانی")
    text, entities = published(draft)
    found = [piece(text, entity) for entity in entities if entity["type"] == "hashtag"]
    assert ["#CityCouncil", "#Köln", "#علوم\u200cانسانی"] == found
    assert found == [draft.text[mark.start : mark.end] for mark in draft.marks if mark.kind == "tag"]
    assert draft.warnings == ("the hashtag #हिन्दी was left out: Telegram would link only the beginning of it",)


def test_without_any_whole_hashtag_there_is_no_gap() -> None:
    """The link is the last line where Telegram takes none of them."""
    assert compose(tagged("#हिन्दी"), AT).text.endswith(LINK)


@pytest.mark.parametrize(
    "numbers", ["4111 1111 1111 1111  4111 1111 1111 1111", "11114111 1111 1111 1111", "0000000 0000000000"]
)
def test_no_numbers_become_a_bank_card(numbers: str) -> None:
    """However they stand together, and wherever the text is cut."""
    for repeated in (numbers, f"{numbers} " * 120):
        text, entities = published(compose(post("Title", repeated), AT))
        assert {"bold", "url"} == {entity["type"] for entity in entities}, text
