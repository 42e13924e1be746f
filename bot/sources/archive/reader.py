"""The reader of archive pages: fetch, find the articles, and see whether the page can be believed."""

import hashlib
from datetime import datetime
from functools import partial

from bot.doors import Offload, Web
from bot.sources.archive.parse import parse_archive
from bot.sources.archive.steady import judge
from bot.sources.reading import Cursor, Reading, Selectors, Unreadable, Watched

ACCEPT = "text/html, application/xhtml+xml;q=0.9, */*;q=0.1"
MAX_BYTES = 5 * 2**20
"""Of a page. Large front pages have two megabytes."""


async def read_archive(web: Web, offload: Offload, watched: Watched, cursor: Cursor, now: datetime) -> Reading:
    """Fetch the page and find its articles. Raises FetchFailed, or Unreadable where it is no page or looks broken; the
    doubt is then remembered, nothing else."""
    how = _mark_of(watched.selectors)
    same = cursor.memory.get("how") == how  # other selectors find other things on the same page
    fetched = await web.get(
        watched.url,
        etag=cursor.etag if same else None,
        last_modified=cursor.last_modified if same else None,
        accept=ACCEPT,
        max_bytes=MAX_BYTES,
    )
    if not fetched.changed:
        return Reading(None, cursor, fetched.fresh_for, fetched.moved_to)
    feed = await offload(partial(parse_archive, fetched, watched.selectors))
    ids = [entry.id or "" for entry in feed.entries]
    judgement = judge(cursor.memory, ids, now, told=watched.selectors != Selectors())
    if judgement.message:
        raise Unreadable(judgement.message, judgement.mend, judgement.memory)
    kept = Cursor(fetched.etag, fetched.last_modified, {**judgement.memory, "how": how})
    return Reading(feed, kept, fetched.fresh_for, fetched.moved_to)


def _mark_of(selectors: Selectors) -> str:
    return hashlib.sha256(repr(selectors).encode()).hexdigest()[:12]
