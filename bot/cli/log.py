"""`handbill log`: what became of every article on every channel, and why."""

# ruff: noqa: PLC0415 # heavy imports wait inside the command

from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.base import AsJson, Config, fail, opened_ledger, prepare_to_show, print_json
from bot.model import State

if TYPE_CHECKING:
    from bot.ledger.db import InlineLedger

NEWEST = 20


def log(
    delivery: Annotated[
        int | None, typer.Argument(metavar="ID", help="One delivery, with every attempt at it.", show_default=False)
    ] = None,
    *,
    config: Config = None,
    newest: Annotated[
        int | None,
        typer.Option(min=0, help=f"How many articles, 0 for all. (Without it: {NEWEST}, with --json all.)"),
    ] = None,
    state: Annotated[list[State] | None, typer.Option(help="Only deliveries in this state; may be repeated.")] = None,
    channel: Annotated[str | None, typer.Option(help="Only this channel.")] = None,
    grep: Annotated[str | None, typer.Option(help="Only articles with this in their title or link.")] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Show what was skipped as well, which the table hides.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show what became of every article on every channel, and why.

    --json prints an object a line, oldest first, skipped ones included.
    """
    settings, _ = prepare_to_show(config)
    from bot.cli.rows import show_rows
    from bot.cli.show import Page
    from bot.ledger.reports import count_skipped, list_log

    with opened_ledger(settings) as ledger:
        if delivery is not None:
            _show_delivery(ledger, delivery, as_json=as_json)
            return
        hiding = not (everything or as_json or state or grep)
        wanted = state or ([each for each in State if each is not State.SKIPPED] if hiding else [])
        count = (None if as_json else NEWEST) if newest is None else newest or None
        rows = ledger.read_now(lambda conn: list_log(conn, newest=count, states=wanted, channel=channel, words=grep))
        hidden = ledger.read_now(lambda conn: count_skipped(conn, channel)) if hiding else 0
    if as_json:
        for row in rows:
            print_json(row.as_json())
        return
    page = Page()
    if rows:
        show_rows(page, rows)
    else:
        page.line(
            "There is nothing to show." if grep or channel or state else "Nothing has been posted or planned yet."
        )
    if hidden:
        page.line("")
        page.line(f"Not shown: {hidden} skipped (--all shows them).", "dim")


def _show_delivery(ledger: "InlineLedger", delivery_id: int, *, as_json: bool) -> None:
    from bot.cli.rows import attempt_as_json, show_attempts, show_one
    from bot.cli.show import Page
    from bot.ledger.reports import find_row, list_attempts

    row = ledger.read_now(lambda conn: find_row(conn, delivery_id))
    if row is None:
        fail(f"There is no delivery {delivery_id}: `handbill log` shows them all.")
    attempts = ledger.read_now(lambda conn: list_attempts(conn, delivery_id))
    if as_json:
        print_json({**row.as_json(), "tries": [attempt_as_json(each) for each in attempts]})
        return
    page = Page()
    show_one(page, row)
    show_attempts(page, attempts)
