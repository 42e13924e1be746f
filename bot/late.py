"""When it is an alarm that articles are not out on a channel yet, and what it says. Pure.

A backlog that moves as fast as the platform allows is none: it is shown by `status`, and nobody is called. What a
person has paused is none either. All else is, with the reason as far as it is known; where none is, somebody has to
look. The alarm is over by itself when nothing is late any more.
"""

from dataclasses import dataclass
from datetime import datetime

from bot.model import State


@dataclass(frozen=True, slots=True)
class Late:
    """What a channel owes, and what keeps it."""

    channel: str
    count: int
    since: datetime
    """When the first of them was to be out."""
    title: str
    """Of the article of that one."""
    stopped: bool = False
    """By a person."""
    down: str | None = None
    """Why the channel is paused by itself."""
    away: str | None = None
    """Why the platform cannot be reached."""
    state: State | None = None
    """Of the delivery whose turn it is."""
    reason: str | None = None
    """Why that one waits."""
    again_at: datetime | None = None
    """When it, or the channel, is tried again."""
    paced: bool = False
    """Whether it waits for its turn only."""
    moves: bool = False
    """Whether anything of the channel went out lately."""


@dataclass(frozen=True, slots=True)
class Alarm:
    """An alert to be raised."""

    message: str
    needs_person: bool


def late_cause(channel_id: int) -> str:
    """The cause under which the alert stands."""
    return f"channel:{channel_id}:late"


def alarm_of(late: Late) -> Alarm | None:
    """What the operator is told; None: nothing is out of order."""
    if late.stopped:
        return None
    why = _why(late)
    if why is None and late.moves:  # between two posts, or waiting for the next turn
        return None
    if late.count == 1:
        what = f"“{late.title}” is late on {late.channel}: it was to be out at {_time(late.since)}"
    else:
        what = f"{late.count} articles are late on {late.channel}, the first (“{late.title}”) since {_time(late.since)}"
    if why is not None:
        return Alarm(f"{what}. {why}", needs_person=False)
    if late.paced:
        until = f" at {_time(late.again_at)}" if late.again_at else ""
        return Alarm(f"{what}. It waits for its turn{until}: the platform allows no more.", needs_person=False)
    return Alarm(f"{what}. Nothing is known that keeps it: look into the log of `handbill run`.", needs_person=True)


def _why(late: Late) -> str | None:
    again = f" It is tried again at {_time(late.again_at)}." if late.again_at else ""
    if late.down is not None:
        return f"The channel is paused: {_bare(late.down)}.{again}"
    if late.away is not None:
        return f"The platform cannot be reached: {_bare(late.away)}.{again}"
    if late.state is State.UNCERTAIN:
        asked = f" It is asked at {_time(late.again_at)}." if late.again_at else ""
        return f"The one before has an unknown outcome: {_bare(late.reason)}.{asked}"
    if late.again_at is not None and late.reason is not None and not late.paced:
        return f"It waits: {_bare(late.reason)}.{again}"
    return None


def _bare(reason: str | None) -> str:
    return (reason or "no reason was given").rstrip(". ")


def _time(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"
