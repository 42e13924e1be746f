"""A ledger that may be older than the posts: what it holds may be out already, and is not sent as if it were new.

In doubt is whatever was open when the ledger was restored, and whatever it meets anew that may have been found, and
posted, by the ledger that it took the place of. Where the platform lists an account's posts it is asked before such a
delivery is sent; where it does not, a person is.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, exists, func, select, update

from bot.ledger import backlog, queue
from bot.ledger.alerts import clear_alert, raise_alert
from bot.ledger.schema import OPEN, channels, deliveries, sources
from bot.ledger.switches import RESTORED, UNKNOWN, put_back, throw, thrown_at
from bot.ledger.watched import all_read_since
from bot.model import Event, Settlement, State

RESTORED_CAUSE = "ledger:restored"
"""The cause under which the alert about the ledger itself stands."""
_DOUBTED = deliveries.c.look_first == 1


def held_cause(channel_id: int) -> str:
    """The cause under which the alert about a channel's held deliveries stands."""
    return f"held:{channel_id}"


def doubt_all(conn: Connection, note: str, *, now: datetime, since: datetime | None = None) -> int:
    """The ledger is older than its posts, as of now: everything open is in doubt, and what will be met anew as well.
    `note` says why, as a clause; `since`: when this ledger was taken up, if it was not now. How many deliveries are in
    doubt."""
    if not conn.execute(select(exists().where(OPEN, _DOUBTED))).scalar_one():
        put_back(conn, UNKNOWN)  # else what was in doubt before goes further back
    throw(conn, UNKNOWN, note, now=since or now)
    _bring_back(conn, now)
    put_back(conn, RESTORED)  # the newer time counts: posts may be out that were made since the last time
    throw(conn, RESTORED, note, now=since or now)
    sentence = (
        f"The ledger is older than the posts: {note}. What may be out already is looked for before it is sent, and "
        "where the platform does not tell, it is held for you."
    )
    raise_alert(conn, RESTORED_CAUSE, sentence, needs_person=False, now=now)
    return conn.execute(update(deliveries).where(OPEN).values(look_first=1)).rowcount


def _bring_back(conn: Connection, now: datetime) -> None:
    """What was written down as later than this moment, by a clock that was set back since, was before it."""
    conn.execute(update(sources).where(sources.c.ok_at > now).values(ok_at=now))
    conn.execute(update(deliveries).where(deliveries.c.settled_at > now).values(settled_at=now))


def find_restored_at(conn: Connection) -> datetime | None:
    """When the ledger was restored, as long as that matters."""
    return thrown_at(conn, RESTORED)


def end_doubts(conn: Connection, identities: Sequence[str], *, max_age: float, now: datetime) -> bool:
    """Put the switch back once nothing new can come any more that was posted before: every source (`identities`) has
    been read since, and what is dated before is too old to be posted (`max_age`, seconds). What is in doubt stays so.
    """
    restored_at = thrown_at(conn, RESTORED)
    if restored_at is None or now - restored_at <= timedelta(seconds=max_age):
        return False
    if not all_read_since(conn, identities, restored_at):
        return False
    clear_alert(conn, RESTORED_CAUSE, now=now)
    return put_back(conn, RESTORED)


# ── where nobody can be asked ─────────────────────────────────────────────────────────────────────────────────────

_WHY_HELD = "the ledger is older than the posts, and the platform does not tell what is out"


def hold_doubted(conn: Connection, channel_id: int, *, account: str, now: datetime) -> list[int]:
    """Hold everything of a channel that may be out already, with one alert. Which deliveries."""
    query = select(deliveries.c.id).where(
        deliveries.c.channel_id == channel_id, OPEN, _DOUBTED, deliveries.c.state == State.PENDING
    )
    held = list(conn.execute(query.order_by(deliveries.c.id)).scalars())
    settlement = Settlement(Event.CANNOT_TELL, None, _WHY_HELD)
    for delivery_id in held:
        delivery = backlog.get_delivery(conn, delivery_id)
        queue.settle_aside(conn, delivery, "find", settlement, account=account, started_at=now, now=now)
    if held:
        _say_held(conn, channel_id, now=now)
    return held


def _say_held(conn: Connection, channel_id: int, *, now: datetime) -> None:
    name = conn.execute(select(channels.c.name).where(channels.c.id == channel_id)).scalar_one()
    count = count_held(conn, channel_id)
    what = "1 post is held" if count == 1 else f"{count} posts are held"
    sentence = (
        f"{what} on {name}: {_WHY_HELD}. Look at the channel; for each that is out `handbill resolve ID --sent URL`, "
        f"then `handbill resolve --held {name} --not-sent` (or --drop) for the rest."
    )
    raise_alert(conn, held_cause(channel_id), sentence, needs_person=True, now=now)


def count_held(conn: Connection, channel_id: int) -> int:
    """How many deliveries of a channel wait for a person's release."""
    held = (deliveries.c.channel_id == channel_id) & OPEN & (deliveries.c.state == State.HELD)
    return int(conn.execute(select(func.count()).select_from(deliveries).where(held)).scalar_one())
