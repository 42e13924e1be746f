"""What the ledger knows of a channel's newest posts, and what is kept where the platform shows one that it does not."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

from sqlalchemy import Connection, exists, select, update

from bot.ledger.alerts import clear_alert, raise_alert
from bot.ledger.backlog import find_last_receipt, find_last_times
from bot.ledger.schema import OPEN, alerts, attempts, channels, deliveries, switches
from bot.ledger.switches import RESTORED, UNKNOWN, find_switch, put_back, throw, thrown_at
from bot.ledger.watched import all_read_since
from bot.model import Event, State
from bot.newer import Known

_BEGUN_BEFORE = timedelta(hours=1)
"""A call whose post came after the newest that is known did not begin longer before that one."""


def older_cause(channel_id: int) -> str:
    """The cause under which the alert about a post that the ledger knows nothing of stands."""
    return f"older:{channel_id}"


def _doubted(channel_id: int) -> str:
    """The switch that is thrown since the channel has been in doubt."""
    return f"doubted:{channel_id}"


def _unknown(channel_id: int) -> str:
    """The switch that is thrown since the first doubt about the channel that has not ended yet."""
    return f"unknown:{channel_id}"


def _met(channel_id: int) -> str:
    """The switch whose note is the newest post that a comparison has met and the ledger has no receipt of."""
    return f"met:{channel_id}"


def read_known(conn: Connection, channel_id: int) -> Known:
    """All that a newest post of the channel can be held against."""
    added_at = conn.execute(select(channels.c.added_at).where(channels.c.id == channel_id)).scalar_one()
    since, called_at = find_last_times(conn, channel_id) or (added_at, added_at)
    here = (deliveries.c.channel_id == channel_id) & (deliveries.c.sent_at >= since)
    newest = conn.execute(select(deliveries.c.receipt_id, deliveries.c.url).where(here)).all()
    lost = (
        select(attempts.c.started_at)
        .join(deliveries, deliveries.c.id == attempts.c.delivery_id)
        .where(
            attempts.c.channel_id == channel_id,
            attempts.c.step == "publish",
            attempts.c.started_at >= min(since, called_at) - _BEGUN_BEFORE,
            attempts.c.outcome.is_(None) | (attempts.c.outcome == Event.LOST),
            deliveries.c.receipt_id.is_(None),
            deliveries.c.state != State.PENDING,  # it was asked about, and is proven not to be out
        )
    )
    met = find_switch(conn, _met(channel_id))
    return Known(
        since=since,
        called_at=called_at,
        ids=frozenset({row.receipt_id for row in newest if row.receipt_id} | ({met} if met else set())),
        urls=frozenset(row.url for row in newest if row.url and not row.receipt_id),
        lost=tuple(conn.execute(lost).scalars()),
        restored_at=thrown_at(conn, RESTORED),
    )


def find_newest(conn: Connection, channel_id: int) -> str | None:
    """The id of the newest post that the ledger has a receipt of, or that a comparison has met since that."""
    met_at, last = thrown_at(conn, _met(channel_id)), find_last_times(conn, channel_id)
    if met_at is not None and (last is None or met_at > last[1]):
        return find_switch(conn, _met(channel_id))
    return find_last_receipt(conn, channel_id)


def doubt_channel(
    conn: Connection, channel_id: int, post_id: str, sentence: str, *, since: datetime, now: datetime
) -> bool:
    """The ledger may be older than the posts of this channel: what it holds there is looked for before it is sent, and
    what the sources show when they are first read after `since` as well. True: the operator is told, by an alert that
    says `sentence`.

    Told is only once: where it came to nothing before, somebody posts there by other means.
    """
    conn.execute(update(channels).where(channels.c.id == channel_id).values(look_first=1))
    conn.execute(update(deliveries).where(deliveries.c.channel_id == channel_id, OPEN).values(look_first=1))
    put_back(conn, _doubted(channel_id))
    throw(conn, _doubted(channel_id), post_id, now=since)
    throw(conn, _unknown(channel_id), post_id, now=since)  # where it is thrown already, it keeps its time
    note_met(conn, channel_id, post_id, now=now)
    told = (alerts.c.cause == older_cause(channel_id)) & alerts.c.cleared_at.is_not(None)
    if conn.execute(select(exists().where(told))).scalar_one():
        return False
    return raise_alert(conn, older_cause(channel_id), sentence, needs_person=False, now=now)


def note_met(conn: Connection, channel_id: int, post_id: str, *, now: datetime) -> None:
    """This post was met and is accounted for, although the ledger has no receipt of it: the next start is not alarmed
    by it."""
    put_back(conn, _met(channel_id))
    throw(conn, _met(channel_id), post_id, now=now)


def doubted_since(conn: Connection, channel_ids: Collection[int]) -> Mapping[int, datetime]:
    """Those of these channels that are in doubt, and since when."""
    names = {_doubted(channel_id): channel_id for channel_id in channel_ids}
    query = select(switches.c.name, switches.c.set_at).where(switches.c.name.in_(names))
    return {names[row.name]: row.set_at for row in conn.execute(query)}


def unknown_since(conn: Connection, channel_id: int) -> datetime | None:
    """From when on posts of a channel may be out that the ledger knows nothing of; None: there is no doubt of it.

    What was found, or sent, since then is no place to begin a search at: what is looked for may lie before it.
    """
    times = [thrown_at(conn, UNKNOWN), thrown_at(conn, _unknown(channel_id))]
    return min((each for each in times if each is not None), default=None)


def may_trust(conn: Connection, channel_id: int, identities: Collection[str]) -> bool:
    """Whether all that was in doubt on a channel has been looked for, and its sources (`identities`) were read since:
    what they show anew from then on nobody can have posted."""
    doubted_at = thrown_at(conn, _doubted(channel_id))
    pending = (deliveries.c.channel_id == channel_id) & OPEN & (deliveries.c.state == State.PENDING)
    if conn.execute(select(exists().where(pending, deliveries.c.look_first == 1))).scalar_one():
        return False
    return doubted_at is None or all_read_since(conn, identities, doubted_at)


def trust_channel(conn: Connection, channel_id: int, identities: Collection[str], *, now: datetime) -> bool:
    """End the doubt about a channel, if it `may_trust` still; True: it is ended. What is held stays held."""
    if not may_trust(conn, channel_id, identities):
        return False
    conn.execute(update(channels).where(channels.c.id == channel_id).values(look_first=0))
    put_back(conn, _doubted(channel_id))
    put_back(conn, _unknown(channel_id))
    clear_alert(conn, older_cause(channel_id), now=now)
    return True
