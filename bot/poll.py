"""The poll: asks one source for entries, keeps what is new, plans its deliveries, and commits all of it together.

    due? ─▶ fetch (conditional) ─▶ parse ─▶ caught up? ─▶ candidates ─▶ known? ─▶ plan
         ─▶ articles + deliveries + cursor, one commit

Which entries are new, and what becomes of them, is decided in `bot.plan`. It talks to no platform.
"""

from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import Connection

from bot import missed, moves
from bot.arrival import take_in
from bot.doors import Doors, FetchFailed
from bot.ledger import flood, subscriptions, watched
from bot.ledger.alerts import clear_alert, raise_alert
from bot.ledger.intake import Stored
from bot.ledger.postgres import take_turn
from bot.ledger.watched import SourceState
from bot.plan import Rules, candidates
from bot.rhythm import Rhythm
from bot.schedule import GONE_FOR, PATIENCE, Bounds, Due, next_look
from bot.settings.model import SourceSettings
from bot.sources.entry import Feed
from bot.sources.kinds import read_source
from bot.sources.reading import Cursor, Reading, Unreadable
from bot.sources.robots import Robots
from bot.websub import slowed, was_announced

log = structlog.get_logger()

GONE = 410
"""HTTP status: https://www.rfc-editor.org/rfc/rfc9110#section-15.5.11"""


