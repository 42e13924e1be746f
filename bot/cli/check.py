"""`handbill check`: whether everything that the settings name works, one line each, with the mend."""

# ruff: noqa: PLC0415 # heavy imports wait inside the command

import asyncio
from typing import TYPE_CHECKING

import typer

from bot.cli.base import NEEDS_PERSON, USAGE, AsJson, Config, need_templates, prepare_to_show, print_json

if TYPE_CHECKING:
    from bot.check import Finding
    from bot.cli.show import Page
    from bot.redact import Redactor
    from bot.settings import Settings


def check(config: Config = None, as_json: AsJson = False) -> None:
    """Look at the settings, every source and every channel, and say what to mend.

    It posts nothing, and may run beside the daemon.

    Exit codes: 0 all is well; 1 something needs mending; 2 settings.
    """
    settings, redactor = prepare_to_show(config)
    renderer = need_templates(settings)
    from bot.check import check_ledger, check_settings
    from bot.cli.show import Page, progress

    enough = check_settings(settings, renderer.own)
    ledger, usable = check_ledger(settings)
    with progress("Asking the sources and the platforms …"):
        asked = asyncio.run(_ask(settings, redactor, with_ledger=usable))
    findings = [enough, ledger, *asked]
    if as_json:
        for finding in findings:
            print_json(finding.as_json())
    else:
        _show(findings, Page())
    if not enough.ok:
        raise typer.Exit(USAGE)
    if not all(finding.ok for finding in findings):
        raise typer.Exit(NEEDS_PERSON)


async def _ask(settings: "Settings", redactor: "Redactor", *, with_ledger: bool) -> list["Finding"]:
    from bot.check import check_all
    from bot.cli.beside import doors_beside
    from bot.wiring import open_adapter

    async with doors_beside(settings, with_ledger=with_ledger) as doors:
        sources, channels = await check_all(
            settings, doors, lambda channel: open_adapter(channel, doors, redactor, owner=False)
        )
    return sources + channels


def _show(findings: list["Finding"], page: "Page") -> None:
    from bot.cli.show import plain

    for finding in findings:
        name = f"{finding.what} {finding.name}" if finding.what in ("source", "channel") else finding.name
        mark, style = ("✓", "green") if finding.ok else ("✗", "bold red")
        page.item(mark, plain(f"{name}: {finding.said}"), style)
        for note in finding.notes:
            page.item(" ·", plain(note), "dim")
    wrong = sum(not finding.ok for finding in findings)
    page.line("")
    page.line("All is well." if not wrong else f"{wrong} of {len(findings)} to mend.", "bold")
