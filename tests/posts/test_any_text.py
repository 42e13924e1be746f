"""Any text whatever, composed for each platform, as its readers would see it: held against the same checker."""

import re
import unicodedata
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.bluesky.compose import compose as for_bluesky
from adapters.mastodon.compose import DEFAULT_LIMITS, limits_of
from adapters.mastodon.compose import compose as for_mastodon
from adapters.sandbox.telegram_parsers import best_parser
from adapters.sandbox.telegram_text import fix_text
from adapters.telegram.compose import compose as for_telegram
from bot.model import Article
from bot.render import Place, Renderer
from tests.posts.checker import Meant, Rule, Seen, faults
from tests.posts.publishing import seen_on_bluesky, seen_on_mastodon, seen_on_telegram

AT = datetime(2026, 11, 23, 7, 0, tzinfo=UTC)
LINK = "https://herald.example.org/articles/any-text"
TAGS = ("city council", "Köln", "R&D")
SHOWN_TAGS = ("#CityCouncil", "#Köln", "#RD")
RENDERER, PARSER = Renderer(), best_parser()

_PIECES = st.sampled_from(
    [
        *("word", "Words, and", "The end.", "It is so; ", "Why?", "“Quoted”", "(in brackets)", "U.S.", "Prof. Miller"),
        *("https://other.example.com/a/path?q=1#x", "http://example.net", "example.com", "Node.js", "a@example.com"),
        *("#MeToo", "#橋", "@name", "@name@other.example", "$AAPL", "/start", "192.168.0.1", "4111 1111 1111 1111"),
        *("الجسر مغلق،", "قرر المجلس.", "הגשר נסגר", "\u200fRTL\u200e", "\u202eabc", "\u2067isolated\u2069"),
        *(
            "👨\u200d👩\u200d👧\u200d👦",
            "👋🏽",
            "🇩🇪",
            "🇩",
            "1\ufe0f\u20e3",
            "#\ufe0f\u20e3",
            "❤\ufe0f",
            "🏴\U000e0067\U000e007f",
        ),
        *("e\u0301", "A\u030a", "x\u0303\u0323", "क्षि", "নমস্কার", "\u094dक", "a\u094dक", "ക്ഷ", "\u0600a"),
        *("ကြေညာသည်", "ខ្មែរ", "กรุงเทพมหานครเป็นเมืองหลวง", "น้ำ", "東京都は新しい計画を発表した。", "大桥，关闭"),
        *("コンピューター", "ちゃった", "한국어 문장", "Donaudampfschifffahrtsgesellschaft", "x" * 50, "-" * 45, "–"),
        *("\u00a0", "\n", "\n\n", "\t", "\u2028", "\u3000", "\u200b", "\xad"),
    ]
)
_SIGNS = st.sampled_from(
    [
        *("/", "//", ":", "://", "@", "#", "＃", "$", ".", "..", "-", "_", "~", "<", ">", "(", ")", "[", "]", "'", '"'),
        *(",", ";", "!", "?", "&", "=", "%", "+", "*", "|", "\\", "·", "0", "٣", "a", "é", "🌉", "1\ufe0f\u20e3"),
        *("com", "рф", "भारत", "t.me", "tg:", "http:", "www.", "&amp;", "&lt;b&gt;", "\u2060", "\u200d", "\u030a"),
    ]
)
"""What words are taken for more by."""
_SOME = st.lists(_PIECES | st.text(max_size=12), min_size=1, max_size=12)
_CLOSE = st.lists(_PIECES | _SIGNS | st.text(max_size=4), min_size=1, max_size=14)
_LONG = st.builds(
    lambda pieces, joint, times: joint.join(pieces * times),
    _SOME | _CLOSE,
    st.sampled_from(["", " ", "\n"]),
    st.integers(1, 60),
)
TEXTS = st.text() | _SOME.map(" ".join) | _CLOSE.map("".join) | _LONG


def published(title: str, summary: str) -> list[tuple[Seen, Meant]]:
    """The post on each platform as it makes it of what it is sent, and what was meant."""
    article = Article(1, "k", title, summary, LINK, AT, tags=TAGS)
    posts = {name: RENDERER.post(article, Place(name)) for name in ("telegram", "mastodon", "bluesky")}
    body = for_telegram(posts["telegram"], AT).body
    text, entities = fix_text(PARSER, body["text"], [dict(entity) for entity in body["entities"]])
    meant = Meant(_on_one_line(_visible(title)), _visible(summary), LINK, SHOWN_TAGS)
    status = for_mastodon(posts["mastodon"], DEFAULT_LIMITS).body["status"]
    return [
        (seen_on_telegram(text, entities, body["link_preview_options"]["url"]), meant),
        (seen_on_mastodon(status, "https://mastodon.example"), meant),
        (seen_on_bluesky(for_bluesky(posts["bluesky"], AT).body), meant),
    ]


def _visible(text: str) -> str:
    """Nothing where there is nothing for the eye; noncharacters are in no text."""
    text = re.sub("[\ufdd0-\ufdef]", "", text)
    unseen = ("Cc", "Cf", "Cs", "Mn", "Zl", "Zp", "Zs")
    blank = all(unicodedata.category(each) in unseen or each in "\u115f\u1160\u2800\u3164\uffa0" for each in text)
    return "" if blank else text


def _on_one_line(text: str) -> str:
    return re.sub(r"\s*(?:\r\n?|[\n\x0b\x0c\x85\u2028\u2029])\s*", " ", text)


def check(title: str, summary: str) -> None:
    """No platform shows anything but what was meant, and uses the space for it."""
    for seen, meant in published(title, summary):
        assert [] == faults(seen, meant), (seen.platform, seen.text)


@settings(max_examples=40)
@given(TEXTS, TEXTS)
def test_any_text_makes_a_good_post(title: str, summary: str) -> None:
    """Within the limit, the link whole, each mark on exactly its text, and cut only within one word of the limit."""
    check(title, summary)


@pytest.mark.slow
@settings(max_examples=2_000)
@given(TEXTS, TEXTS)
def test_any_text_makes_a_good_post_again_and_again(title: str, summary: str) -> None:
    """The same with many more texts."""
    check(title, summary)


@pytest.mark.parametrize(("length", "link_length"), [(5_000, 23), (11_000, 23), (500, 30), (200, 23)])
@settings(max_examples=10)
@given(title=TEXTS, summary=TEXTS)
def test_any_instance_gets_what_it_takes(length: int, link_length: int, title: str, summary: str) -> None:
    """The same by another instance's own limits: how much it takes, and what it counts for a link."""
    article = Article(1, "k", title, summary * 20, LINK, AT, tags=TAGS)
    post = RENDERER.post(article, Place("mastodon"))
    status = for_mastodon(post, limits_of(length, link_length)).body["status"]
    meant = Meant(_on_one_line(_visible(title)), _visible(summary * 20), LINK, SHOWN_TAGS)
    assert [] == faults(seen_on_mastodon(status, "https://mastodon.example"), meant, Rule(length, per_link=link_length))
