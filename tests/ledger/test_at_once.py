"""Two processes that write the same row at once on a server: the second waits, and then nothing is in its way."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Column, Connection, select

from adapters.base import Budget
from bot.ledger.alerts import clear_alert, raise_alert
from bot.ledger.budgets import save_budget
from bot.ledger.channels import register_channel
from bot.ledger.db import InlineLedger
from bot.ledger.postgres import take_turn
from bot.ledger.schema import alerts, budgets, channels, sessions, sources, switches
from bot.ledger.sessions import LedgerSessions
from bot.ledger.switches import throw
from bot.ledger.watched import register_source
from tests.ledger.at_once import second
from tests.ledger.engines import ON_SERVER
from tests.ledger.entries import NOW, later
from tests.real.postgres.server import RealPostgres


def alert(conn: Connection, who: str) -> bool:
    """Raise one and the same alert."""
    return raise_alert(conn, "channel:1:down", who, needs_person=True, now=NOW)


def switch(conn: Connection, who: str) -> None:
    """Throw one and the same switch."""
    throw(conn, "paused", who, now=NOW if who == "first" else later(5))


def budget(conn: Connection, who: str) -> None:
    """Keep what was told of one window."""
    told = Budget(300, len(who), 3600.0, NOW + timedelta(hours=1))
    save_budget(conn, "paper:acct", told, now=NOW)


def source(conn: Connection, who: str) -> None:
    """Register one source, as the poll does."""
    take_turn(conn)
    register_source(conn, identity="news", name=who, url="https://news.example/feed", now=NOW)


def channel(conn: Connection, who: str) -> int:
    """Register one channel, as a start does."""
    take_turn(conn)
    return register_channel(conn, platform="paper", name="a", now=NOW).id


def rows(ledger: InlineLedger, column: Column[Any]) -> Sequence[Any]:
    """One column of every row."""
    return ledger.read_now(lambda conn: conn.execute(select(column)).scalars().all())


@ON_SERVER
@pytest.mark.parametrize(
    ("write", "column", "expected"),
    [
        (alert, alerts.c.message, "second"),
        (switch, switches.c.note, "second"),
        (budget, budgets.c.remaining, len("second")),
        (source, sources.c.name, "second"),
        (channel, channels.c.name, "a"),
    ],
    ids=["alert", "switch", "budget", "source", "channel"],
)
def test_a_row_that_two_write_at_once_is_there_once(
    ledger: InlineLedger, url: str, postgres: RealPostgres, *, write: Any, column: Column[Any], expected: object
) -> None:
    """The second waits until the first has committed, and has its way on top of it, without an error."""
    with ledger.writing.connect() as conn:
        write(conn, "first")
        with second(url, lambda theirs: write(theirs, "second")) as other:
            assert other.waits(postgres)
            conn.commit()
            other.ended()
    assert [expected] == rows(ledger, column)


@ON_SERVER
def test_a_session_that_two_save_at_once(ledger: InlineLedger, url: str, postgres: RealPostgres) -> None:
    """Two workers of one account save its session: the later one is kept, and neither fails."""

    def save(door: InlineLedger, sealed: str) -> None:
        with pytest.raises(StopIteration):  # inline nothing is waited for
            LedgerSessions(door, "paper:acct", lambda: NOW).save(sealed).send(None)

    class Joined(InlineLedger):
        """A ledger whose work joins a transaction that is open."""

        def __init__(self, conn: Connection) -> None:
            self._conn = conn

        def write_now(self, work: Any, lease: object = None) -> Any:
            return work(self._conn)

    save(ledger, "before")
    with ledger.writing.connect() as conn:
        save(Joined(conn), "first")
        with second(url, lambda theirs: save(Joined(theirs), "second")) as other:
            assert other.waits(postgres)
            conn.commit()
            other.ended()
    assert ["second"] == rows(ledger, sessions.c.sealed)


@ON_SERVER
@pytest.mark.parametrize("first", ["commits", "gives up", "clears it"])
def test_only_one_of_two_alerts_at_once_is_news(
    ledger: InlineLedger, url: str, postgres: RealPostgres, first: str
) -> None:
    """What the second hears is true, whatever becomes of the first: its own alert is news only where no other is."""
    with ledger.writing.connect() as conn:
        assert alert(conn, "first")
        if first == "clears it":
            conn.commit()
            clear_alert(conn, "channel:1:down", now=later(1))
        with second(url, lambda theirs: alert(theirs, "second")) as other:
            assert other.waits(postgres)
            if first == "gives up":
                conn.rollback()
            else:
                conn.commit()
            assert other.ended() is (first != "commits")
    expected = {"commits": ["second"], "gives up": ["second"], "clears it": ["first", "second"]}
    assert expected[first] == rows(ledger, alerts.c.message)
