"""Record keys are valid TIDs, stable, spread, and in the order in which articles were published."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from adapters.base import KeySeed
from adapters.bluesky.tid import ERA, tid

# https://atproto.com/specs/tid, "TID Syntax"
TID = re.compile(r"[234567abcdefghij][234567abcdefghijklmnopqrstuvwxyz]{12}")
ALPHABET = "234567abcdefghijklmnopqrstuvwxyz"

SEED = KeySeed(
    account_id="did:plc:ewvi7nxzyoun6zhxrhs64oiz",
    article_key="https://example.com/a",
    action="publish",
    revision=0,
    payload_number=1,
    published_at=datetime(2026, 11, 23, 7, 0, 0, tzinfo=UTC),
)

moments = st.datetimes(timezones=st.just(UTC))
seeds = st.builds(
    KeySeed,
    account_id=st.text(min_size=1),
    article_key=st.text(min_size=1),
    action=st.sampled_from(["publish", "edit", "retract"]),
    revision=st.integers(0, 9),
    payload_number=st.integers(1, 9),
    published_at=st.none() | moments,
)


def microseconds(key: str) -> int:
    """The time part of a TID, read back independently of how it is written."""
    number = 0
    for character in key:
        number = number * 32 + ALPHABET.index(character)
    return number >> 10


@given(seeds)
def test_every_key_is_a_tid(seed: KeySeed) -> None:
    """Any obligation gives a key that a PDS takes, the same one each time."""
    assert TID.fullmatch(tid(seed))
    assert tid(seed) == tid(replace(seed))


@given(moments.filter(lambda at: 1970 <= at.year <= 2254))
def test_the_time_is_the_published_second(published_at: datetime) -> None:
    """The key lies in the second that the source stated; its fraction, which some feeds drop, tells nothing."""
    key = tid(replace(SEED, published_at=published_at))
    whole = published_at.replace(microsecond=0)
    at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=microseconds(key))
    assert whole == at.replace(microsecond=0)
    assert key == tid(replace(SEED, published_at=whole))


@given(moments.filter(lambda at: not 1970 <= at.year <= 2255) | st.none())
def test_without_a_usable_date_the_key_lies_in_the_era(published_at: datetime | None) -> None:
    """No date, or one that a TID cannot hold, gives a key in the year that is kept for such."""
    at = microseconds(tid(replace(SEED, published_at=published_at))) - int(ERA.timestamp()) * 1_000_000
    assert 0 <= at < 366 * 86_400 * 1_000_000


@given(seeds, seeds)
def test_keys_sort_as_articles_were_published(first: KeySeed, second: KeySeed) -> None:
    """A key of an earlier second sorts before one of a later second."""
    times = sorted((microseconds(tid(seed)), tid(seed)) for seed in (first, second))
    assert times[0][1] <= times[1][1]


def test_different_obligations_get_different_keys() -> None:
    """Every part of the identity tells, also for a thousand articles of one second."""
    others = [
        replace(SEED, account_id="did:plc:other"),
        replace(SEED, article_key="https://example.com/b"),
        replace(SEED, action="edit"),
        replace(SEED, revision=1),
        replace(SEED, payload_number=2),
        replace(SEED, published_at=None),
    ]
    crowd = [replace(SEED, article_key=f"https://example.com/{number}") for number in range(1000)]
    keys = {tid(seed) for seed in [SEED, *others, *crowd]}
    assert 1 + len(others) + len(crowd) == len(keys)


def test_keys_never_change_between_versions() -> None:
    """A known obligation keeps its key for ever: a ledger rebuilt years later must find its posts again."""
    assert tid(SEED) == "3n2xkmbtsn2bd"
    assert tid(replace(SEED, published_at=None)) == "2vh36obcnz2bd"
