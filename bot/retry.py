"""From what came of a call to what becomes of the delivery: one table, no I/O.

Every outcome of the contract has exactly one settlement per step; a test asserts that the table is total.
"""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Literal

from adapters.outcomes import (
    Absent,
    Answer,
    AskAgain,
    CannotTell,
    ChannelDown,
    Found,
    Outcome,
    RateLimited,
    Rejected,
    Unavailable,
    Uncertain,
)
from bot.doors import Dice
from bot.model import Event, Settlement

Step = Literal["stage", "publish", "find"]

BACKOFF_FROM = 30.0
BACKOFF_TO = 3600.0
"""Seconds: 30 s doubling to 1 h, for as long as the platform is down."""
PROBE_FROM = 60.0
PROBE_TO = 3600.0
"""Seconds between the tries of a channel that is paused because it is down."""
JITTER = 0.2


def backoff(failures: int, dice: Dice, *, start: float = BACKOFF_FROM, top: float = BACKOFF_TO) -> float:
    """Seconds to wait after this many failures in a row (at least one): doubling, capped, with jitter below the cap."""
    grown = min(top, start * 2.0 ** min(max(failures, 1) - 1, 30))
    return grown * dice.uniform(1 - JITTER, 1.0)


def sentences(message: str, mend: str) -> str:
    """What is wrong and what mends it, one after the other, as a person writes them."""
    said = [message.strip(), mend.strip()[:1].upper() + mend.strip()[1:]]
    return " ".join(each if each.endswith((".", "!", "?")) else f"{each}." for each in said if each)


EVENTS: Mapping[tuple[Step, type[Outcome]], Event] = {
    ("stage", RateLimited): Event.TOLD_TO_WAIT,
    ("stage", Unavailable): Event.NOT_EXECUTED,
    ("stage", Rejected): Event.REJECTED,
    ("stage", ChannelDown): Event.CHANNEL_DOWN,
    (
        "stage",
        Uncertain,
    ): Event.NOT_EXECUTED,  # staging is invisible and repeatable: doing it twice shows nobody anything
    ("publish", RateLimited): Event.TOLD_TO_WAIT,
    ("publish", Unavailable): Event.NOT_EXECUTED,
    ("publish", Rejected): Event.REJECTED,
    ("publish", ChannelDown): Event.CHANNEL_DOWN,
    ("publish", Uncertain): Event.LOST,
    ("find", RateLimited): Event.TOLD_TO_WAIT,
    ("find", Unavailable): Event.ASK_AGAIN,
    ("find", Rejected): Event.CANNOT_TELL,
    ("find", ChannelDown): Event.CHANNEL_DOWN,
    ("find", Uncertain): Event.ASK_AGAIN,
}


def judge(
    step: Step,
    outcome: Outcome,
    *,
    failures: int,
    quiet_for: float,
    now: datetime,
    dice: Dice,
    start: float = BACKOFF_FROM,
) -> Settlement:
    """What `outcome` of `step` makes of the delivery. `failures`: failed attempts before this one; `start`: the first
    backoff, seconds."""
    event, reason, status = EVENTS[step, type(outcome)], outcome.message, outcome.status
    if step == "publish" and isinstance(outcome, Rejected) and outcome.instead is not None:
        return Settlement(Event.DEGRADED, now, reason, status=status, instead=outcome.instead)
    match event:
        case Event.TOLD_TO_WAIT:
            told = outcome.retry_after if isinstance(outcome, RateLimited) else None
            # Jitter above what we were told, never below: coming back early is what rate limits punish.
            wait = (
                told + dice.uniform(0, min(1.0, told * JITTER)) if told is not None else backoff(1, dice, start=start)
            )
            return Settlement(event, now + timedelta(seconds=wait), reason, status=status)
        case Event.NOT_EXECUTED | Event.ASK_AGAIN:
            wait = backoff(failures + 1, dice, start=start)
            return Settlement(event, now + timedelta(seconds=wait), reason, failed=True, status=status)
        case Event.CHANNEL_DOWN:
            mend = outcome.mend if isinstance(outcome, ChannelDown) else ""
            return Settlement(event, now, sentences(reason, mend), status=status)
        case Event.LOST:
            return Settlement(event, now + timedelta(seconds=quiet_for), reason, failed=True, status=status)
        case _:
            return Settlement(event, None, reason, status=status)


def conclude(answer: Answer, *, failures: int, now: datetime, dice: Dice, start: float = BACKOFF_FROM) -> Settlement:
    """What the platform's answer to "is it out?" makes of the delivery. `failures`: failed attempts, the lost one
    included; `start`: the first backoff, seconds."""
    match answer:
        case Found(receipt, seen):
            return Settlement(Event.FOUND, None, None, receipt=receipt, presence=seen)
        case Absent(why):
            # The first time at once: it has rested long enough. A platform that loses one post after the other is
            # left alone for longer and longer.
            wait = backoff(failures - 1, dice, start=start) if failures > 1 else 0.0
            reason = why or "the platform was asked and does not have it"
            return Settlement(Event.ABSENT, now + timedelta(seconds=wait), reason)
        case AskAgain(after_for, marker):
            due_at, reason = now + timedelta(seconds=after_for), "the platform could not tell yet"
            return Settlement(Event.ASK_AGAIN, due_at, reason, marker=json.dumps(dict(marker)))
        case CannotTell(why, marker):
            kept = None if marker is None else json.dumps(dict(marker))
            return Settlement(Event.CANNOT_TELL, None, why, marker=kept)
