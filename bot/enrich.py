"""The enrich loop: gives each new article of one source what its own page says, once, before it goes out.

    found ─▶ robots.txt? ─▶ page ─▶ facts ─▶ facts + keys + "may go out", one commit ─▶ lanes wake

It delays an article by `ENRICH_FOR` at the most and no other article at all; whatever is wrong with a page costs what
the page would have said, never the article. What is waited for is in the ledger, so a restart changes nothing.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import Protocol

import structlog
from sqlalchemy import Connection

from bot.doors import Doors, FetchFailed
from bot.facts import Facts, facts_of, keys_of, stands_for
from bot.ledger.pages import Unread, end_enriching, list_unread
from bot.ledger.postgres import take_turn
from bot.patience import after_failure
from bot.sources.page import ACCEPT, MAX_BYTES, read_page
from bot.sources.reading import Unreadable
from bot.sources.robots import Robots

log = structlog.get_logger()

ENRICH_FOR = 60.0
"""Seconds after its discovery in which an article's page has to be read."""
AT_ONCE = 4
"""Pages of one source that are asked for at a time."""
WHILE_ANOTHER_READS = 2.0
"""Seconds after which it is seen whether another process has read what was waiting."""


class Shown(Protocol):
    """An article as its source shows it."""

    @property
    def link(self) -> str:
        """Its address."""

    @property
    def title(self) -> str:
        """Empty: it has none."""

    @property
    def picture_url(self) -> str | None:
        """Its picture."""


async def read_facts(doors: Doors, robots: Robots, shown: Shown) -> tuple[Facts, Sequence[str]]:
    """What an article's page says, and the keys that it is known by besides. Raises FetchFailed or Unreadable."""
    link = shown.link
    await _check_allowed(robots, link)
    fetched = await doors.web.get(link, accept=ACCEPT, max_bytes=MAX_BYTES)
    if fetched.url != link:
        await _check_allowed(robots, fetched.url)
    page = await doors.offload(partial(read_page, fetched))
    if not stands_for(page, link=link, title=shown.title):
        raise Unreadable(f"Its address leads to {fetched.url}, which does not have its title.")
    keys = keys_of(page, link=link, title=shown.title, moved_to=fetched.moved_to)
    return facts_of(page, shown.picture_url), keys


async def _check_allowed(robots: Robots, url: str) -> None:
    if refusal := await robots.refusal(url):
        raise Unreadable(refusal)


class Enricher:
    """Reads the pages of one source's articles."""

    def __init__(
        self,
        source_identity: str,
        doors: Doors,
        robots: Robots,
        *,
        on_ready: Callable[[], None],
        redact: Callable[[str], str],
    ) -> None:
        self._source = source_identity
        self._doors = doors
        self._robots = robots
        self._on_ready = on_ready
        self._redact = redact
        self._news = asyncio.Event()
        self._log = log.bind(source=source_identity)

    def wake(self) -> None:
        """Something new was found, here or in another process."""
        self._news.set()

    async def run(self) -> None:
        """Read until nothing waits. A mistake of ours rests it, never ends it."""
        failures = 0
        while True:
            self._news.clear()
            try:
                if await self.read_all() and not self._news.is_set():
                    return
                again_in, failures = WHILE_ANOTHER_READS, 0
            except Exception as error:
                failures += 1
                again_in = after_failure(error, failures, self._doors.dice, log=self._log, event="enrich.failed")
            with suppress(TimeoutError):
                async with self._doors.clock.deadline(again_in):
                    await self._news.wait()

    async def read_all(self) -> bool:
        """Read the pages of all that wait for theirs, each once. False: another process is about it."""
        if not await self._unread():
            return True
        lease = await self._doors.leases.take(f"pages:{self._source}", fair=False)
        if lease is None:
            return False
        try:
            await self._read_in_turn()
        finally:
            await self._doors.leases.give_back(lease)
        return True

    async def _unread(self) -> Sequence[Unread]:
        return await self._doors.ledger.read(lambda conn: list_unread(conn, self._source))

    async def _read_in_turn(self) -> None:
        """A few at a time; one that is found meanwhile does not wait for a slow one."""
        reading: dict[int, asyncio.Task[None]] = {}
        try:
            while True:
                self._news.clear()
                waiting = [each for each in await self._unread() if each.id not in reading]
                for each in waiting[: AT_ONCE - len(reading)]:
                    reading[each.id] = asyncio.create_task(self._enrich(each))
                if not reading:
                    return
                await self._news_or_one_of(list(reading.values()))
                for article_id in [each for each, task in reading.items() if task.done()]:
                    reading.pop(article_id).result()
        finally:
            for task in reading.values():
                task.cancel()
            if reading:
                await asyncio.wait(reading.values())

    async def _news_or_one_of(self, reading: Sequence[asyncio.Task[None]]) -> None:
        news = asyncio.create_task(self._heard())
        try:
            await asyncio.wait([news, *reading], return_when=asyncio.FIRST_COMPLETED)
        finally:
            news.cancel()

    async def _heard(self) -> None:
        await self._news.wait()

    async def _enrich(self, unread: Unread) -> None:
        facts: Facts | None = None
        keys: Sequence[str] = ()
        why = "it did not answer in the time that it was given"
        try:
            async with self._doors.clock.deadline(self._time_for(unread)):
                facts, keys = await read_facts(self._doors, self._robots, unread)
        except TimeoutError:
            self._log.debug("page.given_up", id=unread.id)
        except (FetchFailed, Unreadable) as error:
            why = self._redact(f"{error.message} {error.mend}".strip())
        except Exception as bug:
            # A page that our own code stumbles over must cost no more than any other bad page.
            self._log.exception("page.stumbled", article=unread.title, id=unread.id)
            why = f"reading it failed with {type(bug).__name__}"
        await self._end(unread, facts, keys, why)

    def _time_for(self, unread: Unread) -> float:
        """Seconds that are left; no clock that is set back makes them more."""
        left = (unread.enrich_until - self._doors.clock.now()).total_seconds()
        return min(max(left, 0.0), ENRICH_FOR)

    async def _end(self, unread: Unread, facts: Facts | None, keys: Sequence[str], why: str) -> None:
        now = self._doors.clock.now()

        def work(conn: Connection) -> Sequence[int]:
            take_turn(conn)  # the same key may be met in a feed right now
            return end_enriching(conn, unread.id, facts, keys, now=now)

        same = await self._doors.ledger.write(work)
        if facts is None:
            self._log.info("page.unread", article=unread.title, id=unread.id, reason=why)
        else:
            self._log.debug("page.read", article=unread.title, id=unread.id, url=self._redact(facts.url))
        for other in same:
            self._log.info("article.same", article=unread.title, id=unread.id, same_as=other)
        self._on_ready()
