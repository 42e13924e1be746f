"""Who may reply to a post, and who may quote it: the lexicons of both gates, and what readers meet of them.

https://github.com/bluesky-social/atproto/blob/main/lexicons/app/bsky/feed/threadgate.json and postgate.json
"""

from collections.abc import Mapping
from typing import Any

from adapters.sandbox.bluesky_post import COLLECTION, TooLoose
from adapters.sandbox.bluesky_repo import Path, Repo
from adapters.sandbox.bluesky_schema import Schema, check

THREADGATE = "app.bsky.feed.threadgate"
POSTGATE = "app.bsky.feed.postgate"

_AT_URI: Schema = {"type": "string", "format": "at-uri"}
_DATE: Schema = {"type": "string", "format": "datetime"}
_NOTHING: Schema = {"type": "object", "required": [], "properties": {}}


def _gate(**properties: Schema) -> Schema:
    fields = {"post": _AT_URI, "createdAt": _DATE, **properties}
    return {"type": "object", "required": ["post", "createdAt"], "properties": fields}


def _rules(refs: dict[str, Schema]) -> Schema:
    return {"type": "array", "items": {"type": "union", "refs": refs}, "maxLength": 5}


def _addresses(most: int) -> Schema:
    return {"type": "array", "items": _AT_URI, "maxLength": most}


GATES: Mapping[str, Schema] = {
    THREADGATE: _gate(
        allow=_rules(
            {
                f"{THREADGATE}#mentionRule": _NOTHING,
                f"{THREADGATE}#followerRule": _NOTHING,
                f"{THREADGATE}#followingRule": _NOTHING,
                f"{THREADGATE}#listRule": {"type": "object", "required": ["list"], "properties": {"list": _AT_URI}},
            }
        ),
        hiddenReplies=_addresses(300),
    ),
    POSTGATE: _gate(
        detachedEmbeddingUris=_addresses(50),
        embeddingRules=_rules({f"{POSTGATE}#disableRule": _NOTHING}),
    ),
}
"""Collection → its lexicon."""


def check_gate(did: str, path: Path, record: Mapping[str, Any]) -> None:
    """Raise `Invalid` where a real server refuses the gate, `TooLoose` where the AppView would pass it over: it has to
    be the gate of the post at its own key."""
    collection, rkey = path
    check(GATES[collection], record, "$.record")
    if record["post"] != f"at://{did}/{COLLECTION}/{rkey}":
        raise TooLoose(f"{record['post']} is not the post at the key of its gate")


def effect(repo: Repo, rkey: str) -> dict[str, Any]:
    """Who may reply to a post and who may quote it, as its readers meet it: {"replies": …, "quotes": …}, the kinds of
    rule in short; None: everyone.

    The AppView notes at a post that it has a gate when it meets the gate. One that it has met before the post is passed
    over: packages/bsky/src/data-plane/server/indexing/plugins/thread-gate.ts and post-gate.ts.
    """
    post = repo.records[COLLECTION, rkey]
    found: dict[str, Any] = {}
    for name, collection, rules in (("replies", THREADGATE, "allow"), ("quotes", POSTGATE, "embeddingRules")):
        gate = repo.records.get((collection, rkey))
        met = gate is not None and gate.number > post.number and gate.value.get(rules) is not None
        found[name] = [rule["$type"].partition("#")[2] for rule in gate.value[rules]] if gate and met else None
    return found