class Poller:
    """Looks at one source. When it does is `bot.watcher`'s. It is small, since there may be very many."""

    __slots__ = ("_beside", "_channel_ids", "_doors", "_on_new", "_redact", "_robots", "_said", "rules", "source")

    def __init__(
        self,
        source: SourceSettings,
        doors: Doors,
        rules: Rules,
        *,
        channel_ids: Callable[[Connection], Sequence[int]],
        on_new: Callable[[], None],
        redact: Callable[[str], str],
        robots: Robots | None = None,
        beside: Container[str] = frozenset(),
    ) -> None:
        """`robots`: what is known of sites' robots.txt, where others ask for them too; `beside`: the identities
        of all sources that are looked at."""
        self.source = source
        self._doors = doors
        self._robots = robots or Robots(doors.web, doors.clock)
        self.rules = rules
        self._channel_ids = channel_ids
        self._on_new = on_new
        self._redact = redact
        self._beside = beside
        self._said: str | None = None
        """Why the last look failed, as the log has it: the same is not said at every look."""

    @property
    def bounds(self) -> Bounds:
        """How often the operator wants it to be looked at."""
        return Bounds(self.source.poll_every, self.source.poll_slowest)

    @property
    def _log(self) -> structlog.typing.FilteringBoundLogger:
        bound: structlog.typing.FilteringBoundLogger = log.bind(source=self.source.name)
        return bound

    async def told_until(self) -> datetime | None:
        """Until when the server told us to stay away, if that is still to come."""
        return self.told_until_of(await self.state())

    def told_until_of(self, state: SourceState) -> datetime | None:
        """The same, of a state that was read just now."""
        told = state.told_until_at
        return told if told is not None and told > self._doors.clock.now() else None

    async def state(self) -> SourceState:
        """What the ledger remembers of the source."""
        return await self._doors.ledger.read(lambda conn: watched.get_source(conn, self.source.identity))

    async def look(self, state: SourceState | None = None) -> bool:
        """One look at the source; whether it has found something. What it comes to is in the ledger afterwards. Only
        the ledger's errors rise. `state`: what the ledger remembers of it, where that was read just now."""
        state = state or await self.state()
        try:
            watched = replace(self.source.watched, url=moves.address(self.source.url, state))
            now = self._doors.clock.now()
            reading = await read_source(
                self._doors.web, self._doors.offload, watched, state.cursor, now, robots=self._robots
            )
            if reading.feed is not None:
                caught_up = await missed.catch_up(self._doors, self.source.identity, state, reading.feed)
                reading = replace(reading, feed=caught_up)
        except FetchFailed as error:
            if error.status == GONE and watched.url == self.source.url:
                await self._gone(state, error)
            else:
                await self._failed(state, error.message, error.mend, error.retry_after, status=error.status)
        except Unreadable as error:
            await self._failed(state, error.message, error.mend, None, memory=error.memory)
        except Exception as bug:
            # A document that our own code stumbles over must cost this look, not the source.
            self._log.exception("source.stumbled")
            await self._failed(state, f"reading it failed with {type(bug).__name__}", "", None)
        else:
            if self._said is not None:
                self._log.info("source.answers")
                self._said = None
            if reading.feed is not None:
                return await self._changed(state, reading, reading.feed)
            await self._unchanged(state, reading)
        return False

    async def _unchanged(self, state: SourceState, reading: Reading) -> None:
        now, rhythm = self._doors.clock.now(), replace(state.rhythm, fresh_for=reading.fresh_for)
        due = self._next(now, rhythm, self.bounds_of(state)).at
        more = {"rhythm": rhythm.dump(), **moves.seen(state, reading.moved_to)}

        def work(conn: Connection) -> None:
            watched.note_unchanged(conn, state.id, next_poll_at=due, now=now, more=more)
            self._note_health(conn, state, rhythm, now)

        await self._doors.ledger.write(work)
        self._log.debug("source.unchanged", next_poll_at=due)

    def _note_health(self, conn: Connection, state: SourceState, rhythm: Rhythm, now: datetime) -> None:
        """The source has answered: what stood against it is over, unless it has fallen silent."""
        flood.release_due(conn, state.id, now=now)
        clear_alert(conn, failing_cause(state.id), now=now)
        if rhythm.heard_at is not None and rhythm.is_silent(now):
            sentence = (
                f"Source {self.source.name} answers, but has shown nothing new since {rhythm.heard_at:%Y-%m-%d %H:%M} "
                "UTC, far longer than usual: see in a browser whether it is still kept up."
            )
            raise_alert(conn, silent_cause(state.id), sentence, needs_person=False, now=now)
        else:
            clear_alert(conn, silent_cause(state.id), now=now)

    async def _changed(self, state: SourceState, reading: Reading, feed: Feed) -> bool:
        now = self._doors.clock.now()
        found = candidates(self.source.identity, feed)
        rhythm = replace(state.rhythm, ask_every=feed.ask_every, quiet=feed.quiet, fresh_for=reading.fresh_for)
        cursor = {**self._cursor(now, reading.cursor, feed), **moves.seen(state, reading.moved_to)}

        def work(conn: Connection) -> Stored:
            take_turn(conn)  # another source, in another process, may show the same article right now
            stored = take_in(
                conn,
                state,
                found,
                self.rules,
                first_look=state.first_look,
                read_at=state.read_at if state.rhythm.heard_at else None,
                channel_ids=self._channel_ids(conn),
                language=self.source.language,
                cursor=cursor,
                now=now,
                complete=feed.complete,
                watched=self._beside,
            )
            heard = rhythm.heard(watched.list_times(conn, state.id))
            bounds = self._note_pushes(conn, state, feed, found_any=bool(stored.new), now=now)
            watched.note_rhythm(conn, state.id, heard, next_poll_at=self._next(now, heard, bounds).at)
            self._note_health(conn, state, heard, now)
            missed.tell(conn, state.id, self.source.name, feed, now=now)
            return stored

        stored = await self._doors.ledger.write(work)
        self._say(stored, state, feed, unusable=len(feed.entries) - len(found))
        self._on_new()
        return bool(stored.new)

    def _note_pushes(
        self, conn: Connection, state: SourceState, feed: Feed, *, found_any: bool, now: datetime
    ) -> Bounds:
        """Keep which hub the document names, and whether pushes can be relied on; how often to look by that."""
        subscriptions.note_hub(conn, state.id, feed.hub, feed.topic, now=now)
        state = watched.get_source(conn, self.source.identity)  # a push may have come meanwhile
        if found_any and state.pushed_at is not None and not was_announced(state.pushed_at, now):
            subscriptions.note_unannounced(conn, state.id)
            return self.bounds
        return self.bounds_of(state)

    def bounds_of(self, state: SourceState) -> Bounds:
        """How often to look, less often while pushes come."""
        now = self._doors.clock.now()
        every = slowed(self.bounds.every, pushed_at=state.pushed_at, lease_until=state.lease_until, now=now)
        return replace(self.bounds, every=every)

    def _cursor(self, now: datetime, cursor: Cursor, feed: Feed) -> Mapping[str, Any]:
        newest = max(
            feed.entries, key=lambda entry: entry.published_at or datetime.min.replace(tzinfo=now.tzinfo), default=None
        )
        return {
            "etag": cursor.etag,
            "last_modified": cursor.last_modified,
            "memory": cursor.dump(),
            "title": feed.title,
            "newest_title": newest.title if newest else None,
            "told_until_at": None,
        }

    async def _failed(
        self,
        state: SourceState,
        message: str,
        mend: str,
        retry_after: float | None,
        *,
        status: int | None = None,
        memory: Mapping[str, Any] | None = None,
    ) -> None:
        now, failures = self._doors.clock.now(), state.failures + 1
        due = self._next(now, state.rhythm, failures=failures, retry_after=retry_after)
        reason = self._redact(f"{message} {mend}".strip())
        left = {"memory": Cursor(memory=memory).dump()} if memory is not None else {}

        def work(conn: Connection) -> None:
            watched.note_failure(
                conn,
                state.id,
                message=reason,
                next_poll_at=due.at,
                told_until_at=due.told_until_at,
                now=now,
                more={**moves.failed(state, status), **left},
            )
            flood.release_due(conn, state.id, now=now)
            if failures > PATIENCE:
                sentence = f"Source {self.source.name} has given nothing {failures} times in a row: {reason}"
                raise_alert(conn, failing_cause(state.id), sentence, needs_person=False, now=now)

        await self._doors.ledger.write(work)
        say, self._said = self._log.debug if reason == self._said else self._log.warning, reason
        say("source.failed", reason=reason, failures=failures, next_poll_at=due.at)

    async def _gone(self, state: SourceState, error: FetchFailed) -> None:
        """The server says that the address is gone for good: it is left alone, and a person is told at once."""
        now, reason = self._doors.clock.now(), self._redact(f"{error.message} {error.mend}".strip())
        back_at = now + timedelta(seconds=GONE_FOR)

        def work(conn: Connection) -> None:
            watched.note_failure(conn, state.id, message=reason, next_poll_at=back_at, told_until_at=back_at, now=now)
            flood.release_due(conn, state.id, now=now)
            sentence = f"Source {self.source.name} is no longer watched, but for one look a week: {reason}"
            raise_alert(conn, failing_cause(state.id), sentence, needs_person=True, now=now)

        await self._doors.ledger.write(work)
        self._log.error("source.gone", reason=reason, next_poll_at=back_at)

    def _next(
        self,
        now: datetime,
        rhythm: Rhythm,
        bounds: Bounds | None = None,
        *,
        failures: int = 0,
        retry_after: float | None = None,
    ) -> Due:
        bounds, dice = bounds or self.bounds, self._doors.dice
        return next_look(now, bounds, rhythm, failures=failures, retry_after=retry_after, dice=dice)

    def _say(self, stored: Stored, state: SourceState, feed: Feed, *, unusable: int) -> None:
        skipped = [new for _, new in stored.new if new.skipped]
        for article_id, new in stored.new:
            if new.held is not None:
                self._log.warning("article.held", article=new.candidate.entry.title, id=article_id, reason=new.held.why)
            elif new.skipped is None:
                self._log.info("article.found", article=new.candidate.entry.title, id=article_id, due_at=new.due_at)
            elif not state.first_look:
                self._log.info("article.skipped", article=new.candidate.entry.title, id=article_id, reason=new.skipped)
        if feed.gapless is False:
            self._log.warning("articles.missed", reason=feed.notes[-1])
        if state.first_look:
            self._log.info(
                "source.met", title=feed.title, kind=feed.kind, entries=len(feed.entries), kept_in=len(skipped)
            )
            for note in feed.notes:
                self._log.warning("source.noted", note=note)
        if unusable or feed.dropped:
            self._log.warning("entries.unusable", count=unusable + feed.dropped, reason="no link to post")


def failing_cause(source_id: int) -> str:
    """The cause under which the alert about a source that gives nothing stands."""
    return f"source:{source_id}:failing"


def silent_cause(source_id: int) -> str:
    """The cause under which the alert about a source that has fallen silent stands."""
    return f"source:{source_id}:silent"
