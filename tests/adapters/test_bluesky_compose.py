"""What a follower on Bluesky reads: within both limits, with the link marked to the byte, and always a card."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.bluesky import PLATFORM
from adapters.bluesky.compose import DRIFT_MARGIN, compose, links_of, shown_link, with_thumb
from adapters.outcomes import Rejected
from adapters.post import Mark, Part, Picture, Post
from adapters.text import graphemes
from tests.posts.counting import ends

AT = datetime(2026, 11, 23, 7, 30, 0, 123456, tzinfo=UTC)
LINK = "https://www.example.com/news/2026/11/a-very-long-headline-that-goes-on-and-on?utm_source=feed#top"
FAMILY = "👨\u200d👩\u200d👧\u200d👦"  # one grapheme of 25 bytes
JPEG = Picture(b"\xff\xd8\xff" + b"0" * 1000, "image/jpeg", 1200, 630, "A picture")


def post(title: str, summary: str = "", link: str = LINK, **rest: Any) -> Post:
    """A post as the default template renders it: title, blank line, summary, blank line, link."""
    parts = (Part("title", title), Part("text", "\n\n"), Part("summary", summary))
    return Post((*parts, Part("text", "\n\n"), Part("link", link)), link, title, summary, **rest)


def marked(text: str, facet: Any) -> str:
    """The text that a reader sees marked, cut out by bytes as the apps do. Fails inside a character."""
    index = facet["index"]
    return text.encode()[index["byteStart"] : index["byteEnd"]].decode()


pieces = st.characters(exclude_categories=["Cs"]) | st.sampled_from([" ", FAMILY, "क्षि", "🇩🇪", "e\u0301", "word "])
words = st.lists(pieces, max_size=400).map("".join)
titles = words.filter(lambda text: any(character.isalnum() for character in text))
paths = st.lists(st.text("abcäöü0-9é%20", max_size=30), max_size=6).map("/".join)
links = st.builds(
    "https://{}/{}".format, st.sampled_from(["example.com", "www.example.org:8443", "zeitung.example"]), paths
)


@given(titles, words, links)
def test_every_draft_keeps_the_rules_of_the_lexicon(title: str, summary: str, link: str) -> None:
    """Whatever the article says, the record fits, and its facet covers exactly the link's text."""
    draft = compose(post(title, summary, link), AT)
    assert draft.length == graphemes(draft.text) <= 300
    assert len(draft.text.encode()) <= 3000
    (facet,) = draft.body["facets"]
    assert shown_link(link) == marked(draft.text, facet)
    assert draft.text.endswith(shown_link(link))
    assert [{"$type": "app.bsky.richtext.facet#link", "uri": link}] == facet["features"]
    assert link == draft.body["embed"]["external"]["uri"]
    assert draft.text == draft.body["text"]
    assert {link} == links_of(draft.body)


@given(links)
def test_the_shown_link_names_the_true_host(link: str) -> None:
    """The text of a link begins with its whole host and holds no space, else the app warns whoever follows it."""
    host = link.removeprefix("https://").split("/")[0]
    assert host == re.split("[/…?#]", shown_link(link))[0]
    assert not re.search(r"\s", shown_link(link))


@pytest.mark.parametrize(
    ("link", "shown"),
    [
        ("https://example.com/", "example.com"),
        ("https://example.com/a/b?page=2", "example.com/a/b?page=2"),
        (LINK, "www.example.com/news/2026/11/…"),
        ("https://example.com/a-very-long-headline-that-goes-on-and-on", "example.com/…"),
        ("https://example.com/%D0%BD%D0%BE%D0%B2%D0%BE%D1%81%D1%82%D0%B8/1", "example.com/новости/1"),
        ("https://example.com/a%20b/%E2%80%AEx", "example.com/a%20b/%E2%80%AEx"),
        ("https://example.com/?id=12345678901234567890123456789", "example.com/…"),
        (
            "https://a-very-long-host-name-that-is-kept-whole.example.com/x",
            "a-very-long-host-name-that-is-kept-whole.example.com/…",
        ),
    ],
)
def test_a_long_link_is_shown_by_whole_segments(link: str, shown: str) -> None:
    """A link is shown whole when it is short, else by its host and as many path segments as are short."""
    assert shown == shown_link(link)


