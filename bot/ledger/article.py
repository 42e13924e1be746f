"""An article as the ledger keeps it: what its source says, and beside it what its page says."""

import json
from collections.abc import Sequence
from dataclasses import fields

from sqlalchemy import RowMapping

from bot.facts import Facts, enriched
from bot.ledger.schema import pages
from bot.model import Article

PAGE_COLUMNS = tuple(column.label(f"page_{column.name}") for column in pages.c if column.name != "article_id")
"""To be selected beside an article's own columns."""
_PLAIN = frozenset(Article.__slots__) - {"tags", "fediverse", "paywalled", "noindex", "source"}


def article_of(row: RowMapping) -> Article:
    """An article from its columns and those of its page."""
    article = Article(**{name: row[name] for name in _PLAIN}, tags=load_tags(row["tags"]))
    if row["page_url"] is None:
        return article
    values = {each.name: row[f"page_{each.name}"] for each in fields(Facts)}
    values |= {"paywalled": bool(values["paywalled"]), "noindex": bool(values["noindex"])}
    return enriched(article, Facts(**{**values, "tags": load_tags(values["tags"])}))


def dump_tags(tags: Sequence[str]) -> str | None:
    """Tags as the ledger keeps them: JSON."""
    return json.dumps(list(tags), ensure_ascii=False) if tags else None


def load_tags(text: str | None) -> tuple[str, ...]:
    """What `dump_tags` made."""
    return tuple(json.loads(text)) if text else ()
