"""What may be in a post: the lexicon of `app.bsky.feed.post`, and the facet rules that it cannot say.

https://github.com/bluesky-social/atproto/blob/main/lexicons/app/bsky/feed/post.json
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from adapters.sandbox.bluesky_schema import Invalid, Schema, check, is_blob_ref
from adapters.sandbox.bluesky_syntax import is_tid

COLLECTION = "app.bsky.feed.post"
_CONTINUATION = 0b10
"""The first two bits of a byte that does not begin a character. https://www.rfc-editor.org/rfc/rfc3629#section-3"""

_URI: Schema = {"type": "string", "format": "uri"}
_DID: Schema = {"type": "string", "format": "did"}
_TEXT: Schema = {"type": "string"}
_TAG: Schema = {"type": "string", "maxLength": 640, "maxGraphemes": 64}


def _object(required: str, **properties: Schema) -> Schema:
    return {"type": "object", "required": required.split(), "properties": properties}


def _array(items: Schema, most: int | None = None) -> Schema:
    return {"type": "array", "items": items, "maxLength": most}


# com/atproto/repo/strongRef.json; a real server also checks the address, which no post of a bot like ours has.
_STRONG_REF = _object("uri cid", uri=_TEXT, cid=_TEXT)

# app/bsky/richtext/facet.json
_OFFSET: Schema = {"type": "integer", "minimum": 0}
_FACET = _object(
    "index features",
    index=_object("byteStart byteEnd", byteStart=_OFFSET, byteEnd=_OFFSET),
    features=_array(
        {
            "type": "union",
            "refs": {
                "app.bsky.richtext.facet#link": _object("uri", uri=_URI),
                "app.bsky.richtext.facet#mention": _object("did", did=_DID),
                "app.bsky.richtext.facet#tag": _object("tag", tag=_TAG),
            },
        }
    ),
)

# app/bsky/embed/external.json
_EXTERNAL = _object(
    "external",
    external=_object(
        "uri title description",
        uri=_URI,
        title=_TEXT,
        description=_TEXT,
        thumb={"type": "blob", "accept": "image/*", "maxSize": 1_000_000},
        associatedRefs=_array(_STRONG_REF),
    ),
)

# app/bsky/embed/images.json
_SIDE: Schema = {"type": "integer", "minimum": 1}
_IMAGES = _object(
    "images",
    images=_array(
        _object(
            "image alt",
            image={"type": "blob", "accept": "image/*", "maxSize": 2_000_000},
            alt=_TEXT,
            aspectRatio=_object("width height", width=_SIDE, height=_SIDE),
        ),
        most=4,
    ),
)

# com/atproto/label/defs.json
_SELF_LABELS = _object("values", values=_array(_object("val", val={"type": "string", "maxLength": 128}), most=10))

_POST = _object(
    "text createdAt",
    text={"type": "string", "maxLength": 3000, "maxGraphemes": 300},
    facets=_array(_FACET),
    reply=_object("root parent", root=_STRONG_REF, parent=_STRONG_REF),
    embed={
        "type": "union",
        "refs": {
            "app.bsky.embed.external": _EXTERNAL,
            "app.bsky.embed.images": _IMAGES,
            "app.bsky.embed.record": _object("record", record=_STRONG_REF),
        },
    },
    langs=_array({"type": "string", "format": "language"}, most=3),
    labels={"type": "union", "refs": {"com.atproto.label.defs#selfLabels": _SELF_LABELS}},
    tags=_array(_TAG, most=8),
    createdAt={"type": "string", "format": "datetime"},
)


class TooLoose(Exception):
    """A real server would take the record, and readers would see something broken."""


def check_post(record: Mapping[str, Any]) -> None:
    """Raise `Invalid` where a real server refuses the post, `TooLoose` where it should have."""
    check(_POST, record, "$.record")
    _check_facets(record["text"].encode(), [facet["index"] for facet in record.get("facets", [])])
    try:
        created_at(record)
    except ValueError as error:
        raise TooLoose(f"createdAt {record['createdAt']!r} is no date: {error}") from error


def is_readable(path: tuple[str, str], record: Mapping[str, Any]) -> bool:
    """Whether the reading side shows what lies at (collection, record key): only posts that fit the lexicon."""
    if path[0] != COLLECTION or not is_tid(path[1]):
        return False
    try:
        check_post(record)
    except (Invalid, TooLoose):
        return False
    return True


def created_at(record: Mapping[str, Any]) -> float:
    """`createdAt` as UNIX seconds. ValueError for a day that is in no calendar."""
    return datetime.fromisoformat(record["createdAt"]).timestamp()


def blobs_in(value: Any) -> list[dict[str, Any]]:
    """Every reference to a blob, at any depth."""
    if is_blob_ref(value):
        return [value]
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [found for item in inner for found in blobs_in(item)]


def _check_facets(text: bytes, spans: list[dict[str, int]]) -> None:
    """Offsets count bytes of the UTF-8 text, the end is exclusive, and facets do not overlap. A real server stores
    whatever it is given, and clients then show nonsense. https://docs.bsky.app/docs/advanced-guides/post-richtext"""
    last = 0
    for start, end in sorted((span["byteStart"], span["byteEnd"]) for span in spans):
        if not start < end <= len(text):
            raise TooLoose(f"facet {start}..{end} is empty or leaves the text of {len(text)} bytes")
        if start < last:
            raise TooLoose(f"facet {start}..{end} overlaps the one that ends at {last}")
        if any(_is_inside_character(text, offset) for offset in (start, end)):
            raise TooLoose(f"facet {start}..{end} begins or ends inside a character")
        last = end


def _is_inside_character(text: bytes, offset: int) -> bool:
    return offset < len(text) and text[offset] >> 6 == _CONTINUATION
