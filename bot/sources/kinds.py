"""The kinds of source, each with what reads it."""

from collections.abc import Mapping
from datetime import datetime

from bot.doors import Offload, Web
from bot.sources.feed import read_feed
from bot.sources.reading import Cursor, Reader, Reading, SourceKind, Watched

READERS: Mapping[SourceKind, Reader] = {"auto": read_feed, "feed": read_feed}


async def read_source(web: Web, offload: Offload, watched: Watched, cursor: Cursor, now: datetime) -> Reading:
    """Look at a source of any kind. Raises FetchFailed or Unreadable."""
    return await READERS[watched.kind](web, offload, watched, cursor, now)
