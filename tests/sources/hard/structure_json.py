"""Hard JSON Feeds: two versions, fields of the wrong type, and what the specification asks of readers."""

import json

from tests.sources.hard.case import Category, json_feed, want

JSON = Category("structure: JSON Feed")

A = "https://example.org/a"

JSON.add(
    "version-1",
    "Version 1 has one author, who may be the feed's.",
    json.dumps(
        {
            "version": "https://jsonfeed.org/version/1",
            "author": {"name": "Jane", "url": "https://example.org/jane"},
            "items": [{"id": "1", "url": A}, {"id": "2", "url": A, "author": {"name": "Joe"}}],
        }
    ),
    want(id="1", link=A, author="Jane"),
    want(id="2", author="Joe"),
)
JSON.add(
    "both-authors",
    "A feed for readers of both versions names its author twice.",
    json_feed({"id": "1", "url": A, "author": {"name": "Jane"}, "authors": [{"name": "Jane"}, {"url": "/x"}]}),
    want(author="Jane"),
)
JSON.add(
    "link-blog",
    "external_url is what the item writes about; the item itself is at url.",
    json_feed({"id": "1", "external_url": "https://x.example/", "url": A}),
    want(link=A),
)
JSON.add(
    "both-contents",
    "With text and HTML of one content, either will do; markup in the text is text.",
    json_feed({"id": "1", "url": A, "content_text": "1 < 2 & <b>x</b>\n\nNext"}),
    want(summary="1 < 2 & <b>x</b>\n\nNext"),
)
JSON.add(
    "numbers-for-ids",
    "Ids that are numbers are to be read as strings, however large.",
    json_feed({"id": 90071992547409931234, "url": A}),
    want(id="90071992547409931234"),
)
JSON.add(
    "wrong-types",
    "Nothing has the type that it should have.",
    json_feed(
        {"id": "1", "url": ["x"], "title": {"a": 1}, "content_html": 7, "tags": "t", "authors": "Jane", "image": None},
        7,
        None,
    ),
    want(id="1", link=None, title="", tags=[], author=None, picture=None),
)
JSON.add(
    "an-item-without-id",
    "An item without an id is to be left out; here its address stands in, and the third has neither.",
    json_feed({"id": "1", "url": A}, {"url": "https://example.org/b"}, {"title": "lost"}),
    want(id="1"),
    want(id="https://example.org/b"),
)
JSON.add(
    "relative",
    "Relative addresses in JSON build on the feed's own.",
    json_feed({"id": "1", "url": "../a", "content_html": "<img src='/i.png' alt='Sea'>"}),
    want(link=A, picture="https://example.org/i.png", alt="Sea"),
)
JSON.add(
    "banner",
    "There may be a picture, a banner, and attachments of all kinds.",
    json_feed(
        {
            "id": "1",
            "url": A,
            "attachments": [{"url": "/1.mp3", "mime_type": "audio/mpeg"}],
            "banner_image": "https://example.org/banner.jpg",
        }
    ),
    want(picture="https://example.org/banner.jpg"),
)
JSON.add(
    "lower-case-time",
    "RFC 3339 allows the letters of a time in lower case.",
    json_feed({"id": "1", "url": A, "date_published": "2026-11-23t12:00:00z"}),
    want(published="2026-11-23T12:00:00+00:00"),
)
JSON.add("empty-json", "A feed may have no items.", json_feed())
JSON.refuse(
    "broken-json", "A trailing comma makes it no JSON.", '{"version": "https://jsonfeed.org/version/1", "items": [],}'
)
