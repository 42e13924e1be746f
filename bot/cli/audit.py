"""`handbill audit`: whether it is known of every article on every channel what became of it."""

# ruff: noqa: PLC0415 # heavy imports wait inside the command

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.cli.base import (
    GOES_BY_ITSELF,
    NEEDS_PERSON,
    AsJson,
    Config,
    fail,
    opened_ledger,
    prepare_to_show,
    print_json,
)
from bot.duration import format_duration, parse_duration
from bot.findings import PLAIN, Finding, Standing, Sums, add_up

if TYPE_CHECKING:
    from bot.cli.show import Page
    from bot.ledger.findings import Audited
    from bot.settings import Settings

SHOWN = 10
"""Of what goes on by itself, the first so many are shown."""
SHOWN_WAITING = 20
"""And of what waits for a person."""

MEANS: Mapping[Finding, str] = {
    Finding.CONFIRMED: "read back from the platform: it is there",
    Finding.ACCEPTED: "out by the platform's receipt",
    Finding.SENT: "out by a person's word",
    Finding.UNREAD: "out by the platform's receipt, to be read back",
    Finding.VANISHED: "was out, and is not there any more",
    Finding.SKIPPED: "stays in, by the rules",
    Finding.CANCELLED: "a person decided against it",
    Finding.FAILED: "refused for its content",
    Finding.HELD: "waits for a person",
    Finding.UNCERTAIN: "nobody knows whether it is out",
    Finding.SENDING: "is being sent",
    Finding.PENDING: "is to be sent",
    Finding.MISSING: "was never planned",
}
_STYLES = {
    **dict.fromkeys((Finding.CONFIRMED, Finding.ACCEPTED, Finding.SENT, Finding.UNREAD), "green"),
    **dict.fromkeys((Finding.VANISHED, Finding.FAILED, Finding.MISSING), "bold red"),
    **dict.fromkeys((Finding.UNCERTAIN, Finding.HELD), "bold yellow"),
    **dict.fromkeys((Finding.SENDING, Finding.PENDING), "cyan"),
    **dict.fromkeys((Finding.SKIPPED, Finding.CANCELLED), "dim"),
}