def test_a_plain_article() -> None:
    """The record of an ordinary article, whole."""
    draft = compose(post("Grüße aus Köln", "Es regnet.", "https://example.com/köln/1", language="de-de"), AT)
    assert draft.text == "Grüße aus Köln\n\nEs regnet.\n\nexample.com/köln/1"
    assert draft.body == {
        "$type": "app.bsky.feed.post",
        "text": draft.text,
        "createdAt": "2026-11-23T07:30:00.123Z",
        "langs": ["de-DE"],
        "facets": [
            {
                "index": {"byteStart": 31, "byteEnd": len(draft.text.encode())},
                "features": [{"$type": "app.bsky.richtext.facet#link", "uri": "https://example.com/köln/1"}],
            }
        ],
        "embed": {
            "$type": "app.bsky.embed.external",
            "external": {"uri": "https://example.com/köln/1", "title": "Grüße aus Köln", "description": "Es regnet."},
        },
    }
    assert draft.warnings == ()
    assert (Mark("link", 28, len(draft.text), "https://example.com/köln/1"),) == draft.marks


def test_the_summary_yields_before_the_title() -> None:
    """A long summary is shortened at a word, and the operator is told."""
    draft = compose(post("Title", "word " * 200), AT)
    assert draft.text.startswith("Title\n\nword word")
    assert "word…\n\n" in draft.text
    assert draft.warnings == ("the summary was shortened to fit",)
    assert draft.length > 290


def test_bytes_are_a_limit_of_their_own() -> None:
    """A text of few graphemes but many bytes is cut by its bytes."""
    draft = compose(post(FAMILY * 200), AT)
    assert len(draft.text.encode()) <= 3000
    assert draft.length < 160
    assert "the title was shortened to fit" in draft.warnings


def test_text_that_servers_may_count_otherwise_keeps_a_margin() -> None:
    """Near the limit, text with emoji sequences or conjuncts stays a few graphemes below; plain text uses all of it."""
    plain = "é" * (300 - 2 - len("e.example/a"))
    assert compose(post(plain, link="https://e.example/a"), AT).length == 300
    drifting = "🇩🇪" + plain[1:]
    draft = compose(post(drifting, link="https://e.example/a"), AT)
    assert draft.length <= 300 - DRIFT_MARGIN
    assert "the title was shortened to fit" in draft.warnings


def test_a_template_without_the_link_still_has_the_card() -> None:
    """When the template leaves the link out of the text, the card carries it and no facet is made."""
    draft = compose(Post((Part("title", "Title"),), LINK, "Title", ""), AT)
    assert "facets" not in draft.body
    assert draft.text == "Title"
    assert {LINK} == links_of(draft.body)


def test_a_template_may_mark_an_address_of_its_own() -> None:
    """A link part with another address, say with a campaign parameter, is followed as written; the card stays ours."""
    campaign = "https://example.com/a?via=bluesky"
    draft = compose(Post((Part("title", "T "), Part("link", campaign)), "https://example.com/a", "T", ""), AT)
    assert [campaign] == [mark.target for mark in draft.marks]
    assert draft.body["embed"]["external"]["uri"] == "https://example.com/a"


@pytest.mark.parametrize(
    "link", ["", "example.com", "ftp://example.com/a", "https://exa mple.com/", "javascript:alert(1)"]
)
def test_a_link_that_is_none_is_refused(link: str) -> None:
    """Without an address that readers can follow there is no post."""
    with pytest.raises(Rejected, match="is not an address"):
        compose(post("Title", link=link), AT)


@pytest.mark.parametrize(
    ("tag", "langs"),
    [
        ("de", ["de"]),
        ("pt_br", ["pt-BR"]),
        ("ZH-hant-tw", ["zh-Hant-TW"]),
        ("de-1996", ["de-1996"]),
        ("", None),
        (None, None),
    ],
)
def test_languages_are_spelt_as_servers_check_them(tag: str | None, langs: Sequence[str] | None) -> None:
    """A language goes out in the canonical spelling of BCP 47."""
    draft = compose(post("Title", language=tag), AT)
    assert langs == draft.body.get("langs")
    assert draft.warnings == ()


@pytest.mark.parametrize("tag", ["german", "de-", "x-klingon", "de-1996-1996", "d"])
def test_a_language_that_would_refuse_the_post_is_left_out(tag: str) -> None:
    """A tag that no server takes costs the language, not the post."""
    draft = compose(post("Title", language=tag), AT)
    assert "langs" not in draft.body
    (warning,) = draft.warnings
    assert tag in warning


