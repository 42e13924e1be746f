"""The same post with less, after a PDS has refused it for its content: first without the picture, then without the
card, while its text leads to the article. Pure."""

import re
from typing import Any

from adapters.bluesky.compose import links_of
from adapters.post import Payload
from adapters.tracking import without_tracking

_NOT_BY_LESS = re.compile(r"\brecord[./](?:text|facets|langs|labels|createdAt)\b|\bapp\.bsky\.feed\.\w+gate\b")
"""What a smaller card does not help against: a PDS names the part that it refuses, as in "… at $.record.text". A gate
is never left out: without it the post would be open to all."""


def with_less(payload: Payload, refusal: str) -> Payload | None:
    """What to send in place of `payload`; None: nothing. `refusal`: the server's words."""
    embed = payload.body.get("embed")
    if embed is None or _NOT_BY_LESS.search(refusal):
        return None
    external = embed["external"]
    if "thumb" in external:
        card = {name: value for name, value in external.items() if name != "thumb"}
        return Payload({**payload.body, "embed": {**embed, "external": card}})
    bare = {name: value for name, value in payload.body.items() if name != "embed"}
    return Payload(bare) if external["uri"] in links_of(bare) else None


def is_of(payload: Payload, record: Any) -> bool:
    """Whether a record is this payload's post in whichever form it went out: it leads to the article, what statistics
    are made of aside, which may have been set otherwise then."""
    embed = payload.body.get("embed")
    links = links_of(payload.body) if embed is None else {embed["external"]["uri"]}
    return set(map(without_tracking, links)) <= set(map(without_tracking, links_of(record)))
