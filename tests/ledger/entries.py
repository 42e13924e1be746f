"""Puts sources, channels and articles into a ledger by the same functions as the program does."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from bot.ledger.backlog import find_head
from bot.ledger.channels import bind_channel, register_channel
from bot.ledger.db import InlineLedger
from bot.ledger.intake import Stored, commit_look, find_known
from bot.ledger.watched import get_source, register_source
from bot.model import Delivery
from bot.plan import Rules, candidates, plan
from bot.sources.entry import Entry, Feed

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
RULES = Rules(settle=0.0, max_age=48 * 3600.0, backfill=0)
CURSOR = {"etag": '"1"', "last_modified": None, "next_poll_at": NOW, "told_until_at": None}
SOURCE = "news.example"


def later(seconds: float) -> datetime:
    """This many seconds after NOW."""
    return NOW + timedelta(seconds=seconds)


def entry(id_: str, **other: Any) -> Entry:
    """An entry of this id."""
    return replace(Entry(id_, f"https://news.example/{id_}", f"Title {id_}", "Words."), **other)


def feed(*entries: Entry) -> Feed:
    """A feed with these entries, the newest first."""
    return Feed(None, "News", "https://news.example/", None, entries, "RSS 2.0")


def channel(conn: Connection, name: str = "a", *, account: str | None = None, place: str = "here") -> int:
    """A registered channel; bound, where an account is given."""
    row = register_channel(conn, platform="paper", name=name, now=NOW).id
    if account is not None:
        return bind_channel(conn, row, account_id=account, place_id=place, who=f"@{name}", url=None, now=NOW)
    return row


def look(
    conn: Connection, document: Feed, channel_ids: Sequence[int], *, rules: Rules = RULES, source: str = SOURCE
) -> Stored:
    """One committed look at the source, which has been looked at before."""
    row = register_source(conn, identity=source, name=source, url=f"https://{source}/feed", now=NOW)
    found = candidates(source, document)
    known = find_known(conn, found)
    decided = plan(found, known, first_look=False, rules=rules, now=NOW)
    return commit_look(conn, row.id, decided, known, channel_ids=channel_ids, language=None, cursor=CURSOR, now=NOW)


def planned(ledger: InlineLedger, *ids: str) -> Delivery:
    """A bound channel with a pending delivery for each id; the first of them."""

    def work(conn: Connection) -> Delivery:
        row = channel(conn, account="acct")
        look(conn, feed(*(entry(id_) for id_ in reversed(ids or ("1",)))), [row])
        head = find_head(conn, row)
        assert head is not None
        return head

    return ledger.write_now(work)


def source_row(conn: Connection) -> Any:
    """The state of the one source."""
    return get_source(conn, SOURCE)
