"""Channels in the ledger: their identity as the platform says it, and whether they are paused."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, RowMapping, bindparam, exists, insert, select, update

from bot.ledger.postgres import PAUSES, take_turn
from bot.ledger.schema import channels, deliveries, switches
from bot.ledger.switches import PAUSED
from bot.model import EDGES, Event, State


@dataclass(frozen=True, slots=True)
class ChannelState:
    """What the ledger remembers of a channel."""

    id: int
    platform: str
    name: str
    account_id: str | None
    place_id: str | None
    who: str | None
    paused_at: datetime | None
    paused_reason: str | None
    probe_at: datetime | None
    probes: int
    stopped_at: datetime | None
    """Since when a person has paused it."""
    look_first: bool
    """Whether the account has shown a post that the ledger knows nothing of."""


def _state(row: RowMapping) -> ChannelState:
    values = {name: row[name] for name in ChannelState.__slots__}
    return ChannelState(**{**values, "look_first": bool(row["look_first"])})


def register_channel(conn: Connection, *, platform: str, name: str, now: datetime) -> ChannelState:
    """The channel that this label stands for, made if it is new.

    Which channel it really is only the platform can say (`bind_channel`); until then the label's last row stands in,
    so that articles found while the platform is away are planned all the same.
    """
    here = (channels.c.platform == platform) & (channels.c.name == name)
    query = select(channels).where(here).order_by(channels.c.removed_at.is_not(None), channels.c.id.desc()).limit(1)
    row = conn.execute(query).mappings().one_or_none()
    if row is None:
        conn.execute(insert(channels).values(platform=platform, name=name, added_at=now))
        row = conn.execute(query).mappings().one()
    elif row["removed_at"] is not None:
        conn.execute(update(channels).where(channels.c.id == row["id"]).values(removed_at=None))
    return _state(row)


def find_label(conn: Connection, platform: str, name: str) -> int | None:
    """The row that stands under this label now."""
    here = (channels.c.platform == platform) & (channels.c.name == name) & channels.c.removed_at.is_(None)
    return conn.execute(select(channels.c.id).where(here).order_by(channels.c.id.desc()).limit(1)).scalar_one_or_none()


def note_removed(conn: Connection, configured: Sequence[int], *, now: datetime) -> None:
    """Mark the channels that the settings no longer name; what they hold is kept and goes nowhere."""
    gone = channels.c.id.not_in(configured) & channels.c.removed_at.is_(None)
    conn.execute(update(channels).where(gone).values(removed_at=now))


def list_removed(conn: Connection) -> list[int]:
    """The channels that the settings no longer name."""
    return list(conn.execute(select(channels.c.id).where(channels.c.removed_at.is_not(None))).scalars())


_BY_ID = select(channels).where(channels.c.id == bindparam("b_channel"))


def get_channel(conn: Connection, channel_id: int) -> ChannelState:
    """The state of a registered channel."""
    return _state(conn.execute(_BY_ID, {"b_channel": channel_id}).mappings().one())


_MAY_SEND = select(channels.c.id).where(
    channels.c.id == bindparam("b_channel"),
    channels.c.paused_at.is_(None),
    channels.c.stopped_at.is_(None),
    ~exists().where(switches.c.name == PAUSED),
)


def may_send(conn: Connection, channel_id: int) -> bool:
    """Whether visible calls may be made on this channel: nobody has paused it, or everything, nor can before this
    transaction is over."""
    take_turn(conn, PAUSES, shared=True)
    return conn.execute(_MAY_SEND, {"b_channel": channel_id}).one_or_none() is not None


def find_channel(conn: Connection, platform: str, account_id: str, place_id: str) -> int | None:
    """The row of the channel that has this identity."""
    identity = (
        (channels.c.platform == platform) & (channels.c.account_id == account_id) & (channels.c.place_id == place_id)
    )
    return conn.execute(select(channels.c.id).where(identity)).scalar_one_or_none()


def bind_channel(
    conn: Connection,
    channel_id: int,
    *,
    account_id: str,
    place_id: str,
    who: str,
    url: str | None,
    now: datetime,
    since: datetime | None = None,
) -> int:
    """The platform has said who the label's channel is: settle on the row of that identity and return its id.

    A label that was moved to another account gets another row (nothing of the old account's backlog goes to the new
    one, but what was planned `since` the label was read as it is now); a channel that was renamed keeps its row, and
    what was planned under the new label moves over.
    """
    row = conn.execute(select(channels).where(channels.c.id == channel_id)).mappings().one()
    same = find_channel(conn, row["platform"], account_id, place_id)
    if same is not None:
        target = same
    elif row["account_id"] is None:
        target = channel_id
    else:
        values = {"platform": row["platform"], "name": row["name"], "added_at": now}
        target = int(conn.execute(insert(channels).values(**values).returning(channels.c.id)).scalar_one())
    if target != channel_id:
        if row["account_id"] is None:
            _move_unsent(conn, channel_id, target)
        elif since is not None:
            _move_unsent(conn, channel_id, target, since=since)
        conn.execute(update(channels).where(channels.c.id == channel_id).values(removed_at=now))
        if row["stopped_at"] is not None:  # a person paused it by this name, whatever it leads to
            conn.execute(update(channels).where(channels.c.id == target).values(stopped_at=row["stopped_at"]))
    known = {"account_id": account_id, "place_id": place_id, "who": who, "url": url, "name": row["name"]}
    conn.execute(update(channels).where(channels.c.id == target).values(**known, verified_at=now, removed_at=None))
    return target


def make_room(conn: Connection, channel_id: int, *, name: str, since: datetime, now: datetime) -> int:
    """A provisional row for the label `name`, which only stood in at a row that turns out to be another label's; what
    was planned under it `since` then goes with it."""
    platform = select(channels.c.platform).where(channels.c.id == channel_id)
    values = {"platform": conn.execute(platform).scalar_one(), "name": name, "added_at": now}
    room = int(conn.execute(insert(channels).values(**values).returning(channels.c.id)).scalar_one())
    _move_unsent(conn, channel_id, room, since=since)
    return room


def _move_unsent(conn: Connection, source: int, target: int, *, since: datetime | None = None) -> None:
    """Move what a row that stood in has planned (`since` then) to the real one, but for articles it has already."""
    there = select(deliveries.c.article_id).where(deliveries.c.channel_id == target)
    planned = deliveries.c.channel_id == source
    if since is not None:
        planned &= deliveries.c.planned_at >= since
    movable = (
        planned
        & (deliveries.c.state.in_([State.PENDING, State.SKIPPED, State.HELD]))
        & deliveries.c.article_id.not_in(there)
    )
    conn.execute(update(deliveries).where(movable).values(channel_id=target))
    twice = planned & (deliveries.c.state == State.PENDING)
    values = {"state": EDGES[State.PENDING, Event.DROPPED], "reason": "the channel had this article already"}
    conn.execute(update(deliveries).where(twice).values(due_at=None, **values))


def pause_channel(conn: Connection, channel_id: int, *, reason: str, probe_at: datetime, now: datetime) -> None:
    """The channel rests until `probe_at`; everything it holds is kept."""
    first = select(channels.c.paused_at).where(channels.c.id == channel_id)
    conn.execute(
        update(channels)
        .where(channels.c.id == channel_id)
        .values(
            paused_at=conn.execute(first).scalar_one() or now,
            paused_reason=reason,
            probe_at=probe_at,
            probes=channels.c.probes + 1,
        )
    )


def lift_pause(conn: Connection, channel_id: int) -> None:
    """The channel is tried again; how often it has been in vain is kept."""
    values = {"paused_at": None, "paused_reason": None, "probe_at": None}
    conn.execute(update(channels).where(channels.c.id == channel_id).values(**values))


def resume_channel(conn: Connection, channel_id: int) -> None:
    """The channel works again."""
    lift_pause(conn, channel_id)
    conn.execute(update(channels).where(channels.c.id == channel_id).values(probes=0))
