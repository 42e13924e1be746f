"""The inbox: articles that are posted here go the way of those that a poll finds, under a source of their own.

That source is never looked at, so there is no first look that posts nothing: what is posted here was meant to go out.
Nor is it odd that an earlier look did not show it. For the rest the usual rules count: what is known stays known, what
is older than the operator allows stays in, many old ones at once are held, and all wait for their time.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import structlog
from sqlalchemy import Connection

from bot.arrival import take_in
from bot.doors import Doors
from bot.ledger import flood, intake, watched
from bot.ledger.intake import Stored
from bot.ledger.postgres import take_turn
from bot.plan import Candidate, Rules, candidates
from bot.settings.model import SourceSettings
from bot.sources.entry import Entry, Feed

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of an article that was posted here."""

    id: int
    """Of the article, in the ledger: `handbill log` has it."""
    new: bool
    """Whether nobody knew it before."""
    kept_in: str | None
    """Why it does not go out by itself, where it is new and does not."""


class Inbox:
    """Takes articles for one source."""

    def __init__(
        self,
        source: SourceSettings,
        doors: Doors,
        rules: Rules,
        *,
        channel_ids: Callable[[Connection], Sequence[int]],
        on_new: Callable[[], None],
    ) -> None:
        self.source = source
        self._doors = doors
        self._rules = rules
        self._channel_ids = channel_ids
        self._on_new = on_new
        self._log = log.bind(source=source.name)

    async def take(self, entries: Sequence[Entry]) -> list[Taken]:
        """Keep articles, each with a link, and plan their deliveries; what became of each, in the same order. On disk
        when this returns. Only the ledger's errors rise."""
        now = self._doors.clock.now()
        # Documents have the newest first; here they are in the order in which they are to go out.
        feed = Feed(None, "", None, None, tuple(reversed(entries)), "webhook")
        found = candidates(self.source.identity, feed)

        def work(conn: Connection) -> tuple[Stored, list[Taken]]:
            take_turn(conn)  # a source, in another process, may show the same article right now
            state = watched.get_source(conn, self.source.identity)
            stored = take_in(
                conn,
                state,
                found,
                self._rules,
                first_look=False,
                read_at=None,
                channel_ids=self._channel_ids(conn),
                language=self.source.language,
                cursor={"newest_title": found[-1].entry.title},
                now=now,
            )
            flood.release_due(conn, state.id, now=now)
            return stored, _taken(conn, entries, found, stored)

        stored, taken = await self._doors.ledger.write(work)
        self._on_new()
        for article_id, new in stored.new:
            kept_in = new.held.why if new.held else new.skipped
            event = "article.held" if new.held else "article.skipped" if new.skipped else "article.found"
            self._log.info(event, article=new.candidate.entry.title, id=article_id, due_at=new.due_at, reason=kept_in)
        return taken


def _taken(conn: Connection, entries: Sequence[Entry], found: Sequence[Candidate], stored: Stored) -> list[Taken]:
    keys = {each.entry: each.keys for each in found}
    owners = intake.find_known(conn, found)
    new = dict(stored.new)
    taken = []
    for entry in entries:
        article_id = next(owners[key] for key in keys[entry] if key in owners)
        fresh = new.get(article_id)
        kept_in = None if fresh is None else fresh.held.why if fresh.held else fresh.skipped
        taken.append(Taken(article_id, fresh is not None, kept_in))
    return taken