def audit(
    since: Annotated[str, typer.Option(help="Of the articles found in this time, until now.")] = "30d",
    channel: Annotated[str | None, typer.Option(help="Only this channel.")] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Every article on every channel, not only what is not plainly out.")
    ] = False,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Account for every article on every channel: what became of it, and what is left to do.

    Whatever is still open is told as well, however old it is.

    Exit codes: 0 all are accounted for; 3 something is open and goes on by itself;
    1 something needs a person; 2 usage or settings.
    """
    try:
        period = parse_duration(since)
    except ValueError as error:
        fail(f"--since: {error}")
    settings, _ = prepare_to_show(config)
    from bot.cli.show import Page
    from bot.clock import SystemClock
    from bot.ledger.findings import list_audited
    from bot.settle import cause_of

    now, leads = SystemClock().now(), _leads(settings)
    begin = now - timedelta(seconds=period)
    with opened_ledger(settings) as ledger:
        found = ledger.read_now(
            lambda conn: list_audited(conn, since=begin, leads=leads, cause_of=cause_of, channel=channel)
        )
    if channel is not None and not found and channel not in [each.name for each in settings.channels]:
        fail(f"There is no channel {channel}: `handbill channels` shows which there are.")
    sums = add_up([(each.channel, each.finding, each.standing) for each in found])
    if as_json:
        print_json(_as_json(found, sums, begin, channel))
    else:
        _show(Page(), found, sums, now, _verdict(sums, period, channel), everything=everything)
    if sums.by_standing[Standing.NEEDS_PERSON]:
        raise typer.Exit(NEEDS_PERSON)
    if sums.by_standing[Standing.GOES_ON]:
        raise typer.Exit(GOES_BY_ITSELF)


def _leads(settings: "Settings") -> dict[str, list[tuple[str, str]]]:
    return {
        source.identity: [(channel.platform, channel.name) for channel in settings.channels_for(source.name)]
        for source in settings.sources
    }


# ── for machines ──────────────────────────────────────────────────────────────────────────────────────────────────


def _as_json(found: "Sequence[Audited]", sums: Sums, since: datetime, channel: str | None) -> dict[str, Any]:
    standings = {standing.name.lower(): sums.by_standing[standing] for standing in Standing}
    return {
        "since": since.isoformat(),
        "channel": channel,
        "articles": len({each.article_id for each in found}),
        "deliveries": sums.total,
        "accounted_for": sums.accounted,
        **standings,
        "counts": {finding.value: sum(sums.by_finding.get(finding, {}).values()) for finding in Finding},
        "rows": [_row_as_json(each) for each in found],
    }


def _row_as_json(each: "Audited") -> dict[str, Any]:
    return {
        "id": each.row.id if each.row else None,
        "article": {"title": each.title, "link": each.link},
        "found_at": each.found_at.isoformat(),
        "channel": each.channel,
        "platform": each.platform,
        "finding": each.finding.value,
        "standing": each.standing.name.lower(),
        "why": each.why,
        "url": each.row.url if each.row else None,
        "to_do": _to_do(each) if each.standing is Standing.NEEDS_PERSON else None,
    }


# ── for people ────────────────────────────────────────────────────────────────────────────────────────────────────


def _show(
    page: "Page", found: "Sequence[Audited]", sums: Sums, now: datetime, verdict: str, *, everything: bool
) -> None:
    waiting = [each for each in found if each.standing is Standing.NEEDS_PERSON]
    if waiting:
        page.heading(f"For you: {len(waiting)}")
        _show_waiting(page, waiting if everything else waiting[:SHOWN_WAITING], now)
        _and_more(page, 0 if everything else len(waiting) - SHOWN_WAITING)
    if everything and found:
        page.heading("Every article on every channel")
        _show_table(page, found, now)
    elif not everything:
        going = [each for each in found if each.standing is Standing.GOES_ON and each.finding is not Finding.UNREAD]
        left = [each for each in found if each.standing is Standing.SETTLED and _is_a_pity(each)]
        for title, rows in (("Going on by themselves", going), ("Not out, and left so", left)):
            if rows:
                page.heading(f"{title}: {len(rows)}")
                _show_table(page, rows[:SHOWN], now)
                _and_more(page, len(rows) - SHOWN)
    if sums.total:
        page.heading("Sums")
        _show_sums(page, sums)
        page.line("")
    page.line(verdict, "bold")


def _is_a_pity(each: "Audited") -> bool:
    """Whether it is not out although it was to be."""
    from bot.ledger.queue import TOO_LATE

    return each.finding not in PLAIN or (each.finding is Finding.SKIPPED and each.why == TOO_LATE)


def _and_more(page: "Page", count: int) -> None:
    if count > 0:
        page.line(f"… and {count} more (--all shows every one).", "dim")


def _show_waiting(page: "Page", waiting: "Sequence[Audited]", now: datetime) -> None:
    from bot.cli.rows import moment
    from bot.cli.show import plain

    for number, each in enumerate(waiting):
        if number:
            page.line("")
        when = moment(each.row, now) if each.row else ""
        name = f"Delivery {each.row.id}: " if each.row else ""
        page.line(f"{name}{_name(each)}")
        page.item("is   ", f"{each.finding.value} on {plain(each.channel)} {when}".rstrip(), "dim")
        if each.why:
            page.item("why  ", plain(each.why), "dim")
        page.item("to do", _to_do(each), "bold")


def _show_table(page: "Page", rows: "Sequence[Audited]", now: datetime) -> None:
    """For a person, an article is named once, and what is plainly out needs no address; piped, every line is whole."""
    from rich.text import Text

    from bot.cli.rows import moment
    from bot.cli.show import narrow, plain, text_column, title_column

    cells: list[tuple[str | Text, ...]] = []
    article = None
    for each in rows:
        again = page.is_terminal and each.article_id == article
        article = each.article_id
        open_now = each.standing is Standing.GOES_ON and each.row is not None
        when = f" {moment(each.row, now)}" if open_now and each.row else ""
        finding = Text(f"{each.finding.value}{when}".rstrip(), _STYLES[each.finding])
        why = "" if page.is_terminal and each.finding in _OUT else plain(each.why or "")
        cells.append(
            (str(each.row.id) if each.row else "", "" if again else _name(each), plain(each.channel), finding, why)
        )
    columns = [narrow("ID"), title_column("Article", 3), narrow("Channel"), narrow("Finding"), text_column("Why", 3)]
    page.table(columns, cells)


_OUT = frozenset({Finding.CONFIRMED, Finding.ACCEPTED, Finding.SENT, Finding.UNREAD})


def _show_sums(page: "Page", sums: Sums) -> None:
    from rich.text import Text

    from bot.cli.show import narrow, plain, text_column

    rows = []
    for finding, counts in sums.by_finding.items():
        where = ", ".join(f"{plain(name)} {count:,}" for name, count in counts.items())
        rows.append((Text(finding.value, _STYLES[finding]), f"{sum(counts.values()):,}", MEANS[finding], where))
    page.table([narrow("Finding"), narrow("Number"), text_column("Means", 3), text_column("On", 2)], rows)


def _name(each: "Audited") -> str:
    from bot.cli.show import plain

    return plain(each.title) or plain(each.link)


def _to_do(each: "Audited") -> str:
    from bot.cli.rows import what_to_do
    from bot.cli.show import plain

    name = plain(each.channel)
    if each.row is None:
        return f"post it on {name} by hand, and keep a copy of the ledger (`handbill backup`) for whoever looks into it"
    if each.finding not in (Finding.PENDING, Finding.SENDING):
        return what_to_do(each.row)
    if each.row.removed:
        return f"put {name} back into the settings, or handbill resolve {each.row.id} --drop"
    return f"mend {name}: handbill channels says how; it then goes on by itself"


def _verdict(sums: Sums, period: float, channel: str | None) -> str:
    of = f"of the last {_period(period)}{f' on {channel}' if channel else ''}"
    if not sums.total:
        return f"Nothing was to be delivered: there is no article {of}."
    if sums.accounted:
        if sums.total == 1:
            return f"The one delivery {of} is accounted for."
        return f"All {sums.total:,} deliveries {of} are accounted for."
    left = []
    if goes := sums.by_standing[Standing.GOES_ON]:
        unread = sum(sums.by_finding.get(Finding.UNREAD, {}).values())
        out = f" ({unread:,} out already, to be read back)" if unread else ""
        left.append(f"{goes:,} going on by {'itself' if goes == 1 else 'themselves'}{out}")
    if needs := sums.by_standing[Standing.NEEDS_PERSON]:
        left.append(f"{needs:,} {'needs' if needs == 1 else 'need'} you")
    settled = sums.by_standing[Standing.SETTLED]
    return f"{settled:,} of {sums.total:,} deliveries {of} are accounted for; {', '.join(left)}."


def _period(seconds: float) -> str:
    for size, name in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if seconds and seconds % size == 0:
            count = int(seconds // size)
            return name if count == 1 else f"{count:,} {name}s"
    return format_duration(seconds)
