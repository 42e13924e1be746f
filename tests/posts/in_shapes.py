"""Shapes that operators give to the posts of a channel: settings × article, and what readers are to meet."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.posts.awkward import Awkward
from tests.stage import HOME

Asked = Mapping[str, Any]
Met = Mapping[str, Any]

_WAR = [{"text": "War", "categories": ["Ukraine"], "keywords": ["front line", "戦争"]}]
_BRIDGE = Awkward("bridge", "An article like any other.")
_LONG = "The council decided it on Monday. " * 40


@dataclass(frozen=True, slots=True)
class Shaped:
    """One article under some settings. What readers meet of each platform is as by default where it is not told."""

    name: str
    article: Awkward = _BRIDGE
    telegram: Asked = field(default_factory=dict)
    mastodon: Asked = field(default_factory=dict)
    bluesky: Asked = field(default_factory=dict)
    every: Asked = field(default_factory=dict)
    """Settings of all three."""
    on_telegram: Met = field(default_factory=dict)
    on_mastodon: Met = field(default_factory=dict)
    on_bluesky: Met = field(default_factory=dict)
    link: str = ""
    """What is posted, where it is not the article's own."""
    source: str = ""

    def asked(self, platform: str) -> Asked:
        """The settings of one platform."""
        return {**self.every, **getattr(self, platform)}

    def met(self, platform: str) -> Met:
        """What readers of one platform meet."""
        return {**_BY_DEFAULT[platform], **getattr(self, f"on_{platform}")}


_BY_DEFAULT: Mapping[str, Met] = {
    "telegram": {"silent": False, "protected": False},
    "mastodon": {"warning": "", "sensitive": False, "visibility": "public", "language": "en"},
    # without a language, the server takes the account's own
    "bluesky": {"languages": [], "labels": [], "replies": None, "quotes": None},
}


def _tagged(*tags: str, **more: Any) -> Awkward:
    shown = tuple(f"#{tag[0].upper()}{tag[1:]}" for tag in tags)
    return Awkward("tagged", "An article with categories.", tags=tags, shows_tags=shown, **more)


def _spoken(language: str) -> Awkward:
    return Awkward("spoken", "An article in some language.", language=language)


