"""What a post that is out proves of an earlier one whose answer was lost, where the platform cannot be asked for it."""

import json
from datetime import timedelta

from sqlalchemy import Connection

from adapters.base import Absent, CanInfer, Receipt
from bot.doors import Doors
from bot.ledger import queue
from bot.model import Article, Delivery
from bot.retry import conclude
from bot.settle import Settler


async def infer(
    settler: Settler, adapter: CanInfer, doors: Doors, channel_id: int, receipt: Receipt, *, rest_for: float
) -> None:
    """Hold the newest post of a lane against what stepped aside there. `rest_for`: seconds until a call surely is over,
    its quiet time included."""
    now = doors.clock.now()
    before = now - timedelta(seconds=rest_for)

    def look(conn: Connection) -> list[tuple[Delivery, Article]]:
        aside = queue.list_aside(conn, channel_id, before=before)
        return [(each, queue.get_article(conn, each.article_id)) for each in aside]

    for delivery, article in await doors.ledger.read(look):
        answer = adapter.infer(json.loads(delivery.marker or "{}"), receipt.id)
        if isinstance(answer, Absent):  # anything else is as before
            settlement = conclude(answer, failures=delivery.failures, now=now, dice=doors.dice)
            await settler.aside(delivery, "find", settlement, article, started_at=now)
