"""The soak at the size of an afternoon's news: the full size is `make soak`."""

from pathlib import Path

import pytest

from bot.ledger.migrate import ensure_ledger
from tests.soak.__main__ import ENGINES, wishes_for
from tests.soak.performance import soak

pytestmark = pytest.mark.soak

ARTICLES = 160


def _quiet(_: str) -> None:
    """Nobody watches."""


@pytest.mark.parametrize("engine", ENGINES)
async def test_nothing_is_twice_lost_or_uncertain(engine: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """One call in ten goes wrong and daemons are killed every few seconds: every reader sees every article once and in
    order, and nobody is asked."""
    url = f"sqlite:///{tmp_path / 'handbill.db'}"
    if engine == "postgresql":
        url = request.getfixturevalue("new_database")
    else:
        ensure_ledger(url)
    tally = await soak(wishes_for(engine, ARTICLES), tmp_path, url, _quiet)
    assert ((), []) == (tally.verdict.findings, tally.deaths)
    assert tally.kills > 1
    assert len(tally.faults) > 5
    assert [ARTICLES] * 3 == [score.once for score in tally.verdict.scores]
