"""All that a lane needs to know for its next step, in one read of the ledger."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from adapters.base import Pace
from bot.ledger import backlog, channels
from bot.ledger.budgets import History, read_history
from bot.ledger.channels import ChannelState
from bot.ledger.merge import find_twin
from bot.ledger.newer import unknown_since
from bot.ledger.switches import PAUSED, find_switch
from bot.model import Article, Delivery, State


@dataclass(frozen=True, slots=True)
class Look:
    """How a lane stands. Without a head there is nothing to do, and nothing more was read."""

    channel: ChannelState
    head: Delivery | None = None
    article: Article | None = None
    last_receipt: str | None = None
    """Of the newest post of the place that is known; where the head may be out already, of those before the doubt."""
    history: History | None = None
    """What pacing goes by; None where it was not asked for."""
    twin: int | None = None
    """The article under which the head's own is out on this channel, or may be."""
    stopped: bool = False
    """Whether a person has paused this channel, or all: nothing is sent, though what is uncertain is asked about."""


def look(
    conn: Connection,
    channel_id: int,
    *,
    account: str | None,
    now: datetime,
    paces: Sequence[Pace] | None = None,
    over: datetime | None = None,
) -> Look:
    """Look at one lane. `account` None: the platform has not said yet who we are, so there is no pace to keep.

    `paces`: what pacing has to go back for, where its lane does not know yet. `over`: a `due_at` that has come,
    whatever `now` says: the clock was set back.
    """
    channel = channels.get_channel(conn, channel_id)
    head = backlog.find_head(conn, channel_id)
    if head is None or (head.due_at is not None and head.due_at > now and head.due_at != over):
        return Look(channel, head)
    article = backlog.get_article(conn, head.article_id)
    if head.state is not State.PENDING or account is None:
        return Look(channel, head, article)
    if channel.stopped_at is not None or find_switch(conn, PAUSED) is not None:
        return Look(channel, head, article, stopped=True)
    if (twin := find_twin(conn, head)) is not None:
        return Look(channel, head, article, twin=twin)
    history = None if paces is None else read_history(conn, paces, account=account, channel_id=channel_id, now=now)
    before = unknown_since(conn, channel_id) if head.look_first else None
    return Look(channel, head, article, backlog.find_last_receipt(conn, channel_id, before=before), history)
