"""What the flood guard holds, in the ledger: found, told once, let go."""

from dataclasses import replace
from datetime import timedelta

from sqlalchemy import Connection

from bot.flood import FEW
from bot.ledger import flood, intake, watched
from bot.ledger.alerts import list_alerts
from bot.ledger.db import InlineLedger
from bot.ledger.reports import list_log
from bot.model import State
from bot.plan import Candidate, candidates, plan
from bot.sources.entry import Entry
from tests.ledger.entries import CURSOR, NOW, RULES, SOURCE, channel, entry, feed, later, look, source_row


def moved(conn: Connection, *entries: Entry) -> frozenset[str]:
    """What of these entries is known under another host."""
    return flood.find_moved(conn, source_row(conn).id, candidates(SOURCE, feed(*entries)))


def on_host(host: str, id_: str) -> Entry:
    """The entry of this id as another host has it, with an id of its own."""
    return replace(entry(id_), id=f"{host}:{id_}", link=f"https://{host}/{id_}")


def test_a_known_path_on_another_host_is_found(ledger: InlineLedger) -> None:
    """The whole site has moved: what was there before is known again, what is new is not."""

    def work(conn: Connection) -> frozenset[str]:
        look(conn, feed(entry("a"), entry("b")), [])
        return moved(conn, on_host("new.example", "a"), on_host("new.example", "c"), entry("d"))

    assert frozenset({"link:https://new.example/a"}) == ledger.write_now(work)


def test_a_source_that_leads_to_many_hosts_has_none_of_its_own(ledger: InlineLedger) -> None:
    """A collection of links from everywhere is never taken for a site that moved."""

    def work(conn: Connection) -> frozenset[str]:
        look(conn, feed(on_host("one.example", "a"), on_host("two.example", "b")), [])
        return moved(conn, on_host("three.example", "a"))

    assert frozenset() == ledger.write_now(work)


def hold_some(conn: Connection, *, days_ago: float = 30, count: int = FEW) -> None:
    """A look that shows so many old articles as new, on one channel."""
    at = NOW - timedelta(days=days_ago)
    document = feed(*(entry(str(number), published_at=at) for number in range(count)))
    _commit(conn, candidates(SOURCE, document), channel(conn))


def _commit(conn: Connection, found: tuple[Candidate, ...], row: int) -> None:
    watched.register_source(conn, identity=SOURCE, name=SOURCE, url="https://news.example/feed", now=NOW)
    decided = plan(found, {}, first_look=False, rules=RULES, now=NOW, read_at=later(-60))
    source = source_row(conn)
    intake.commit_look(conn, source.id, decided, {}, channel_ids=[row], language=None, cursor=CURSOR, now=NOW)
    flood.raise_flood(conn, source.id, now=NOW)


def test_a_batch_is_told_in_one_alert_with_both_commands(ledger: InlineLedger) -> None:
    """Five articles held are one alert, which says how many and what to do."""
    ledger.write_now(hold_some)
    [alert] = ledger.read_now(list_alerts)
    assert alert.needs_person
    assert f"{FEW} articles that look new are held, from {SOURCE}" in alert.message
    assert f'`handbill release "{SOURCE}"`' in alert.message
    assert f'`handbill discard "{SOURCE}"`' in alert.message


def test_what_is_dated_ahead_goes_out_by_itself_when_its_time_has_come(ledger: InlineLedger) -> None:
    """It raises no alert, is held until then and no longer."""
    ledger.write_now(lambda conn: hold_some(conn, days_ago=-3, count=1))
    assert [] == ledger.read_now(list_alerts)
    source = ledger.read_now(source_row)
    assert 0 == ledger.write_now(lambda conn: flood.release_due(conn, source.id, now=later(86_400)))
    assert 1 == ledger.write_now(lambda conn: flood.release_due(conn, source.id, now=later(3 * 86_400)))
    [row] = ledger.read_now(list_log)
    assert (State.PENDING, later(3 * 86_400)) == (row.state, row.due_at)
