"""The real process, killed between intent and receipt, and started again."""

import signal
from pathlib import Path

from adapters.registry import PLATFORMS
from adapters.sandbox.faults import Fault
from adapters.sandbox.feeds import ArticleStub
from bot.model import State
from tests.inside import Told, lay_ledger
from tests.judge import judge
from tests.process import Program, settled, told
from tests.secrecy import HANDED_OUT, find_secrets
from tests.stage import Stage


async def test_killed_between_intent_and_receipt(tmp_path: Path, new_ledger: Path) -> None:
    """SIGKILL while every platform holds its answer back, once before its commit and, in the next life, once after it:
    started again, the daemon asks, and there is one post for each article; where the platform does not tell, the two
    struck deliveries wait."""
    async with Stage(tmp_path) as stage:
        lay_ledger(new_ledger, stage)
        articles = [stage.publication.publish_next() for _ in range(3)]
        for seat in stage.seats.values():
            # Where the platform tells what is out, the call that hung is made again, and passes.
            seat.server.faults.add(Fault.parse("hang"), Fault.parse(f"late=600+{int(seat.remembers)}"))
        await _live_and_die(stage, articles[0], "hang", out=0)
        await _live_and_die(stage, articles[1], "late", out=1)
        async with Program(stage, "run", "--log-json", BACKFILL="3") as program:
            await program.heard(lambda events: all(settled(events, name) == 2 for name in stage.seats))
            assert 0 == await program.stopped()
        became = {seat.platform: judge(stage, seat, articles, articles[:2]) for seat in stage.seats.values()}
        assert ["uncertain and not out", "uncertain and out", "settled"] == became["telegram"]
        await _check_status(stage)
        assert [] == find_secrets(stage.ledger_bytes().decode("latin-1"), HANDED_OUT)


async def _live_and_die(stage: Stage, article: ArticleStub, fault: str, *, out: int) -> None:
    """One life, killed when every platform has the call for this article and answers nothing."""
    async with Program(stage, "run", "--log-json", BACKFILL="3") as program:
        for seat in stage.seats.values():
            await program.struck(seat, fault)
        program.process.kill()
        assert -signal.SIGKILL == await program.ended()
    assert [out] * len(PLATFORMS) == [len(seat.posts_of(article)) for seat in stage.seats.values()]
    with Told(stage) as ledger:
        struck = [row.state for row in ledger.log() if row.link == article.link]
    assert [State.SENDING] * len(PLATFORMS) == struck


async def _check_status(stage: Stage) -> None:
    """What waits for a person is what `handbill status` says first, and its exit code says so too."""
    with Told(stage) as ledger:
        waiting = [f"Delivery {row.id}: {row.title}" for row in ledger.undecided()]
    code, out, _ = await told(stage, "status")
    lines = [line.strip() for line in out.splitlines() if line.strip()]
    assert (1, "Undecided: 2") == (code, lines[0])
    assert waiting == [line for line in lines if line.startswith("Delivery ")]
    assert lines.index(waiting[-1]) < lines.index("Sources")
