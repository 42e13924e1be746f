"""Catching up with a feed that nothing is known of any more: its older documents, until one reaches back far enough."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from functools import partial
from http import HTTPStatus

from bot.doors import FetchFailed, Offload, Web
from bot.sources.entry import Entry, Feed
from bot.sources.feed import ACCEPT, MAX_ENTRIES, parse_feed
from bot.sources.reading import Unreadable

MOST_DOCUMENTS = 10
"""Older documents that are read at one look."""

_NO_MORE = frozenset({HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND, HTTPStatus.GONE})
"""What servers say of a page beyond the last."""

Reaches = Callable[[Feed], Awaitable[bool]]
"""Whether a document reaches back to what is known."""


@dataclass(frozen=True, slots=True)
class CaughtUp:
    """A feed with what came before it."""

    feed: Feed
    documents: int
    """Older ones that were read."""
    why_not: str = ""
    """Why something may be missing between it and what is known, as the end of a sentence; empty: nothing is."""


async def read_older(web: Web, offload: Offload, feed: Feed, reaches: Reaches, *, patient: bool = True) -> CaughtUp:
    """`feed`, which does not reach back to what is known, and its older documents until one does.

    A source whose whole chain has been read has nothing more to show, so nothing is missing either. Where a document
    cannot be had just now, raises FetchFailed if `patient`, and else does without the rest.
    """
    merged, asked, why_not = _Merged(feed), set[str](), ""
    url = feed.older
    if url is None:
        return CaughtUp(feed, 0, "it leads to nothing older")
    while url is not None and not why_not:
        if len(asked) >= MOST_DOCUMENTS or len(merged.entries) >= MAX_ENTRIES:
            why_not = "it is more than we read at once"
            break
        asked.add(url)
        try:
            fetched = await web.get(url, accept=ACCEPT)
            document = await offload(partial(parse_feed, fetched))
        except FetchFailed as failed:
            if failed.status not in _NO_MORE and patient:
                raise
            beyond = failed.status in _NO_MORE
            why_not = ("" if merged.documents else "it leads to nothing older") if beyond else _end(failed.message)
            break
        except Unreadable:
            why_not = "what it calls older is no feed"
            break
        if not merged.take(document):
            why_not = "what it calls older shows nothing else"
        elif await reaches(document):
            break
        elif not document.complete:
            why_not = "what it calls older is cut off"
        url = document.older if document.older not in asked else None
    return CaughtUp(merged.feed, merged.documents, why_not)


def _end(message: str) -> str:
    return message.rstrip(".")


class _Merged:
    """A feed and its older documents, each entry as the newest document has it (RFC 5005 §4)."""

    def __init__(self, feed: Feed) -> None:
        self._first = feed
        self._seen = {entry.id for entry in feed.entries} | {ref for ref, _ in feed.withdrawn}
        self.entries: list[Entry] = list(feed.entries)
        self.documents = 0

    def take(self, document: Feed) -> bool:
        """Add what `document` has besides. False: nothing."""
        fresh = [entry for entry in document.entries if entry.id not in self._seen]
        self._seen.update(entry.id for entry in fresh)
        self.entries += fresh
        self.documents += bool(fresh)
        return bool(fresh)

    @property
    def feed(self) -> Feed:
        """All of it, newest first where the documents are."""
        return replace(self._first, entries=tuple(self.entries), older=None)
