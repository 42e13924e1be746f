"""`handbill preview`: every post exactly as it would be sent, or is frozen to be sent, without sending it."""

# ruff: noqa: PLC0415 # heavy imports wait inside the command

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.base import (
    NEEDS_PERSON,
    AsJson,
    Config,
    fail,
    ledger_exists,
    need_templates,
    opened_ledger,
    prepare_to_show,
    print_json,
)

if TYPE_CHECKING:
    from bot.doors import Doors
    from bot.preview import Composer, Subject
    from bot.previewed import Preview
    from bot.redact import Redactor
    from bot.render import Renderer
    from bot.settings import Settings, SourceSettings


@dataclass(frozen=True, slots=True)
class Wishes:
    """What is to be shown, and how much of it."""

    addresses: tuple[tuple[str, "SourceSettings | None"], ...]
    """What is to be read, and the configured source that it is."""
    known: tuple["Subject", ...]
    """Articles of the ledger."""
    newest: int
    channel: str | None
    pictures: bool
    """Whether pictures are shown, and not only told of."""


def preview(
    what: Annotated[
        list[str],
        typer.Argument(
            metavar="URL|ID",
            help="The address of any feed, the name of a source, or the ID of a delivery as `handbill log` shows it,"
            " for its article on every channel.",
        ),
    ],
    *,
    config: Config = None,
    newest: Annotated[int, typer.Option(min=1, help="How many of a feed's newest articles.")] = 1,
    channel: Annotated[
        str | None,
        typer.Option(help="Only this channel, or this platform by its defaults. Without it: every configured channel."),
    ] = None,
    html: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            help="Write a page that looks like the platforms, pictures and all, into this file (-: standard output).",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show what articles look like on each channel, exactly: a feed's newest, or those of the ledger.

    It needs no account: where no channel is configured, all platforms are shown.

    A post whose payload is frozen in the ledger is shown as it was or will be sent, not composed anew.

    --json prints an object a line, with the body of the request.

    Exit codes: 0; 1 something cannot be posted, or the feed not read; 2 usage.
    """
    if html == "-" and as_json:
        fail("--html - and --json both want standard output: name a file for the page, such as --html preview.html.")
    settings, redactor = prepare_to_show(config)
    _check_channel(settings, channel)
    renderer = need_templates(settings)
    wishes = _wishes(settings, what, newest=newest, channel=channel, pictures=html is not None)
    from bot.cli.show import progress
    from bot.doors import FetchFailed
    from bot.sources.reading import Unreadable

    try:
        with progress(f"Reading {', '.join(address for address, _ in wishes.addresses) or 'the ledger'} …"):
            previews = asyncio.run(_preview(settings, redactor, renderer, wishes))
    except (FetchFailed, Unreadable) as error:
        fail(f"{error.message} {error.mend}".strip(), code=NEEDS_PERSON)
    _tell(previews, redactor, html, as_json=as_json)
    if not previews or any(each.draft is None for each in previews):
        raise typer.Exit(NEEDS_PERSON)


# ── what is meant ─────────────────────────────────────────────────────────────────────────────────────────────────


def _wishes(settings: "Settings", what: Sequence[str], *, newest: int, channel: str | None, pictures: bool) -> Wishes:
    addresses: list[tuple[str, SourceSettings | None]] = []
    ids: list[int] = []
    for each in what:
        source = _find_source(settings, each)
        if source is None and each.isascii() and each.isdecimal():
            ids.append(int(each))
            continue
        address = source.url if source and source.name == each else each
        if "://" not in address:
            fail(
                f"{each} is neither the name of a source nor an address nor the ID of a delivery: write an address in "
                "full, like https://news.example/feed."
            )
        addresses.append((address, source))
    return Wishes(tuple(addresses), _known(settings, ids), newest, channel, pictures)


def _find_source(settings: "Settings", url: str) -> "SourceSettings | None":
    """The configured source that this is: then its language counts, as it does for the lanes."""
    from bot.settings.sources import plain_address

    try:
        address = plain_address(url)
    except ValueError:  # no address at all; whoever fetches it says so
        address = ""
    return next(
        (each for each in settings.polled if each.name == url or plain_address(each.url) == address != ""), None
    )


def _known(settings: "Settings", ids: Sequence[int]) -> tuple["Subject", ...]:
    """The articles of these deliveries, each once. Ends the command where there is no such delivery."""
    if not ids:
        return ()
    if not ledger_exists(settings):
        fail(f"There is no delivery {ids[0]}, for there is no ledger yet: `handbill run` or `handbill once` makes it.")
    from bot.ledger.recorded import find_known
    from bot.preview import Subject

    found: dict[int, Subject] = {}
    with opened_ledger(settings) as ledger:
        for each in ids:
            known = ledger.read_now(lambda conn, each=each: find_known(conn, each))  # type: ignore[misc] # a default
            if known is None:
                fail(f"There is no delivery {each}: `handbill log` shows them all.")
            found[known.article.id] = Subject(known.article, known.page_read, known=True, recorded=known.recorded)
    return tuple(found.values())


def _check_channel(settings: "Settings", name: str | None) -> None:
    from bot.settings.problems import suggestion

    known = [*(channel.name for channel in settings.channels), *settings.platforms]
    if name is not None and name not in known:
        mend = suggestion(name, known)
        fail(f"There is no channel {name}: {mend}{'' if mend.endswith('?') else '.'}")


# ── composing ─────────────────────────────────────────────────────────────────────────────────────────────────────


async def _preview(settings: "Settings", redactor: "Redactor", renderer: "Renderer", wishes: Wishes) -> list["Preview"]:
    from bot.check import check_ledger
    from bot.cli.beside import doors_beside
    from bot.preview import compose_all

    _, usable = check_ledger(settings)
    async with doors_beside(settings, with_ledger=usable) as doors:
        found, composers = await asyncio.gather(
            asyncio.gather(
                *(_read(settings, doors, address, source, wishes.newest) for address, source in wishes.addresses)
            ),
            _composers(settings, redactor, doors, wishes),
        )
        subjects = [*(subject for each in found for subject in each), *wishes.known]
        return await compose_all(doors, subjects, composers, doors.clock.now(), renderer, pictures=wishes.pictures)


async def _read(
    settings: "Settings", doors: "Doors", address: str, source: "SourceSettings | None", newest: int
) -> list["Subject"]:
    from bot.preview import Subject, enrich_all, read_articles
    from bot.sources.reading import Watched

    identity, language, called = (source.identity, source.language, source.name) if source else (address, None, "")
    watched = source.watched if source else Watched(address)
    feed, articles = await read_articles(doors, watched, newest, identity=identity, language=language, name=called)
    subjects = [Subject(article, publication=feed.title) for article in articles]
    return await enrich_all(doors, subjects) if settings.enrich else subjects


async def _composers(settings: "Settings", redactor: "Redactor", doors: "Doors", wishes: Wishes) -> list["Composer"]:
    from bot.preview import by_channel, by_defaults
    from bot.wiring import open_adapter

    chosen = [channel for channel in settings.channels if wishes.channel in (None, channel.name)]
    if not chosen:
        platforms = [each for each in settings.platforms.values() if wishes.channel in (None, each.name)]
        return [*map(by_defaults, platforms), *_removed(settings, wishes)]

    adapters = [open_adapter(channel, doors, redactor, owner=False) for channel in chosen]
    try:
        asking = (
            by_channel(
                each.name,
                adapter,
                settings.platforms[each.platform],
                doors,
                label=each.settings.label,
                shape=each.settings.shape,
            )
            for each, adapter in zip(chosen, adapters, strict=True)
        )
        return [*await asyncio.gather(*asking), *_removed(settings, wishes)]
    finally:
        for adapter in adapters:
            await adapter.close()


def _removed(settings: "Settings", wishes: Wishes) -> list["Composer"]:
    """Channels that the settings no longer name, for what the ledger has for them."""
    from bot.preview import by_record

    there = {(channel.platform, channel.name) for channel in settings.channels}
    gone = {
        (each.row.platform, each.row.channel): None
        for subject in wishes.known
        for each in subject.recorded
        if (each.row.platform, each.row.channel) not in there and wishes.channel in (None, each.row.channel)
    }
    return [by_record(settings.platforms[platform], name) for platform, name in gone if platform in settings.platforms]


# ── telling ───────────────────────────────────────────────────────────────────────────────────────────────────────


def _tell(previews: Sequence["Preview"], redactor: "Redactor", html: str | None, *, as_json: bool) -> None:
    if html is not None:
        _write(previews, redactor, html, said=not as_json)
    if as_json:
        for each in previews:
            print_json(each.as_json())
    elif html is None:
        from bot.cli.previews import show_previews
        from bot.cli.show import Page

        page = Page()
        if not previews:
            page.line("The feed has no article that could be posted.")
        show_previews(previews, page)


def _write(previews: Sequence["Preview"], redactor: "Redactor", file: str, *, said: bool) -> None:
    from bot.cli.files import NotWritten, write_whole
    from bot.clock import SystemClock
    from bot.skin import Skin

    page = Skin(redactor.redact).page(previews, SystemClock().now())
    if file == "-":
        typer.echo(page)
        return
    try:
        write_whole(file, page.encode())
    except NotWritten as error:
        fail(str(error))
    if said:
        articles = len({id(each.article) for each in previews})
        posts = f"{len(previews)} post{'s'[: len(previews) != 1]} of {articles} article{'s'[: articles != 1]}"
        typer.echo(f"Written: {file} ({posts}). Open it in a browser.")
