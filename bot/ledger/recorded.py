"""What the ledger has of an article, as far as followers see or will see it. Read only."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from adapters.post import Media
from bot.ledger import backlog
from bot.ledger.reports import DeliveryRow, row_of, select_rows
from bot.ledger.schema import deliveries, pages
from bot.model import Article


@dataclass(frozen=True, slots=True)
class Recorded:
    """What became of an article on one channel."""

    row: DeliveryRow
    body: Mapping[str, Any] | None
    """The frozen payload; None: nothing is frozen, or it is no longer kept (`handbill prune`)."""
    media: tuple[Media, ...] = ()
    """Staged bytes, which are kept until the delivery is final."""


@dataclass(frozen=True, slots=True)
class Known:
    """An article of the ledger, and what became of it on each channel, in the order of the deliveries."""

    article: Article
    recorded: tuple[Recorded, ...]
    page_read: bool
    """Whether the facts of its page are among the article's."""


def find_known(conn: Connection, delivery_id: int) -> Known | None:
    """The article of this delivery. None: there is no such delivery."""
    article_id = conn.execute(
        select(deliveries.c.article_id).where(deliveries.c.id == delivery_id)
    ).scalar_one_or_none()
    if article_id is None:
        return None
    query = select_rows(deliveries.c.body).where(deliveries.c.article_id == article_id).order_by(deliveries.c.id)
    recorded = [
        Recorded(
            row_of(row),
            json.loads(row["body"]) if row["body"] else None,
            backlog.list_media(conn, row["id"]) if row["body"] else (),
        )
        for row in conn.execute(query).mappings().all()
    ]
    page_read = conn.execute(select(pages.c.article_id).where(pages.c.article_id == article_id)).first() is not None
    return Known(backlog.get_article(conn, article_id), tuple(recorded), page_read)
