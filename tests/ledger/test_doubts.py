"""A ledger that may be older than its posts: from which post on the search for what may be out begins."""

from datetime import datetime

from sqlalchemy import select, update

from bot.ledger.db import InlineLedger
from bot.ledger.doubts import doubt_all
from bot.ledger.newer import unknown_since
from bot.ledger.schema import deliveries, sources
from bot.look import look
from tests.ledger.entries import later, planned


def put(ledger: InlineLedger, delivery_id: int, **values: object) -> None:
    """As if something had come to be that way."""
    ledger.write_now(
        lambda conn: conn.execute(update(deliveries).where(deliveries.c.id == delivery_id).values(**values))
    )


def sent(ledger: InlineLedger, delivery_id: int, at: datetime) -> None:
    """It went out, or was found, at that time."""
    out = {"state": "sent", "receipt_id": f"post-{delivery_id}", "sent_at": at, "settled_at": at, "due_at": None}
    put(ledger, delivery_id, look_first=0, **out)


def start_of_search(ledger: InlineLedger, channel_id: int) -> str | None:
    """Behind which post the head of the lane is looked for."""
    seen = ledger.read_now(lambda conn: look(conn, channel_id, account="paper:acct", now=later(9999)))
    assert seen.head is not None
    return seen.last_receipt


def test_a_search_begins_where_the_ledger_knew_all(ledger: InlineLedger) -> None:
    """What was found or sent since the ledger was restored may lie behind what is looked for: it is no start."""
    channel_id = planned(ledger, "1", "2", "3", "4").channel_id
    sent(ledger, 1, later(10))
    assert start_of_search(ledger, channel_id) == "post-1"
    ledger.write_now(lambda conn: doubt_all(conn, "it was restored", now=later(100)))
    sent(ledger, 2, later(110))
    assert start_of_search(ledger, channel_id) == "post-1"
    put(ledger, 3, look_first=0)  # it was looked for, and is not out
    assert start_of_search(ledger, channel_id) == "post-2"


def test_an_older_doubt_counts_as_long_as_anything_is_in_it(ledger: InlineLedger) -> None:
    """Restored again while there is something left of the first time, the search goes as far back as then; later a new
    doubt begins anew."""
    channel_id = planned(ledger, "1", "2").channel_id
    ledger.write_now(lambda conn: doubt_all(conn, "it was restored", now=later(100)))
    ledger.write_now(lambda conn: doubt_all(conn, "it was restored again", now=later(200)))
    assert ledger.read_now(lambda conn: unknown_since(conn, channel_id)) == later(100)
    put(ledger, 1, look_first=0)
    put(ledger, 2, look_first=0)
    ledger.write_now(lambda conn: doubt_all(conn, "it was restored again", now=later(300)))
    assert ledger.read_now(lambda conn: unknown_since(conn, channel_id)) == later(300)


def test_a_clock_that_was_set_back_before_the_restore_hides_no_doubt(ledger: InlineLedger) -> None:
    """The backup says that the source was read later than it is now: that was before the restore, like all in it."""
    planned(ledger, "1")
    sent(ledger, 1, later(500))
    ledger.write_now(lambda conn: doubt_all(conn, "it was restored", now=later(-600)))
    read_at = ledger.read_now(lambda conn: conn.execute(select(sources.c.ok_at)).scalar_one())
    settled_at = ledger.read_now(lambda conn: conn.execute(select(deliveries.c.settled_at)).scalar_one())
    assert (read_at, settled_at) == (later(-600), later(-600))
