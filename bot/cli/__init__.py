"""The command line: `handbill`. One module a group of commands; heavy imports happen inside the commands."""

import typer

from bot import __version__
from bot.cli import send

app = typer.Typer(
    name="handbill",
    help="Turns newly published articles into one post per channel: never twice, never silently lost.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command()(send.run)
app.command()(send.once)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"handbill {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: bool = typer.Option(
        False, "--version", callback=_version, is_eager=True, help="Say which release this is."
    ),
) -> None:
    """Options of Handbill itself."""


def main() -> None:
    """The entry point."""
    app()
