"""What a post comes to as a Mastodon status."""

import unicodedata
from datetime import UTC, datetime

import pytest

from adapters.mastodon import PLATFORM, MastodonSettings
from adapters.mastodon.compose import DEFAULT_LIMITS, compose, language_code, limits_of, linkable, without_mentions
from adapters.mastodon.content import carries
from adapters.mastodon.length import measure
from adapters.outcomes import Rejected
from adapters.post import Part, Post
from adapters.sandbox.mastodon_text import hashtags

LINK = "https://news.example.com/2026/11/an-article"


def post_of(title: str, summary: str = "", link: str = LINK, language: str | None = None) -> Post:
    """A post as the default template makes it."""
    gap = Part("text", "\n\n")
    parts = (Part("title", title), gap, Part("summary", summary), gap, Part("link", link))
    return Post(parts=parts, link=link, title=title, description=summary, language=language)


def test_title_summary_link() -> None:
    """Title, summary and link stand in paragraphs, and the link is marked."""
    draft = compose(post_of("A title", "A summary."), DEFAULT_LIMITS)
    assert draft.text == f"A title\n\nA summary.\n\n{LINK}"
    assert (draft.length, draft.limit, draft.unit) == (len("A title\n\nA summary.\n\n") + 23, 500, "characters")
    assert draft.body == {"status": draft.text, "visibility": "public", "link": LINK}
    assert [(mark.kind, draft.text[mark.start : mark.end], mark.target) for mark in draft.marks] == [
        ("link", LINK, LINK)
    ]
    assert (draft.card, draft.media, draft.warnings) == (None, (), ())


def test_summary_yields_to_the_limit() -> None:
    """A long summary is cut at a word so that the server's own count is within the instance's limit; the link stays."""
    draft = compose(post_of("A title", "many words and more " * 100), DEFAULT_LIMITS)
    assert draft.text.endswith(f"…\n\n{LINK}")
    assert 480 < draft.length <= 500
    assert draft.length == measure(draft.text)
    assert draft.warnings == ("the summary was shortened to fit",)


def test_an_instance_with_more_room() -> None:
    """What an instance takes is used: nothing is cut that fits there."""
    draft = compose(post_of("A title", "word " * 200), limits_of(5000, 23))
    assert draft.warnings == ()
    assert draft.limit == 5000


def test_nothing_fits() -> None:
    """An instance with no room for even a title gets no post."""
    with pytest.raises(Rejected, match="does not fit"):
        compose(post_of("A title"), limits_of(24, 23))


@pytest.mark.parametrize(
    ("text", "same_to_the_eye"),
    [
        ("Why @elon bought it", "Why @\u2060elon bought it"),
        ("@news@example.com moves", "@\u2060news@\u2060example.com moves"),
        ("(@a) @b", "(@\u2060a) @\u2060b"),
        ("write to me@example.com", "write to me@example.com"),
        ("5 @ 3 euros", "5 @ 3 euros"),
    ],
)
def test_nobody_is_mentioned(text: str, same_to_the_eye: str) -> None:
    """A name after an @ notifies nobody, and looks as before; what is no mention stays as it is."""
    assert same_to_the_eye == without_mentions(text)


def test_mentions_are_defused_in_title_and_summary() -> None:
    """A composed status mentions nobody, and its own link keeps its @."""
    draft = compose(post_of("About @a", "and @b@example.com", "https://example.com/@c/1"), DEFAULT_LIMITS)
    assert draft.text == "About @\u2060a\n\nand @\u2060b@\u2060example.com\n\nhttps://example.com/@c/1"


@pytest.mark.parametrize(
    ("link", "encoded"),
    [
        (LINK, LINK),
        ("https://example.com/a b", "https://example.com/a%20b"),
        ('https://example.com/{a}"<b>\\`', "https://example.com/%7Ba%7D%22%3Cb%3E%5C%60"),
        ("https://example.com/?q=[a]&r={b}", "https://example.com/?q=[a]&r=%7Bb%7D"),
        ("https://example.com/a.", "https://example.com/a%2E"),
        ("https://example.com/a_(b)", "https://example.com/a_(b)"),
        ("https://example.com/a_(b", "https://example.com/a_%28b"),
        ("https://example.com/wow!?page=1", "https://example.com/wow%21?page=1"),
        ("https://example.com/?a=b)", "https://example.com/?a=b%29"),
        ("https://example.com/ä/日本", "https://example.com/ä/日本"),
        ("http://127.0.0.1:8000/a b", "http://127.0.0.1:8000/a%20b"),
    ],
)
def test_links_that_servers_would_break(link: str, encoded: str) -> None:
    """What would end a link too early is percent-encoded, and nothing else."""
    assert encoded == linkable(link)


def test_warns_of_a_link_that_cannot_be_followed() -> None:
    """An address whose domain servers do not know is sent as it is, counted in full, with a word to the operator."""
    draft = compose(post_of("A title", link="https://news.music/article"), DEFAULT_LIMITS)
    assert draft.length == len(draft.text)
    assert draft.warnings == ("Mastodon will not make a link of the article's address, and counts it letter by letter",)


