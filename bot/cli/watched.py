"""What `handbill sources` shows: offers, entries, and how what is watched is. Imported only by what shows some."""

from collections.abc import Mapping, Sequence
from typing import Any

from bot.cli.show import Page, narrow, plain, text_column, when
from bot.clock import SystemClock
from bot.links import clean_link
from bot.settings import SourceSettings
from bot.sources.discover import Discovery, Offer
from bot.sources.entry import Entry, Feed

NEWEST = 3
"""Titles that are shown of each offer."""


def show_offers(url: str, found: Discovery) -> None:
    """What was found at an address, the best first, with the newest titles of each."""
    page, now = Page(), SystemClock().now()
    if not found.offers:
        page.line(f"Nothing at {plain(url)} can be watched.")
    for number, offer in enumerate(found.offers, start=1):
        mark = "recommended" if number == 1 else ""
        about = f"{number}. {offer.feed.kind}, {len(offer.feed.entries)} articles"
        if offer.feed.hub:
            about += ", tells of news by itself (WebSub)"
        page.heading(f"{about}  {mark}".rstrip())
        page.line(plain(offer.url))
        rows = [
            (when(entry.published_at, now) if entry.published_at else "", plain(entry.title) or plain(entry.link or ""))
            for entry in offer.newest[:NEWEST]
        ]
        page.table([narrow(""), text_column("")], rows, headed=False)
    for address, why in found.misses.items():
        page.line("")
        page.line(f"Not usable: {plain(address)} {plain(why)}", "dim")
    page.line("")


def show_entries(feed: Feed) -> None:
    """What was read from a source, as a table."""
    page = Page()
    page.heading(f"{plain(feed.title) or 'Untitled'} ({feed.kind}, {len(feed.entries)} articles)")
    for note in feed.notes:
        page.item(" ·", plain(note), "dim")
    columns = [
        narrow("Published (UTC)"),
        text_column("Title", 3),
        text_column("Summary", 3),
        narrow("Pic"),
        text_column("Link", 2),
    ]
    page.table(
        columns,
        [
            (
                f"{entry.published_at:%Y-%m-%d %H:%M}" if entry.published_at else "",
                plain(entry.title),
                _short(plain(entry.summary)),
                "yes" if entry.picture_url else "",
                plain(entry.link or ""),
            )
            for entry in feed.entries
        ],
    )


def _short(text: str, most: int = 80) -> str:
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}…"


def show_watched(rows: Sequence[Mapping[str, Any]]) -> None:
    """The sources of the settings, and how each is."""
    page, now = Page(), SystemClock().now()
    if not rows:
        page.line("Nothing is watched yet: `handbill sources add URL` finds what can be.")
        return
    columns = [
        text_column("Source"),
        narrow("Kind"),
        narrow("Looked"),
        narrow("Next"),
        text_column("Newest, or trouble"),
    ]
    page.table(
        columns,
        [
            (
                plain(row["name"]),
                row["kind"],
                when(row["polled_at"], now),
                when(row["next_poll_at"], now) if row["next_poll_at"] else "",
                plain(row["trouble"] or row["newest"] or ""),
            )
            for row in rows
        ],
    )


def row(source: SourceSettings, known: Mapping[str, Any] | None) -> dict[str, Any]:
    """One line of `handbill sources --json`. `known`: its row in the ledger."""
    found = known or {}
    return {
        "name": source.name,
        "kind": source.kind,
        "url": clean_link(source.url),
        "polled_at": found.get("polled_at"),
        "next_poll_at": found.get("next_poll_at"),
        "newest": found.get("newest_title"),
        "trouble": found.get("last_error"),
    }


def offer_as_json(number: int, offer: Offer) -> dict[str, Any]:
    """One line of `handbill sources add --json`."""
    newest = [entry_as_json(entry) for entry in offer.newest[:NEWEST]]
    return {
        "offer": number,
        "kind": offer.kind,
        "url": offer.url,
        "title": offer.feed.title,
        "articles": len(offer.feed.entries),
        "hub": offer.feed.hub,
        "newest": newest,
    }


def entry_as_json(entry: Entry) -> dict[str, Any]:
    """One line of `handbill sources test --json`."""
    return {
        "id": entry.id,
        "link": entry.link,
        "title": entry.title,
        "summary": entry.summary,
        "published_at": entry.published_at,
        "author": entry.author,
        "language": entry.language,
        "picture": {"url": entry.picture_url, "alt": entry.picture_alt} if entry.picture_url else None,
        "tags": list(entry.tags),
    }
