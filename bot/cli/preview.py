"""`handbill preview`: every post exactly as it would be sent, without sending it."""

# ruff: noqa: PLC0415 # heavy imports wait inside the command

import asyncio
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.base import NEEDS_PERSON, AsJson, Config, fail, need_templates, prepare_to_show, print_json

if TYPE_CHECKING:
    from bot.cli.show import Page
    from bot.doors import Doors
    from bot.preview import Composer, Preview
    from bot.redact import Redactor
    from bot.render import Renderer
    from bot.settings import Settings, SourceSettings


def preview(
    url: Annotated[str, typer.Argument(metavar="URL", help="The address of any feed, or the name of a source.")],
    config: Config = None,
    newest: Annotated[int, typer.Option(min=1, help="How many of the newest articles.")] = 1,
    channel: Annotated[
        str | None,
        typer.Option(help="Only this channel, or this platform by its defaults. Without it: every configured channel."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show what a feed's newest articles would look like on each channel, exactly.

    It needs no account: where no channel is configured, all platforms are shown.

    --json prints an object a line, with the body of the request.

    Exit codes: 0; 1 something cannot be posted, or the feed not read; 2 usage.
    """
    settings, redactor = prepare_to_show(config)
    source = _find_source(settings, url)
    address = source.url if source and source.name == url else url
    if "://" not in address:
        fail(f"{url} is neither the name of a source nor an address: write it in full, like https://news.example/feed.")
    _check_channel(settings, channel)
    renderer = need_templates(settings)
    from bot.cli.show import Page, progress
    from bot.doors import FetchFailed
    from bot.sources.reading import Unreadable

    try:
        with progress(f"Reading {address} …"):
            previews = asyncio.run(
                _preview(settings, redactor, renderer, address, source, newest=newest, channel=channel)
            )
    except (FetchFailed, Unreadable) as error:
        fail(f"{error.message} {error.mend}".strip(), code=NEEDS_PERSON)
    if as_json:
        for each in previews:
            print_json(each.as_json())
    else:
        _show(previews, Page())
    if not previews or any(each.draft is None for each in previews):
        raise typer.Exit(NEEDS_PERSON)


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


def _check_channel(settings: "Settings", name: str | None) -> None:
    from bot.settings.problems import suggestion

    known = [*(channel.name for channel in settings.channels), *settings.platforms]
    if name is not None and name not in known:
        mend = suggestion(name, known)
        fail(f"There is no channel {name}: {mend}{'' if mend.endswith('?') else '.'}")


async def _preview(
    settings: "Settings",
    redactor: "Redactor",
    renderer: "Renderer",
    url: str,
    source: "SourceSettings | None",
    *,
    newest: int,
    channel: str | None,
) -> list["Preview"]:
    from bot.check import check_ledger
    from bot.cli.beside import doors_beside
    from bot.preview import compose_all, enrich_all, read_articles
    from bot.sources.reading import Watched

    _, usable = check_ledger(settings)
    async with doors_beside(settings, with_ledger=usable) as doors:
        identity, language, called = (source.identity, source.language, source.name) if source else (url, None, "")
        watched = source.watched if source else Watched(url)
        (_, articles), composers = await asyncio.gather(
            read_articles(doors, watched, newest, identity=identity, language=language, name=called),
            _composers(settings, redactor, doors, channel),
        )
        if settings.enrich:
            articles = await enrich_all(doors, articles)
        return await compose_all(doors, articles, composers, doors.clock.now(), renderer)


async def _composers(settings: "Settings", redactor: "Redactor", doors: "Doors", name: str | None) -> list["Composer"]:
    from bot.preview import by_channel, by_defaults
    from bot.wiring import open_adapter

    chosen = [channel for channel in settings.channels if name in (None, channel.name)]
    if not chosen:
        return [by_defaults(platform) for platform in settings.platforms.values() if name in (None, platform.name)]

    adapters = [open_adapter(channel, doors, redactor, owner=False) for channel in chosen]
    try:
        asking = (
            by_channel(each.name, adapter, each.settings.shape, doors)
            for each, adapter in zip(chosen, adapters, strict=True)
        )
        return list(await asyncio.gather(*asking))
    finally:
        for adapter in adapters:
            await adapter.close()


def _show(previews: list["Preview"], page: "Page") -> None:
    from bot.cli.show import plain

    if not previews:
        page.line("The feed has no article that could be posted.")
    article = None
    for each in previews:
        if each.article is not article:
            article = each.article
            page.heading(plain(article.title) or plain(article.link))
            page.line(plain(article.link), "dim")
        _show_one(each, page)


def _show_one(preview: "Preview", page: "Page") -> None:
    from bot.cli.show import plain

    name = preview.channel or "by its defaults"
    page.line("")
    page.line(f"{preview.platform} · {plain(name)}" if name != preview.platform else name, "bold cyan")
    if preview.draft is None:
        page.item("✗", plain(f"It cannot be posted: {preview.refused}"), "bold red")
    else:
        draft = preview.draft
        for line in plain(draft.text, lines=True).split("\n"):
            page.item("│", line, "dim")
        page.item("·", f"{draft.length} of {draft.limit} {draft.unit}")
        for mark in draft.marks:
            shown = draft.text[mark.start : mark.end]
            target = f" → {mark.target}" if mark.target not in (None, shown) else ""
            page.item("·", plain(f"{mark.kind}: {shown}{target}"))
        if draft.card is not None:
            card = draft.card
            about = " — ".join(part for part in (card.title, card.description) if part)
            page.item("·", plain(f"card{' with picture' if card.picture else ''}: {about} → {card.link}"))
    for warning in (*(preview.draft.warnings if preview.draft else ()), *preview.notes):
        page.item("!", plain(warning), "yellow")
