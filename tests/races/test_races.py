"""What simulation cannot show: real processes, real sessions, stopped, killed, cut off, and never a post twice."""

import asyncio
import signal
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import psycopg
import pytest

from adapters.sandbox.faults import Fault
from bot.model import State
from tests.nest import Nest
from tests.process import Event
from tests.races.workers import Workers, accounts_taken, workers_on
from tests.real.postgres.blackhole import Blackhole
from tests.real.postgres.server import RealPostgres
from tests.stage import Stage

pytestmark = pytest.mark.races


@pytest.fixture
async def stage(tmp_path: Path, nest: Nest) -> AsyncIterator[Stage]:
    """The three platforms."""
    async with Stage(tmp_path, nest=nest) as stage:
        yield stage


async def _struck(workers: Workers, kind: str) -> None:
    """Wait until every platform holds a call back."""
    await asyncio.gather(*(seat.struck(kind) for seat in workers.stage.seats.values()))


async def test_three_workers_share_the_accounts(stage: Stage, new_database: str) -> None:
    """Each has a share, none has what another has, and every reader sees every article once, in order."""
    async with workers_on(stage, new_database, 3) as workers:
        while not all(accounts_taken(program.events) for program in workers.programs):
            await workers.news()
        articles = [stage.publication.publish_next() for _ in range(10)]
        await workers.all_out(articles)
        assert [0, 0, 0] == [await program.stopped() for program in workers.programs]
    assert 0 == workers.questions()


@pytest.mark.parametrize("fault", ["hang", "late=600"])
async def test_a_killed_worker_is_replaced(stage: Stage, new_database: str, fault: str) -> None:
    """SIGKILL while every platform holds its answer back: another worker takes the accounts over, asks, and sends only
    what is not out."""
    async with workers_on(stage, new_database, 1) as workers:
        stage.strike(fault)
        article = stage.publication.publish_next()
        await _struck(workers, fault.partition("=")[0])
        await workers.start()
        workers.programs[0].process.kill()
        second = workers.programs[1]
        await second.heard(lambda events: len(accounts_taken(events)) == len(stage.seats))
        await workers.all_out([article])


@pytest.mark.parametrize("fault", ["hang", "late=600"])
async def test_a_stopped_worker_is_fenced_and_does_no_harm_when_it_wakes(
    stage: Stage, new_database: str, fault: str
) -> None:
    """SIGSTOP in the middle of every platform's call: another worker ends its session, takes over, and settles by
    asking. Woken, the first one writes nothing and sends nothing twice, and goes on as one of two."""
    async with workers_on(stage, new_database, 1) as workers:
        stage.strike(fault)
        article = stage.publication.publish_next()
        await _struck(workers, fault.partition("=")[0])
        first, second = workers.programs[0], await workers.start()
        first.process.send_signal(signal.SIGSTOP)
        await second.heard(lambda events: any(event.get("event") == "worker.fenced" for event in events))
        await second.heard(lambda events: len(accounts_taken(events)) == len(stage.seats))
        await workers.all_out([article])
        first.process.send_signal(signal.SIGCONT)
        more = [stage.publication.publish_next() for _ in range(3)]
        await workers.all_out([article, *more])
        await first.heard(lambda events: any(event.get("event") == "account.lost" for event in events))


async def test_a_lost_session_costs_no_question(stage: Stage, new_database: str, postgres: RealPostgres) -> None:
    """The database ends every session while posts are on the wire: the answers arrive, the accounts are taken again,
    and the receipts are written: no platform is asked, nothing is uncertain."""
    async with workers_on(stage, new_database, 1) as workers:
        stage.strike("late=2")
        article = stage.publication.publish_next()
        await _struck(workers, "late")
        with psycopg.connect(postgres.url("postgres", user="postgres"), autocommit=True) as admin:
            admin.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'handbill%'"
            )
        await workers.all_out([article])
        assert 0 == workers.questions()


async def test_a_worker_whose_line_is_dead_is_replaced(stage: Stage, new_database: str) -> None:
    """Nothing of a worker's arrives at the database any more, and nobody tells it: another takes its accounts over in
    the meantime. It finds out by itself, and goes on as one of two on a new connection."""
    async with Blackhole(new_database) as way, workers_on(stage, new_database, 0) as workers:
        first = await workers.start(DATABASE_URL=way.url)
        await first.heard(lambda events: len(accounts_taken(events)) == len(stage.seats))
        way.swallow()
        article = stage.publication.publish_next()
        second = await workers.start()
        await second.heard(lambda events: len(accounts_taken(events)) == len(stage.seats))
        await workers.all_out([article])
        way.mend()
        await first.heard(lambda events: accounts_taken(_after("ledger.unanswered", events)) != set())
        more = [stage.publication.publish_next() for _ in range(3)]
        await workers.all_out([article, *more])
        assert [0, 0] == [await program.stopped() for program in workers.programs]
    assert 0 == workers.questions()


def _after(name: str, events: Sequence[Event]) -> Sequence[Event]:
    """What a process said after this."""
    at = [place for place, event in enumerate(events) if event.get("event") == name]
    return events[at[0] :] if at else ()


async def test_a_database_that_restarts_under_three_workers(
    stage: Stage, new_database: str, postgres: RealPostgres
) -> None:
    """The server goes away at once and comes back: everything resumes by itself, and nothing is twice or lost."""
    async with workers_on(stage, new_database, 3) as workers:
        articles = [stage.publication.publish_next() for _ in range(5)]
        while not any(row.state is State.SENT and row.link == articles[0].link for row in workers.ask()):
            await workers.news()
        postgres.stop(signal.SIGQUIT)
        articles += [stage.publication.publish_next() for _ in range(3)]
        postgres.start()
        await workers.all_out(articles)


async def test_workers_killed_one_after_the_other(stage: Stage, new_database: str) -> None:
    """Of three workers one is killed every time that something has come out, and replaced: the same zeros."""
    async with workers_on(stage, new_database, 3) as workers:
        for seat in stage.seats.values():
            seat.server.faults.add(*(Fault.parse(f"cut+{after}") for after in (1, 2, 3)))
        articles = []
        for victim in range(4):
            articles.append(stage.publication.publish_next())
            while not any(row.link == articles[-1].link and row.state is State.SENT for row in workers.ask()):
                await workers.news()
            workers.programs[victim].process.kill()
            await workers.start()
        await workers.all_out(articles)
