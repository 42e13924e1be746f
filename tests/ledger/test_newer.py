"""What is kept where a platform shows a post that the ledger does not know, and how that ends; hints after a crash."""

from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, event, update

from adapters.post import Receipt
from bot.ledger import backlog, newer, queue, watched
from bot.ledger.alerts import find_alert
from bot.ledger.channels import get_channel
from bot.ledger.db import InlineLedger
from bot.ledger.schema import deliveries
from bot.ledger.switches import RESTORED, throw
from bot.model import Event, Settlement
from tests.ledger.entries import NOW, SOURCE, channel, entry, feed, later, look, planned
from tests.ledger.test_queue import ACCOUNT, LOST, SENT, claim, freeze, get, row, settle

SENTENCE = "there is a post"


def doubt(ledger: InlineLedger, *, since: float = 10, post: str = "x") -> bool:
    """The one channel is in doubt."""
    return ledger.write_now(
        lambda conn: newer.doubt_channel(conn, 1, post, SENTENCE, since=later(since), now=later(since + 1))
    )


def trust(ledger: InlineLedger, at: float) -> bool:
    """Try to end that."""
    return ledger.write_now(lambda conn: newer.trust_channel(conn, 1, [SOURCE], now=later(at)))


def read_source(ledger: InlineLedger, at: float, *titles: str) -> None:
    """The source is read then."""

    def work(conn: Connection) -> None:
        if titles:
            look(conn, feed(*(entry(title) for title in titles)), [1])
        watched.note_unchanged(conn, 1, next_poll_at=later(at + 60), now=later(at))

    ledger.write_now(work)


def get_settled_last(conn: Connection) -> Any:
    """The last delivery, settled after every call."""
    conn.execute(update(deliveries).where(deliveries.c.id == 5).values(settled_at=later(99)))
    return backlog.get_delivery(conn, 5)


def test_what_is_known(ledger: InlineLedger) -> None:
    """Without a post, since the channel was met; with one, its time and name; and calls that no receipt came of, but
    for those that are proven to have come to nothing."""
    first = planned(ledger, "1", "2", "3")
    known = ledger.read_now(lambda conn: newer.read_known(conn, 1))
    assert (NOW, NOW, frozenset(), (), None) == (
        known.since,
        known.called_at,
        known.ids,
        known.lost,
        known.restored_at,
    )
    settle(ledger, claim(ledger, freeze(ledger, first)), SENT)
    settle(ledger, claim(ledger, freeze(ledger, get(ledger, 2))), LOST)
    claim(ledger, freeze(ledger, get(ledger, 3)))
    ledger.write_now(lambda conn: throw(conn, RESTORED, "said", now=later(7)))
    known = ledger.read_now(lambda conn: newer.read_known(conn, 1))
    assert (later(1), NOW, frozenset({"post-1"}), (NOW, NOW), later(7)) == (
        known.since,
        known.called_at,
        known.ids,
        known.lost,
        known.restored_at,
    )
    absent = Settlement(Event.ABSENT, NOW, "not there")
    ledger.write_now(
        lambda conn: queue.settle_aside(
            conn, backlog.get_delivery(conn, 2), "find", absent, account=ACCOUNT, started_at=NOW, now=NOW
        )
    )
    assert (NOW,) == ledger.read_now(lambda conn: newer.read_known(conn, 1)).lost


def test_a_persons_word_has_an_address_and_no_receipt(ledger: InlineLedger) -> None:
    """What a person has told of is known by where it is."""
    settle(ledger, claim(ledger, freeze(ledger, planned(ledger))), LOST)
    decided = Event.RESOLVED_SENT
    ledger.write_now(
        lambda conn: queue.decide(conn, backlog.get_delivery(conn, 1), decided, reason="so", now=later(9), url="there")
    )
    known = ledger.read_now(lambda conn: newer.read_known(conn, 1))
    assert (frozenset(), frozenset({"there"}), NOW) == (known.ids, known.urls, known.since)


def test_a_doubt_begins_and_ends(ledger: InlineLedger) -> None:
    """What is open is looked for first, and what the source shows when it is first read since; then all is as before:
    the alert is over, and what comes later goes at once."""
    planned(ledger, "1")
    assert doubt(ledger)
    assert (True, 1) == (ledger.read_now(lambda conn: get_channel(conn, 1)).look_first, row(ledger)["look_first"])
    assert ledger.read_now(lambda conn: find_alert(conn, newer.older_cause(1))) is not None
    read_source(ledger, 12, "2")
    assert 1 == row(ledger, 2)["look_first"]
    assert not trust(ledger, 13)
    ledger.write_now(lambda conn: conn.execute(update(deliveries).values(look_first=0)))
    assert trust(ledger, 14)
    assert not ledger.read_now(lambda conn: get_channel(conn, 1)).look_first
    assert ledger.read_now(lambda conn: find_alert(conn, newer.older_cause(1))) is None
    read_source(ledger, 15, "3")
    assert 0 == row(ledger, 3)["look_first"]


def test_a_doubt_outlasts_what_is_pending_until_the_source_was_read(ledger: InlineLedger) -> None:
    """Nothing is pending, and still what the source has may be out already."""
    ledger.write_now(lambda conn: look(conn, feed(), [channel(conn, account="acct")]))
    doubt(ledger)
    assert not trust(ledger, 11)
    read_source(ledger, 12)
    assert trust(ledger, 13)


