"""What the poll asks of every kind of source, and what it gets: one shape, whatever stands at the address."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, Protocol

from bot.doors import Offload, Web
from bot.sources.entry import Feed

SourceKind = Literal["auto", "feed", "wordpress", "sitemap", "archive"]


class Unreadable(Exception):
    """What was fetched is not what was asked for. `message` is one sentence for the operator, `mend` another."""

    def __init__(self, message: str, mend: str = "", memory: Mapping[str, Any] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.mend = mend
        self.memory = memory
        """What is to be remembered of this look all the same, instead of the cursor's memory; None: nothing."""


@dataclass(frozen=True, slots=True)
class Selectors:
    """CSS selectors for an archive page, all but `item` for what is inside an item. Empty: it is found out."""

    item: str = ""
    link: str = ""
    title: str = ""
    excerpt: str = ""
    date: str = ""


@dataclass(frozen=True, slots=True)
class Watched:
    """What is read, and as what."""

    url: str
    kind: SourceKind = "auto"
    selectors: Selectors = field(default_factory=Selectors)


@dataclass(frozen=True, slots=True)
class Cursor:
    """What makes the next look cheap. Kept only together with what was read with it."""

    etag: str | None = None
    last_modified: str | None = None
    """Validators of the document at the source's own address, verbatim."""
    memory: Mapping[str, Any] = field(default_factory=dict)
    """What the reader of its kind wants to remember, as JSON."""

    def dump(self) -> str | None:
        """`memory` as the ledger keeps it."""
        return json.dumps(self.memory, sort_keys=True, ensure_ascii=False) if self.memory else None


def load_memory(text: str | None) -> Mapping[str, Any]:
    """What `Cursor.dump` made; nothing where a later release wrote what we do not understand."""
    try:
        memory = json.loads(text) if text else {}
    except ValueError:
        return {}
    return memory if isinstance(memory, dict) else {}


@dataclass(frozen=True, slots=True)
class Reading:
    """One look at a source."""

    feed: Feed | None
    """None: nothing has changed since the cursor was kept."""
    cursor: Cursor
    fresh_for: float | None = None
    """Seconds for which the server asks not to be asked again, if it said."""
    moved_to: str | None = None
    """The source's new address, where every redirect on the way was a permanent one."""


class Reader(Protocol):
    """Reads one kind of source."""

    async def __call__(self, web: Web, offload: Offload, watched: Watched, cursor: Cursor, now: datetime) -> Reading:
        """Look at the source. Raises FetchFailed or Unreadable; then nothing of the cursor has changed, but for
        the memory that an Unreadable brings."""
