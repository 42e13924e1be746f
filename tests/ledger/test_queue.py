"""Claiming, settling, recovering and deciding: guarded by state and attempt, and written down for ever."""

import multiprocessing
import threading
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, select, update
from sqlalchemy.exc import DBAPIError

from adapters.post import Media, Payload, Receipt
from bot.ledger import backlog, queue
from bot.ledger.db import InlineLedger, open_engine
from bot.ledger.queue import NotOurs
from bot.ledger.schema import attempts, deliveries
from bot.model import EDGES, Delivery, Event, Settlement, State
from tests.ledger.entries import NOW, channel, entry, feed, later, look, planned

ACCOUNT = "paper:acct"
PICTURE = Media(b"\x89PNG", "image/png", "A dog", 3, 2, (-0.42, 1.0))
PAYLOAD = Payload({"text": "hello", "media": ["ref"]}, (PICTURE,))
RECEIPT = Receipt("post-1", "https://paper.example/post-1", NOW + timedelta(seconds=1))
SENT = Settlement(Event.SENT, None, None, receipt=RECEIPT)
LOST = Settlement(Event.LOST, later(60), "no answer", failed=True)


def get(ledger: InlineLedger, delivery_id: int = 1) -> Delivery:
    """The delivery as it is now."""
    return ledger.read_now(lambda conn: backlog.get_delivery(conn, delivery_id))


def row(ledger: InlineLedger, delivery_id: int = 1) -> Mapping[str, Any]:
    """All of its columns."""
    query = select(deliveries).where(deliveries.c.id == delivery_id)
    return ledger.read_now(lambda conn: dict(conn.execute(query).mappings().one()))


def tries(ledger: InlineLedger) -> list[Mapping[str, Any]]:
    """All attempts."""
    query = select(attempts).order_by(attempts.c.id)
    return ledger.read_now(lambda conn: [dict(each) for each in conn.execute(query).mappings()])


def freeze(ledger: InlineLedger, delivery: Delivery, payload: Payload = PAYLOAD) -> Delivery:
    """Freeze and read again."""
    ledger.write_now(lambda conn: queue.freeze(conn, delivery, payload, "key-1"))
    return get(ledger, delivery.id)


def claim(ledger: InlineLedger, delivery: Delivery) -> Delivery:
    """Claim and read again."""
    ledger.write_now(lambda conn: queue.claim(conn, delivery, account=ACCOUNT, marker='{"last":null}', now=NOW))
    return get(ledger, delivery.id)


def settle(ledger: InlineLedger, delivery: Delivery, settlement: Settlement) -> State:
    """Settle the running attempt."""
    return ledger.write_now(lambda conn: queue.settle(conn, delivery.id, delivery.attempts, settlement, now=later(5)))


def aside(ledger: InlineLedger, delivery: Delivery, step: str, settlement: Settlement) -> State:
    """Settle a staging or an asking."""
    work: Callable[[Connection], State] = lambda conn: queue.settle_aside(  # noqa: E731
        conn, delivery, step, settlement, account=ACCOUNT, started_at=later(1), now=later(2)
    )
    return ledger.write_now(work)


def test_a_delivery_goes_its_way(ledger: InlineLedger) -> None:
    """Frozen, claimed, sent: each step leaves what the next one and the operator need."""
    delivery = freeze(ledger, planned(ledger))
    assert (delivery.body, delivery.key) == (PAYLOAD.canonical(), "key-1")
    claimed = claim(ledger, delivery)
    assert (claimed.state, claimed.attempts, claimed.due_at) == (State.SENDING, 1, None)
    assert settle(ledger, claimed, SENT) is State.SENT
    found = row(ledger)
    assert (found["receipt_id"], found["url"], found["sent_at"]) == (RECEIPT.id, RECEIPT.url, RECEIPT.at)
    assert found["reason"] == "the platform gave its receipt"
    assert (found["first_attempt_at"], found["settled_at"]) == (NOW, later(5))
    [attempt] = tries(ledger)
    assert (attempt["step"], attempt["account"], attempt["outcome"]) == ("publish", ACCOUNT, "sent")
    assert (attempt["started_at"], attempt["ended_at"]) == (NOW, later(5))
    assert ledger.read_now(lambda conn: backlog.find_last_receipt(conn, 1)) == RECEIPT.id
    assert ledger.read_now(lambda conn: backlog.find_head(conn, 1)) is None


