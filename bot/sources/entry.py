"""What a source gives: raw entries, as stated, before anything is known of identity. Inside `bot/sources/` only."""

from dataclasses import dataclass
from datetime import datetime

MAX_READ = 20_000
"""Items of a document that are looked at."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One item of a source. Texts are plain text, links absolute, times aware and in UTC."""

    id: str | None
    """As the source states it, compared exactly; its link where it states none. Unique within the source only."""
    link: str | None
    title: str
    summary: str
    """Plain text; paragraphs are separated by an empty line."""
    published_at: datetime | None = None
    updated_at: datetime | None = None
    author: str | None = None
    language: str | None = None
    """BCP 47, the entry's own or else its feed's."""
    picture_url: str | None = None
    picture_alt: str | None = None
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Feed:
    """A parsed source."""

    id: str | None
    title: str
    link: str | None
    """The site that the feed belongs to."""
    language: str | None
    entries: tuple[Entry, ...]
    """In document order."""
    kind: str
    """For people: "RSS 2.0", "Atom 1.0", "JSON Feed 1.1"."""
    dropped: int = 0
    """Entries with neither an id nor a link, which nothing could identify."""
    complete: bool = True
    """False when the document was cut off: its whole entries are here, and its validators must not be kept."""
    gapless: bool | None = None
    """Whether nothing can have come and gone unseen since the last look: True and False where the reader has seen to it
    by a cursor of its own, and has succeeded or not (then the last of the notes says what may be missing); None where
    only what is known already can tell."""
    older: str | None = None
    """The address of the document that holds what came before these entries, where the source names one."""
    hub: str | None = None
    """Where one may ask to be told of changes (WebSub)."""
    topic: str | None = None
    """The address under which the hub knows the source."""
    ask_every: float | None = None
    """Seconds between two looks, as the document asks (ttl, sy:updatePeriod)."""
    quiet: frozenset[int] = frozenset()
    """Hours of the week, from Monday 00:00 UTC, in which the document does not want a look (skipHours, skipDays)."""
    withdrawn: tuple[tuple[str, datetime | None], ...] = ()
    """(entry id, when) of entries that the source says it has taken back (RFC 6721)."""
    notes: tuple[str, ...] = ()
    """What the operator may want to know of the document, each a sentence: "It is not well-formed XML …"."""
