"""Several real processes on one real PostgreSQL, before the three sandbox platforms."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

from sqlalchemy import Connection, select

from adapters.sandbox.feeds import ArticleStub
from bot.ledger.db import InlineLedger, open_engine
from bot.ledger.reports import DeliveryRow, list_log
from bot.ledger.schema import attempts
from bot.model import State
from tests.process import Event, Program, told
from tests.stage import Stage

WAITS = {
    "POLL_EVERY": "1s",
    "QUIET_TIME": "0.5s",
    "PROBE_GAP": "0.5s",
    "REPLAY_WAIT": "0.5s",
    "CALL_DEADLINE": "4s",
    "BACKOFF": "0.2s",
    "BACKFILL": "1",
}


class Workers:
    """The processes of a test, all alike."""

    def __init__(self, stage: Stage, url: str) -> None:
        self.stage = stage
        self.settings = {**WAITS, "DATABASE_URL": url}
        self.programs: list[Program] = []
        self._url = url
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> "Workers":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    async def start(self, **more: str) -> Program:
        """One more process, once it is at work."""
        program = await self._stack.enter_async_context(
            Program(self.stage, "run", "--log-json", **{**self.settings, **more})
        )
        self.programs.append(program)
        await program.heard(lambda events: any(event.get("event") == "daemon.started" for event in events))
        return program

    async def first_post(self) -> ArticleStub:
        """One article, out everywhere: what is lost later comes after it."""
        article = self.stage.publication.publish_next()
        code, out, _ = await told(self.stage, "once", **self.settings)
        assert 0 == code, out
        return article

    def ask(self, work: Callable[[Connection], list[DeliveryRow]] = list_log) -> list[DeliveryRow]:
        """What the ledger says."""
        ledger = InlineLedger(open_engine(self._url))
        try:
            return ledger.read_now(work)
        finally:
            ledger.close()

    def questions(self) -> int:
        """How often a platform was asked what became of a call."""
        ledger = InlineLedger(open_engine(self._url))
        try:
            return len(
                ledger.read_now(lambda conn: conn.execute(select(attempts).where(attempts.c.step == "find")).all())
            )
        finally:
            ledger.close()

    async def all_out(self, articles: Sequence[ArticleStub]) -> None:
        """Wait until every reader sees every article, then see that nobody sees one twice, or in another order."""
        seats = self.stage.seats.values()
        wanted, links = len(articles) * len(seats), {article.link for article in articles}
        while len([row for row in self.ask() if row.state is State.SENT and row.link in links]) < wanted:
            await self.news()
        for seat in seats:
            assert [1] * len(articles) == [len(seat.posts_of(article)) for article in articles], seat.platform

    async def news(self) -> None:
        """Wait for anything in the log of a process that still runs."""
        await Program.any_news([program for program in self.programs if program.process.returncode is None])


@asynccontextmanager
async def workers_on(stage: Stage, url: str, count: int) -> AsyncIterator[Workers]:
    """`count` processes, after a first post."""
    async with Workers(stage, url) as workers:
        await workers.first_post()
        for _ in range(count):
            await workers.start()
        yield workers


def accounts_taken(events: Sequence[Event]) -> set[str]:
    """The accounts that a process said it took."""
    return {str(event["account"]) for event in events if event.get("event") == "account.taken"}
