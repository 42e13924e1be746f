"""What a post that is out proves of an earlier one of its lane whose answer was lost, and that stepped aside.

What steps aside has been asked about, and so has rested: whatever its call came to, it had come to it by then. A call
that was begun later is later on the platform, too.
"""

import json
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from adapters.base import CanInfer
from adapters.outcomes import CannotTell
from adapters.post import Receipt
from bot.doors import Doors
from bot.ledger import backlog
from bot.model import Article, Delivery
from bot.retry import conclude
from bot.settle import Settler

Hint = tuple[Delivery, Article, str]
"""What had stepped aside, and the receipt id of a later post of ours."""


async def infer(
    settler: Settler, adapter: CanInfer, doors: Doors, channel_id: int, receipt: Receipt, *, begun_at: datetime
) -> None:
    """Hold a post of a lane, whose call was begun at `begun_at`, against what had stepped aside there by then.

    What is proven not to be out is pending again, what can be asked about anew is due again; the rest waits on.
    Raises LeaseLost.
    """

    def look(conn: Connection) -> list[Hint]:
        aside = backlog.list_aside(conn, channel_id, before=begun_at)
        return [(each, backlog.get_article(conn, each.article_id), receipt.id) for each in aside]

    await _use(await doors.ledger.read(look), settler, adapter, doors)


async def infer_again(settler: Settler, adapter: CanInfer, doors: Doors, channel_id: int) -> None:
    """The same with what the ledger tells: the next post of ours after each that had stepped aside. A hint that a crash
    has kept from being used is not lost. Raises LeaseLost."""

    def look(conn: Connection) -> list[Hint]:
        aside = [(each, backlog.find_next_receipt(conn, each)) for each in backlog.list_aside(conn, channel_id)]
        return [(each, backlog.get_article(conn, each.article_id), later) for each, later in aside if later is not None]

    await _use(await doors.ledger.read(look), settler, adapter, doors)


async def _use(hints: Sequence[Hint], settler: Settler, adapter: CanInfer, doors: Doors) -> None:
    for delivery, article, later in hints:
        answer = adapter.infer(json.loads(delivery.marker or "{}"), later)
        if isinstance(answer, CannotTell):
            continue
        now = doors.clock.now()
        settlement = conclude(answer, failures=delivery.failures, now=now, dice=doors.dice)
        await settler.aside(delivery, "find", settlement, article, started_at=now)
