"""`handbill held`, `release` and `discard`: what the flood guard holds, and a person's word on it."""

# ruff: noqa: PLC0415 # heavy imports wait inside the commands

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.base import NEEDS_PERSON, USAGE, AsJson, Config, fail, opened_ledger, prepare_to_show, print_json
from bot.model import Event

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from bot.ledger.flood import Batch

SHOWN = 5
"""Articles of a source that are shown; all of them with --all."""

Which = Annotated[
    list[str] | None, typer.Argument(metavar="SOURCE|ID", help="A source's name, or the IDs of deliveries.")
]


def held(
    config: Config = None,
    *,
    everything: Annotated[bool, typer.Option("--all", help="Show every article, not only the first few.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show what looked new and is held, source by source, and why.

    Exit codes: 0 nothing is held; 1 something waits for you; 2 settings.
    """
    settings, _ = prepare_to_show(config)
    from bot.ledger.flood import list_held

    with opened_ledger(settings) as ledger:
        batches = ledger.read_now(list_held)
    if as_json:
        for batch in batches:
            for row in batch.rows:
                print_json({**row.as_json(), "source": batch.source})
    else:
        _show(batches, everything=everything)
    if any(row.due_at is None for batch in batches for row in batch.rows):
        raise typer.Exit(NEEDS_PERSON)


def release(which: Which = None, *, config: Config = None, as_json: AsJson = False) -> None:
    """Let held articles go out: those of a source, or single deliveries.

    Exit codes: 0 done; 2 nothing was changed.
    """
    _decide(which, Event.RELEASED, "a person released it", config, as_json=as_json)


def discard(which: Which = None, *, config: Config = None, as_json: AsJson = False) -> None:
    """Leave held articles unposted: those of a source, or single deliveries. `handbill retry` posts one after all.

    Exit codes: 0 done; 2 nothing was changed.
    """
    _decide(which, Event.DROPPED, "a person discarded it", config, as_json=as_json)


def _decide(which: Sequence[str] | None, event: Event, why: str, config: Config, *, as_json: bool) -> None:
    verb = "release" if event is Event.RELEASED else "discard"
    if not which:
        fail(f"What is to be {verb}d? `handbill held` shows what there is: name a source, or IDs of deliveries.")
    settings, _ = prepare_to_show(config)
    from bot.clock import SystemClock
    from bot.ledger import backlog, flood, person, queue
    from bot.ledger.reports import find_row
    from bot.settle import cause_of

    now = SystemClock().now()

    def work(conn: "Connection") -> list[int]:
        chosen = _chosen(flood.list_held(conn), which)
        for each in chosen:
            delivery = backlog.get_delivery(conn, each)
            person.decide(conn, delivery, event, cause=cause_of(each), reason=why, now=now)
        return chosen

    with opened_ledger(settings) as ledger:
        try:
            decided = ledger.write_now(work)
        except queue.NotOurs:
            fail("Somebody was faster, and nothing was changed: `handbill held` shows what is held now.")
        rows = [row for each in decided if (row := ledger.read_now(lambda conn, each=each: find_row(conn, each)))]  # type: ignore[misc] # a default
    if as_json:
        for row in rows:
            print_json(row.as_json())
        return
    articles = len({row.article_id for row in rows})
    what = f"{len(rows)} {'delivery' if len(rows) == 1 else 'deliveries'} of {articles} article{'s'[: articles != 1]}"
    if event is Event.RELEASED:
        typer.echo(f"Released: {what}. They go out in order, as fast as the platforms allow.")
    else:
        typer.echo(f"Discarded: {what}. `handbill retry ID` posts one after all.")


def _chosen(batches: Sequence["Batch"], which: Sequence[str]) -> list[int]:
    """The IDs of what is meant, in the order of the ledger. A name that is not held ends the command."""
    ids = {str(row.id): row.id for batch in batches for row in batch.rows}
    by_source = {batch.source: [row.id for row in batch.rows] for batch in batches}
    chosen: set[int] = set()
    for each in which:
        found = by_source.get(each) or ([ids[each]] if each in ids else [])
        if not found:
            names = ", ".join(f"“{name}”" for name in by_source) or "nothing"
            fail(f"Nothing is held under {each}, so nothing was changed. Held: {names} (`handbill held`).", code=USAGE)
        chosen.update(found)
    return sorted(chosen)


def _show(batches: Sequence["Batch"], *, everything: bool) -> None:
    from bot.cli.rows import moment, name_of
    from bot.cli.show import Page, narrow, plain, text_column
    from bot.clock import SystemClock

    page, now = Page(), SystemClock().now()
    if not batches:
        page.line("Nothing is held.")
        return
    for batch in batches:
        articles = f"{batch.articles} article{'s'[: batch.articles != 1]}"
        page.heading(f"{plain(batch.source)}: {articles}, {batch.count} deliveries held")
        shown = batch.rows if everything else batch.rows[:SHOWN]
        columns = [narrow("ID"), narrow("Channel"), text_column("Article"), text_column("Why")]
        page.table(
            columns,
            [
                (str(row.id), plain(row.channel), name_of(row), f"{plain(row.reason or '')} {moment(row, now)}".strip())
                for row in shown
            ],
        )
        if len(shown) < len(batch.rows):
            page.line(f"… and {len(batch.rows) - len(shown)} more (--all shows them).", "dim")
        page.item(f"{'to do':<8}", f'handbill release "{plain(batch.source)}", or discard, or single IDs', "bold")
