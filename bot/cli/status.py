"""`handbill status`: what needs a person first, then what goes by itself, then sources and channels."""

# ruff: noqa: PLC0415 # heavy imports wait inside the command

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import typer

from bot.cli.base import AsJson, Config, exit_code, opened_ledger, prepare_to_show, print_json
from bot.duration import format_duration

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from bot.cli.show import Page
    from bot.ledger.reports import DeliveryRow, Waiting
    from bot.settings import Settings

OVERDUE = timedelta(minutes=2)
"""A running daemon looks in time, but for a moment."""
SHOWN_NEXT = 5
SHOWN_WAITING = 10


@dataclass(frozen=True, slots=True)
class Overview:
    """Everything that `status` tells, read in one transaction."""

    waiting: "Waiting"
    undecided: Sequence["DeliveryRow"]
    failed: Sequence["DeliveryRow"]
    """Those whose alert nobody has cleared yet."""
    next: Sequence["DeliveryRow"]
    sources: Sequence[Mapping[str, Any]]
    """The configured ones; those that the ledger does not know yet have only a name and an address."""
    channels: Sequence[Mapping[str, Any]]
    """The configured ones, and removed ones that still hold something; with `counts` by state."""


def status(config: Config = None, as_json: AsJson = False) -> None:
    """Show what needs a person, what is due, and how the sources and channels are.

    Exit codes, as of `once`: 0 nothing is open; 3 something will go by itself;
    1 something needs a person; 2 settings.
    """
    settings, _ = prepare_to_show(config)
    from bot.cli.show import Page
    from bot.clock import SystemClock

    with opened_ledger(settings) as ledger:
        overview = ledger.read_now(lambda conn: _read(conn, settings))
    if as_json:
        print_json(_as_json(overview))
    else:
        _show(overview, Page(), SystemClock().now())
    raise typer.Exit(exit_code(overview.waiting))


# ── reading ───────────────────────────────────────────────────────────────────────────────────────────────────────


def _read(conn: "Connection", settings: "Settings") -> Overview:
    from bot.cli.standing import read_channels
    from bot.ledger import reports
    from bot.settle import cause_of

    waiting = reports.summarise(conn)
    alerted = {alert.cause for alert in waiting.alerts}
    return Overview(
        waiting,
        undecided=reports.list_undecided(conn),
        failed=[row for row in reports.list_failed(conn) if cause_of(row.id) in alerted],
        next=reports.list_next(conn, SHOWN_NEXT),
        sources=_sources(reports.list_sources(conn), settings),
        channels=read_channels(conn, settings),
    )


def _sources(known: Sequence[Mapping[str, Any]], settings: "Settings") -> list[dict[str, Any]]:
    rows = {row["identity"]: row for row in known}
    names = ("title", "newest_title", "polled_at", "ok_at", "next_poll_at", "told_until_at", "failures", "last_error")
    return [
        {"name": source.name, "url": source.url, **{name: rows.get(source.identity, {}).get(name) for name in names}}
        for source in settings.sources
    ]


# ── for machines ──────────────────────────────────────────────────────────────────────────────────────────────────


def _as_json(overview: Overview) -> dict[str, Any]:
    waiting = overview.waiting
    alerts = [
        {
            "cause": alert.cause,
            "message": alert.message,
            "needs_person": alert.needs_person,
            "raised_at": alert.raised_at,
        }
        for alert in waiting.alerts
    ]
    whole: dict[str, Any] = _plain(
        {
            "undecided": [row.as_json() for row in overview.undecided],
            "failed": [row.as_json() for row in overview.failed],
            "alerts": alerts,
            "needs_person": waiting.needs_person,
            "open": waiting.by_itself,
            "next_at": waiting.next_at,
            "paused": [{"channel": stop.channel, "since": stop.since} for stop in waiting.stops],
            "next": [row.as_json() for row in overview.next],
            "sources": overview.sources,
            "channels": overview.channels,
        }
    )
    return whole


def _plain(value: Any) -> Any:
    """Times as ISO 8601."""
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {key: _plain(each) for key, each in value.items()}
    return [_plain(each) for each in value] if isinstance(value, list | tuple) else value


# ── for people ────────────────────────────────────────────────────────────────────────────────────────────────────


