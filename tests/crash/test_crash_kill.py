"""The real process, killed between intent and receipt, and started again."""

import signal
from pathlib import Path

import pytest

from adapters.registry import PLATFORMS
from bot.model import State
from tests.inside import Told, lay_ledger
from tests.judge import judge
from tests.process import Program, settled, told
from tests.secrecy import HANDED_OUT, find_secrets
from tests.stage import Stage


@pytest.mark.parametrize(("fault", "out_before"), [("hang", 0), ("late=600", 1)])
async def test_killed_between_intent_and_receipt(fault: str, out_before: int, tmp_path: Path, new_ledger: Path) -> None:
    """SIGKILL while every platform holds its answer back, before and after its commit: started again, the daemon asks,
    and there is one post for each article; where the platform does not tell, the struck delivery waits."""
    async with Stage(tmp_path) as stage:
        lay_ledger(new_ledger, stage)
        articles = [stage.publication.publish_next() for _ in range(2)]
        stage.strike(fault)
        async with Program(stage, "run", "--log-json", BACKFILL="2") as program:
            for seat in stage.seats.values():
                await program.struck(seat, fault.partition("=")[0])
            program.process.kill()
            assert -signal.SIGKILL == await program.ended()
        assert [out_before] * len(PLATFORMS) == [len(seat.posts_of(articles[0])) for seat in stage.seats.values()]
        with Told(stage) as ledger:
            assert [State.SENDING] * len(PLATFORMS) == [
                row.state for row in ledger.log() if row.link == articles[0].link
            ]
        async with Program(stage, "run", "--log-json", BACKFILL="2") as program:
            await program.heard(lambda events: all(settled(events, name) == len(articles) for name in stage.seats))
            assert 0 == await program.stopped()
        became = {seat.platform: judge(stage, seat, articles, articles[:1]) for seat in stage.seats.values()}
        await _check_status(stage, became)
        assert [] == find_secrets(stage.ledger_bytes().decode("latin-1"), HANDED_OUT)


async def _check_status(stage: Stage, became: dict[str, list[str]]) -> None:
    """What waits for a person is what `handbill status` says first, and its exit code says so too."""
    with Told(stage) as ledger:
        undecided = ledger.undecided()
    code, out, _ = await told(stage, "status")
    assert sum("uncertain" in each for all_of in became.values() for each in all_of) == len(undecided) == 1
    first = [line.strip() for line in out.splitlines() if line.strip()][:2]
    assert (1, ["Undecided: 1", f"Delivery {undecided[0].id}: {undecided[0].title}"]) == (code, first)
