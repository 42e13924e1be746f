"""An article as the ledger keeps it: what its source says, and beside it what its page says."""

import json
from collections.abc import Sequence
from dataclasses import fields

from sqlalchemy import RowMapping, select

from bot.facts import Facts, enriched
from bot.focal import point_of_text
from bot.ledger.schema import articles, pages, sources
from bot.model import Article

_PAGE_COLUMNS = tuple(column.label(f"page_{column.name}") for column in pages.c if column.name != "article_id")
ARTICLES = select(articles, sources.c.name.label("source_name"), *_PAGE_COLUMNS).select_from(
    articles.join(sources).outerjoin(pages)
)
"""Articles, each with the name of its source and what its page says: what `article_of` takes."""
FOCUSES = ("picture_focus", "shown_focus")
"""The facts of a page that are points."""
_PLAIN = frozenset(Article.__slots__) - {"tags", "picture_focus", "fediverse", "paywalled", "noindex", "source"}


def article_of(row: RowMapping) -> Article:
    """An article from a row of `ARTICLES`."""
    article = Article(**{name: row[name] for name in _PLAIN}, tags=load_tags(row["tags"]), source=row["source_name"])
    if row["page_url"] is None:
        return article
    values = {each.name: row[f"page_{each.name}"] for each in fields(Facts)}
    values |= {name: point_of_text(values[name]) for name in FOCUSES}
    values |= {"paywalled": bool(values["paywalled"]), "noindex": bool(values["noindex"])}
    return enriched(article, Facts(**{**values, "tags": load_tags(values["tags"])}))


def dump_tags(tags: Sequence[str]) -> str | None:
    """Tags as the ledger keeps them: JSON."""
    return json.dumps(list(tags), ensure_ascii=False) if tags else None


def load_tags(text: str | None) -> tuple[str, ...]:
    """What `dump_tags` made."""
    return tuple(json.loads(text)) if text else ()
