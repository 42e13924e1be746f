"""A backlog within Bluesky's budgets, through the real core: the account's points, which people use up as well."""

import asyncio
from pathlib import Path

from adapters.sandbox.bluesky import BlueskySandbox
from adapters.sandbox.bluesky_budgets import WRITES, Charge
from tests.inside import LONG, Told, core_on, lay_ledger
from tests.judge import judge
from tests.leaping import LoopClock, run
from tests.stage import Stage

LEFT = 6
"""Posts that are left of this hour."""
BACKLOG = 9
LAST = 240.0
"""Seconds of this hour that are left."""


def test_points_that_others_have_used_are_learnt_of(tmp_path: Path, new_ledger: Path) -> None:
    """What the owner has posted by other means counts as well: what is left goes out at once, the rest in the next
    hour, each at the first try, and the server never has to say no."""
    run(_work_through(tmp_path, new_ledger))


async def _work_through(folder: Path, ledger: Path) -> None:
    clock = LoopClock()
    async with Stage(folder, now=clock.seconds, platforms=["bluesky"], newest=BACKLOG) as stage:
        lay_ledger(ledger, stage)
        seat = stage.seats["bluesky"]
        server = seat.server
        assert isinstance(server, BlueskySandbox)
        (account,) = server._accounts.every()
        server._till.take([Charge(budget, account.did, 5000 - 2 * LEFT) for budget in WRITES])
        ends_at, out_at = clock.seconds() + 3600, list[float]()
        server.on_post = lambda _post: out_at.append(clock.seconds())
        clock.leap(3600 - LAST)
        articles = [stage.publication.publish(f"Article {number}", "Words.") for number in range(BACKLOG)]
        async with core_on(stage, clock, BACKFILL=str(BACKLOG)) as core:
            await core.once(LONG, asyncio.Event())
        assert ["settled"] * BACKLOG == judge(stage, seat, articles, [])
        assert 0 == seat.answers[429]
        assert [LEFT, BACKLOG] == [sum(at < ends_at for at in out_at), len(out_at)]
        assert out_at[-1] < ends_at + LAST
        with Told(stage) as told:
            assert {1} == {row.attempts for row in told.log()}
