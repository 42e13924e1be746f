"""All that a lane needs to know for its next step, in one read of the ledger."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from adapters.base import Pace
from bot.ledger import channels, queue
from bot.ledger.channels import ChannelState
from bot.ledger.switches import PAUSED, find_switch
from bot.model import Article, Delivery, State
from bot.pace import find_slot


@dataclass(frozen=True, slots=True)
class Look:
    """How a lane stands. Without a head there is nothing to do, and nothing more was read."""

    channel: ChannelState
    head: Delivery | None = None
    article: Article | None = None
    slot: datetime | None = None
    """When the next visible call fits into the paces; None: at once."""
    last_receipt: str | None = None
    stopped: bool = False
    """Whether a person has paused this channel, or all: nothing is sent, though what is uncertain is asked about."""


def look(conn: Connection, channel_id: int, *, paces: Sequence[Pace], account: str | None, now: datetime) -> Look:
    """Look at one lane. `account` None: the platform has not said yet who we are, so there is no pace to keep."""
    channel = channels.get_channel(conn, channel_id)
    head = queue.find_head(conn, channel_id)
    if head is None or (head.due_at is not None and head.due_at > now):
        return Look(channel, head)
    article = queue.get_article(conn, head.article_id)
    if head.state is not State.PENDING or account is None:
        return Look(channel, head, article)
    if channel.stopped_at is not None or find_switch(conn, PAUSED) is not None:
        return Look(channel, head, article, stopped=True)
    slot = find_slot(conn, paces, channel_id=channel_id, account=account, now=now)
    return Look(channel, head, article, slot, queue.find_last_receipt(conn, channel_id))
