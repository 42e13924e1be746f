"""The kill matrix: the real process, killed at each durable boundary in turn, three platforms at once, then started
again. Zero duplicates, zero lost, zero left for a person."""

from collections.abc import AsyncIterator
from itertools import count
from pathlib import Path

import pytest

from adapters.sandbox.feeds import ArticleStub
from tests.inside import lay_ledger
from tests.judge import judge
from tests.process import Program, settled, told
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
}
FEWEST = 12
"""A life that brings one article to three channels has at least so many boundaries: a look, and for each channel who we
are, the intent, and the outcome."""


async def _die(stage: Stage, when: str, at: int) -> bool:
    """One life that ends at a boundary. False: it had fewer of them."""
    async with Program(stage, when, str(at), "run", "--log-json", module="tests.kill.doomed", **WAITS) as program:
        await program.heard_or_ended(lambda events: all(settled(events, name) == 1 for name in stage.seats))
        return await program.killed_itself()


@pytest.fixture(params=["sqlite", "postgresql"])
async def stage(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Stage]:
    """The three platforms, and an empty ledger: in a file, and on a server. So many starts in so few minutes would use
    up what the platforms usually allow, and what is left would rightly wait for its turn: here they allow more."""
    on_server = request.param == "postgresql"
    database_url = request.getfixturevalue("new_database") if on_server else None
    async with Stage(tmp_path, seats=GENEROUS, database_url=database_url) as stage:
        if not on_server:
            lay_ledger(request.getfixturevalue("new_ledger"), stage)
        yield stage


@pytest.fixture
async def before(stage: Stage) -> tuple[Stage, ArticleStub]:
    """A stage on which one article is out everywhere: Telegram can be asked for what comes after it."""
    first = stage.publication.publish_next()
    code, _, _ = await told(stage, "once", BACKFILL="1", **WAITS)
    assert 0 == code
    return stage, first


@pytest.mark.parametrize("when", ["before", "after"])
async def test_killed_at_every_durable_boundary(when: str, before: tuple[Stage, ArticleStub]) -> None:
    """Killed right before or right after each commit of its life, the daemon finds out what became of what it had
    begun: every reader sees each article once, and nobody is asked."""
    stage, first = before
    articles = [first]
    for at in count(1):
        articles.append(stage.publication.publish_next())
        survived = not await _die(stage, when, at)
        code, out, _ = await told(stage, "once", "--wait", "60s", **WAITS)
        assert (0, at) == (code, at), out
        for seat in stage.seats.values():
            assert ["settled"] * len(articles) == judge(stage, seat, articles, articles[1:]), (at, seat.platform)
        if survived:
            break
    assert at > FEWEST
