"""What the ledger knows of every delivery of a period, as the audit tells it. Read only.

The period goes by when an article was found. Whatever is still open is told besides, however old it is.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, RowMapping, bindparam, select

from bot.findings import Facts, Finding, Planned, Standing, find, missing, stand
from bot.ledger.alerts import list_alerts
from bot.ledger.reports import DeliveryRow, row_of, select_rows
from bot.ledger.schema import OPEN, UNREAD, articles, channels, deliveries, sources
from bot.ledger.switches import PAUSED, find_switch
from bot.model import State


@dataclass(frozen=True, slots=True)
class Audited:
    """One article on one channel, and what the audit says of it."""

    article_id: int
    title: str
    link: str
    channel: str
    platform: str
    found_at: datetime
    finding: Finding
    standing: Standing
    why: str | None
    """The reason, where there is one to tell."""
    row: DeliveryRow | None
    """The delivery; None: it is missing."""


_ALL = select_rows(
    deliveries.c.channel_id,
    deliveries.c.receipt_id,
    deliveries.c.confirm_at,
    channels.c.paused_at,
    channels.c.paused_reason,
    channels.c.stopped_at,
)


_FOUND = select(articles).where(articles.c.found_at >= bindparam("b_since"))
AT_ONCE = 500
"""Articles whose deliveries are read in one query, by their ids: no other way is certain not to read all there are."""


def list_audited(
    conn: Connection,
    *,
    since: datetime,
    leads: Mapping[str, Sequence[tuple[str, str]]],
    cause_of: Callable[[int], str],
    channel: str | None = None,
) -> list[Audited]:
    """Every delivery of the articles found since then, and whatever else is open; oldest first.

    `leads`: a source's identity → (platform, name) of the channels that it leads to by the settings. `cause_of`: under
    which cause a delivery's alert stands.
    """
    known = {row["id"]: row for row in conn.execute(_FOUND, {"b_since": since}).mappings()}
    rows = {row["id"]: row for which in (OPEN, UNREAD) for row in conn.execute(_ALL.where(which)).mappings()}
    planned: dict[int, set[int]] = {article_id: set() for article_id in known}
    for ids in _chunks(sorted(known)):
        for row in conn.execute(_ALL.where(deliveries.c.article_id.in_(ids))).mappings():
            rows[row["id"]] = row
            planned[row["article_id"]].add(row["channel_id"])
    alerted = {alert.cause for alert in list_alerts(conn)}
    everything = find_switch(conn, PAUSED) is not None
    found = [_audited(row, cause_of(row["id"]) in alerted, everything) for row in rows.values()]
    found += _missing(conn, known, planned, leads)
    chosen = (each for each in found if channel in (None, each.channel))
    return sorted(chosen, key=lambda each: (each.article_id, each.row.id if each.row else 0))


def _audited(row: RowMapping, alerted: bool, everything: bool) -> Audited:
    facts = Facts(
        state=State(row["state"]),
        presence=row["presence"],
        receipt=row["receipt_id"] is not None,
        to_be_read=row["confirm_at"] is not None,
        asked=row["due_at"] is not None,
        removed=row["removed_at"] is not None,
        down=row["paused_at"] is not None,
        alerted=alerted,
    )
    finding, delivery = find(facts), row_of(row)
    return Audited(
        article_id=row["article_id"],
        title=row["title"],
        link=row["link"],
        channel=row["name"],
        platform=row["platform"],
        found_at=row["found_at"],
        finding=finding,
        standing=stand(finding, facts),
        why=_why(finding, facts, delivery, row, everything),
        row=delivery,
    )


def _why(finding: Finding, facts: Facts, delivery: DeliveryRow, row: RowMapping, everything: bool) -> str | None:
    match finding:
        case Finding.CONFIRMED | Finding.ACCEPTED | Finding.SENT | Finding.UNREAD:
            return delivery.url
        case Finding.VANISHED:
            return f"it was at {delivery.url or delivery.id}"
        case Finding.PENDING if facts.removed:
            return delivery.reason
        case Finding.PENDING if row["stopped_at"] is not None or everything:
            return "paused by a person"
        case Finding.PENDING if facts.down:
            return f"the channel is paused: {row['paused_reason'] or 'it is down'}"
    return delivery.reason


def _chunks(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(ids), AT_ONCE):
        yield ids[start : start + AT_ONCE]


def _missing(
    conn: Connection,
    known: Mapping[int, RowMapping],
    planned: Mapping[int, set[int]],
    leads: Mapping[str, Sequence[tuple[str, str]]],
) -> list[Audited]:
    here = conn.execute(select(channels).where(channels.c.removed_at.is_(None))).mappings().all()
    by_label = {(row["platform"], row["name"]): row for row in here}
    by_id = {row["id"]: row for row in here}
    lead_to = {
        row["id"]: {by_label[label]["id"]: by_label[label]["added_at"] for label in labels if label in by_label}
        for row in conn.execute(select(sources.c.id, sources.c.identity)).mappings()
        if (labels := leads.get(row["identity"]))
    }
    plans = [
        Planned(id_, row["source_id"], row["found_at"], frozenset(planned[id_])) for id_, row in sorted(known.items())
    ]
    return [
        Audited(
            article_id=article_id,
            title=known[article_id]["title"],
            link=known[article_id]["link"],
            channel=by_id[channel_id]["name"],
            platform=by_id[channel_id]["platform"],
            found_at=known[article_id]["found_at"],
            finding=Finding.MISSING,
            standing=stand(Finding.MISSING, Facts(State.PENDING)),
            why="it was never planned here, which cannot be: a row of the ledger is lost",
            row=None,
        )
        for article_id, channel_id in missing(plans, lead_to)
    ]
