"""Pacing of visible calls by what the ledger says was called already, so that a restart forgets nothing."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection

from adapters.base import Pace
from bot.ledger import queue


def find_slot(
    conn: Connection, paces: Sequence[Pace], *, channel_id: int, account: str, now: datetime
) -> datetime | None:
    """When the next visible call of this channel fits into every pace; None: at once.

    A sliding window: no window of the platform's, wherever it begins, ever sees more than `count` calls.
    """
    slots = []
    for pace in paces:
        place = channel_id if pace.scope == "place" else None
        earlier = queue.find_called(conn, place=place, account=account, nth=pace.count, until=now)
        if earlier is not None:
            slots.append(earlier + timedelta(seconds=pace.per_for))
    latest = max(slots, default=now)
    return latest if latest > now else None
