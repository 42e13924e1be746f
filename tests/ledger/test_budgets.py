"""What pacing takes out of the ledger when an account is taken over."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from sqlalchemy import Connection, insert

from adapters.base import Budget, Pace
from bot.ledger.budgets import History, list_budgets, read_history, save_budget
from bot.ledger.db import InlineLedger, open_engine
from bot.ledger.schema import articles, attempts, channels, deliveries, metadata, sources
from bot.pace import Remembered

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
ACCOUNT = {1: "paper:one", 2: "paper:one", 3: "paper:two"}
MINUTE = (Pace(3, 60.0, "place"), Pace(4, 60.0, "account"))


@pytest.fixture
def ledger() -> Iterator[InlineLedger]:
    """A ledger in memory with one article on three channels, two of them of one account."""
    ledger = InlineLedger(open_engine("sqlite://"))
    metadata.create_all(ledger.engine)

    def work(conn: Connection) -> None:
        conn.execute(insert(sources).values(id=1, identity="s", name="s", url="u", next_poll_at=NOW))
        article = {"id": 1, "key": "k", "source_id": 1, "title": "t", "summary": "", "link": "l", "found_at": NOW}
        conn.execute(insert(articles).values(**article))
        for place in ACCOUNT:
            conn.execute(insert(channels).values(id=place, platform="paper", name=str(place), added_at=NOW))
            common = {"article_id": 1, "action": "publish", "revision": 1, "state": "pending", "planned_at": NOW}
            conn.execute(insert(deliveries).values(id=place, channel_id=place, **common))

    ledger.write_now(work)
    yield ledger
    ledger.close()


def ago(seconds: float) -> datetime:
    """So long before now."""
    return NOW - timedelta(seconds=seconds)


def call(ledger: InlineLedger, place: int, at: datetime, over: datetime | None = None, step: str = "publish") -> None:
    """A call of this place, as the queue notes it down."""
    values = {"delivery_id": place, "number": 1, "step": step, "channel_id": place, "account": ACCOUNT[place]}
    ledger.write_now(lambda conn: conn.execute(insert(attempts).values(**values, started_at=at, ended_at=over)))


def history(ledger: InlineLedger, place: int, paces: tuple[Pace, ...] = MINUTE) -> History:
    """What the lane of this place reads."""
    account = ACCOUNT[place]
    return ledger.read_now(lambda conn: read_history(conn, paces, account=account, channel_id=place, now=NOW))


def test_a_place_and_its_account_are_counted_apart(ledger: InlineLedger) -> None:
    """The calls of a place are its own, those of an account are of all its places and of no other account's."""
    call(ledger, 1, ago(30))
    call(ledger, 2, ago(20))
    call(ledger, 3, ago(10))
    assert [((ago(30), ago(20)), (ago(30),)), ((ago(30), ago(20)), (ago(20),)), ((ago(10),), (ago(10),))] == [
        (found.of_account, found.of_place) for found in (history(ledger, place) for place in ACCOUNT)
    ]


def test_only_visible_calls_count_and_from_their_answer(ledger: InlineLedger) -> None:
    """Staging and asking use up nothing; the platform may have counted a call as late as it answered it."""
    call(ledger, 1, ago(30), ago(25))
    call(ledger, 1, ago(20), step="stage")
    call(ledger, 1, ago(10), step="find")
    assert (ago(25),) == history(ledger, 1).of_place


def test_no_more_is_read_than_the_paces_need(ledger: InlineLedger) -> None:
    """The newest of each, and nothing that is older than any window."""
    call(ledger, 1, ago(86400))
    for second in range(10, 0, -1):
        call(ledger, 1, ago(second))
    found = history(ledger, 1)
    assert (4, 3) == (len(found.of_account), len(found.of_place))
    assert (ago(3), ago(2), ago(1)) == found.of_place
    assert 10 == len(history(ledger, 1, (Pace(500, 60.0, "place"),)).of_place)


def test_a_clock_that_was_set_back_holds_nobody_up(ledger: InlineLedger) -> None:
    """Calls of a future that the clock has taken back are passed over; one that ended in it is over now."""
    call(ledger, 1, ago(-3 * 86400))
    call(ledger, 1, ago(5), ago(-7200))
    assert (NOW,) == history(ledger, 1).of_place


def test_a_budget_replaces_the_one_before_of_the_same_window(ledger: InlineLedger) -> None:
    """The newest of each length is kept, per account, with the number of visible calls since."""
    hour, day = Budget(300, 20, 3600.0, ago(-600)), Budget(1000, 700, 86400.0, ago(-6000))
    for budget, at in ((Budget(300, 21, 3600.0, ago(-600)), ago(50)), (hour, ago(40)), (day, ago(5))):
        ledger.write_now(partial(save_budget, account="paper:one", budget=budget, now=at))
    call(ledger, 1, ago(45), ago(41))
    call(ledger, 1, ago(30), ago(29))
    call(ledger, 2, ago(20), ago(19))
    call(ledger, 3, ago(10), ago(9))
    found = ledger.read_now(lambda conn: list_budgets(conn, "paper:one"))
    assert {Remembered(hour, ago(40), begun=2), Remembered(day, ago(5), begun=0)} == set(found)
    assert () == ledger.read_now(lambda conn: list_budgets(conn, "paper:two"))
