"""What is read and written of many sources at once is what would be of each alone."""

from datetime import timedelta

from sqlalchemy import Connection, update

from bot.ledger import watched
from bot.ledger.db import InlineLedger
from bot.ledger.pages import list_unread_sources
from bot.ledger.schema import articles, deliveries, sources
from bot.ledger.watched import Known
from tests.ledger.entries import NOW, SOURCE, channel, entry, feed, look

LEAD = timedelta(seconds=3)


def test_many_are_registered_at_once(ledger: InlineLedger) -> None:
    """New ones are made; of one with another name or address only that changes, and what belongs to the address."""

    def work(conn: Connection) -> None:
        watched.register_sources(conn, [Known("a", "A", "u"), Known("b", "B", "u"), Known("c", "C", "u")], now=NOW)
        kept = {"etag": "e", "failures": 2, "title": "T"}
        conn.execute(update(sources).values(**kept, next_poll_at=NOW + timedelta(hours=1)))
        again = [Known("a", "A", "u"), Known("b", "B2", "u"), Known("c", "C", "u2"), Known("d", "D", "u")]
        watched.register_sources(conn, again, now=NOW + LEAD)

    ledger.write_now(work)
    columns = ("identity", "name", "url", "etag", "failures", "title", "next_poll_at")
    rows = ledger.read_now(lambda conn: conn.execute(sources.select().order_by(sources.c.id)).mappings().all())
    assert [
        ("a", "A", "u", "e", 2, "T", NOW + timedelta(hours=1)),
        ("b", "B2", "u", "e", 2, "T", NOW + timedelta(hours=1)),
        ("c", "C", "u2", None, 0, "T", NOW + LEAD),
        ("d", "D", "u", None, 0, None, NOW + LEAD),
    ] == [tuple(row[name] for name in columns) for row in rows]
    assert [rows[0]["id"], rows[3]["id"]] == ledger.read_now(lambda conn: watched.list_ids(conn, {"a", "d", "e"}))


def test_many_are_read_at_once(ledger: InlineLedger) -> None:
    """State for state, and when the first article of each settles that has been looked at."""

    def work(conn: Connection) -> None:
        row = channel(conn)
        look(conn, feed(entry("3"), entry("2"), entry("1")), [row])
        for delivery_id, seconds in ((1, 2), (2, 90), (3, 60)):
            at = NOW + timedelta(seconds=seconds)
            here = deliveries.c.id == delivery_id
            conn.execute(update(deliveries).where(here).values(due_at=at, wanted_at=at))
        watched.register_sources(conn, [Known("other", "Other", "u")], now=NOW)

    ledger.write_now(work)

    def both(conn: Connection) -> None:
        state = watched.get_source(conn, SOURCE)
        assert state.polled_at is not None
        settles_at = watched.find_settling(conn, state.id, after=state.polled_at + LEAD)
        assert NOW + timedelta(seconds=60) == settles_at
        assert {state.id: settles_at} == watched.list_settling(conn, LEAD)
        other = watched.get_source(conn, "other")
        assert {SOURCE: state, "other": other} == watched.list_sources(conn, [SOURCE, "other", "stranger"])

    ledger.read_now(both)


def test_which_sources_have_pages_to_be_read(ledger: InlineLedger) -> None:
    """Each once, however many of its articles wait."""

    def work(conn: Connection) -> None:
        look(conn, feed(entry("2"), entry("1")), [])
        watched.register_sources(conn, [Known("other", "Other", "u")], now=NOW)
        conn.execute(update(articles).values(enrich_until=NOW))

    ledger.write_now(work)
    assert [SOURCE] == list(ledger.read_now(list_unread_sources))
