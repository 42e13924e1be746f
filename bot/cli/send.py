"""The two senders: `handbill run`, the daemon, and `handbill once`, one round."""

import asyncio
from typing import Annotated

import typer

from bot.cli.base import (
    GOES_BY_ITSELF,
    NEEDS_PERSON,
    NOTHING_OPEN,
    AsJson,
    Config,
    fail,
    need_complete,
    prepare,
    print_json,
)
from bot.clock import SystemClock
from bot.duration import parse_duration, say_in
from bot.ledger.migrate import LedgerError
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
    from bot.wiring import Busy, run_daemon  # noqa: PLC0415 # heavy, and only senders need it

    try:
        asyncio.run(run_daemon(settings, redactor, dry_run=dry_run))
    except (Busy, LedgerError) as error:
        fail(str(error))


def once(
    config: Config = None,
    log_json: LogJson = False,
    wait: Annotated[str, typer.Option(help="How long to work on through pacing and short waits.")] = "60s",
    as_json: AsJson = False,
) -> None:
    """Poll everything once, post what is due, and say what is left.

    Exit codes: 0 nothing is open; 3 something is open and will go by itself; 1 something needs a person; 2 usage.
    """
    settings, redactor = prepare(config, log_json=log_json)
    need_complete(settings)
    try:
        wait_for = parse_duration(wait)
    except ValueError as error:
        fail(f"--wait: {error}")
    from bot.wiring import Busy, run_once  # noqa: PLC0415 # heavy, and only senders need it

    try:
        waiting = asyncio.run(run_once(settings, redactor, wait_for=wait_for))
    except (Busy, LedgerError) as error:
        fail(str(error))
    if as_json:
        print_json(_as_json(waiting))
    else:
        for sentence in _sentences(waiting):
            typer.echo(sentence)
    raise typer.Exit(exit_code(waiting))


def exit_code(waiting: Waiting) -> int:
    """What `once` and `status` tell a script."""
    if waiting.needs_person:
        return NEEDS_PERSON
    return GOES_BY_ITSELF if waiting.by_itself else NOTHING_OPEN


def _as_json(waiting: Waiting) -> dict[str, object]:
    return {
        "open": waiting.by_itself,
        "next_at": waiting.next_at.isoformat() if waiting.next_at else None,
        "undecided": waiting.undecided,
        "alerts": [alert.message for alert in waiting.alerts],
    }


def _sentences(waiting: Waiting) -> list[str]:
    said = [f"{'!' if alert.needs_person else '·'} {alert.message}" for alert in waiting.alerts]
    if waiting.by_itself:
        said.append(f"{waiting.by_itself} open, going by themselves{_when(waiting)}.")
    if not said:
        said.append("Nothing is open.")
    return said


def _when(waiting: Waiting) -> str:
    if waiting.next_at is None:
        return ""
    return f", the next {say_in((waiting.next_at - SystemClock().now()).total_seconds())}"
