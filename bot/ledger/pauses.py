"""What a person stops and lets go on: one channel, or every visible call. What is asked of platforms goes on.

An intent and a pause at the same moment wait for each other: the call is in `sending` before the pause is committed,
where the person is shown it, or is not made.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select, update

from bot.ledger.postgres import PAUSES, take_turn
from bot.ledger.schema import channels
from bot.ledger.switches import PAUSED, find_switch, put_back, throw, thrown_at


@dataclass(frozen=True, slots=True)
class Stop:
    """Something that a person has paused."""

    channel: str | None
    """Its name; None: everything."""
    since: datetime


def list_stops(conn: Connection) -> tuple[Stop, ...]:
    """What is paused by a person, everything first; of channels those that the settings name."""
    everything = thrown_at(conn, PAUSED)
    here = channels.c.stopped_at.is_not(None) & channels.c.removed_at.is_(None)
    query = select(channels.c.name, channels.c.stopped_at).where(here).order_by(channels.c.id)
    stops = tuple(Stop(row.name, row.stopped_at) for row in conn.execute(query))
    return stops if everything is None else (Stop(None, everything), *stops)


def stop_all(conn: Connection, *, now: datetime) -> bool:
    """Forbid every visible call from this commit on. True: this is news."""
    take_turn(conn, PAUSES)
    news = thrown_at(conn, PAUSED) is None
    throw(conn, PAUSED, "by a person", now=now)
    return news


def stop(conn: Connection, channel_ids: Collection[int], *, now: datetime) -> int:
    """Forbid the visible calls of these channels from this commit on. How many of them it is news to."""
    take_turn(conn, PAUSES)
    working = channels.c.id.in_(channel_ids) & channels.c.stopped_at.is_(None)
    return conn.execute(update(channels).where(working).values(stopped_at=now)).rowcount


@dataclass(frozen=True, slots=True)
class Stops:
    """All that a person has paused, to be carried into another ledger."""

    everything: str | None
    """The note on it; None: it is not."""
    channels: Mapping[tuple[str, str], datetime]
    """(platform, name) → since when."""


def read_stops(conn: Connection) -> Stops:
    """What is paused by a person here, taken-out channels included."""
    query = select(channels).where(channels.c.stopped_at.is_not(None))
    found = {(row["platform"], row["name"]): row["stopped_at"] for row in conn.execute(query).mappings()}
    return Stops(find_switch(conn, PAUSED), found)


def write_stops(conn: Connection, stops: Stops, *, now: datetime) -> None:
    """Let exactly this be paused here."""
    put_back(conn, PAUSED)
    if stops.everything is not None:
        throw(conn, PAUSED, stops.everything, now=now)
    conn.execute(update(channels).values(stopped_at=None))
    for (platform, name), since in stops.channels.items():
        its = (channels.c.platform == platform) & (channels.c.name == name)
        conn.execute(update(channels).where(its).values(stopped_at=since))


def let_all_go_on(conn: Connection, *, now: datetime) -> bool:
    """Take back `stop_all`, and try at once what is down. Channels that are paused each for itself stay so.
    True: everything was paused."""
    _try_now(conn, list(conn.execute(select(channels.c.id)).scalars()), now=now)
    return put_back(conn, PAUSED)


def let_go_on(conn: Connection, channel_ids: Sequence[int], *, now: datetime) -> int:
    """Take back `stop`, and try at once those that are down. How many were paused by a person."""
    stopped = channels.c.id.in_(channel_ids) & channels.c.stopped_at.is_not(None)
    _try_now(conn, channel_ids, now=now)
    return conn.execute(update(channels).where(stopped).values(stopped_at=None)).rowcount


def _try_now(conn: Connection, channel_ids: Sequence[int], *, now: datetime) -> None:
    down = channels.c.id.in_(channel_ids) & channels.c.paused_at.is_not(None) & (channels.c.probe_at > now)
    conn.execute(update(channels).where(down).values(probe_at=now))