def test_only_the_attempt_that_owns_it_settles(ledger: InlineLedger) -> None:
    """An outcome of another attempt, or of a delivery that is not being sent, is refused and changes nothing."""
    claimed = claim(ledger, freeze(ledger, planned(ledger)))
    with pytest.raises(NotOurs):
        ledger.write_now(lambda conn: queue.settle(conn, claimed.id, 2, SENT, now=NOW))
    assert settle(ledger, claimed, LOST) is State.UNCERTAIN
    with pytest.raises(NotOurs):
        settle(ledger, claimed, SENT)
    assert (get(ledger).state, row(ledger)["receipt_id"]) == (State.UNCERTAIN, None)
    assert [attempt["outcome"] for attempt in tries(ledger)] == ["lost"]


def test_what_is_frozen_stays_as_it_is(ledger: InlineLedger) -> None:
    """A payload is frozen once; another one, or one for a delivery that is out of our hands, is refused."""
    pending = planned(ledger)
    frozen = freeze(ledger, pending)
    with pytest.raises(NotOurs):
        freeze(ledger, pending, Payload({"text": "other"}))
    with pytest.raises(NotOurs):
        freeze(ledger, claim(ledger, frozen), Payload({"text": "other"}))
    assert get(ledger).body == PAYLOAD.canonical()


def test_a_claim_by_somebody_who_has_not_seen_the_last_attempt_is_refused(ledger: InlineLedger) -> None:
    """A claim rests on the delivery as it was read: state and attempts must still be the same."""
    pending = freeze(ledger, planned(ledger))
    settle(ledger, claim(ledger, pending), Settlement(Event.NOT_EXECUTED, later(30), "refused", failed=True))
    assert get(ledger).state is State.PENDING
    with pytest.raises(NotOurs):
        claim(ledger, pending)
    assert claim(ledger, get(ledger)).attempts == 2


def _claim_in_a_process(url: str, delivery: Delivery, ready: Any, go: Any, won: Any) -> None:
    ledger = InlineLedger(open_engine(url))
    ready.release()
    go.wait()
    try:
        claim(ledger, delivery)
    except NotOurs:
        return
    finally:
        ledger.close()
    with won.get_lock():
        won.value += 1


def test_of_two_processes_that_claim_at_once_one_wins(url: str, ledger: InlineLedger) -> None:
    """Two processes claim one delivery in the same moment: one has it, the other knows that it has not."""
    delivery = freeze(ledger, planned(ledger))
    ledger.close()
    context = multiprocessing.get_context("spawn")
    ready, go, won = context.Semaphore(0), context.Event(), context.Value("i", 0)
    children = [context.Process(target=_claim_in_a_process, args=(url, delivery, ready, go, won)) for _ in range(2)]
    for child in children:
        child.start()
    for _ in children:
        assert ready.acquire(timeout=60)
    go.set()
    for child in children:
        child.join(60)
    assert [child.exitcode for child in children] == [0] * 2
    assert won.value == 1
    assert (get(ledger).attempts, len(tries(ledger))) == (1, 1)


def test_of_many_threads_that_claim_at_once_one_wins(ledger: InlineLedger) -> None:
    """The same within one process."""
    delivery = freeze(ledger, planned(ledger))
    barrier, won = threading.Barrier(8), []

    def work() -> None:
        barrier.wait()
        try:
            won.append(claim(ledger, delivery))
        except NotOurs:
            return

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(won), len(tries(ledger))) == (1, 1)


def _forbid_touching(conn: Connection) -> None:
    """Triggers that refuse to write to an attempt that has ended."""
    on_server = conn.dialect.name == "postgresql"
    act = "EXECUTE FUNCTION refuse()" if on_server else "BEGIN SELECT RAISE(ABORT, 'touched'); END"
    if on_server:
        conn.exec_driver_sql(
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RAISE 'touched'; END$$"
        )
    for verb in ("UPDATE", "DELETE"):
        conn.exec_driver_sql(
            f"CREATE TRIGGER no_{verb} BEFORE {verb} ON attempts FOR EACH ROW WHEN (OLD.ended_at IS NOT NULL) {act}"
        )


