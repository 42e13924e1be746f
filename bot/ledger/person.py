"""What a person decides on a delivery: its state, its alert and the rest that it still keeps, in one transaction."""

from datetime import datetime

from sqlalchemy import Connection, update

from bot.ledger import flood, queue
from bot.ledger.alerts import clear_alert
from bot.ledger.bell import ring
from bot.ledger.doubts import count_held, held_cause
from bot.ledger.schema import deliveries
from bot.model import Delivery, Event, State


def decide(
    conn: Connection,
    delivery: Delivery,
    event: Event,
    *,
    cause: str,
    reason: str,
    now: datetime,
    url: str | None = None,
) -> State:
    """Take the edge of the table of states that `event` stands for, and clear the alert of this `cause`.

    Raises NotOurs when the table has no such edge, or when somebody was faster than this person. A delivery whose quiet
    time is not over is sent again only after it: the lost call may still be alive on the platform's side.
    """
    state = queue.decide(conn, delivery, event, reason=reason, now=now, url=url)
    resting = delivery.state is State.UNCERTAIN and delivery.due_at is not None and delivery.due_at > now
    if resting and state is State.PENDING:
        conn.execute(update(deliveries).where(deliveries.c.id == delivery.id).values(due_at=delivery.due_at))
    clear_alert(conn, cause, now=now)
    if delivery.state is State.HELD and not count_held(conn, delivery.channel_id):
        clear_alert(conn, held_cause(delivery.channel_id), now=now)
    if delivery.state is State.HELD:
        flood.tell(conn, [delivery.id], now=now)
    ring(conn)
    return state