def _show(overview: Overview, page: "Page", now: datetime) -> None:
    from bot.cli.rows import show_rows, show_waiting
    from bot.cli.show import plain
    from bot.cli.standing import warnings_of

    for warning in warnings_of(overview.waiting.stops, now):
        page.item("!", warning, "bold yellow")
    if overview.undecided:
        page.heading(f"Undecided: {len(overview.undecided)}")
        show_waiting(page, overview.undecided, SHOWN_WAITING)
        _and_more(page, len(overview.undecided), "handbill resolve")
    if overview.failed:
        page.heading(f"Failed: {len(overview.failed)}")
        show_waiting(page, overview.failed, SHOWN_WAITING)
        _and_more(page, len(overview.failed), "handbill retry")
    if alerts := _other_alerts(overview):
        page.heading("Alerts")
        for alert in alerts:
            page.item("!" if alert.needs_person else "·", plain(alert.message), "bold yellow")
    if overview.next:
        page.heading(f"Open: {overview.waiting.by_itself}, going by themselves")
        show_rows(page, overview.next)
        if (more := overview.waiting.by_itself - len(overview.next)) > 0:
            page.line(f"… and {more} more (handbill log --state pending).", "dim")
    _show_sources(overview, page, now)
    _show_channels(overview, page, now)
    if not (overview.undecided or overview.failed or alerts or overview.next):
        page.line("")
        page.line("Nothing is open.")


def _and_more(page: "Page", count: int, command: str) -> None:
    if count > SHOWN_WAITING:
        page.line("")
        page.line(f"… and {count - SHOWN_WAITING} more: {command} lists them all.", "dim")


def _other_alerts(overview: Overview) -> list[Any]:
    """The alerts that are not about a delivery shown above."""
    from bot.settle import cause_of

    shown = {cause_of(row.id) for row in (*overview.undecided, *overview.failed)}
    return [alert for alert in overview.waiting.alerts if alert.cause not in shown]


def _show_sources(overview: Overview, page: "Page", now: datetime) -> None:
    from bot.cli.show import narrow, plain, text_column, title_column, when

    page.heading("Sources")
    if not overview.sources:
        page.line("None is configured: set HANDBILL_SOURCES to the address of a feed.")
        return
    rows = []
    for source in overview.sources:
        newest = plain(source["newest_title"] or "")
        if source["last_error"] and source["failures"]:
            newest = f"failing, {source['failures']} in a row: {plain(source['last_error'])}"
        coming = _coming(source, now)
        rows.append((plain(source["name"]), when(source["polled_at"], now), coming, newest))
    columns = [
        title_column("Source", 2),
        narrow("Looked"),
        narrow("Next"),
        text_column("Newest article, or trouble", 3),
    ]
    page.table(columns, rows)
    asked = [source for source in overview.sources if source["url"] and source["next_poll_at"] is not None]
    overdue = [now - source["next_poll_at"] for source in asked]
    if overdue and max(overdue) > OVERDUE:
        since = format_duration(max(overdue).total_seconds())
        page.item("!", f"A look is overdue by {since}: `handbill run` does not seem to be running.", "bold yellow")


def _coming(source: Mapping[str, Any], now: datetime) -> str:
    """When a source is looked at next, in words."""
    from bot.cli.show import when

    if not source["url"]:
        return "when posted"
    return "at the start" if source["next_poll_at"] is None else when(max(source["next_poll_at"], now), now)


def _show_channels(overview: Overview, page: "Page", now: datetime) -> None:
    from bot.cli.show import narrow, plain, text_column
    from bot.cli.standing import words_of

    page.heading("Channels")
    if not overview.channels:
        page.line("None is configured: `handbill check` says what each platform needs.")
        return
    rows = []
    for channel in overview.channels:
        counted = ", ".join(f"{count} {state}" for state, count in channel["counts"].items()) or "nothing yet"
        who, standing = plain(channel["who"] or ""), words_of(channel, overview.waiting.stops, now)
        shown = who if standing == "works" else "; ".join(filter(None, (who, standing)))
        rows.append((plain(channel["name"]), shown, counted))
    page.table([narrow("Channel"), text_column("Who", 3), text_column("Deliveries", 2)], rows)
