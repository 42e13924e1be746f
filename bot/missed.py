"""What may have scrolled away unseen: after a long absence nothing that a source shows may be known any more.

Then what came in between is caught up with where the source allows it (see `bot.sources.catchup`); where it does not,
an alert says so. Nothing mends that, so the alert stays for a week, for people to see, and is over by itself.
"""

from dataclasses import replace
from datetime import datetime, timedelta

import structlog
from sqlalchemy import Connection

from bot.doors import Doors
from bot.ledger import intake, watched
from bot.ledger.alerts import clear_alert, find_alert, raise_alert
from bot.ledger.watched import SourceState
from bot.plan import candidates
from bot.schedule import PATIENCE
from bot.sources.catchup import read_older
from bot.sources.entry import Feed

SHOWN_FOR = timedelta(days=7)
_NOTHING_KNOWN = "nothing that it shows is known from before"

log = structlog.get_logger()


def missed_cause(source_id: int) -> str:
    """The cause under which the alert about what may be missing of a source stands."""
    return f"missed:{source_id}"


async def catch_up(doors: Doors, identity: str, state: SourceState, feed: Feed) -> Feed:
    """`feed`, with what came before it where nothing in it is known any more.

    Raises FetchFailed where what is older cannot be had just now, until the source has failed too often for waiting.
    """
    if state.first_look or feed.gapless is not None or not feed.entries:
        return feed

    async def reaches(document: Feed) -> bool:
        return _is_dated_before(document, state.read_at) or await _is_known(doors, identity, document)

    if not await doors.ledger.read(lambda conn: watched.has_articles(conn, state.id)) or await reaches(feed):
        return feed
    caught = await read_older(doors.web, doors.offload, feed, reaches, patient=state.failures < PATIENCE)
    log.info("source.caught_up", documents=caught.documents, entries=len(caught.feed.entries), missing=caught.why_not)
    if not caught.why_not:
        return caught.feed
    note = f"Articles may be missing {_between(state.read_at, caught.feed)}: {_NOTHING_KNOWN}, and {caught.why_not}."
    return replace(caught.feed, gapless=False, notes=(*caught.feed.notes, note))


def tell(conn: Connection, source_id: int, name: str, feed: Feed, *, now: datetime) -> None:
    """Raise the alert about what may be missing, or take it back when it has been there for long enough."""
    cause = missed_cause(source_id)
    if feed.gapless is False:
        sentence = f"Source {name}: {feed.notes[-1]} See on its site whether there is any that should go out."
        raise_alert(conn, cause, sentence, needs_person=False, now=now)
    elif (alert := find_alert(conn, cause)) is not None and now - alert.raised_at > SHOWN_FOR:
        clear_alert(conn, cause, now=now)


async def _is_known(doors: Doors, identity: str, document: Feed) -> bool:
    found = candidates(identity, document)
    return bool(await doors.ledger.read(lambda conn: intake.find_known(conn, found)))


def _is_dated_before(document: Feed, read_at: datetime | None) -> bool:
    """Whether one end of the document was there already when the source was last read, so that between the two nothing
    is missing, though it be known under no name (a feed of a single article, which is always the newest)."""
    ends = (document.entries[0], document.entries[-1]) if document.entries else ()
    return read_at is not None and any(end.published_at and end.published_at <= read_at for end in ends)


def _between(read_at: datetime | None, feed: Feed) -> str:
    oldest = min((entry.published_at for entry in feed.entries if entry.published_at), default=None)
    times = [f"{at:%Y-%m-%d %H:%M}" for at in (read_at, oldest) if at]
    return f"between {' and '.join(times)} UTC" if len(times) > 1 else f"since {times[0]} UTC" if times else ""
