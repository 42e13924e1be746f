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

QUICK = {"PROBE_GAP": "1s"}
"""What only a server on this machine may be asked so soon again."""


async def test_killed_between_intent_and_receipt(tmp_path: Path, new_ledger: Path) -> None:
    """SIGKILL while every platform holds its answer back, once before its commit and, in the next life, once after it:
    started again, the daemon asks, there is one post for each article, and nobody has to look."""
    async with Stage(tmp_path) as stage:
        lay_ledger(new_ledger, stage)
        articles = [stage.publication.publish_next() for _ in range(3)]
        for seat in stage.seats.values():  # one post is out before; the call that hung is made again, and passes
            seat.server.faults.add(Fault.parse("hang+1"), Fault.parse("late=600+1"))
        await _live_and_die(stage, articles[1], "hang", out=0)
        await _live_and_die(stage, articles[2], "late", out=1)
        async with Program(stage, "run", "--log-json", BACKFILL="3", **QUICK) as program:
            await program.heard(lambda events: all(settled(events, name) == 1 for name in stage.seats))
            assert 0 == await program.stopped()
        for seat in stage.seats.values():
            assert ["settled"] * 3 == judge(stage, seat, articles, articles[1:])
        code, out, _ = await told(stage, "status")
        assert (0, False) == (code, "Undecided" in out)
        assert [] == find_secrets(stage.ledger_bytes().decode("latin-1"), HANDED_OUT)


async def _live_and_die(stage: Stage, article: ArticleStub, fault: str, *, out: int) -> None:
    """One life, killed when every platform has the call for this article and answers nothing."""
    async with Program(stage, "run", "--log-json", BACKFILL="3", **QUICK) as program:
        for seat in stage.seats.values():
            await program.struck(seat, fault)
        program.process.kill()
        assert -signal.SIGKILL == await program.ended()
    assert [out] * len(PLATFORMS) == [len(seat.posts_of(article)) for seat in stage.seats.values()]
    with Told(stage) as ledger:
        struck = [row.state for row in ledger.log() if row.link == article.link]
    assert [State.SENDING] * len(PLATFORMS) == struck
