"""Two articles that turn out to be one: whatever state each is in, no channel gets both, and none gets neither."""

from collections.abc import Mapping
from dataclasses import replace
from itertools import product

import pytest
from sqlalchemy import Connection, select, update

from bot.ledger import backlog, intake, merge, watched
from bot.ledger.db import InlineLedger
from bot.ledger.schema import article_keys, articles, deliveries
from bot.model import State
from bot.plan import candidates, plan
from tests.ledger.entries import CURSOR, NOW, RULES, channel, entry, feed, look

ON_ITS_WAY = frozenset({State.SENT, State.SENDING, State.UNCERTAIN})
WAITING = frozenset({State.PENDING, State.HELD})


def two(conn: Connection, one: State, other: State) -> None:
    """Articles 1 and 2, each with a delivery on one channel in such a state."""
    row = channel(conn, account="acct")
    look(conn, feed(entry("b"), entry("a")), [row])
    for delivery, state in ((1, one), (2, other)):
        conn.execute(update(deliveries).where(deliveries.c.id == delivery).values(state=state))


def states(conn: Connection) -> Mapping[int, State]:
    """Delivery → its state."""
    return {row.id: State(row.state) for row in conn.execute(select(deliveries.c.id, deliveries.c.state))}


@pytest.mark.parametrize(("one", "other"), list(product(State, State)), ids=str)
def test_of_two_states_the_furthest_goes_on(ledger: InlineLedger, one: State, other: State) -> None:
    """For each pair of states: at most one of the two may still begin, and only if nothing is out or has ended."""

    def work(conn: Connection) -> Mapping[int, State]:
        two(conn, one, other)
        assert merge.join(conn, 1, 2, now=NOW) == 1
        return states(conn)

    after = ledger.write_now(work)
    waiting = [each for each in after.values() if each in WAITING]
    assert len(waiting) == ({one, other} <= WAITING)
    for before, now in ((one, after[1]), (other, after[2])):
        assert now == before or (before in WAITING and now is State.CANCELLED)
    if {one, other} == WAITING:
        assert waiting == [State.PENDING]


def test_keys_lead_to_the_survivor_and_nothing_is_deleted(ledger: InlineLedger) -> None:
    """Both articles are still there; whatever shows the merged one again is the survivor's, also through a chain."""

    def work(conn: Connection) -> tuple[list[int], list[int | None], set[int], int | None]:
        look(conn, feed(entry("c"), entry("b"), entry("a")), [])
        assert merge.join(conn, 3, 2, now=NOW) == 2
        assert merge.join(conn, 3, 1, now=NOW) == 1
        rows = conn.execute(select(articles.c.id, articles.c.merged_into).order_by(articles.c.id)).all()
        owners = set(conn.execute(select(article_keys.c.article_id)).scalars())
        return [row.id for row in rows], [row.merged_into for row in rows], owners, merge.join(conn, 2, 3, now=NOW)

    assert ([1, 2, 3], [None, 1, 1], {1}, None) == ledger.write_now(work)


def test_a_look_that_shows_two_to_be_one_joins_them(ledger: InlineLedger) -> None:
    """An entry with the id of one and the link of the other: the second is cancelled, with the number of the first."""

    def work(conn: Connection) -> tuple[int | None, State, str | None]:
        row = channel(conn, account="acct")
        look(conn, feed(entry("a")), [row])
        look(conn, feed(entry("b"), entry("a")), [row])
        look(conn, feed(replace(entry("b"), link=entry("a").link)), [row])
        merged = conn.execute(select(articles.c.merged_into).where(articles.c.id == 2)).scalar_one()
        found = conn.execute(select(deliveries.c.state, deliveries.c.reason).where(deliveries.c.id == 2)).one()
        return merged, State(found.state), found.reason

    assert (1, State.CANCELLED, "same as article 1") == ledger.write_now(work)


def test_another_source_does_not_send_a_joined_article_again(ledger: InlineLedger) -> None:
    """The survivor was only on one channel, the merged one on the other: a source that leads to both adds none."""

    def work(conn: Connection) -> int:
        first, second = channel(conn, "a", account="one"), channel(conn, "b", account="two")
        look(conn, feed(entry("a")), [first])
        look(conn, feed(entry("b")), [second])
        merge.join(conn, 1, 2, now=NOW)
        other = watched.register_source(conn, identity="other", name="other", url="u", now=NOW)
        found = candidates("other", feed(entry("a")))
        known = intake.find_known(conn, found)
        decided = plan(found, known, first_look=False, rules=RULES, now=NOW)
        both = [first, second]
        intake.commit_look(conn, other.id, decided, known, channel_ids=both, language=None, cursor=CURSOR, now=NOW)
        return len(states(conn))

    assert ledger.write_now(work) == 2


@pytest.mark.parametrize("state", State)
def test_a_twin_is_what_may_be_out(ledger: InlineLedger, state: State) -> None:
    """Before each call: the other one is a twin if it is out, on the wire, or nobody knows."""

    def work(conn: Connection) -> int | None:
        two(conn, State.UNCERTAIN, state)
        merge.join(conn, 1, 2, now=NOW)
        return merge.find_twin(conn, backlog.get_delivery(conn, 1))

    assert (2 if state in ON_ITS_WAY else None) == ledger.write_now(work)


def test_an_article_of_its_own_has_no_twin(ledger: InlineLedger) -> None:
    """What was never joined is nobody's twin, whatever else is out."""

    def work(conn: Connection) -> int | None:
        two(conn, State.PENDING, State.SENT)
        return merge.find_twin(conn, backlog.get_delivery(conn, 1))

    assert ledger.write_now(work) is None
