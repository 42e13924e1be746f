"""Post records, good and bad, that the sandbox must judge as a real PDS does."""

from collections.abc import Mapping
from typing import Any

POST = "app.bsky.feed.post"
RECORD: dict[str, Any] = {"$type": POST, "text": "hello", "createdAt": "2026-11-23T02:33:56.305131+00:00"}
NO_BLOB = "bafkreigcjdotu7vu2zgqlqde7ud3m2kymrghsl2uy4dzrk72qszbiybssm"
NO_RECORD = "bafyreigcjdotu7vu2zgqlqde7ud3m2kymrghsl2uy4dzrk72qszbiybssm"
FAMILY = "\N{MAN}\N{ZERO WIDTH JOINER}\N{WOMAN}\N{ZERO WIDTH JOINER}\N{GIRL}\N{ZERO WIDTH JOINER}\N{BOY}"


def blob(link: str, size: int) -> dict[str, Any]:
    """A reference to a picture."""
    return {"$type": "blob", "ref": {"$link": link}, "mimeType": "image/png", "size": size}


PICTURE = blob("bafkreif2pall7dybz7vecqka3zo24irdwabwdi4wc55jznaq75q7eaavvu", 3)
"""To b"abc", whose bytes do not betray a type."""
USED = blob("bafkreihyhelbgvijd7gz4m7vohqlchdaef5facpzs47hnhat26cy3mlczq", 4)
"""To b"used"."""


def linked(start: Any = 0, end: Any = 5, uri: str = "https://a.example/", **feature: Any) -> dict[str, Any]:
    """A record with one facet."""
    features = [feature or {"$type": "app.bsky.richtext.facet#link", "uri": uri}]
    return {**RECORD, "facets": [{"index": {"byteStart": start, "byteEnd": end}, "features": features}]}


def card(**more: Any) -> dict[str, Any]:
    """A record with a link card."""
    external = {"uri": "https://a.example/", "title": "t", "description": "d", **more}
    return {**RECORD, "embed": {"$type": "app.bsky.embed.external", "external": external}}


def pictures(*images: Mapping[str, Any]) -> dict[str, Any]:
    """A record with pictures."""
    return {**RECORD, "embed": {"$type": "app.bsky.embed.images", "images": list(images)}}


def without(key: str) -> dict[str, Any]:
    """The record without one of its keys."""
    return {name: value for name, value in RECORD.items() if name != key}


def _any(*values: Any) -> tuple[Any, ...]:
    return values