def test_a_picture_becomes_the_thumbnail() -> None:
    """The picture is staged for the card, and its reference stands in the record exactly as the server gave it."""
    draft = compose(post("Title", picture=JPEG), AT)
    (media,) = draft.media
    assert JPEG.data == media.data
    assert draft.card is not None
    assert draft.card.picture
    assert "thumb" not in draft.body["embed"]["external"]
    blob = {"$type": "blob", "ref": {"$link": "bafkrei"}, "mimeType": "image/jpeg", "size": 1003, "unknown": [1]}
    whole = with_thumb(draft.body, blob)
    assert blob == whole["embed"]["external"]["thumb"]
    assert "thumb" not in draft.body["embed"]["external"]


@pytest.mark.parametrize(
    "picture",
    [
        Picture(b"0" * 1_000_000, "image/jpeg", 9, 9, ""),
        Picture(b"", "image/jpeg", 9, 9, ""),
        Picture(b"%PDF", "application/pdf", 9, 9, ""),
    ],
)
def test_a_picture_that_no_card_takes_is_left_out(picture: Picture) -> None:
    """Too large, empty or no image at all: the post goes out without it, and the operator is told."""
    draft = compose(post("Title", picture=picture), AT)
    assert draft.media == ()
    (warning,) = draft.warnings
    assert warning.startswith("the picture was left out")


def test_the_time_is_frozen_in_utc() -> None:
    """The planned time is written in UTC with milliseconds, whatever zone it came in."""
    east = datetime(2026, 1, 1, 1, 0, tzinfo=timezone(timedelta(hours=2)))
    assert compose(post("Title"), east).body["createdAt"] == "2025-12-31T23:00:00.000Z"


def test_nothing_to_say_is_refused() -> None:
    """A post without a word is no post."""
    with pytest.raises(Rejected):
        compose(Post((Part("title", ""),), LINK, "", ""), AT)


def test_the_preview_needs_no_account() -> None:
    """The registry's compose works without settings and gives the same draft."""
    assert compose(post("Title"), AT) == PLATFORM.compose(None, post("Title"), AT)


@given(
    st.recursive(
        st.none() | st.text() | st.integers(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.just("uri"), inner),
    )
)
def test_links_are_found_in_records_of_any_shape(record: Any) -> None:
    """A record that somebody else wrote is read without tripping over its shape."""
    assert {"https://example.com/a"} == links_of({"deep": [record, {"uri": "https://example.com/a"}]}) - links_of(
        record
    )


def test_hashtags_are_facets_without_their_sign() -> None:
    """Each hashtag is marked to the byte, in order with the link; the tag is what stands after the sign."""
    tags = ("#CityCouncil", "#हिन्दी", "#Köln")
    parts = [*post("Título").parts, Part("text", "\n\n")]
    parts += [piece for tag in tags for piece in (Part("tag", tag), Part("text", " "))]
    draft = compose(Post(tuple(parts), LINK, "Título", ""), AT)
    assert draft.text.endswith(f"{shown_link(LINK)}\n\n#CityCouncil #हिन्दी #Köln")
    facets = draft.body["facets"]
    assert [shown_link(LINK), *tags] == [marked(draft.text, facet) for facet in facets]
    assert [{"$type": "app.bsky.richtext.facet#tag", "tag": tag[1:]} for tag in tags] == [
        facet["features"][0] for facet in facets[1:]
    ]
    assert ["link", "tag", "tag", "tag"] == [mark.kind for mark in draft.marks]


def test_a_hashtag_longer_than_the_lexicon_allows_is_plain_text() -> None:
    """More than 64 graphemes or 640 bytes would refuse the whole record."""
    for tag in ("#" + "a" * 65, "#" + FAMILY * 26):
        draft = compose(Post((Part("title", "T "), Part("tag", tag)), LINK, "T", ""), AT)
        assert (tag in draft.text, draft.marks) == (True, ())


def test_an_address_in_place_of_a_summary_blocks_no_card() -> None:
    """Longer than a card takes and without a break: the card has the beginning of it, and the post the link."""
    draft = compose(post("", "https://other.example/" + "a" * 900), AT)
    assert draft.text == shown_link(LINK)
    assert 600 == graphemes(draft.body["embed"]["external"]["description"])


def test_signs_without_a_consonant_count_as_servers_count_them() -> None:
    """A sign of a script of India after a Latin letter binds nothing, on no server."""
    draft = compose(post("a\u094dक" * 400), AT)
    assert 300 >= len(ends(draft.text)) > 290
    assert draft.length == len(ends(draft.text))
