"""A person pauses at the very moment at which a lane commits its intent: whoever is first, no call comes after."""

from collections.abc import Callable

import pytest
from sqlalchemy import Connection

from bot.intent import Intent, NotNow
from bot.ledger.backlog import get_delivery
from bot.ledger.db import InlineLedger
from bot.ledger.pauses import stop, stop_all
from bot.model import Delivery, State
from tests.ledger.at_once import second
from tests.ledger.engines import ON_SERVER
from tests.ledger.entries import NOW, planned
from tests.ledger.test_queue import ACCOUNT, PAYLOAD
from tests.real.postgres.server import RealPostgres

Pause = Callable[[Connection], object]


def pause_channel(conn: Connection) -> object:
    """`handbill pause NAME`."""
    return stop(conn, [1], now=NOW)


def pause_everything(conn: Connection) -> object:
    """`handbill pause --all`."""
    return stop_all(conn, now=NOW)


def intend(conn: Connection, delivery: Delivery) -> int:
    """Commit to the visible call, as the lane does."""
    return Intent(delivery, PAYLOAD, "key-1", ACCOUNT, "{}").commit(conn, NOW)


def state(conn: Connection) -> tuple[State, int]:
    """How the one delivery is, and how often it was tried."""
    delivery = get_delivery(conn, 1)
    return delivery.state, delivery.attempts


PAUSES = pytest.mark.parametrize("pause", [pause_channel, pause_everything])


@ON_SERVER
@PAUSES
def test_an_intent_waits_for_a_pause_that_was_first(
    ledger: InlineLedger, url: str, postgres: RealPostgres, pause: Pause
) -> None:
    """The pause is not committed yet: the lane waits for it, and then makes no call and has used up nothing."""
    delivery = planned(ledger)
    with ledger.writing.connect() as conn:
        pause(conn)
        with second(url, lambda theirs: intend(theirs, delivery)) as lane:
            assert lane.waits(postgres)
            conn.commit()
            with pytest.raises(NotNow, match="paused"):
                lane.ended()
    assert (State.PENDING, 0) == ledger.read_now(state)


@ON_SERVER
@PAUSES
def test_a_pause_waits_for_an_intent_that_was_first(
    ledger: InlineLedger, url: str, postgres: RealPostgres, pause: Pause
) -> None:
    """The intent is not committed yet: the pause returns only when it is, and so can say what is on the wire."""
    delivery = planned(ledger)
    with ledger.writing.connect() as conn:
        intend(conn, delivery)
        with second(url, pause) as person:
            assert person.waits(postgres)
            conn.commit()
            person.ended()
    assert (State.SENDING, 1) == ledger.read_now(state)


@ON_SERVER
def test_lanes_do_not_wait_for_each_other(ledger: InlineLedger, url: str, postgres: RealPostgres) -> None:
    """Two intents of two processes are committed side by side."""
    delivery, other = planned(ledger, "1", "2"), ledger.read_now(lambda conn: get_delivery(conn, 2))
    with ledger.writing.connect() as conn:
        intend(conn, delivery)
        with second(url, lambda theirs: intend(theirs, other)) as lane:
            assert not lane.waits(postgres)
            assert 1 == lane.ended()
        conn.commit()
