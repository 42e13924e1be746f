"""Which of an account's posts went out last, as its own list tells. Pure.

The list goes by record key (https://docs.bsky.app/docs/api/com-atproto-repo-list-records), and ours tell when an
article was published, which may be long before its post went out or, in a careless feed, in years to come. When it
went out is in the record.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from adapters.bluesky.compose import links_of
from adapters.bluesky.tid import is_tid

AHEAD = timedelta(minutes=5)
"""How far the clock of whoever made a post of ours may have been before ours: what is dated later is not of ours."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A post of the account."""

    rkey: str
    at: datetime
    """As its record says."""


def newest_of(page: Iterable[Any], now: datetime) -> Listed | None:
    """The newest post of a page that may be ours; None: none may be."""
    listed = (_ours(item, now) for item in page)
    return max((post for post in listed if post is not None), key=lambda post: post.at, default=None)


def _ours(item: Any, now: datetime) -> Listed | None:
    """A post as we make them: at a TID, no reply, with a link. A list holds whatever was ever written there."""
    uri, value = (item.get("uri"), item.get("value")) if isinstance(item, Mapping) else (None, None)
    if not isinstance(uri, str) or not isinstance(value, Mapping) or "reply" in value:
        return None
    rkey, at = uri.rpartition("/")[2], _time(value.get("createdAt"))
    return Listed(rkey, at) if is_tid(rkey) and links_of(value) and at is not None and at <= now + AHEAD else None


def _time(written: object) -> datetime | None:
    try:
        at = datetime.fromisoformat(written) if isinstance(written, str) else None
        return at.astimezone(UTC) if at is not None and at.tzinfo is not None else None
    except (ValueError, OverflowError):
        return None
