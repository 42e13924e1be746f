"""A channel is who the platform says it is; its name is a label."""

from collections.abc import Mapping
from typing import Any

import pytest
from sqlalchemy import Connection, select, update
from sqlalchemy.exc import IntegrityError

from bot.ledger import channels
from bot.ledger.channels import bind_channel, get_channel, note_removed, register_channel
from bot.ledger.db import InlineLedger
from bot.ledger.schema import channels as table
from bot.ledger.schema import deliveries
from bot.model import State
from tests.ledger.entries import NOW, channel, entry, feed, later, look


def bind(conn: Connection, row: int, account: str, place: str = "here") -> int:
    """The platform says who it is."""
    return bind_channel(conn, row, account_id=account, place_id=place, who="@x", url="https://x.example", now=later(9))


def all_rows(conn: Connection) -> list[Mapping[str, Any]]:
    """Every channel."""
    return [dict(row) for row in conn.execute(select(table).order_by(table.c.id)).mappings()]


def plans(conn: Connection) -> list[tuple[int, int, str]]:
    """(article, channel, state) of every delivery."""
    query = select(deliveries.c.article_id, deliveries.c.channel_id, deliveries.c.state).order_by(deliveries.c.id)
    return [(row[0], row[1], row[2]) for row in conn.execute(query)]


def test_a_label_has_one_row_however_often_it_is_registered(ledger: InlineLedger) -> None:
    """A restart finds the row of the last run; the same label on another platform is another channel."""

    def work(conn: Connection) -> None:
        first = register_channel(conn, platform="paper", name="a", now=NOW)
        assert register_channel(conn, platform="paper", name="a", now=later(9)) == first
        assert register_channel(conn, platform="radio", name="a", now=NOW).id != first.id
        assert (first.account_id, first.paused_at, first.probes) == (None, None, 0)

    ledger.write_now(work)


def test_a_renamed_channel_keeps_its_row(ledger: InlineLedger) -> None:
    """Another label for the same account and place: nothing is replayed, and what the new label planned moves over."""

    def work(conn: Connection) -> None:
        old = channel(conn, "old name", account="acct")
        look(conn, feed(entry("1")), [old])
        conn.execute(update(deliveries).values(state=State.SENT))
        new = register_channel(conn, platform="paper", name="new name", now=NOW).id
        note_removed(conn, [new], now=NOW)
        look(conn, feed(entry("1"), entry("2")), [new])
        assert bind(conn, new, "acct") == old
        assert plans(conn) == [(1, old, State.SENT), (2, old, State.PENDING)]
        assert [(row["name"], row["removed_at"] is None) for row in all_rows(conn)] == [
            ("new name", True),
            ("new name", False),
        ]
        assert register_channel(conn, platform="paper", name="new name", now=later(10)).id == old

    ledger.write_now(work)


def test_what_the_channel_had_already_is_not_planned_twice(ledger: InlineLedger) -> None:
    """What came in while the label was provisional, and the channel has had already, is cancelled, not repeated."""

    def work(conn: Connection) -> None:
        old = channel(conn, "a", account="acct")
        new = register_channel(conn, platform="paper", name="b", now=NOW).id
        look(conn, feed(entry("1")), [old, new])
        assert bind(conn, new, "acct") == old
        assert plans(conn) == [(1, old, State.PENDING), (1, new, State.CANCELLED)]
        reason = conn.execute(select(deliveries.c.reason).where(deliveries.c.channel_id == new)).scalar_one()
        assert reason == "the channel had this article already"

    ledger.write_now(work)


def test_a_label_that_was_moved_gets_a_row_of_its_own(ledger: InlineLedger) -> None:
    """The label now stands for another account: nothing of the old account's backlog goes there."""

    def work(conn: Connection) -> None:
        old = channel(conn, "a", account="acct")
        look(conn, feed(entry("1")), [old])
        new = bind(conn, old, "other")
        assert new != old
        assert plans(conn) == [(1, old, State.PENDING)]
        assert get_channel(conn, new).account_id == "other"
        assert [row["removed_at"] is None for row in all_rows(conn)] == [False, True]
        assert register_channel(conn, platform="paper", name="a", now=later(10)).id == new
        assert bind(conn, new, "acct") == old
        assert register_channel(conn, platform="paper", name="a", now=later(11)).id == old

    ledger.write_now(work)


def test_places_of_one_account_are_channels_of_their_own(ledger: InlineLedger) -> None:
    """Identity is platform, account and place together."""

    def work(conn: Connection) -> None:
        rows = {channel(conn, name, account="acct", place=name) for name in ("a", "b")}
        assert len(rows) == 2

    ledger.write_now(work)


def test_the_database_refuses_two_rows_of_one_identity(ledger: InlineLedger) -> None:
    """Even a mistake of ours cannot make two channels of one."""

    def work(conn: Connection) -> None:
        rows = [channel(conn, name) for name in ("a", "b")]
        conn.execute(update(table).where(table.c.id.in_(rows)).values(account_id="acct", place_id="here"))

    with pytest.raises(IntegrityError):
        ledger.write_now(work)


def test_a_removed_channel_comes_back_as_it_was(ledger: InlineLedger) -> None:
    """Taken out of the settings, and put back: the same row with what it holds."""

    def work(conn: Connection) -> None:
        row = channel(conn, "a", account="acct")
        look(conn, feed(entry("1")), [row])
        note_removed(conn, [], now=later(1))
        note_removed(conn, [], now=later(2))
        assert all_rows(conn)[0]["removed_at"] == later(1)
        assert register_channel(conn, platform="paper", name="a", now=later(3)).id == row
        assert all_rows(conn)[0]["removed_at"] is None
        assert plans(conn) == [(1, row, State.PENDING)]

    ledger.write_now(work)


def test_a_pause_keeps_its_beginning_and_counts_its_probes(ledger: InlineLedger) -> None:
    """Paused since when, tried how often; lifted for a try the count stays, resumed it is over."""

    def work(conn: Connection) -> None:
        row = channel(conn, "a")
        for second in (1, 2, 3):
            channels.pause_channel(conn, row, reason=f"{second}", probe_at=later(second + 60), now=later(second))
        state = get_channel(conn, row)
        assert (state.paused_at, state.probe_at, state.paused_reason, state.probes) == (later(1), later(63), "3", 3)
        channels.lift_pause(conn, row)
        state = get_channel(conn, row)
        assert (state.paused_at, state.probe_at, state.paused_reason, state.probes) == (None, None, None, 3)
        channels.resume_channel(conn, row)
        assert get_channel(conn, row).probes == 0

    ledger.write_now(work)
