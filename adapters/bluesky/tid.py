"""Record keys that come out of an obligation's identity: the same obligation, the same key, whichever ledger asks.

A TID is 64 bits, written as 13 characters that sort by time: a zero bit, 53 bits of microseconds since 1970, 10 bits
of clock id (https://atproto.com/specs/tid). Its time need not be true, so half of it is taken from the identity.
"""

import re
from datetime import UTC, datetime, timedelta

from adapters.base import KeySeed

_ALPHABET = "234567abcdefghijklmnopqrstuvwxyz"
_TID = re.compile(rf"[{_ALPHABET[:16]}][{_ALPHABET}]{{12}}")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_SECOND = 1_000_000
_LAST = (1 << 53) // _SECOND - 1
"""The last whole second that 53 bits of microseconds hold, in the year 2255."""

ERA = datetime(2000, 1, 1, tzinfo=UTC)
"""The year in which the keys of articles without a usable date are spread: long before there was Bluesky."""
_ERA_FOR = timedelta(days=366)


def tid(seed: KeySeed) -> str:
    """The record key for this obligation: in the second its article was published, placed there by its digest."""
    digest = seed.digest()
    spread = int.from_bytes(digest[:16], "big")
    return _encode(_microseconds(seed.published_at, spread), clock_id=int.from_bytes(digest[16:18], "big") % 1024)


def is_tid(text: str) -> bool:
    """Whether a record key is one that a post can have."""
    return _TID.fullmatch(text) is not None


def _microseconds(published_at: datetime | None, spread: int) -> int:
    second = None if published_at is None else (published_at - _EPOCH) // timedelta(seconds=1)
    if second is None or not 0 <= second <= _LAST:
        return (ERA - _EPOCH) // _MICROSECOND + spread % (_ERA_FOR // _MICROSECOND)
    return second * _SECOND + spread % _SECOND


def _encode(microseconds: int, clock_id: int) -> str:
    number = microseconds << 10 | clock_id
    return "".join(_ALPHABET[number >> shift & 31] for shift in range(60, -1, -5))
