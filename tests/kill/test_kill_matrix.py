"""The kill matrix: the real process, killed at each durable boundary in turn, three platforms at once, then started
again. Zero duplicates, zero lost, zero left for a person.

What takes long are the waits before a platform is asked, so several stages work the boundaries off side by side.
"""

import asyncio
import signal
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from itertools import product
from pathlib import Path

import pytest
from sqlalchemy import delete

from adapters.sandbox.feeds import ArticleStub
from bot.ledger.db import InlineLedger, open_engine
from bot.ledger.schema import workers
from tests.inside import lay_ledger
from tests.judge import judge
from tests.kill.doomed import MET
from tests.nest import Nest
from tests.process import Event, Program, settled, told
from tests.soak.generous import GENEROUS
from tests.stage import Stage

pytestmark = pytest.mark.kill

WAITS = {
    "POLL_EVERY": "1s",
    "QUIET_TIME": "0.3s",
    "PROBE_GAP": "0.3s",
    "REPLAY_WAIT": "0.3s",
    "CALL_DEADLINE": "2s",
    "BACKOFF": "0.2s",
    "CONFIRM_AFTER": "1s",
}
AT_ONCE = 4
"""Stages."""
OF_A_LIFE = {"Core._register", "Sourcing._register", "Core._let_go", "Poller._changed", "Poller._unchanged"}
OF_A_CHANNEL = {"Lane.recover", "Channel._settle_in", "Intent.commit", "Settler._write", "Auditor._note"}
LEAVING = {"SessionLeases.give_back", "Crew.leave"}
OF_ONE_AMONG_OTHERS = {"Crew.beat", "SessionLeases.take", *LEAVING}
"""On a server. Of a lease that is taken or given back, and of a heartbeat, the first in a life is a boundary."""


def boundaries_of(stage: Stage, engine: str) -> set[str]:
    """All that a life has which brings an article to every channel, looks again, and reads back what is out."""
    channels = range(1, len(stage.seats) + 1)
    each = {f"{name} {channel}" for name in OF_A_CHANNEL for channel in channels}
    return OF_A_LIFE | each | (OF_ONE_AMONG_OTHERS if engine == "postgresql" else set())


@pytest.fixture
async def stages(
    request: pytest.FixtureRequest, when: str, engine: str, nest: Nest, tmp_path: Path
) -> AsyncIterator[list[Stage]]:
    """The three platforms and an empty ledger, several times. So many posts in so few minutes would use up what the
    platforms usually allow, and what is left would rightly wait for its turn: here they allow more."""
    async with AsyncExitStack() as stack:
        ready = []
        for number in range(AT_ONCE):
            folder, url = tmp_path / str(number), None
            folder.mkdir()
            if engine == "postgresql":
                url = request.getfixturevalue("postgres").make_database(f"killed_{when}_{number}")
            stage = await stack.enter_async_context(Stage(folder, seats=GENEROUS, database_url=url, nest=nest))
            if url is None:
                lay_ledger(request.getfixturevalue("new_ledger"), stage)
            ready.append(stage)
        yield ready


async def _first_post(stage: Stage) -> ArticleStub:
    """One article that is out everywhere: Telegram can be asked for what comes after it."""
    first = stage.publication.publish_next()
    code, out, _ = await told(stage, "once", BACKFILL="1", **WAITS)
    assert 0 == code, out
    return first


def _doomed(stage: Stage, when: str, boundary: str) -> Program:
    return Program(stage, when, boundary, "run", "--log-json", module="tests.kill.doomed", **WAITS)


def _met(events: Sequence[Event]) -> list[str]:
    """The boundaries that a life has come to, in order."""
    return [event["boundary"] for event in events if event.get("event") == MET]


def _all_settled(stage: Stage, events: list[Event]) -> bool:
    return all(settled(events, name) == 1 for name in stage.seats)


async def _live(stage: Stage, wanted: set[str]) -> tuple[list[str], list[str]]:
    """One life that is not killed: the boundaries at its work, and those after it was told to stop."""
    at_work = wanted - LEAVING
    async with _doomed(stage, "never", "") as program:
        await program.heard(lambda events: _all_settled(stage, events) and at_work <= {*_met(events)})
        assert 0 == await program.stopped()
    stopping = [event.get("event") for event in program.events].index("daemon.stopping")
    return _met(program.events[:stopping]), _met(program.events[stopping:])


async def _die(stage: Stage, when: str, boundary: str, *, leaving: bool) -> None:
    """One life that ends at a boundary, which is one of its work or of its leaving."""
    async with _doomed(stage, when, boundary) as program:
        if leaving:
            await program.heard(lambda events: _all_settled(stage, events))
            program.process.send_signal(signal.SIGTERM)
        assert -signal.SIGKILL == await program.ended(), program.err
        assert boundary == _met(program.events)[-1]


def _forget_the_dead(stage: Stage) -> None:
    """As it would be a little later: who was killed is no longer counted among those who share the accounts."""
    ledger = InlineLedger(open_engine(stage.database_url))
    ledger.write_now(lambda conn: conn.execute(delete(workers)).close())
    ledger.close()


@pytest.mark.parametrize(("when", "engine"), list(product(("before", "after"), ("sqlite", "postgresql"))))
async def test_killed_at_every_durable_boundary(when: str, engine: str, stages: list[Stage]) -> None:
    """Killed right before or right after each commit of its life, the daemon finds out what became of what it had
    begun: every reader sees each article once, and nobody is asked."""
    articles = {stage: [await _first_post(stage)] for stage in stages}
    wanted = boundaries_of(stages[0], engine)
    articles[stages[0]].append(stages[0].publication.publish_next())
    at_work, in_leaving = await _live(stages[0], wanted)
    assert wanted <= {*at_work, *in_leaving}
    left = [(boundary, False) for boundary in at_work] + [(boundary, True) for boundary in in_leaving]

    async def work_off(stage: Stage) -> None:
        while left:
            boundary, leaving = left.pop(0)
            out = articles[stage]
            out.append(stage.publication.publish_next())
            await _die(stage, when, boundary, leaving=leaving)
            code, said, _ = await told(stage, "once", "--wait", "60s", **WAITS)
            assert (0, boundary) == (code, boundary), said
            for seat in stage.seats.values():
                assert ["settled"] * len(out) == judge(stage, seat, out, out[1:]), (boundary, seat.platform)
            _forget_the_dead(stage)

    async with asyncio.TaskGroup() as group:
        for stage in stages:
            group.create_task(work_off(stage))
