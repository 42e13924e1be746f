"""Whether a post that a platform shows says that the ledger is older than its posts. Pure.

It does where it is of ours, as far as the platform tells, is younger than all that the ledger knows, and no call that
the ledger does know of may have made it. Then a copy was put back, or somebody posts there by other means: to look
before sending is right in the one case, and does no harm in the other.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from adapters.post import Receipt

SLACK = timedelta(minutes=1)
"""How far the platform's clock and ours may be apart."""


@dataclass(frozen=True, slots=True)
class Known:
    """What the ledger knows of the posts of one channel, up to now."""

    since: datetime
    """When the newest post that it has a receipt of was made; without one, when it met the channel."""
    called_at: datetime
    """When the call for that one began, by our clock; without one, the same."""
    ids: frozenset[str]
    """The ids of posts since then, and of the one that an earlier comparison has met."""
    urls: frozenset[str]
    """Where posts are that a person has told of, who had no receipt."""
    lost: Sequence[datetime]
    """When calls began that no receipt came of, and that are not proven to have come to nothing."""
    restored_at: datetime | None = None
    """When it was said to be older than its posts: those until then are no news."""


def is_unknown(post: Receipt, known: Known, *, call_for: float) -> bool:
    """Whether the ledger has no explanation for the newest post of an account. `call_for`: seconds that a visible call
    may take."""
    if _is_named(post, known) or post.at < known.since:
        return False
    if known.restored_at is not None and post.at <= known.restored_at:
        return False
    lasting = timedelta(seconds=call_for) + SLACK
    return not any(begun_at - SLACK <= post.at <= begun_at + lasting for begun_at in known.lost)


def are_unknown(posts: Sequence[Receipt], known: Known) -> bool:
    """Whether the ledger has no explanation for posts that came after all that it knows, and do not tell when: they are
    more than the calls since then that may have made them."""
    if known.restored_at is not None:
        return False
    may_have = sum(begun_at > known.called_at for begun_at in known.lost)
    return sum(not _is_named(post, known) for post in posts) > may_have


def _is_named(post: Receipt, known: Known) -> bool:
    return post.id in known.ids or (post.url is not None and post.url in known.urls)