def test_a_second_doubt_before_the_first_has_ended(ledger: InlineLedger) -> None:
    """The search goes back as far as the first one; what sources show is in doubt from the second one on."""
    planned(ledger, "1")
    doubt(ledger, since=10)
    read_source(ledger, 15)
    doubt(ledger, since=20, post="y")
    assert later(10) == ledger.read_now(lambda conn: newer.unknown_since(conn, 1))
    assert {1: later(20)} == ledger.read_now(lambda conn: newer.doubted_since(conn, [1]))
    read_source(ledger, 25)
    ledger.write_now(lambda conn: conn.execute(update(deliveries).values(look_first=0)))
    assert trust(ledger, 30)
    assert ledger.read_now(lambda conn: newer.unknown_since(conn, 1)) is None


def test_it_is_told_once(ledger: InlineLedger) -> None:
    """Where a doubt has come to nothing before, the next one is silent, and looks all the same."""
    planned(ledger, "1")
    assert doubt(ledger)
    read_source(ledger, 12)
    ledger.write_now(lambda conn: conn.execute(update(deliveries).values(look_first=0)))
    assert trust(ledger, 13)
    assert not doubt(ledger, since=20, post="y")
    assert 1 == row(ledger)["look_first"]
    assert ledger.read_now(lambda conn: find_alert(conn, newer.older_cause(1))) is None
    assert "y" in ledger.read_now(lambda conn: newer.read_known(conn, 1)).ids


def test_from_where_to_look_on(ledger: InlineLedger) -> None:
    """From the last receipt, or from a post that a comparison has met since that call."""
    assert planned(ledger, "1", "2").id == 1
    assert ledger.read_now(lambda conn: newer.find_newest(conn, 1)) is None
    settle(ledger, claim(ledger, freeze(ledger, get(ledger, 1))), SENT)
    assert "post-1" == ledger.read_now(lambda conn: newer.find_newest(conn, 1))
    ledger.write_now(lambda conn: newer.note_met(conn, 1, "post-5", now=later(20)))
    assert "post-5" == ledger.read_now(lambda conn: newer.find_newest(conn, 1))
    ledger.write_now(lambda conn: newer.note_met(conn, 1, "post-0", now=NOW - timedelta(seconds=1)))
    assert "post-1" == ledger.read_now(lambda conn: newer.find_newest(conn, 1))


def test_the_next_post_after_one_that_stepped_aside(ledger: InlineLedger) -> None:
    """The first whose call was begun after it had: neither an earlier one nor one without a receipt."""
    ids = [str(number) for number in range(1, 6)]
    planned(ledger, *ids)
    begun = {1: -9, 2: 0, 3: 20, 4: 30, 5: 40}
    for number, at in begun.items():
        delivery = freeze(ledger, get(ledger, number))

        def work(conn: Connection, delivery: Any = delivery, at: float = at) -> int:
            return queue.claim(conn, delivery, account=ACCOUNT, marker="{}", now=later(at))

        ledger.write_now(work)
        came = LOST if number in (2, 3) else Settlement(Event.SENT, None, None, receipt=Receipt(str(at), None, NOW))
        settle(ledger, get(ledger, number), came)
    ledger.write_now(lambda conn: conn.execute(update(deliveries).where(deliveries.c.id == 2).values(due_at=None)))
    aside = ledger.read_now(lambda conn: backlog.list_aside(conn, 1))
    assert [2] == [each.id for each in aside]
    assert "30" == ledger.read_now(lambda conn: backlog.find_next_receipt(conn, aside[0]))
    assert ledger.write_now(lambda conn: backlog.find_next_receipt(conn, get_settled_last(conn))) is None


# ── cost ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_no_query_goes_through_the_ledger(ledger: InlineLedger, path: Path) -> None:
    """Every look at deliveries or attempts finds its rows by an index, whatever the size of the ledger."""
    assert path.exists()  # SQLite explains what it would do whatever the size of its tables
    planned(ledger, "1", "2")
    settle(ledger, claim(ledger, freeze(ledger, get(ledger, 1))), SENT)
    asked: list[tuple[str, Any]] = []

    def listen(_conn: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        asked.append((statement, parameters))

    event.listen(ledger.engine, "before_cursor_execute", listen)

    def work(conn: Connection) -> None:
        newer.read_known(conn, 1)
        newer.find_newest(conn, 1)
        newer.may_trust(conn, 1, [SOURCE])
        backlog.find_next_receipt(conn, backlog.get_delivery(conn, 1))
        newer.doubt_channel(conn, 1, "x", SENTENCE, since=NOW, now=NOW)

    ledger.write_now(work)
    event.remove(ledger.engine, "before_cursor_execute", listen)
    with ledger.engine.connect() as conn:
        steps = [
            str(step.detail)
            for statement, parameters in asked
            for step in conn.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
        ]
    big = [step for step in steps if "deliveries" in step or "attempts" in step]
    assert len(big) >= 6
    assert [] == [step for step in big if not step.startswith("SEARCH")]
