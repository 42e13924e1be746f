"""What readers of Bluesky see of a post record."""

from collections.abc import Iterable
from typing import Any

from adapters.sandbox.bluesky_accounts import Account
from adapters.sandbox.bluesky_gates import effect
from adapters.sandbox.bluesky_post import COLLECTION, created_at, is_readable
from adapters.sandbox.bluesky_repo import Record
from adapters.sandbox.server import PublicPost

_LINK = "app.bsky.richtext.facet#link"


def feed(accounts: Iterable[Account]) -> list[PublicPost]:
    """The posts of these accounts as a feed sorts them, oldest first; nothing of one that is not in good standing.

    A feed goes by createdAt, or by the time of arrival where that is earlier.
    https://docs.bsky.app/docs/advanced-guides/timestamps
    """
    shown = [
        (min(created_at(record.value), record.indexed_at), public_post(account, path[1], record))
        for account in accounts
        if account.status == "active"
        for path, record in account.repo.records.items()
        if is_readable(path, record.value)
    ]
    return [post for _, post in sorted(shown, key=lambda item: item[0])]


def public_post(account: Account, rkey: str, record: Record) -> PublicPost:
    """One post; the record is readable."""
    value = record.value
    spans = _linked_spans(value)
    card = _card(value)
    links = [target for _, target in spans] + ([card["link"]] if card else [])
    return PublicPost(
        platform="bluesky",
        place=account.handle,
        id=rkey,
        text=value["text"],
        links=tuple(links),
        at=created_at(value),
        url=f"https://bsky.app/profile/{account.handle}/post/{rkey}",
        card=card,
        marks=tuple(("link", marked) for marked, _ in spans),
        language=next(iter(value.get("langs", [])), None),
        extra={
            "uri": f"at://{account.did}/{COLLECTION}/{rkey}",
            "cid": record.cid,
            "languages": value.get("langs", []),
            "labels": [label["val"] for label in value.get("labels", {}).get("values", [])],
            **effect(account.repo, rkey),
        },
    )


def _linked_spans(value: dict[str, Any]) -> list[tuple[str, str]]:
    """(marked text, target) of each link facet, in the order of the text."""
    text = value["text"].encode()
    facets = sorted(value.get("facets", []), key=lambda facet: int(facet["index"]["byteStart"]))
    return [
        (text[facet["index"]["byteStart"] : facet["index"]["byteEnd"]].decode(), feature["uri"])
        for facet in facets
        for feature in facet["features"]
        if feature["$type"] == _LINK
    ]


def _card(value: dict[str, Any]) -> dict[str, Any] | None:
    embed = value.get("embed", {})
    if embed.get("$type") != "app.bsky.embed.external":
        return None
    card = embed["external"]
    return {
        "title": card["title"],
        "description": card["description"],
        "link": card["uri"],
        "picture": "thumb" in card,
    }
