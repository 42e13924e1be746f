"""Previews for people: channels side by side where a terminal is wide enough, else one below the other."""

from collections.abc import Iterator, Sequence
from itertools import groupby

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.text import Text

from adapters.post import Card, Draft, Media
from bot.cli.show import Page, plain, tamed
from bot.previewed import Preview
from bot.segments import segments_of

NARROWEST = 38
"""Columns of a terminal that a post needs at least to stand beside another."""

_SHOWN_OF_CARD = 120
"""Characters of a card's description: apps show about two lines."""

Line = tuple[str, str, str]
"""A mark, words, and how they look."""


def show_previews(previews: Sequence[Preview], page: Page) -> None:
    """Article by article, channel by channel. Without colours it is lines alone: for pipes, and for being read out."""
    for _, group in groupby(previews, key=lambda each: id(each.article)):
        of_one = list(group)
        article = of_one[0].article
        page.heading(plain(article.title) or plain(article.link))
        page.line(plain(article.link), "dim")
        beside = 1 if page.is_plain else min(len(of_one), page.console.width // NARROWEST)
        if beside == 1:
            for each in of_one:
                _show_lines(each, page)
        else:
            for first in range(0, len(of_one), beside):
                row = of_one[first : first + beside]
                page.line("")
                page.side_by_side([_panel(each) for each in row] + [Text("")] * (beside - len(row)))


def _show_lines(preview: Preview, page: Page) -> None:
    page.line("")
    page.line(_name_of(preview), "bold cyan")
    if preview.draft is not None:
        if preview.draft.content_warning:
            page.item("·", plain(f"content warning: {preview.draft.content_warning}"))
        for line in plain(preview.draft.text, lines=True).split("\n"):
            page.item("│", line, "dim")
    for mark, words, style in _lines(preview):
        page.item(mark, words, style)


def _panel(preview: Preview) -> Panel:
    """A post with its marks and card as they will look, and what is to be said of it below."""
    parts: list[RenderableType] = []
    draft = preview.draft
    if draft is not None:
        if draft.content_warning:
            parts += [Text(plain(f"content warning: {draft.content_warning}"), "reverse"), Text("")]
        parts += [_marked(draft), Text("")]
        if draft.card is not None:
            parts.append(_card(draft.card))
    parts += [Text(f"{mark} {words}", style or "dim") for mark, words, style in _lines(preview, drawn=True)]
    return Panel(Group(*parts), title=Text(_name_of(preview), "bold cyan"), title_align="left", border_style="dim")


def _card(card: Card) -> Panel:
    parts = [Text(plain(card.title), "bold")] if card.title else []
    if card.description:
        about = plain(card.description)
        parts.append(Text(about if len(about) <= _SHOWN_OF_CARD else about[: _SHOWN_OF_CARD - 1].rstrip() + "…"))
    parts.append(Text(plain(card.link), "dim"))
    return Panel(
        Group(*parts), title="card with picture" if card.picture else "card", border_style="dim", title_align="left"
    )


def _marked(draft: Draft) -> Text:
    shown = Text()
    for each in segments_of(draft.text, draft.marks):
        styles = ["bold"] * each.bold + ["cyan"] * each.tag + ["underline blue"] * (each.target is not None)
        shown.append(tamed(each.text), " ".join(styles))
    return shown


def _name_of(preview: Preview) -> str:
    name = plain(preview.channel or "by its defaults")
    return name if name == preview.platform else f"{preview.platform} · {name}"


def _lines(preview: Preview, *, drawn: bool = False) -> Iterator[Line]:
    """What is to be said of a post: of its text, of what goes with it, of its place in the ledger. `drawn`: its marks
    and its card can be seen."""
    if preview.draft is None:
        yield "✗", plain(f"It cannot be posted: {preview.refused}"), "bold red"
    else:
        yield from (("·", plain(words), "") for words in _facts(preview.draft, drawn=drawn))
    if preview.standing:
        yield "·", plain(preview.standing), ""
        if preview.recorded and preview.recorded.row.url:
            yield "·", plain(preview.recorded.row.url), ""
    for warning in preview.warnings:
        yield "!", plain(warning), "yellow"


def _facts(draft: Draft, *, drawn: bool) -> Iterator[str]:
    yield f"{draft.length} of {draft.limit} {draft.unit}"
    for mark in draft.marks:
        shown = draft.text[mark.start : mark.end]
        target = f" → {mark.target}" if mark.target not in (None, shown) else ""
        if target or not drawn:
            yield f"{mark.kind}: {shown}{target}"
    if draft.card is not None and not drawn:
        card = draft.card
        about = " — ".join(part for part in (card.title, card.description) if part)
        yield f"card{' with picture' if card.picture else ''}: {about} → {card.link}"
    yield from map(_picture, draft.media)
    for name, value in draft.details:
        yield f"{name}: {value}"


def _picture(media: Media) -> str:
    kind = media.mime.removeprefix("image/").upper()
    size = f"{kind}, {media.width} × {media.height}, {len(media.data) / 1000:,.0f} kB"
    return f"picture: {size}; alt: {media.alt}" if media.alt else f"picture: {size}"
