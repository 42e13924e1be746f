"""What every command needs: settings or all that is wrong with them, guarded output, telling exit codes."""

import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from rich.console import Console

from adapters.registry import PLATFORMS
from bot.ledger.db import InlineLedger, open_engine
from bot.ledger.migrate import LedgerError, ensure_ledger
from bot.log import configure_logging
from bot.redact import Redactor, guard_output
from bot.settings import Settings, SettingsError, load_settings

NOTHING_OPEN = 0
NEEDS_PERSON = 1
USAGE = 2
GOES_BY_ITSELF = 3

Config = Annotated[
    Path | None, typer.Option("--config", "-c", help="A handbill.toml to read besides the environment and .env.")
]
AsJson = Annotated[bool, typer.Option("--json", help="For machines: JSON instead of tables and sentences.")]


def prepare(config: Path | None, *, log_level: str | None = None, log_json: bool = False) -> tuple[Settings, Redactor]:
    """The settings, and a guard on everything that this process says from now on. Ends the process on mistakes."""
    # Before the settings are known, no secret is; what looks like a credential is masked all the same.
    guard_output(Redactor())
    try:
        settings = load_settings(PLATFORMS, config=config)
    except SettingsError as error:
        for problem in error.problems:
            typer.echo(str(problem), err=True)
        raise typer.Exit(USAGE) from None
    redactor = Redactor(settings.secrets())
    guard_output(redactor)
    configure_logging(log_level or settings.log_level, redactor, json=log_json, stream=sys.stderr)
    return settings, redactor


def need_complete(settings: Settings) -> None:
    """End the process when there is nothing to watch or nowhere to post."""
    try:
        settings.check_complete()
    except SettingsError as error:
        for problem in error.problems:
            typer.echo(str(problem), err=True)
        raise typer.Exit(USAGE) from None


@contextmanager
def reading(settings: Settings) -> Iterator[InlineLedger]:
    """The ledger for a command that works beside the daemon. Ends the process when it cannot be used."""
    try:
        ensure_ledger(settings.database_url)
    except LedgerError as error:
        fail(str(error))
    ledger = InlineLedger(open_engine(settings.database_url))
    try:
        yield ledger
    finally:
        ledger.close()


def fail(sentence: str, code: int = USAGE) -> NoReturn:
    """Say what is wrong in one sentence and end the process."""
    typer.echo(sentence, err=True)
    raise typer.Exit(code)


def console() -> Console:
    """Where tables go. Honours NO_COLOR and COLUMNS; made late, so that it writes to the guarded output."""
    return Console(file=sys.stdout, highlight=False)


def print_json(value: Mapping[str, Any]) -> None:
    """One JSON object on one line."""
    typer.echo(json.dumps(value, ensure_ascii=False, default=str))
