"""What every command needs: settings or all that is wrong with them, guarded output, the ledger, telling exit codes."""

# ruff: noqa: PLC0415 # heavy imports wait inside the functions, so that help and slips of the keyboard are answered fast

import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

if TYPE_CHECKING:
    from bot.ledger.db import InlineLedger
    from bot.ledger.reports import Waiting
    from bot.redact import Redactor
    from bot.render import Renderer
    from bot.settings import Settings

NOTHING_OPEN = 0
NEEDS_PERSON = 1
USAGE = 2
GOES_BY_ITSELF = 3

Config = Annotated[
    Path | None, typer.Option("--config", "-c", help="A handbill.toml to read besides the environment and .env.")
]
AsJson = Annotated[bool, typer.Option("--json", help="For machines: JSON instead of tables and sentences.")]


def prepare(
    config: Path | None, *, log_level: str | None = None, log_json: bool = False
) -> tuple["Settings", "Redactor"]:
    """The settings, and a guard on everything that this process says from now on. Ends the process on mistakes."""
    from adapters.registry import PLATFORMS
    from bot.log import configure_logging
    from bot.redact import Redactor, guard_output
    from bot.settings import SettingsError, load_settings

    # Before the settings are known, no secret is; what looks like a credential is masked all the same.
    guard_output(Redactor())
    try:
        settings = load_settings(PLATFORMS, config=config)
    except SettingsError as error:
        fail(*map(str, error.problems))
    redactor = Redactor(settings.secrets())
    guard_output(redactor)
    configure_logging(log_level or settings.log_level, redactor, json=log_json, stream=sys.stderr)
    return settings, redactor


def prepare_to_show(config: Path | None) -> tuple["Settings", "Redactor"]:
    """As `prepare`, for a command whose answer is what it prints: the log says only what is out of order."""
    return prepare(config, log_level="warning")


def need_complete(settings: "Settings") -> None:
    """End the process when there is nothing to watch or nowhere to post."""
    from bot.settings import SettingsError

    try:
        settings.check_complete()
    except SettingsError as error:
        fail(*map(str, error.problems))


def need_templates(settings: "Settings") -> "Renderer":
    """What makes the posts. Ends the process when there is a mistake in the operator's templates."""
    from bot.render import Renderer
    from bot.settings import SettingsError
    from bot.templates.folder import load_templates

    try:
        return Renderer(load_templates(settings))
    except SettingsError as error:
        fail(*map(str, error.problems))


@contextmanager
def ledger_errors(settings: "Settings") -> Iterator[None]:
    """What goes wrong with the ledger inside this block ends the process with one sentence."""
    from sqlalchemy.exc import DBAPIError

    from bot.ledger.address import shown
    from bot.ledger.trouble import LedgerError, said

    try:
        yield
    except LedgerError as error:
        fail(str(error))
    except DBAPIError as error:
        name = shown(settings.database_url)
        fail(f"The ledger {name} cannot be used right now ({said(error)}): try again in a moment.")


@contextmanager
def opened_ledger(settings: "Settings") -> Iterator["InlineLedger"]:
    """The ledger for a command that works beside the daemon. Ends the process when it cannot be used.

    One that does not exist yet is not made: an empty one in memory stands in, so that a slip in the settings leaves no
    file behind.
    """
    from bot.ledger.address import shown
    from bot.ledger.db import InlineLedger, open_engine
    from bot.ledger.migrate import ensure_ledger

    there = ledger_exists(settings)
    with ledger_errors(settings):
        if there:
            ensure_ledger(settings.database_url)
        ledger = InlineLedger(open_engine(settings.database_url if there else "sqlite://"))
        try:
            if not there:
                make_tables(ledger)
                url = shown(settings.database_url)
                say_aside(f"There is no ledger yet ({url}): `handbill run` or `handbill once` makes it.")
            yield ledger
        finally:
            ledger.close()


def ledger_exists(settings: "Settings") -> bool:
    """Whether a sender has made the ledger already. Ends the process when that cannot be seen."""
    from bot.ledger.migrate import look

    with ledger_errors(settings):
        return look(settings.database_url) is not None


def make_tables(ledger: "InlineLedger") -> None:
    """The tables of an empty ledger in memory."""
    from bot.ledger.schema import metadata

    ledger.write_now(metadata.create_all)


def exit_code(waiting: "Waiting") -> int:
    """What `once` and `status` tell a script."""
    if waiting.needs_person:
        return NEEDS_PERSON
    return GOES_BY_ITSELF if waiting.by_itself else NOTHING_OPEN


def fail(*sentences: str, code: int = USAGE) -> NoReturn:
    """Say what is wrong, a line for each, and end the process."""
    for sentence in sentences:
        say_aside(sentence)
    raise typer.Exit(code)


def say_aside(sentence: str) -> None:
    """A line to stderr, which scripts do not read."""
    from bot.cli.show import plain

    typer.echo(plain(sentence), err=True)


def print_json(value: Mapping[str, Any]) -> None:
    """One JSON object on one line."""
    unicode = sys.stdout.encoding.lower().replace("-", "") == "utf8"
    typer.echo(json.dumps(value, ensure_ascii=not unicode, default=str))
