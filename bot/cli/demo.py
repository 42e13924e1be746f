"""`handbill demo`: the real daemon against the sandbox, on this machine only."""

import asyncio
import io
import signal
import sys
from typing import Annotated

import typer

NOT_RIGHT = 1
USAGE = 2
INTERRUPTED = 130


def demo(
    articles: Annotated[int, typer.Option(min=1, max=50, help="How many articles come out.")] = 6,
    every: Annotated[float, typer.Option(min=0.0, max=60.0, help="Seconds between two articles.")] = 2.0,
    fault: Annotated[
        list[str] | None,
        typer.Option(
            metavar="PLATFORM:FAULT",
            help="What a platform does wrong, instead of the demo's own programme; may be repeated. FAULT: error=503, "
            "wait=2, drop, cut, late=3, hang, garbage, error-after=502 or garbage-after; then *2 for twice, +1 for "
            "after one call.",
        ),
    ] = None,
    keep: Annotated[bool, typer.Option("--keep", help="Leave everything running until Ctrl-C.")] = False,
    log: Annotated[bool, typer.Option("--log", help="Show the daemon's log as well.")] = False,
) -> None:
    """Show it all on this machine: real daemon, fake platforms, an outage, the recovery.

    Exit codes: 0 every post is out exactly once, as readers see it; 1 one is not; 2 usage.
    """
    # Only the demo needs the sandbox, which other commands should not pay for.
    from rich.console import Console  # noqa: PLC0415

    from bot.demo.daemon import DaemonDied  # noqa: PLC0415
    from bot.demo.play import Wishes, play  # noqa: PLC0415
    from bot.demo.stage import NamedFault  # noqa: PLC0415

    try:
        faults = tuple(NamedFault.parse(each) for each in fault or ())
    except ValueError as error:
        typer.echo(f"--fault: {error}.", err=True)
        raise typer.Exit(USAGE) from None
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a terminal without Unicode shows question marks, and goes on

    async def run() -> bool:
        task = asyncio.current_task()
        for number in (signal.SIGTERM, signal.SIGHUP):
            if task is not None:
                asyncio.get_running_loop().add_signal_handler(number, task.cancel)
        console = Console(file=sys.stdout, highlight=False, markup=False, emoji=False)
        return await play(Wishes(articles, every, faults, keep, log), console)

    try:
        right = asyncio.run(run())
    except DaemonDied:
        raise typer.Exit(NOT_RIGHT) from None
    except (KeyboardInterrupt, asyncio.CancelledError):
        typer.echo("Stopped. Nothing of the demo is left running.", err=True)
        raise typer.Exit(INTERRUPTED) from None
    raise typer.Exit(0 if right else NOT_RIGHT)
