"""What `prune` forgets, and what it never does."""

from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import Connection, func, select, update

from adapters.outcomes import Uncertain
from adapters.post import Media, Payload, Receipt
from bot.ledger import backlog, queue
from bot.ledger.alerts import clear_alert, raise_alert
from bot.ledger.db import InlineLedger, open_engine
from bot.ledger.prune import Pruned, count, free_bytes, prune, vacuum
from bot.ledger.schema import alerts, article_keys, articles, attempts, deliveries, media
from bot.model import Event, Settlement, State
from tests.core.lives import FEED, Scripted, feed, live, read
from tests.ledger.entries import NOW, later, planned
from tests.simulation.world import SimPlatform, World

BEFORE = NOW + timedelta(days=10)


def _all(ledger: InlineLedger, before: datetime = BEFORE) -> Pruned:
    """Prune to the end; what it came to."""
    return sum(prune(ledger, before), Pruned())


def _rows(ledger: InlineLedger, table: object) -> int:
    return ledger.read_now(lambda conn: conn.execute(select(func.count()).select_from(table)).scalar_one())  # type: ignore[arg-type] # any table


def _settled(ledger: InlineLedger, event: Event, *, at: float = 60) -> int:
    """A delivery with staged bytes and one attempt, which came to `event`."""
    delivery = planned(ledger, event)

    def work(conn: Connection) -> None:
        payload = Payload({"text": "as frozen"}, (Media(b"x" * 100, "image/png", "", 1, 1),))
        queue.freeze(conn, delivery, payload, "key")
        queue.claim(conn, delivery, account="a", marker='{"after": 1}', now=NOW)
        receipt = Receipt("r", "https://a.example/r", NOW) if event is Event.SENT else None
        queue.settle(conn, delivery.id, 1, Settlement(event, None, "why", receipt=receipt), now=later(at))

    ledger.write_now(work)
    return delivery.id


@pytest.mark.parametrize("event", [Event.SENT, Event.REJECTED])
def test_what_only_the_way_needed_is_forgotten(ledger: InlineLedger, event: Event) -> None:
    """Attempts, payload and marker go; the row with its state, key and receipt stays, and nothing is left to do."""
    delivery_id = _settled(ledger, event)
    expected = ledger.read_now(lambda conn: count(conn, BEFORE))
    assert (1, 1, 1) == (expected.deliveries, expected.attempts, expected.payloads)
    before = ledger.read_now(lambda conn: backlog.get_delivery(conn, delivery_id))
    assert expected == _all(ledger)
    after = ledger.read_now(lambda conn: backlog.get_delivery(conn, delivery_id))
    assert (None, None, before.key, before.state) == (after.body, after.marker, after.key, after.state)
    assert [1, 1, 0, 0] == [_rows(ledger, table) for table in (articles, deliveries, attempts, media)]
    assert Pruned() == _all(ledger)


def test_what_is_open_young_or_unread_stays(ledger: InlineLedger) -> None:
    """Uncertain ones, those that ended lately and those that are still to be read back are left whole."""
    _settled(ledger, Event.LOST)
    _settled(ledger, Event.SENT, at=86400 * 11)
    unread = _settled(ledger, Event.REJECTED)
    ledger.write_now(
        lambda conn: conn.execute(update(deliveries).where(deliveries.c.id == unread).values(confirm_at=BEFORE))
    )
    assert (Pruned(), 3) == (_all(ledger), _rows(ledger, attempts))


def test_what_a_person_may_take_up_again_stays(ledger: InlineLedger) -> None:
    """A cancelled delivery keeps its frozen payload, and the attempt that tells whether it may be out."""
    delivery_id = _settled(ledger, Event.LOST)

    def drop(conn: Connection) -> None:
        delivery = backlog.get_delivery(conn, delivery_id)
        queue.decide(conn, delivery, Event.DROPPED, reason="a person", now=NOW)

    ledger.write_now(drop)
    assert Pruned() == _all(ledger)
    assert ledger.read_now(lambda conn: queue.may_be_out(conn, delivery_id))
    assert ledger.read_now(lambda conn: backlog.get_delivery(conn, delivery_id)).body == '{"text":"as frozen"}'


def test_alerts_that_are_over_go(ledger: InlineLedger) -> None:
    """Cleared long ago, an alert goes; an open one stays, however old."""
    for cause in ("old", "open"):
        ledger.write_now(partial(raise_alert, cause=cause, message="why", needs_person=True, now=NOW))
    ledger.write_now(lambda conn: clear_alert(conn, "old", now=NOW))
    assert (Pruned(alerts=1), 1) == (_all(ledger), _rows(ledger, alerts))


def test_much_goes_in_small_steps_and_the_file_shrinks_when_asked(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No transaction takes more than so many deliveries; the room is free in the file, and given back by VACUUM."""
    monkeypatch.setattr("bot.ledger.prune.AT_ONCE", 7)
    ledger = InlineLedger(open_engine(f"sqlite:///{path}"))
    planned(ledger, *(str(number) for number in range(30)))
    final = {"state": State.SENT, "settled_at": NOW, "body": "x" * 20000}
    ledger.write_now(lambda conn: conn.execute(update(deliveries).values(**final)))
    steps = list(prune(ledger, BEFORE))
    assert [0, 7, 7, 7, 7, 2] == [step.deliveries for step in steps]
    assert (ledger.read_now(free_bytes) or 0) > 450_000
    vacuum(ledger)
    assert ledger.read_now(free_bytes) == 0
    ledger.close()
    assert path.stat().st_size < 300_000


@pytest.fixture
def world(tmp_path: Path, new_ledger: Path) -> World:
    """A world with an empty ledger."""
    (tmp_path / "ledger.db").write_bytes(new_ledger.read_bytes())
    return World(tmp_path)


def test_after_pruning_nothing_is_new(world: World) -> None:
    """The same feed is polled again after everything that may go is gone: nothing is planned and nothing is sent."""
    platform = SimPlatform("paper", False)
    paper = Scripted(platform)
    paper.script["publish"] = [None, Uncertain("cut"), None]
    world.feeds[FEED] = feed(*(f"article {number}" for number in range(20)))
    live(world, {"paper": paper}, 1200)
    ledger = InlineLedger(open_engine(world.ledger_url))
    before = [_rows(ledger, table) for table in (articles, article_keys, deliveries)]
    out = list(platform.titles())
    assert _all(ledger, world.started_at + timedelta(days=9)).attempts > 10
    ledger.close()
    world.feeds[FEED] = feed(*(f"article {number}" for number in range(20)), "the newest")
    live(world, {"paper": paper}, 1200)
    assert platform.titles() == [*out, "the newest"]
    ledger = InlineLedger(open_engine(world.ledger_url))
    after = [_rows(ledger, table) for table in (articles, article_keys, deliveries)]
    ledger.close()
    assert [before[0] + 1, before[1] + 2, before[2] + 1] == after
    assert read(world, lambda conn: conn.execute(select(func.count()).select_from(articles)).scalar_one()) == after[0]
