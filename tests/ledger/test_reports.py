"""Alerts, sessions, and what people and scripts are told of the ledger."""

from datetime import datetime

import pytest
from sqlalchemy import Connection, insert, update
from sqlalchemy.exc import IntegrityError

from bot.ledger import alerts, channels, reports
from bot.ledger.db import InlineLedger
from bot.ledger.reports import REMOVED, Waiting, summarise
from bot.ledger.schema import alerts as alerts_table
from bot.ledger.schema import deliveries
from bot.ledger.sessions import LedgerSessions
from bot.model import State
from tests.ledger.entries import NOW, channel, entry, feed, later, look


def put(conn: Connection, delivery_id: int, state: State, due_at: datetime | None = None) -> None:
    """Bring a delivery into a state, as a long life would."""
    values = {"state": state, "due_at": due_at, "settled_at": NOW}
    conn.execute(update(deliveries).where(deliveries.c.id == delivery_id).values(**values))


def three(conn: Connection) -> int:
    """A channel with three pending deliveries, due now."""
    row = channel(conn, account="acct")
    look(conn, feed(entry("3"), entry("2"), entry("1")), [row])
    return row


def summary(ledger: InlineLedger) -> Waiting:
    """What is open."""
    return ledger.read_now(summarise)


# ── alerts ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_one_alert_is_open_for_one_cause(ledger: InlineLedger) -> None:
    """Raised again it is no news, but its words are the latest; cleared and raised again it is a new one."""

    def work(conn: Connection) -> None:
        assert alerts.raise_alert(conn, "c", "first", needs_person=False, now=NOW)
        assert not alerts.raise_alert(conn, "c", "second", needs_person=True, now=later(1))
        [alert] = alerts.list_alerts(conn)
        assert (alert.message, alert.needs_person, alert.raised_at) == ("second", True, NOW)
        assert alerts.clear_alert(conn, "c", now=later(2))
        assert not alerts.clear_alert(conn, "c", now=later(3))
        assert alerts.list_alerts(conn) == []
        assert alerts.raise_alert(conn, "c", "third", needs_person=True, now=later(4))
        assert [each.message for each in alerts.list_alerts(conn)] == ["third"]

    ledger.write_now(work)


def test_the_database_refuses_a_second_open_alert(ledger: InlineLedger) -> None:
    """Even a mistake of ours cannot raise one cause twice."""
    row = {"cause": "c", "message": "m", "needs_person": 1, "raised_at": NOW}
    with pytest.raises(IntegrityError):
        ledger.write_now(lambda conn: conn.execute(insert(alerts_table), [row, row]))


def test_only_what_was_not_told_is_listed_for_telling(ledger: InlineLedger) -> None:
    """A told alert stays open and is not told again."""

    def work(conn: Connection) -> None:
        for cause in "ab":
            alerts.raise_alert(conn, cause, cause, needs_person=False, now=NOW)
        first, second = alerts.list_alerts(conn, untold=True)
        alerts.note_told(conn, [first.id], now=later(1))
        assert alerts.list_alerts(conn, untold=True) == [second]
        assert alerts.list_alerts(conn) == [first, second]

    ledger.write_now(work)


# ── sessions ──────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_an_accounts_session_is_replaced_and_kept_apart(ledger: InlineLedger) -> None:
    """The last one saved is the one that is loaded, for each account its own."""
    one, other = (LedgerSessions(ledger, account, lambda: NOW) for account in ("paper:a", "paper:b"))
    assert await one.load() is None
    await one.save("sealed 1")
    await other.save("sealed 2")
    await one.save("sealed 3")
    assert (await one.load(), await other.load()) == ("sealed 3", "sealed 2")


# ── what is open ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_nothing_is_open_in_an_empty_ledger(ledger: InlineLedger) -> None:
    """No deliveries, no alerts."""
    assert summary(ledger) == Waiting(0, None, 0, ())
    assert not summary(ledger).needs_person


