"""The command line: `handbill`. One module a group of commands; heavy imports happen inside the commands."""

import gc
import io
import sys
from typing import Annotated

import typer

from bot import __version__
from bot.cli.audit import audit
from bot.cli.channels import channels, pause, resume
from bot.cli.check import check
from bot.cli.decide import resolve, retry
from bot.cli.demo import demo
from bot.cli.held import discard, held, release
from bot.cli.keep import backup, prune, restore
from bot.cli.log import log
from bot.cli.preview import preview
from bot.cli.send import once, run
from bot.cli.sources import sources
from bot.cli.status import status

GARBAGE_AFTER = 10_000
"""Objects. What is loaded at a start stays: with the usual 700, a seventh of that time goes into looking through it.
https://docs.python.org/3/library/gc.html#gc.set_threshold"""

app = typer.Typer(
    name="handbill",
    help="Turns newly published articles into one post per channel: never twice, never silently lost.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for command in (
    run,
    once,
    check,
    preview,
    status,
    channels,
    audit,
    log,
    resolve,
    retry,
    held,
    release,
    discard,
    pause,
    resume,
    backup,
    restore,
    prune,
    demo,
):
    app.command()(command)
app.add_typer(sources, name="sources")


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"handbill {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say which release this is.")
    ] = False,
) -> None:
    """Options of Handbill itself."""


def main() -> None:
    """The entry point."""
    gc.set_threshold(GARBAGE_AFTER)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # where there is no Unicode, "✓" comes out as "\\u2713"
            stream.reconfigure(errors="backslashreplace")
    app()
