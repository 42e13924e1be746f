"""What the audit reads and writes: guarded, in order, and never the whole ledger."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, event, update

from adapters.outcomes import Presence
from adapters.post import Payload
from bot.ledger import audit, queue
from bot.ledger.audit import ToRead
from bot.ledger.db import InlineLedger
from bot.ledger.findings import list_audited
from bot.ledger.pauses import stop, stop_all
from bot.ledger.schema import deliveries
from bot.model import State
from tests.ledger.entries import channel, entry, feed, later, look, planned
from tests.ledger.test_queue import PAYLOAD, RECEIPT, SENT, claim, freeze, get, row, settle


def sent(ledger: InlineLedger, *, confirm_at: float | None = 60.0) -> None:
    """A delivery that is out, to be read back then."""
    settle(ledger, claim(ledger, freeze(ledger, planned(ledger))), SENT)
    if confirm_at is not None:
        put(ledger, 1, confirm_at=later(confirm_at))


def put(ledger: InlineLedger, delivery_id: int, **values: Any) -> None:
    """As a long life would have left it."""
    query = update(deliveries).where(deliveries.c.id == delivery_id).values(**values)
    ledger.write_now(lambda conn: conn.execute(query))


def due(ledger: InlineLedger, at: float, channels: Sequence[int] = (1,)) -> ToRead | None:
    """What is to be read back then."""
    return ledger.read_now(lambda conn: audit.find_due(conn, channels, now=later(at)))


def test_what_is_due_is_read_with_its_payload_and_receipt(ledger: InlineLedger) -> None:
    """Not before its time, not on another channel; without the bytes, which are gone."""
    sent(ledger)
    assert [None, None] == [due(ledger, 59), due(ledger, 60, [2])]
    post = due(ledger, 60)
    assert post is not None
    assert (1, Payload(PAYLOAD.body), RECEIPT) == (post.delivery_id, post.payload, post.receipt)


@pytest.mark.parametrize("presence", ["confirmed", "accepted", "vanished"])
def test_a_presence_is_written_once(ledger: InlineLedger, presence: Presence) -> None:
    """The first look counts; a second one with the same knowledge changes nothing, nor does putting it off."""
    sent(ledger)
    post = due(ledger, 60)
    assert post is not None
    assert ledger.write_now(lambda conn: audit.note_presence(conn, post, presence, now=later(61)))
    assert not ledger.write_now(lambda conn: audit.note_presence(conn, post, "confirmed", now=later(62)))
    ledger.write_now(lambda conn: audit.put_off(conn, post, until=later(99)))
    found = row(ledger)
    assert (presence, later(61), None, State.SENT) == (
        found["presence"],
        found["presence_at"],
        found["confirm_at"],
        found["state"],
    )


def test_what_is_put_off_comes_later(ledger: InlineLedger) -> None:
    """It waits until then."""
    sent(ledger)
    post = due(ledger, 60)
    assert post is not None
    ledger.write_now(lambda conn: audit.put_off(conn, post, until=later(500)))
    assert (None, True) == (due(ledger, 499), due(ledger, 500) is not None)


# ── late and too late ─────────────────────────────────────────────────────────────────────────────────────────────


def four(ledger: InlineLedger) -> int:
    """A channel with four pending deliveries, wanted at 0, 10, 20 and 30."""

    def work(conn: Connection) -> int:
        here = channel(conn, account="acct")
        look(conn, feed(*(entry(id_) for id_ in "4321")), [here])
        return here

    here = ledger.write_now(work)
    for number in range(4):
        put(ledger, number + 1, wanted_at=later(number * 10))
    return here


def test_a_backlog_is_what_was_to_be_out_by_then_and_goes_by_itself(ledger: InlineLedger) -> None:
    """Counted are pending ones and those that the platform is asked about; not what waits for a person, nor what is
    final; one planned by the first release counts from its planning."""
    here = four(ledger)
    backlog = ledger.read_now(lambda conn: audit.find_backlog(conn, here, before=later(20)))
    assert backlog is not None
    assert (3, later(0), "Title 1", 1) == (
        backlog.count,
        backlog.since,
        backlog.title,
        backlog.head and backlog.head.id,
    )
    put(ledger, 1, state=State.UNCERTAIN, due_at=later(5), wanted_at=None, planned_at=later(15))
    put(ledger, 2, state=State.UNCERTAIN, due_at=None)
    put(ledger, 3, state=State.HELD)
    backlog = ledger.read_now(lambda conn: audit.find_backlog(conn, here, before=later(20)))
    assert backlog is not None
    assert (1, later(15)) == (backlog.count, backlog.since)
    assert None is ledger.read_now(lambda conn: audit.find_backlog(conn, here, before=later(14)))


@pytest.mark.parametrize("by", [lambda conn: stop(conn, [1], now=later(0)), lambda conn: stop_all(conn, now=later(0))])
def test_a_backlog_knows_that_a_person_stopped_it(ledger: InlineLedger, by: Callable[[Connection], object]) -> None:
    """The one channel, or everything."""
    here = four(ledger)
    backlog = ledger.read_now(lambda conn: audit.find_backlog(conn, here, before=later(20)))
    assert backlog is not None
    assert not backlog.stopped
    ledger.write_now(by)
    backlog = ledger.read_now(lambda conn: audit.find_backlog(conn, here, before=later(20)))
    assert backlog is not None
    assert backlog.stopped


def test_too_late_ends_only_what_is_pending(ledger: InlineLedger) -> None:
    """What has been claimed since is left to its attempt."""
    here = four(ledger)
    for number in (1, 2, 3):
        put(ledger, number, expires_at=later(100 * number))
    found = ledger.read_now(lambda conn: audit.list_too_late(conn, here, before=later(200)))
    assert [1, 2] == found
    claim(ledger, freeze(ledger, get(ledger, 1)))
    assert [2] == ledger.write_now(lambda conn: audit.expire(conn, found, now=later(201)))
    assert [State.SENDING, State.SKIPPED, State.PENDING, State.PENDING] == [
        get(ledger, each).state for each in range(1, 5)
    ]
    assert queue.TOO_LATE == row(ledger, 2)["reason"]


def test_what_may_be_out_is_not_called_too_late(ledger: InlineLedger) -> None:
    """A delivery that is to be looked for first does not end before that is done."""
    here = four(ledger)
    put(ledger, 1, expires_at=later(100), look_first=1)
    put(ledger, 2, expires_at=later(100))
    assert [2] == ledger.read_now(lambda conn: audit.list_too_late(conn, here, before=later(200)))


# ── cost ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_no_query_of_the_loop_goes_through_the_ledger(ledger: InlineLedger, path: Path) -> None:
    """Every statement of a round finds its rows by an index: by what is open or unread, never by all deliveries."""
    assert path.exists()  # SQLite alone explains what it would do whatever the size of its tables
    here = four(ledger)
    put(ledger, 1, state=State.SENT, confirm_at=later(0), receipt_id="1", sent_at=later(0), body="{}", due_at=None)
    asked: list[tuple[str, Any]] = []

    def listen(_conn: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        asked.append((statement, parameters))

    event.listen(ledger.engine, "before_cursor_execute", listen)

    def work(conn: Connection) -> None:
        audit.find_due(conn, [here], now=later(1))
        audit.find_backlog(conn, here, before=later(20))
        audit.list_too_late(conn, here, before=later(20))

    ledger.read_now(work)
    event.remove(ledger.engine, "before_cursor_execute", listen)
    assert len(asked) >= 6

    assert [] == [step for step in _plans(ledger, asked) if not step.startswith("SEARCH")]
    assert {"ix_deliveries_confirm", "ix_deliveries_open", "ix_attempts_channel"} <= {
        word for step in _plans(ledger, asked) for word in step.split()
    }


def test_an_audit_of_a_period_reads_that_period(ledger: InlineLedger, path: Path) -> None:
    """`handbill audit` finds the articles of its period, and what is open or unread besides, by their indexes."""
    assert path.exists()  # as above
    here = four(ledger)
    asked: list[tuple[str, Any]] = []

    def listen(_conn: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        asked.append((statement, parameters))

    event.listen(ledger.engine, "before_cursor_execute", listen)
    found = ledger.read_now(lambda conn: list_audited(conn, since=later(-60), leads={}, cause_of=str))
    event.remove(ledger.engine, "before_cursor_execute", listen)
    assert (here, 4) == (1, len(found))
    steps = [step for step in _plans(ledger, asked) if "articles" in step or "deliveries" in step]
    assert {"ix_articles_found_at", "ix_deliveries_open", "ix_deliveries_confirm"} <= {
        word for step in steps for word in step.split()
    }
    assert [] == [step for step in steps if not step.startswith("SEARCH") and " ix_deliveries_" not in step]


def _plans(ledger: InlineLedger, asked: Sequence[tuple[str, Any]]) -> list[str]:
    """How SQLite goes about the statements, as far as it reads deliveries, articles or attempts."""

    def explain(conn: Connection) -> list[str]:
        plans = [conn.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", given) for statement, given in asked]
        return [str(step.detail) for plan in plans for step in plan]

    steps = ledger.read_now(explain)
    return [step for step in steps if any(table in step for table in ("deliveries", "articles", "attempts"))]