POSTS: dict[str, list[Mapping[str, Any]]] = {
    "text": [without("text"), *({**RECORD, "text": text} for text in (5, "", "a" * 300, "a" * 301, "\r\n" * 160))],
    "long text": [{**RECORD, "text": FAMILY * count} for count in (120, 121)],
    "clusters": [
        {**RECORD, "text": cluster * 300} for cluster in ("e\u0301", "\N{REGIONAL INDICATOR SYMBOL LETTER D}" * 2)
    ],
    "facets": [
        {**RECORD, "facets": facets}
        for facets in _any([], None, "x", [{}], [{"index": {"byteStart": 0, "byteEnd": 1}}])
    ],
    "features": [
        linked(),
        linked(**{"$type": "com.example.feature"}),
        linked(kind="none"),
        linked(**{"$type": "app.bsky.richtext.facet#mention", "did": "x"}),
        linked(**{"$type": "app.bsky.richtext.facet#tag", "tag": "x" * 65}),
    ],
    "offsets": [linked(-1), linked(0.5), linked("0"), linked(True)],
    "links": [
        linked(uri=uri) for uri in ("https://a.example/ä", "a b", "mailto:x", "https://", "x", "http:///x", "a:b c")
    ],
    "dates": [
        without("createdAt"),
        *(
            {**RECORD, "createdAt": date}
            for date in (
                "2026-11-23",
                "2026-11-23T02:33:56Z",
                "2026-11-23T02:33:56",
                "2026-11-23T02:33:56-00:00",
                "2026-11-23T02:33:56+0000",
                "2026-11-23 02:33:56Z",
                "2026-13-23T02:33:56Z",
                "2026-11-23T02:33:60Z",
                "2026-11-23T24:00:00Z",
                f"2026-11-23T02:33:56.{'1' * 30}Z",
                f"2026-11-23T02:33:56.{'1' * 60}Z",
                "x",
                5,
                None,
                "2026-11-23t02:33:56z",
                "2100-01-01T00:00:00+01:00",
                "1985-04-12T23:20:50.123+01:45",
            )
        ),
    ],
    "languages": [
        {**RECORD, "langs": langs}
        for langs in (
            ["de"],
            ["DE"],
            ["De"],
            ["deu"],
            ["german"],
            ["x"],
            [""],
            ["de_DE"],
            ["de-DE"],
            ["zh-Hant-TW"],
            ["i-klingon"],
            ["x-foo"],
            ["sgn-BE-FR"],
            ["art-lojban"],
            ["xx-"],
            ["de-1996-1996"],
            ["de-DE-u-co-phonebk"],
            ["en-a-bb-a-cc"],
            ["es-419"],
            ["sr-Latn"],
            ["en-x-own"],
            ["en"] * 3,
            ["en"] * 4,
            "en",
        )
    ],
    "cards": [
        card(),
        {**RECORD, "embed": {"$type": "app.bsky.embed.external", "external": {"title": "t"}}},
        {**RECORD, "embed": {"$type": "app.bsky.embed.external"}},
        card(uri="x"),
        card(title=None),
        card(thumb="x"),
    ],
    "thumbnails": [
        card(thumb={**PICTURE, "ref": {"$link": NO_BLOB}}),
        card(thumb={**PICTURE, "ref": {"$link": NO_RECORD}}),
        card(thumb={**PICTURE, "ref": {"$link": "zzz"}}),
        card(thumb={**PICTURE, "size": -1}),
        card(thumb={**PICTURE, "size": 1_000_001}),
        card(thumb={**PICTURE, "mimeType": "text/plain"}),
        card(thumb={**PICTURE, "more": 1}),
        card(thumb={"cid": NO_BLOB, "mimeType": "image/png"}),
    ],
    "embeds": [
        {**RECORD, "embed": embed} for embed in _any("x", {}, {"external": {}}, {"$type": "com.example.embed", "x": 1})
    ],
    "pictures": [
        pictures(),
        pictures(*[{"image": PICTURE, "alt": ""}] * 5),
        pictures({"image": PICTURE}),
        pictures({"image": {**PICTURE, "size": 2_000_001}, "alt": ""}),
        pictures({"image": PICTURE, "alt": "", "aspectRatio": {"width": 0, "height": 1}}),
    ],
    "labels and tags": [
        {**RECORD, "labels": {"$type": "com.atproto.label.defs#selfLabels", "values": [{"val": "bot"}]}},
        {**RECORD, "labels": {"$type": "com.atproto.label.defs#selfLabels", "values": [{}]}},
        {**RECORD, "labels": {"values": []}},
        {**RECORD, "tags": ["x"] * 8},
        {**RECORD, "tags": ["x"] * 9},
        {**RECORD, "tags": ["x" * 65]},
    ],
    "types": [without("$type"), {**RECORD, "$type": "app.bsky.feed.like"}, {**RECORD, "via": "Handbill"}],
}
"""Records to put, each on its own."""

THREADGATE = "app.bsky.feed.threadgate"
POSTGATE = "app.bsky.feed.postgate"
GATES: dict[str, list[tuple[str, Mapping[str, Any]]]] = {
    "replies": [
        (THREADGATE, {"allow": allow})
        for allow in _any(
            [],
            [{"$type": f"{THREADGATE}#followerRule"}],
            [{"$type": f"{THREADGATE}#{kind}Rule"} for kind in ("follower", "following", "mention")],
            [{"$type": f"{THREADGATE}#mentionRule"}] * 6,
            [{"$type": f"{THREADGATE}#listRule"}],
            [{"$type": f"{THREADGATE}#otherRule"}],
            [{}],
            None,
            "nobody",
        )
    ],
    "quotes": [
        (POSTGATE, {"embeddingRules": rules})
        for rules in _any([], [{"$type": f"{POSTGATE}#disableRule"}], [{"$type": f"{POSTGATE}#disableRule"}] * 6, None)
    ],
    "fields": [
        *((kind, {}) for kind in (THREADGATE, POSTGATE)),
        *((kind, {"createdAt": date}) for kind in (THREADGATE, POSTGATE) for date in (None, "yesterday")),
        *(
            (kind, {"post": post})
            for kind in (THREADGATE, POSTGATE)
            for post in _any(None, "at://x", "https://a.example/")
        ),
    ],
}
"""Gates, good and bad: collection, and what is added to one that is good."""
