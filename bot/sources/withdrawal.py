"""Entries that their source has taken back: RFC 6721, https://www.rfc-editor.org/rfc/rfc6721."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from bot.sources.dates import read_time
from bot.sources.entry import MAX_READ, Entry, Feed
from bot.sources.markup import Fields


def with_withdrawn(feed: Feed, fields: Fields) -> Feed:
    """`feed` without the entries that the tombstones among its `fields` take back, which are told in their place.

    An entry that was updated after its tombstone is there again (§3); one whose tombstone has no time was never away.
    """
    stones = _latest(
        ((stone.get("ref") or "").strip(), read_time(stone.get("when")))
        for stone in fields.get("at:deleted-entry", [])[:MAX_READ]
    )
    if not stones:
        return feed
    back = {entry.id for entry in feed.entries if entry.id in stones and _is_later(entry, stones[entry.id])}
    withdrawn = {ref: when for ref, when in stones.items() if ref not in back}
    entries = tuple(entry for entry in feed.entries if entry.id not in withdrawn)
    return replace(feed, entries=entries, withdrawn=tuple(withdrawn.items()))


def _latest(stones: Iterable[tuple[str, datetime | None]]) -> dict[str, datetime | None]:
    """The time of the last tombstone of each entry."""
    latest: dict[str, datetime | None] = {}
    for ref, when in stones:
        known = latest.get(ref)
        if ref and (known is None or (when is not None and when > known)):
            latest[ref] = when
    return latest


def _is_later(entry: Entry, when: datetime | None) -> bool:
    stated = entry.updated_at or entry.published_at
    return when is None or (stated is not None and stated > when)