def test_what_has_ended_is_never_written_again(ledger: InlineLedger) -> None:
    """With a trigger that forbids it, a delivery's whole life passes without an ended attempt being touched."""
    ledger.write_now(_forbid_touching)
    delivery = planned(ledger)
    aside(ledger, delivery, "stage", Settlement(Event.NOT_EXECUTED, later(30), "refused", failed=True))
    claimed = claim(ledger, freeze(ledger, get(ledger)))
    settle(ledger, claimed, Settlement(Event.TOLD_TO_WAIT, later(30), "429", status=429))
    settle(ledger, claim(ledger, get(ledger)), LOST)
    aside(ledger, get(ledger), "find", Settlement(Event.ASK_AGAIN, later(90), "not yet", failed=True, marker="{}"))
    aside(ledger, get(ledger), "find", Settlement(Event.ABSENT, later(99), "gone"))
    claim(ledger, get(ledger))
    ledger.write_now(lambda conn: queue.recover(conn, 1, quiet_for_due_at=later(160), now=later(100)))
    aside(ledger, get(ledger), "find", Settlement(Event.FOUND, None, None, receipt=RECEIPT))
    said = [(attempt["number"], attempt["step"], attempt["outcome"]) for attempt in tries(ledger)]
    assert said == [
        (0, "stage", "not_executed"),
        (1, "publish", "told_to_wait"),
        (2, "publish", "lost"),
        (2, "find", "ask_again"),
        (2, "find", "absent"),
        (3, "publish", "lost"),
        (3, "find", "found"),
    ]
    assert all(attempt["ended_at"] for attempt in tries(ledger))
    with pytest.raises(DBAPIError, match="touched"):
        ledger.write_now(lambda conn: conn.execute(update(attempts).values(outcome="lost")))
    assert (get(ledger).state, get(ledger).failures) == (State.SENT, 4)


ENDS = {
    Event.SENT: (SENT, True),
    Event.REJECTED: (Settlement(Event.REJECTED, None, "too long"), True),
    Event.NOT_EXECUTED: (Settlement(Event.NOT_EXECUTED, later(30), "refused"), False),
    Event.LOST: (LOST, False),
}


@pytest.mark.parametrize("event", ENDS)
def test_staged_bytes_are_kept_until_the_delivery_is_final(event: Event, ledger: InlineLedger) -> None:
    """As long as the payload may have to be sent again its bytes are there; then they are gone."""
    settlement, gone = ENDS[event]
    claimed = claim(ledger, freeze(ledger, planned(ledger)))
    settle(ledger, claimed, settlement)
    kept = ledger.read_now(lambda conn: backlog.list_media(conn, 1))
    assert kept == (() if gone else (PICTURE,))


def test_a_cancelled_delivery_keeps_its_bytes(ledger: InlineLedger) -> None:
    """A person who takes up a cancelled delivery again sends what had been frozen."""
    frozen = freeze(ledger, planned(ledger))
    ledger.write_now(lambda conn: queue.decide(conn, frozen, Event.DROPPED, reason="no", now=NOW))
    assert ledger.read_now(lambda conn: backlog.list_media(conn, 1)) == (PICTURE,)
    ledger.write_now(
        lambda conn: queue.decide(conn, backlog.get_delivery(conn, 1), Event.RETRIED, reason="yes", now=NOW)
    )
    assert (get(ledger).state, get(ledger).body) == (State.PENDING, PAYLOAD.canonical())


def test_what_a_crash_left_is_uncertain(ledger: InlineLedger) -> None:
    """Found `sending` at start: nobody knows, the attempt is closed as lost, and the quiet time begins."""
    claim(ledger, freeze(ledger, planned(ledger, "1", "2")))
    lost = ledger.write_now(lambda conn: queue.recover(conn, 1, quiet_for_due_at=later(60), now=later(9)))
    assert lost == [1]
    found = get(ledger)
    assert (found.state, found.due_at, found.failures) == (State.UNCERTAIN, later(60), 1)
    assert tries(ledger)[0]["message"] == "the program ended before the platform answered"
    assert ledger.write_now(lambda conn: queue.recover(conn, 1, quiet_for_due_at=later(60), now=later(9))) == []


