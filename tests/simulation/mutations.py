"""Mistakes that somebody might make, each put into the program for the length of a block: the simulation finds them."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, update

import bot.audit
import bot.deliver
import bot.intent
import bot.ledger.audit
import bot.ledger.queue
import bot.look
import bot.payloads
import bot.poll
import bot.retry
import bot.settle
import bot.verdicts
from adapters.base import KeySeed
from adapters.outcomes import Presence, RateLimited, Uncertain
from bot.ledger import intake, merge
from bot.ledger.audit import ToRead
from bot.ledger.schema import deliveries
from bot.ledger.schema import sources as sources_table
from bot.model import EDGES, Article, Delivery, Event, Settlement, State
from tests.simulation.swap import swapped

Mutation = Callable[[], AbstractContextManager[None]]


@contextmanager
def blind_resend() -> Iterator[None]:
    """No answer counts as not executed."""
    changed = dict(bot.retry.EVENTS)
    changed["publish", Uncertain] = Event.NOT_EXECUTED
    with swapped(bot.retry, "EVENTS", changed):
        yield


@contextmanager
def settle_without_guard() -> Iterator[None]:
    """An outcome is written whoever has the delivery by now."""

    def take(conn: Connection, statement: Any, still: tuple[int, State, int], event: Event, **values: Any) -> State:
        state, attempts = conn.execute(
            deliveries.select()
            .with_only_columns(deliveries.c.state, deliveries.c.attempts)
            .where(deliveries.c.id == still[0])
        ).one()
        where = {"b_id": still[0], "b_state": state, "b_attempts": attempts}
        target = EDGES[still[1], event]
        conn.execute(statement, {**where, "state": target, **values})
        return target

    with swapped(bot.ledger.queue, "_take", take):
        yield


@contextmanager
def cursor_before_articles() -> Iterator[None]:
    """The validators are stored on their own, before what they stand for."""
    changed = bot.poll.Poller._changed

    async def twice(self: Any, state: Any, reading: Any, feed: Any) -> None:
        cursor = {
            name: value
            for name, value in self._cursor(self._doors.clock.now(), reading.cursor, feed).items()
            if name == "etag"
        }
        statement = update(sources_table).where(sources_table.c.id == state.id).values(**cursor)
        await self._doors.ledger.write(lambda conn: conn.execute(statement) and None)
        await changed(self, state, reading, feed)

    with swapped(bot.poll.Poller, "_changed", twice):
        yield


@contextmanager
def key_from_row_number() -> Iterator[None]:
    """Keys derive from where a delivery stands in this ledger."""

    def key(self: Any, delivery: Delivery, article: Article, number: int) -> str:
        seed = KeySeed(self._channel.account, f"row {delivery.id}", "publish", 1, number, None)
        return str(self._adapter.key(seed))

    with swapped(bot.payloads.Payloads, "_key", key):
        yield


@contextmanager
def sent_again_by_the_audit() -> Iterator[None]:
    """What has vanished is put back to be sent."""
    note = bot.ledger.audit.note_presence

    def again(conn: Connection, post: ToRead, presence: Presence, *, now: datetime) -> bool:
        noted = note(conn, post, presence, now=now)
        if noted and presence == "vanished":
            its = update(deliveries).where(deliveries.c.id == post.delivery_id)
            conn.execute(its.values(state=State.PENDING, due_at=now, body=None, key=None))
        return noted

    with swapped(bot.ledger.audit, "note_presence", again):
        yield


@contextmanager
def no_quiet_time() -> Iterator[None]:
    """The platform is asked at once."""
    judge, recover = bot.retry.judge, bot.ledger.queue.recover

    def hasty(*args: Any, **options: Any) -> Settlement:
        return judge(*args, **{**options, "quiet_for": 0.0})

    def hasty_recovery(conn: Connection, channel_id: int, *, quiet_for_due_at: datetime, now: datetime) -> list[int]:
        return recover(conn, channel_id, quiet_for_due_at=now, now=now)

    def restless(self: Any, seconds: float) -> None:
        """No rest."""

    with ExitStack() as stack:
        stack.enter_context(swapped(bot.verdicts, "judge", hasty))
        stack.enter_context(swapped(bot.ledger.queue, "recover", hasty_recovery))
        stack.enter_context(swapped(bot.deliver.Lane, "_rest_quietly", restless))
        yield


@contextmanager
def undecided_without_an_alert() -> Iterator[None]:
    """What only a person can decide waits without a word."""
    alert = bot.settle.Settler._alert

    def silent(
        self: Any, conn: Connection, delivery: Delivery, settlement: Settlement, *rest: Any, **more: Any
    ) -> None:
        if settlement.event is not Event.CANNOT_TELL:
            alert(self, conn, delivery, settlement, *rest, **more)

    with swapped(bot.settle.Settler, "_alert", silent):
        yield


@contextmanager
def waiting_is_counted() -> Iterator[None]:
    """Being told to wait uses an attempt up."""
    judge = bot.retry.judge

    def counting(step: Any, outcome: Any, **options: Any) -> Settlement:
        settlement = judge(step, outcome, **options)
        return replace(settlement, failed=True) if isinstance(outcome, RateLimited) else settlement

    with swapped(bot.verdicts, "judge", counting):
        yield


@contextmanager
def pause_overlooked() -> Iterator[None]:
    """Whether a person has paused the channel is not looked at again inside the intent."""
    with swapped(bot.intent, "may_send", lambda _conn, _channel_id: True):
        yield


@contextmanager
def sent_unread() -> Iterator[None]:
    """Nobody waits for an article's page."""
    with swapped(bot.deliver.Lane, "_unread_for", lambda *_: 0.0):
        yield


@contextmanager
def articles_without_deliveries() -> Iterator[None]:
    """Articles are kept first and planned in a later transaction."""

    def nothing(*_: Any, **__: Any) -> None:
        """Somebody will."""

    with swapped(intake, "_plan_deliveries", nothing):
        yield


@contextmanager
def joined_and_both_sent() -> Iterator[None]:
    """Two articles that turn out to be one both go out."""
    with ExitStack() as stack:
        stack.enter_context(swapped(merge, "drop_same", lambda *_, **__: None))
        stack.enter_context(swapped(bot.look, "find_twin", lambda *_: None))
        stack.enter_context(swapped(bot.intent, "find_twin", lambda *_: None))
        yield


ALL: Mapping[str, Mutation] = {
    each.__name__: each
    for each in (
        *(blind_resend, settle_without_guard, cursor_before_articles, key_from_row_number, sent_again_by_the_audit),
        *(no_quiet_time, undecided_without_an_alert, waiting_is_counted, pause_overlooked, articles_without_deliveries),
        *(sent_unread, joined_and_both_sent),
    )
}
"""Name → the mistake."""