SHAPES = (
    Shaped("nothing asked"),
    Shaped("silent", telegram={"silent": True}, on_telegram={"silent": True}),
    Shaped("unlisted", mastodon={"visibility": "unlisted"}, on_mastodon={"visibility": "unlisted"}),
    Shaped("followers only", mastodon={"visibility": "private"}, on_mastodon={"visibility": "private"}),
    Shaped(
        "always a warning",
        mastodon={"content_warnings": ["News"]},
        on_mastodon={"warning": "News", "sensitive": True},
    ),
    Shaped(
        "a warning by category",
        _tagged("ukraine"),
        mastodon={"content_warnings": _WAR},
        on_mastodon={"warning": "War", "sensitive": True},
    ),
    Shaped(
        "a warning by keyword",
        Awkward("keyword", "A keyword in the summary.", summary="At the FRONT\xa0line it rains."),
        mastodon={"content_warnings": _WAR},
        on_mastodon={"warning": "War", "sensitive": True},
    ),
    Shaped(
        "a warning by keyword without spaces",
        Awkward("japanese keyword", "A keyword in a text without spaces.", title="橋と戦争の終わり"),
        mastodon={"content_warnings": _WAR},
        on_mastodon={"warning": "War", "sensitive": True},
    ),
    Shaped("no warning where none applies", _tagged("Ukrainian"), mastodon={"content_warnings": _WAR}),
    Shaped(
        "a warning by source",
        source="The Herald",
        mastodon={"content_warnings": [{"text": "Herald", "sources": ["the herald"]}]},
        on_mastodon={"warning": "Herald", "sensitive": True},
    ),
    Shaped(
        "two warnings",
        _tagged("Ukraine"),
        mastodon={"content_warnings": [*_WAR, "Politics", {"text": "War", "categories": ["ukraine"]}]},
        on_mastodon={"warning": "War, Politics", "sensitive": True},
    ),
    Shaped(
        "a warning and a long text",
        Awkward("long", "A summary that is cut.", summary=_LONG.strip()),
        mastodon={"content_warnings": ["News of the council, which has decided much"]},
        on_mastodon={"warning": "News of the council, which has decided much", "sensitive": True},
    ),
    Shaped(
        "a warning with an address",
        Awkward("long", "A summary that is cut.", summary=_LONG.strip()),
        mastodon={"content_warnings": [f"About {HOME}/a/long/address/that/counts/letter/by/letter #not @any"]},
        on_mastodon={
            "warning": f"About {HOME}/a/long/address/that/counts/letter/by/letter #not @any",
            "sensitive": True,
        },
    ),
    Shaped(
        "a warning of emoji",
        Awkward("long thai", "A summary without spaces.", summary="กรุงเทพมหานครประกาศปิดสะพาน" * 30),
        mastodon={"content_warnings": ["👨\u200d👩\u200d👧\u200d👦 " * 20 + "🇩🇪"]},
        on_mastodon={"warning": "👨\u200d👩\u200d👧\u200d👦 " * 20 + "🇩🇪", "sensitive": True},
    ),
    Shaped("sensitive", mastodon={"sensitive": True}, on_mastodon={"sensitive": True}),
    Shaped(
        "sensitive by rule",
        _tagged("Gore"),
        mastodon={"sensitive": [{"categories": ["gore"]}]},
        on_mastodon={"sensitive": True},
    ),
    Shaped(
        "labels by rule",
        _tagged("Gore", "Art"),
        bluesky={
            "labels": [
                {"text": "graphic-media", "categories": ["gore"]},
                {"text": "nudity", "categories": ["art"]},
                {"text": "porn", "categories": ["Other"]},
            ]
        },
        on_bluesky={"labels": ["graphic-media", "nudity"]},
    ),
    Shaped(
        "only for who signed in",
        bluesky={"labels": "!no-unauthenticated"},
        on_bluesky={"labels": ["!no-unauthenticated"]},
    ),
    Shaped("no replies", bluesky={"replies": "nobody"}, on_bluesky={"replies": []}),
    Shaped(
        "some replies",
        bluesky={"replies": "followers,mentioned"},
        on_bluesky={"replies": ["followerRule", "mentionRule"]},
    ),
    Shaped("no quotes", bluesky={"quotes": False}, on_bluesky={"quotes": ["disableRule"]}),
    Shaped(
        "everything at once",
        _tagged("Ukraine", language="uk", summary=_LONG.strip()),
        telegram={"silent": True},
        mastodon={"content_warnings": _WAR, "visibility": "unlisted", "language": "fr", "sensitive": True},
        bluesky={"labels": "graphic-media", "replies": "following", "quotes": False, "language": "fr,de"},
        every={"link_parameters": {"utm_source": "handbill", "utm_campaign": "зима 26"}},
        on_telegram={"silent": True},
        on_mastodon={"warning": "War", "sensitive": True, "visibility": "unlisted", "language": "uk"},
        on_bluesky={
            "labels": ["graphic-media"],
            "replies": ["followingRule"],
            "quotes": ["disableRule"],
            "languages": ["uk"],
        },
        link=f"{HOME}/articles/tagged?utm_source=handbill&utm_campaign=%D0%B7%D0%B8%D0%BC%D0%B0%2026",
    ),
    Shaped(
        "the channel's language",
        mastodon={"language": "fr"},
        bluesky={"language": "fr_CH, de"},
        on_mastodon={"language": "fr"},
        on_bluesky={"languages": ["fr-CH", "de"]},
    ),
    Shaped(
        "the article's language",
        _spoken("zh-Hant-TW"),
        mastodon={"language": "fr"},
        bluesky={"language": "fr"},
        on_mastodon={"language": "zh-TW"},
        on_bluesky={"languages": ["zh-Hant-TW"]},
    ),
    Shaped(
        "a language of java",
        _spoken("de_AT"),
        on_mastodon={"language": "de"},
        on_bluesky={"languages": ["de-AT"]},
    ),
    Shaped(
        "no language",
        _spoken("klingonish-x"),
        mastodon={"language": "fr"},
        bluesky={"language": "fr"},
        on_mastodon={"language": "fr"},
        on_bluesky={"languages": ["fr"]},
    ),
    Shaped(
        "parameters",
        every={"link_parameters": "utm_source=handbill,utm_medium=social"},
        link=f"{HOME}/articles/bridge?utm_source=handbill&utm_medium=social",
    ),
    Shaped(
        "parameters that it has",
        Awkward("own parameters", "A link with parameters.", link=f"{HOME}/a?utm_source=own&b=%26#part"),
        every={"link_parameters": "utm_source=handbill,utm_medium=social"},
        link=f"{HOME}/a?utm_source=own&b=%26&utm_medium=social#part",
    ),
    Shaped(
        "parameters in every script",
        Awkward("idn", "A host and a path that are not ASCII.", link="https://zeitung-köln.example.com/brücke?"),
        every={"link_parameters": {"utm_source": "Köln & 橋", "ref": "a=b"}},
        link="https://zeitung-köln.example.com/brücke?utm_source=K%C3%B6ln%20%26%20%E6%A9%8B&ref=a%3Db",
    ),
)