def test_the_head_keeps_its_place_and_steps_aside_only_for_a_person(ledger: InlineLedger) -> None:
    """A retry due later is still first; what waits for a person is passed over; then the next one is first."""
    first = planned(ledger, "1", "2")
    aside(ledger, first, "stage", Settlement(Event.NOT_EXECUTED, later(9999), "refused", failed=True))

    def head() -> int | None:
        found = ledger.read_now(lambda conn: backlog.find_head(conn, 1))
        return found.id if found else None

    assert head() == 1
    settle(ledger, claim(ledger, get(ledger)), LOST)
    assert head() == 1
    aside(ledger, get(ledger), "find", Settlement(Event.CANNOT_TELL, None, "it cannot be asked"))
    assert head() == 2


# ── a person decides ──────────────────────────────────────────────────────────────────────────────────────────────


def test_a_person_says_that_it_is_out(ledger: InlineLedger) -> None:
    """Resolved as sent: the address is kept, and nothing is due any more."""
    settle(ledger, claim(ledger, freeze(ledger, planned(ledger))), LOST)
    ledger.write_now(
        lambda conn: queue.decide(
            conn,
            backlog.get_delivery(conn, 1),
            Event.RESOLVED_SENT,
            reason="a person said so",
            now=later(9),
            url="https://x.example/1",
        )
    )
    found = row(ledger)
    assert (found["state"], found["url"], found["sent_at"], found["due_at"]) == (
        State.SENT,
        "https://x.example/1",
        later(9),
        None,
    )


def test_a_person_says_that_it_is_not_out(ledger: InlineLedger) -> None:
    """Resolved as not sent: the same bytes go out under the same key, at once."""
    settle(ledger, claim(ledger, freeze(ledger, planned(ledger))), LOST)
    ledger.write_now(
        lambda conn: queue.decide(
            conn, backlog.get_delivery(conn, 1), Event.RESOLVED_NOT_SENT, reason="looked", now=later(9)
        )
    )
    found = get(ledger)
    assert (found.state, found.due_at, found.failures) == (State.PENDING, later(9), 0)
    assert (found.body, found.key, found.payload_number) == (PAYLOAD.canonical(), "key-1", 1)


def test_a_refused_delivery_that_is_retried_is_composed_afresh(ledger: InlineLedger) -> None:
    """What was refused is proven not executed: the next payload is another one, with another key."""
    settle(ledger, claim(ledger, freeze(ledger, planned(ledger))), ENDS[Event.REJECTED][0])
    ledger.write_now(
        lambda conn: queue.decide(conn, backlog.get_delivery(conn, 1), Event.RETRIED, reason="again", now=later(9))
    )
    found = get(ledger)
    assert (found.state, found.body, found.key, found.payload_number) == (State.PENDING, None, None, 2)
    assert freeze(ledger, found).body == PAYLOAD.canonical()


@pytest.mark.parametrize("event", [event for event in Event if (State.SENT, event) not in EDGES])
def test_nobody_decides_on_what_is_sent(event: Event, ledger: InlineLedger) -> None:
    """No decision moves a delivery that is out."""
    settle(ledger, claim(ledger, freeze(ledger, planned(ledger))), SENT)
    with pytest.raises(NotOurs, match="is sent: it cannot be"):
        ledger.write_now(lambda conn: queue.decide(conn, backlog.get_delivery(conn, 1), event, reason="?", now=NOW))


def test_a_decision_on_an_old_view_is_refused(ledger: InlineLedger) -> None:
    """A person who decides on what a lane has taken up meanwhile is told, and changes nothing."""
    seen = freeze(ledger, planned(ledger))
    claim(ledger, seen)
    with pytest.raises(NotOurs):
        ledger.write_now(lambda conn: queue.decide(conn, seen, Event.DROPPED, reason="no", now=NOW))
    assert get(ledger).state is State.SENDING


def test_there_is_no_such_delivery(ledger: InlineLedger) -> None:
    """Asking for one that does not exist says so."""
    with pytest.raises(LookupError, match="there is no delivery 7"):
        get(ledger, 7)


def test_one_delivery_per_article_channel_action_and_revision(ledger: InlineLedger) -> None:
    """The database itself refuses a second one."""

    def work(conn: Connection) -> None:
        rows = [channel(conn, "a"), channel(conn, "b")]
        look(conn, feed(entry("1")), rows)
        look(conn, feed(entry("1"), entry("2")), rows)

    ledger.write_now(work)
    pairs = ledger.read_now(
        lambda conn: [tuple(each) for each in conn.execute(select(deliveries.c.article_id, deliveries.c.channel_id))]
    )
    assert sorted(pairs) == [(1, 1), (1, 2), (2, 1), (2, 2)]
