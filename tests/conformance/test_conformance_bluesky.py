"""What is peculiar to Bluesky, through the real core: an account whose points and keys people use as well."""

import asyncio
from pathlib import Path
from typing import Any, get_args

import pytest

from adapters.sandbox.bluesky import BlueskySandbox
from adapters.sandbox.bluesky_budgets import WRITES, Charge
from adapters.sandbox.bluesky_post import COLLECTION
from adapters.sandbox.bluesky_records import Taken
from adapters.sandbox.bluesky_repo import Commit, Write
from adapters.sandbox.bluesky_xrpc import XrpcError
from bot.model import State
from tests.inside import LONG, Told, core_on, lay_ledger
from tests.judge import judge
from tests.leaping import LoopClock, run
from tests.stage import Stage

BY_HAND = {"$type": COLLECTION, "text": "By hand", "createdAt": "2026-11-01T00:00:00Z"}
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


@pytest.mark.parametrize("taken", get_args(Taken))
def test_a_key_that_somebody_else_has_taken(taken: Taken, tmp_path: Path, new_ledger: Path) -> None:
    """However the server says so, and though the first answer was lost: that post has failed with the reason, what
    stands there is left alone, and the lane goes on."""
    run(_meet_another_record(taken, tmp_path, new_ledger))


async def _meet_another_record(taken: Taken, folder: Path, ledger: Path) -> None:
    clock = LoopClock()
    async with Stage(folder, now=clock.seconds, platforms=["bluesky"]) as stage:
        lay_ledger(ledger, stage)
        server = stage.seats["bluesky"].server
        assert isinstance(server, BlueskySandbox)
        server._records._taken = taken
        repo: Any = server._accounts.every()[0].repo
        commit = repo.commit

        def overtaken(writes: list[Write], _swap: str | None) -> Commit:
            """Just before the first post is there, somebody writes at its key; and the answer is lost."""
            repo.commit = commit
            commit([Write("create", writes[0].path, BY_HAND)])
            raise XrpcError(503)

        repo.commit = overtaken
        for number in range(2):
            stage.publication.publish(f"Article {number}", "Words.")
        async with core_on(stage, clock, BACKFILL="2") as core:
            await core.once(LONG, asyncio.Event())
        assert ["By hand", "Article 1"] == [post.text.partition("\n")[0] for post in server.public()]
        with Told(stage) as told:
            failed, sent = told.log()
        assert (State.FAILED, State.SENT) == (failed.state, sent.state)
        assert "Another record" in (failed.reason or "")
