"""Frozen payloads read back as drafts: what the adapters had composed, out of nothing but the request."""

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.post import Part, Picture, Post
from adapters.registry import PLATFORMS

AT = datetime(2026, 11, 27, 12, tzinfo=UTC)
LINK = "https://herald.example.org/articles/1"
TITLES = (
    "Bridge closes",
    "Family day 👨‍👩‍👧‍👦 at the museum: “free” & fast",
    "桜前線が北上、東京で平年より六日早く開花",
    "See https://other.example.org/first before Node.js",
    "#1 in @town_hall, $CASH",
    "مكتبة المدينة تفتح أبوابها ليلاً للقراء",
    "x" * 400,
)


def _post(title: str, summary: str = "For a week. " * 60) -> Post:
    parts = (Part("title", title), Part("text", "\n\n"), Part("summary", summary), Part("text", "\n\n"))
    picture = Picture(b"\xff\xd8\xff", "image/jpeg", 1200, 630, "A bridge")
    return Post((*parts, Part("link", LINK)), LINK, title, summary, language="en", picture=picture)


@pytest.mark.parametrize("title", TITLES)
@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_frozen_payload_says_what_was_composed(platform: str, title: str) -> None:
    """The text, its length and its marks come back out of the body alone, and the card as far as it was sent."""
    draft = PLATFORMS[platform].compose(None, _post(title), AT)
    shown = PLATFORMS[platform].shown(draft.body, draft.media)
    assert (draft.text, draft.length, draft.limit, draft.unit) == (shown.text, shown.length, shown.limit, shown.unit)
    meant = {(mark.kind, mark.start, mark.end, mark.target) for mark in draft.marks}
    seen = {(mark.kind, mark.start, mark.end, mark.target) for mark in shown.marks}
    assert meant <= seen
    assert (draft.body, draft.media) == (shown.body, shown.media)
    if draft.card is not None:
        assert shown.card is not None
        assert draft.card.link == shown.card.link


def test_what_else_is_decided_comes_back() -> None:
    """Content warning, visibility, language, labels, hashtags and a silent message are read out of the requests."""
    mastodon = PLATFORMS["mastodon"].shown(
        {
            "status": "Bridge closes #CityNews",
            "spoiler_text": "Traffic",
            "sensitive": True,
            "visibility": "unlisted",
            "language": "de",
        },
        (),
    )
    assert "Traffic" == mastodon.content_warning
    assert (("visibility", "unlisted"), ("language", "de"), ("sensitive", "yes")) == mastodon.details
    assert ["#CityNews"] == [mastodon.text[mark.start : mark.end] for mark in mastodon.marks]

    tag = {"$type": "app.bsky.richtext.facet#tag", "tag": "Köln"}
    bluesky = PLATFORMS["bluesky"].shown(
        {
            "text": "ü #Köln",
            "facets": [{"index": {"byteStart": 3, "byteEnd": 9}, "features": [tag]}],
            "langs": ["de", "en"],
            "gates": [
                {"$type": "app.bsky.feed.threadgate", "allow": [{"$type": "app.bsky.feed.threadgate#mentionRule"}]},
                {"$type": "app.bsky.feed.postgate"},
            ],
            "labels": {"$type": "com.atproto.label.defs#selfLabels", "values": [{"val": "graphic-media"}]},
        },
        (),
    )
    assert [("tag", "#Köln")] == [(mark.kind, bluesky.text[mark.start : mark.end]) for mark in bluesky.marks]
    assert {
        "language": "de, en",
        "labels": "graphic-media",
        "replies": "mentioned",
        "quotes": "not allowed",
    } == dict(bluesky.details)
    assert None is bluesky.card

    telegram = PLATFORMS["telegram"].shown(
        {
            "method": "sendPhoto",
            "text": "👩‍🚀 #News",
            "link_preview_options": {"url": LINK},
            "entities": [{"type": "bold", "offset": 0, "length": 5}],
            "disable_notification": True,
        },
        (),
    )
    assert [("bold", "👩‍🚀"), ("tag", "#News")] == [
        (mark.kind, telegram.text[mark.start : mark.end]) for mark in telegram.marks
    ]
    assert ((("silent", "yes"),), 1024, None) == (telegram.details, telegram.limit, telegram.card)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
_NAMES = st.sampled_from(
    [
        *(
            "text",
            "caption",
            "entities",
            "link_preview_options",
            "status",
            "spoiler_text",
            "language",
            "facets",
            "embed",
        ),
        *("langs", "labels", "visibility"),
    ]
)


@settings(max_examples=60)
@given(st.dictionaries(_NAMES, _JSON | st.text() | st.lists(st.fixed_dictionaries({"offset": _JSON, "length": _JSON}))))
def test_any_payload_can_be_shown(body: dict[str, object]) -> None:
    """A payload of another release, or a damaged one, is shown as far as it can be."""
    for platform in PLATFORMS.values():
        draft = platform.shown(body, ())
        for mark in draft.marks:
            assert 0 <= mark.start <= mark.end <= len(draft.text)