@pytest.mark.parametrize(
    ("tag", "code"),
    [
        ("en", "en"),
        ("de-AT", "de"),
        ("pt_BR", "pt"),
        ("zh-Hant-TW", "zh-TW"),
        ("zh_hans", "zh-CN"),
        ("zh-HK", "zh-HK"),
        ("zh-SG", "zh"),
        ("zh-cmn-Hans-CN", "zh-CN"),
        ("yue", "zh-YUE"),
        ("de_DE.UTF-8", "de"),
        ("en-US-u-hc-h12", "en"),
        ("ast", "ast"),
        ("iw", "he"),
        ("und", None),
        ("", None),
        (None, None),
    ],
)
def test_languages(tag: str | None, code: str | None) -> None:
    """Of a tag the language alone is told, of Chinese what its readers choose by; nothing, where it tells none."""
    assert code == language_code(tag)


def test_language_and_visibility_of_the_channel() -> None:
    """The article's own language goes before the channel's, and the channel says who sees the post."""
    settings = MastodonSettings.model_validate(
        {"server": "mastodon.example", "token": "t", "visibility": "unlisted", "language": "fr"}
    )
    at = datetime(2026, 11, 23, tzinfo=UTC)
    own = PLATFORM.compose(settings, post_of("Titel", language="de-DE"), at)
    other = PLATFORM.compose(settings, post_of("Titre"), at)
    none = PLATFORM.compose(None, post_of("Title"), at)
    assert (own.body["language"], own.body["visibility"]) == ("de", "unlisted")
    assert other.body["language"] == "fr"
    assert "language" not in none.body


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (f'<p>A title</p><p><a href="{LINK}"><span class="invisible">https://</span>news…</a></p>', True),
        (f'<p><a href="{LINK.replace("news.", "NEWS.")}">x</a></p>', True),
        (f"<p>{LINK}</p>", True),
        (f"<p>{LINK}-two</p>", False),
        (f'<p><a href="{LINK}?page=2">x</a></p>', False),
        ("<p>A title</p>", False),
        ("", False),
    ],
)
def test_recognises_an_article_by_its_link(content: str, found: bool) -> None:
    """A status belongs to an article when its whole link can be followed from it or stands in it."""
    assert found == carries(content, LINK)


def tagged(template: str, *tags: str, link: str = LINK) -> Post:
    """A post of one line: `template` with hashtags for its {}."""
    pieces = template.split("{}")
    parts = [Part("title", "A title"), Part("text", "\n\n"), Part("link", link), Part("text", pieces[0])]
    for tag, text in zip(tags, pieces[1:], strict=True):
        parts += [Part("tag", tag), Part("text", text)]
    return Post(tuple(parts), link, "A title", "")


def test_hashtags_are_those_that_the_server_finds() -> None:
    """What is marked as a hashtag is what the server's pattern takes for one, nothing joined into it."""
    draft = compose(tagged("\n\n{} {} ({})", "#CityCouncil", "#हिन्दी", "#Köln"), DEFAULT_LIMITS)
    found = [draft.text[entity.start : entity.end] for entity in hashtags(draft.text)]
    assert ["#CityCouncil", "#हिन्दी"] == found
    assert found == [draft.text[mark.start : mark.end] for mark in draft.marks if mark.kind == "tag"]


def test_hashtags_count_as_they_are_and_yield_from_the_last_on() -> None:
    """Of those that do not fit, the first ones stay; the title and the link are whole."""
    draft = compose(tagged("\n\n{} {} {}", "#One", "#Two", "#Three"), limits_of(7 + 2 + 23 + 2 + 9))
    assert draft.text == f"A title\n\n{LINK}\n\n#One #Two"
    assert (draft.length, draft.warnings) == (43, ("some hashtags were left out to fit",))


@pytest.mark.parametrize("hidden", ["\x00", "\x1b", "\xad", "\ufeff"])
def test_nothing_hidden_makes_a_mark(hidden: str) -> None:
    """What is tidied away is gone before marks are looked for: no name, tag or link comes together by it."""
    draft = compose(post_of(f"@{hidden}name #{hidden}tag https:{hidden}//other.example.com"), DEFAULT_LIMITS)
    assert draft.text == f"@\u2060name #\u2060tag https:\u2060//other.example.com\n\n{LINK}"


def test_the_link_of_a_text_from_right_to_left_has_a_line_of_its_own() -> None:
    """Each line finds its own direction (https://www.unicode.org/reports/tr9/#P2): nothing turns the address around."""
    post = tagged("\n\n{}", "#חדשות")
    right = Post((Part("title", "הגשר נסגר לשבוע"), *post.parts[1:]), LINK, "", "")
    lines = compose(right, DEFAULT_LIMITS).text.split("\n\n")
    directions = [next(filter(None, map(_direction, line))) for line in lines]
    assert (["הגשר נסגר לשבוע", LINK, "#חדשות"], ["R", "L", "R"]) == (lines, directions)


def _direction(character: str) -> str:
    return unicodedata.bidirectional(character) if unicodedata.bidirectional(character) in ("L", "R", "AL") else ""
