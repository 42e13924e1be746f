"""Pacing: no window of a platform's, wherever it begins, ever sees more calls than it allows."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, insert, update

from adapters.base import Pace
from bot.ledger.db import InlineLedger, open_engine
from bot.ledger.schema import articles, attempts, channels, deliveries, metadata, sources
from bot.pace import find_slot

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
PLACES = (1, 2, 3)
ACCOUNT = {1: "paper:one", 2: "paper:one", 3: "paper:two"}


@pytest.fixture
def ledger() -> Iterator[InlineLedger]:
    """A ledger in memory with one article on three channels, two of them of one account."""
    ledger = empty_ledger()
    yield ledger
    ledger.close()


def empty_ledger() -> InlineLedger:
    """The same, for tests that need many."""
    ledger = InlineLedger(open_engine("sqlite://"))
    metadata.create_all(ledger.engine)

    def work(conn: Connection) -> None:
        conn.execute(insert(sources).values(id=1, identity="s", name="s", url="u", next_poll_at=NOW))
        article = {"id": 1, "key": "k", "source_id": 1, "title": "t", "summary": "", "link": "l", "found_at": NOW}
        conn.execute(insert(articles).values(**article))
        for place in PLACES:
            conn.execute(insert(channels).values(id=place, platform="paper", name=str(place), added_at=NOW))
            common = {"article_id": 1, "action": "publish", "revision": 1, "state": "pending", "planned_at": NOW}
            conn.execute(insert(deliveries).values(id=place, channel_id=place, **common))

    ledger.write_now(work)
    return ledger


def call(ledger: InlineLedger, place: int, at: datetime, step: str = "publish") -> None:
    """A call of this place, as the queue notes it down before it is made."""
    values = {"delivery_id": place, "number": 1, "step": step, "channel_id": place, "account": ACCOUNT[place]}
    ledger.write_now(lambda conn: conn.execute(insert(attempts).values(**values, started_at=at)))


def slot(ledger: InlineLedger, paces: Sequence[Pace], place: int, now: datetime) -> datetime | None:
    """When the place may call."""
    work = find_slot
    return ledger.read_now(lambda conn: work(conn, paces, channel_id=place, account=ACCOUNT[place], now=now))


PACES = st.lists(
    st.builds(Pace, st.integers(1, 4), st.sampled_from([1.0, 7.5, 60.0]), st.sampled_from(["place", "account"])),
    max_size=3,
)


@settings(max_examples=40)
@given(PACES, st.lists(st.tuples(st.sampled_from(PLACES), st.floats(0, 5)), min_size=1, max_size=14))
def test_no_window_ever_holds_more_than_its_count(paces: Sequence[Pace], wishes: list[tuple[int, float]]) -> None:
    """Places that wish to call whenever they like, and call when they may, never overfill any window."""
    ledger, now, made = empty_ledger(), NOW, list[tuple[int, datetime]]()
    for place, pause in wishes:
        now += timedelta(seconds=pause)
        if at := slot(ledger, paces, place, now):
            assert at > now
            now = at
            assert slot(ledger, paces, place, now) is None  # when its time has come, it may
        call(ledger, place, now)
        made.append((place, now))
    ledger.close()
    for pace in paces:
        owner = dict(zip(PLACES, PLACES, strict=True)) if pace.scope == "place" else ACCOUNT
        for whose in set(owner.values()):
            times = [at for place, at in made if owner[place] == whose]
            for begin in times:
                window = [at for at in times if begin <= at < begin + timedelta(seconds=pace.per_for)]
                assert len(window) <= pace.count


def test_a_place_and_its_account_are_counted_apart(ledger: InlineLedger) -> None:
    """Two places of one account share its budget and not each other's; another account has its own."""
    call(ledger, 1, NOW)
    for_place, for_account = (Pace(1, 60.0, "place"),), (Pace(1, 60.0, "account"),)
    assert [slot(ledger, for_place, place, NOW) is None for place in PLACES] == [False, True, True]
    assert [slot(ledger, for_account, place, NOW) is None for place in PLACES] == [False, False, True]


def test_only_visible_calls_count(ledger: InlineLedger) -> None:
    """Staging and asking use up nothing."""
    call(ledger, 1, NOW, "stage")
    call(ledger, 1, NOW, "find")
    assert slot(ledger, (Pace(1, 60.0, "place"),), 1, NOW) is None


def test_the_tightest_pace_rules(ledger: InlineLedger) -> None:
    """Of several paces the one that frees last says when."""
    call(ledger, 1, NOW)
    paces = (Pace(1, 1.0, "account"), Pace(1, 30.0, "place"), Pace(5, 3600.0, "place"))
    assert slot(ledger, paces, 1, NOW) == NOW + timedelta(seconds=30)
    assert slot(ledger, paces, 1, NOW + timedelta(seconds=30)) is None


def test_a_call_counts_until_its_answer_is_here(ledger: InlineLedger) -> None:
    """The platform may have counted a call as late as it answered it, so the window goes from there."""
    call(ledger, 1, NOW)
    ledger.write_now(lambda conn: conn.execute(update(attempts).values(ended_at=NOW + timedelta(seconds=2))))
    later = NOW + timedelta(seconds=60)
    assert slot(ledger, (Pace(1, 60.0, "place"),), 1, later) == NOW + timedelta(seconds=62)


def test_a_clock_that_was_set_back_holds_nobody_up(ledger: InlineLedger) -> None:
    """Calls of a future that the clock has taken back are passed over, or the lane would wait for it to come again."""
    call(ledger, 1, NOW + timedelta(days=3))
    assert slot(ledger, (Pace(1, 60.0, "place"),), 1, NOW) is None
