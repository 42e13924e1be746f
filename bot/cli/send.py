"""The two senders: `handbill run`, the daemon, and `handbill once`, one round."""

# ruff: noqa: PLC0415 # heavy imports wait inside the commands, and only senders need the core

import asyncio
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.base import (
    AsJson,
    Config,
    exit_code,
    fail,
    ledger_errors,
    need_complete,
    need_templates,
    prepare,
    print_json,
)
from bot.duration import parse_duration, say_in

if TYPE_CHECKING:
    from bot.ledger.reports import Waiting

LogJson = Annotated[bool, typer.Option("--log-json", help="Write the log as JSON, one event a line.")]


def run(
    config: Config = None,
    log_json: LogJson = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Do everything but the visible calls, on a ledger of its own.")
    ] = False,
) -> None:
    """Watch the sources and post what is new, until SIGTERM or SIGINT."""
    settings, redactor = prepare(config, log_json=log_json)
    need_complete(settings)
    renderer = need_templates(settings)
    from bot.doors import CannotListen
    from bot.wiring import Busy, run_daemon

    try:
        with ledger_errors(settings):
            asyncio.run(run_daemon(settings, redactor, renderer, dry_run=dry_run))
    except (Busy, CannotListen) as error:
        fail(str(error))


def once(
    config: Config = None,
    log_json: LogJson = False,
    wait: Annotated[str, typer.Option(help="How long to work on through pacing and short waits.")] = "60s",
    as_json: AsJson = False,
) -> None:
    """Poll everything once, post what is due, and say what is left.

    Exit codes: 0 nothing is open; 3 something will go by itself, or once a person
    ends a pause; 1 something needs a person; 2 usage or settings.
    """
    settings, redactor = prepare(config, log_json=log_json)
    need_complete(settings)
    try:
        wait_for = parse_duration(wait)
    except ValueError as error:
        fail(f"--wait: {error}")
    renderer = need_templates(settings)
    from bot.wiring import Busy, run_once

    try:
        with ledger_errors(settings):
            waiting = asyncio.run(run_once(settings, redactor, renderer, wait_for=wait_for))
    except Busy as error:
        fail(str(error))
    if as_json:
        print_json(_as_json(waiting))
    else:
        for sentence in _sentences(waiting):
            typer.echo(sentence)
    raise typer.Exit(exit_code(waiting))


def _as_json(waiting: "Waiting") -> dict[str, object]:
    return {
        "open": waiting.by_itself,
        "next_at": waiting.next_at.isoformat() if waiting.next_at else None,
        "undecided": waiting.undecided,
        "paused": [stop.channel or "everything" for stop in waiting.stops],
        "alerts": [alert.message for alert in waiting.alerts],
        "unread": [{"source": source.name, "reason": source.reason} for source in waiting.unread],
    }


def _sentences(waiting: "Waiting") -> list[str]:
    from bot.cli.show import plain
    from bot.cli.standing import warnings_of
    from bot.clock import SystemClock

    said = [f"! {warning}" for warning in warnings_of(waiting.stops, SystemClock().now())]
    said += [f"{'!' if alert.needs_person else '·'} {plain(alert.message)}" for alert in waiting.alerts]
    if waiting.undecided and not any(alert.cause.startswith("delivery:") for alert in waiting.alerts):
        said.append(f"{waiting.undecided} to be decided: `handbill resolve` lists them.")
    if waiting.by_itself:
        waits = waiting.stops and waiting.next_at is None
        goes = "waiting for that" if waits else f"going by themselves{_when(waiting)}"
        said.append(f"{waiting.by_itself} open, {goes}.")
    said += [
        f"· Source {plain(source.name)} was not read: {plain(source.reason)} It is asked again "
        f"{say_in((source.next_poll_at - SystemClock().now()).total_seconds())}."
        for source in waiting.unread
    ]
    return said or ["Nothing is open."]


def _when(waiting: "Waiting") -> str:
    from bot.clock import SystemClock

    if waiting.next_at is None:
        return ""
    return f", the next {say_in((waiting.next_at - SystemClock().now()).total_seconds())}"