def test_what_goes_by_itself_and_when(ledger: InlineLedger) -> None:
    """Pending, sending and asked-about deliveries are counted; the earliest says when."""

    def work(conn: Connection) -> None:
        three(conn)
        put(conn, 1, State.UNCERTAIN, later(300))
        put(conn, 2, State.PENDING, later(200))
        put(conn, 3, State.PENDING, later(400))

    ledger.write_now(work)
    found = summary(ledger)
    assert (found.by_itself, found.next_at, found.undecided, found.needs_person) == (3, later(200), 0, False)


@pytest.mark.parametrize("state", [State.SENT, State.FAILED, State.SKIPPED, State.CANCELLED])
def test_what_is_final_is_not_open(ledger: InlineLedger, state: State) -> None:
    """A final delivery is counted nowhere."""

    def work(conn: Connection) -> None:
        three(conn)
        for delivery in (1, 2, 3):
            put(conn, delivery, state)

    ledger.write_now(work)
    assert summary(ledger) == Waiting(0, None, 0, ())


def test_what_waits_for_a_person(ledger: InlineLedger) -> None:
    """Undecided and held deliveries need a person, and so does an alert that says so; it is listed first."""

    def work(conn: Connection) -> None:
        three(conn)
        put(conn, 1, State.UNCERTAIN, None)
        put(conn, 2, State.HELD, None)
        put(conn, 3, State.SENT)
        alerts.raise_alert(conn, "source", "mends itself", needs_person=False, now=NOW)
        alerts.raise_alert(conn, "delivery", "needs you", needs_person=True, now=NOW)

    ledger.write_now(work)
    found = summary(ledger)
    assert (found.by_itself, found.next_at, found.undecided, found.needs_person) == (0, None, 2, True)
    assert [alert.message for alert in found.alerts] == ["needs you", "mends itself"]
    assert [each.id for each in ledger.read_now(reports.list_undecided)] == [1, 2]


def test_a_paused_channel_goes_on_when_it_is_tried_again(ledger: InlineLedger) -> None:
    """What is due now on a paused channel goes when that is probed, not before."""

    def work(conn: Connection) -> None:
        row = three(conn)
        channels.pause_channel(conn, row, reason="down", probe_at=later(500), now=NOW)
        put(conn, 1, State.PENDING, later(900))

    ledger.write_now(work)
    assert summary(ledger).next_at == later(500)


def test_a_removed_channel_is_not_waited_for(ledger: InlineLedger) -> None:
    """What a removed channel holds is kept, shown with its reason, and open nowhere."""

    def work(conn: Connection) -> None:
        three(conn)
        channels.note_removed(conn, [], now=NOW)

    ledger.write_now(work)
    assert summary(ledger) == Waiting(0, None, 0, ())
    row = ledger.read_now(lambda conn: reports.find_row(conn, 1))
    assert row is not None
    assert (row.state, row.reason, row.due_at) == (State.PENDING, REMOVED, None)


def test_the_log_can_be_narrowed(ledger: InlineLedger) -> None:
    """By channel, state, words of the title, and the newest few; words are not patterns."""

    def work(conn: Connection) -> None:
        rows = [channel(conn, "a"), channel(conn, "b")]
        look(conn, feed(entry("2", title="100% wool"), entry("1", title="1000 sheep")), rows)
        put(conn, 1, State.SENT)

    ledger.write_now(work)

    def ids(**narrowed: object) -> list[int]:
        return [row.id for row in ledger.read_now(lambda conn: list(reports.list_log(conn, **narrowed)))]  # type: ignore[arg-type]

    assert ids() == [1, 2, 3, 4]
    assert ids(channel="b") == [2, 4]
    assert ids(states=[State.SENT]) == [1]
    assert ids(words="100%") == [3, 4]
    assert ids(newest=1) == [3, 4]


def test_a_line_of_the_log_for_machines(ledger: InlineLedger) -> None:
    """Every name that scripts rely on is there."""
    ledger.write_now(three)
    row = ledger.read_now(lambda conn: reports.find_row(conn, 1))
    assert row is not None
    said = row.as_json()
    assert {"article", "channel", "platform", "state", "reason", "url", "attempts", "due_at"} <= set(said)
    assert said["article"] == {"title": "Title 1", "link": "https://news.example/1"}
    assert (said["state"], said["due_at"]) == ("pending", NOW.isoformat())
