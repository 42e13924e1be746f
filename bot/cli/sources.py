"""`handbill sources`: what is watched, what could be, and how a source is read."""

# ruff: noqa: PLC0415 # heavy imports wait inside the commands

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.base import NEEDS_PERSON, AsJson, Config, fail, opened_ledger, prepare_to_show, print_json

if TYPE_CHECKING:
    from bot.settings import Settings
    from bot.settings.write import NewSource
    from bot.sources.discover import Discovery
    from bot.sources.entry import Feed

sources = typer.Typer(
    help="Show what is watched; find, try, import and export sources.",
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@sources.callback()
def show(context: typer.Context, config: Config = None, as_json: AsJson = False) -> None:
    """Show what is watched; find, try, import and export sources."""
    if context.invoked_subcommand is not None:
        return
    settings, _ = prepare_to_show(config)
    from bot.cli import watched as look
    from bot.ledger.reports import list_sources

    with opened_ledger(settings) as ledger:
        known = {row["identity"]: row for row in ledger.read_now(list_sources)}
    rows = [look.row(source, known.get(source.identity)) for source in settings.sources]
    if as_json:
        for row in rows:
            print_json(row)
        return
    look.show_watched(rows)


@sources.command()
def add(
    url: Annotated[str, typer.Argument(metavar="URL", help="A home page, a section, a tag page, a feed: any address.")],
    *,
    config: Config = None,
    name: Annotated[str | None, typer.Option(help="What to call it; without it, its address.")] = None,
    take: Annotated[int, typer.Option(min=1, help="Which of the offers; the first is the one recommended.")] = 1,
    look_only: Annotated[bool, typer.Option("--look-only", help="Show what there is, and change nothing.")] = False,
    as_json: AsJson = False,
) -> None:
    """Find what can be watched at an address, recommend one, and add it to handbill.toml.

    Exit codes: 0 added (or shown); 1 nothing was found; 2 usage, settings.
    """
    settings, _ = prepare_to_show(config)
    from bot.cli import watched as look

    url = _whole(url)
    found = _discover(settings, url)
    if as_json:
        for number, offer in enumerate(found.offers, start=1):
            print_json(look.offer_as_json(number, offer))
    else:
        look.show_offers(url, found)
    if not found.offers:
        raise typer.Exit(NEEDS_PERSON)
    if look_only:
        return
    if take > len(found.offers):
        fail(f"There are only {len(found.offers)} offers: nothing was added.")
    from bot.settings.write import NewSource

    offer = found.offers[take - 1]
    _add(settings, [NewSource(offer.url, "auto" if offer.kind == "feed" else offer.kind, name)], as_json=as_json)


@sources.command(name="test")
def try_(
    url: Annotated[str, typer.Argument(metavar="URL|NAME", help="Any address, or the name of a source.")],
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Show the articles that are read from a source, as a table. Nothing is posted or stored.

    Exit codes: 0; 1 it cannot be read, or holds nothing; 2 usage, settings.
    """
    settings, _ = prepare_to_show(config)
    from bot.cli import watched as look

    feed = _read(settings, url)
    if as_json:
        for entry in feed.entries:
            print_json(look.entry_as_json(entry))
    else:
        look.show_entries(feed)
    if not feed.entries:
        raise typer.Exit(NEEDS_PERSON)


@sources.command(name="import")
def import_(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A list of feeds as OPML.")],
    config: Config = None,
) -> None:
    """Add the feeds of an OPML list to handbill.toml, but those that are watched already.

    Exit codes: 0 done; 2 it cannot be read, or the settings not be written.
    """
    settings, _ = prepare_to_show(config)
    from bot.settings.write import NewSource
    from bot.sources.opml import read_opml, without_known
    from bot.sources.reading import Unreadable

    try:
        outlines = read_opml(file.read_bytes())
    except OSError as error:
        fail(f"{file} cannot be read ({error.strerror}).")
    except Unreadable as error:
        fail(error.message)
    new = without_known(outlines, [source.url for source in settings.polled])
    if not new:
        typer.echo(f"Nothing to add: {len(outlines)} feeds, all of them watched already.")
        return
    _add(settings, [NewSource(each.url) for each in new], as_json=False)


@sources.command()
def export(
    file: Annotated[Path | None, typer.Argument(metavar="FILE", help="Where to; without it, to the output.")] = None,
    config: Config = None,
) -> None:
    """Write the sources as OPML, for other programs. Passwords in addresses are left out."""
    settings, _ = prepare_to_show(config)
    from bot.links import clean_link
    from bot.sources.opml import Outline, write_opml

    watched = [(clean_link(each.url), each.name) for each in settings.polled]
    text = write_opml("Sources of Handbill", [Outline(url, name) for url, name in watched if url is not None])
    if file is None:
        sys.stdout.write(text.decode())
        return
    try:
        file.write_bytes(text)
    except OSError as error:
        fail(f"{file} cannot be written ({error.strerror}).")
    typer.echo(f"Wrote {len(watched)} source{'s'[: len(watched) != 1]} to {file}.")


# ── reading ───────────────────────────────────────────────────────────────────────────────────────────────────────


def _whole(url: str) -> str:
    """An address as people type it, in full."""
    from bot.links import clean_link

    whole = clean_link(url if "://" in url else f"https://{url}")
    if whole is None:
        fail(f"{url} is not an address of the web: write it in full, such as https://news.example/.")
    return whole


def _discover(settings: "Settings", url: str) -> "Discovery":
    from bot.cli.beside import doors_beside
    from bot.cli.show import progress
    from bot.doors import FetchFailed
    from bot.sources.discover import Discoverer
    from bot.sources.kinds import NAMED
    from bot.sources.reading import Unreadable

    async def work() -> "Discovery":
        async with doors_beside(settings, with_ledger=False) as doors:
            return await Discoverer(doors.web, doors.offload, NAMED, doors.clock.now()).look_around(url)

    try:
        with progress(f"Looking around {url} …"):
            return asyncio.run(work())
    except (FetchFailed, Unreadable) as error:
        fail(f"{error.message} {error.mend}".strip(), code=NEEDS_PERSON)


def _read(settings: "Settings", url: str) -> "Feed":
    from bot.cli.beside import doors_beside
    from bot.cli.show import progress
    from bot.doors import FetchFailed
    from bot.sources.kinds import read_source
    from bot.sources.reading import Cursor, Unreadable, Watched
    from bot.sources.robots import Robots

    source = next((each for each in settings.polled if url in (each.name, each.url)), None)
    watched = source.watched if source else Watched(_whole(url))

    async def work() -> "Feed":
        async with doors_beside(settings, with_ledger=False) as doors:
            robots, now = Robots(doors.web, doors.clock), doors.clock.now()
            reading = await read_source(doors.web, doors.offload, watched, Cursor(), now, robots=robots)
        if reading.feed is None:
            raise AssertionError("unreachable: without validators there is no 304")
        return reading.feed

    try:
        with progress(f"Reading {watched.url} …"):
            return asyncio.run(work())
    except (FetchFailed, Unreadable) as error:
        fail(f"{error.message} {error.mend}".strip(), code=NEEDS_PERSON)


def _add(settings: "Settings", new: Sequence["NewSource"], *, as_json: bool) -> None:
    from bot.settings.sources import plain_address
    from bot.settings.write import NotWritten, append_sources

    known = {plain_address(each.url): each.name for each in settings.polled}
    names = {each.name for each in settings.sources}
    for each in new:
        if (twin := known.get(plain_address(each.url))) is not None:
            fail(f"It is watched already, as {twin}: nothing was added.")
        if each.name in names:
            fail(f"Another source is called {each.name}: choose a different name with --name.")
    try:
        append_sources(settings.config_file, new)
    except NotWritten as error:
        fail(str(error))
    if not as_json:
        what = new[0].name or new[0].url if len(new) == 1 else f"{len(new)} sources"
        typer.echo(f"Added {what} to {settings.config_file}. A running daemon takes it up when it is started again.")
