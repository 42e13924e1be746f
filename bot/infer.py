"""What a post that is out proves of an earlier one of its lane whose answer was lost, and that stepped aside.

What steps aside has been asked about, and so has rested: whatever its call came to, it had come to it by then. A call
that was begun later is later on the platform, too.
"""

import json
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


async def infer(
    settler: Settler, adapter: CanInfer, doors: Doors, channel_id: int, receipt: Receipt, *, begun_at: datetime
) -> None:
    """Hold a post of a lane, whose call was begun at `begun_at`, against what had stepped aside there by then.

    What is proven not to be out is pending again, what can be asked about anew is due again; the rest waits on.
    Raises LeaseLost.
    """

    def look(conn: Connection) -> list[tuple[Delivery, Article]]:
        aside = backlog.list_aside(conn, channel_id, before=begun_at)
        return [(each, backlog.get_article(conn, each.article_id)) for each in aside]

    for delivery, article in await doors.ledger.read(look):
        answer = adapter.infer(json.loads(delivery.marker or "{}"), receipt.id)
        if isinstance(answer, CannotTell):
            continue
        now = doors.clock.now()
        settlement = conclude(answer, failures=delivery.failures, now=now, dice=doors.dice)
        await settler.aside(delivery, "find", settlement, article, started_at=now)
