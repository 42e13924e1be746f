"""Posts whose answer was lost, on Telegram: how well they are known to be out, and what a crash does not take away."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from adapters.base import CanInfer
from adapters.outcomes import Answer, Marker
from adapters.sandbox.faults import Fault
from tests.inside import LONG, core_on, lay_ledger
from tests.leaping import LoopClock, run
from tests.process import told
from tests.stage import SEATS, Now, Seat, Stage, telegram_without_ops_chat

NOTHING_OPEN = 0


async def _once(stage: Stage, clock: LoopClock, **more: str) -> None:
    async with core_on(stage, clock, **more) as core:
        await core.once(LONG, asyncio.Event())


@pytest.mark.parametrize(
    ("seat", "finding"), [(SEATS["telegram"], "confirmed"), (telegram_without_ops_chat, "accepted")]
)
def test_how_well_it_is_known(seat: Callable[[Now], Seat], finding: str, tmp_path: Path, new_ledger: Path) -> None:
    """A forward that came back confirms the post; an edit that changes nothing leaves it at accepted, as the platform's
    receipt would."""
    run(_find(seat, finding, tmp_path, new_ledger))


async def _find(seat: Callable[[Now], Seat], finding: str, folder: Path, ledger: Path) -> None:
    clock = LoopClock()
    async with Stage(folder, now=clock.seconds, platforms=["telegram"], seats={"telegram": seat}) as stage:
        lay_ledger(ledger, stage)
        stage.seats["telegram"].server.faults.add(Fault.parse("cut+1"))
        articles = [stage.publication.publish_next() for _ in range(2)]
        await _once(stage, clock, BACKFILL="2")
        await clock.sleep(600)
        await _once(stage, clock)
        assert [1, 1] == [len(stage.seats["telegram"].posts_of(article)) for article in articles]
        code, out, _ = await told(stage, "audit", "--json")
        assert (NOTHING_OPEN, ["accepted", finding]) == (code, [row["finding"] for row in json.loads(out)["rows"]])


class Ended(BaseException):
    """The process is gone."""


def test_a_hint_outlives_the_process(tmp_path: Path, new_ledger: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A chat's very first post is lost; the next one is out, and before its number is used, the process is gone. The
    next start finds that number in the ledger, looks before it, and the first post is settled without a person."""
    run(_outlive(tmp_path, new_ledger, monkeypatch))


async def _outlive(folder: Path, ledger: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = LoopClock()
    async with Stage(folder, now=clock.seconds, platforms=["telegram"]) as stage:
        lay_ledger(ledger, stage)
        stage.strike("cut")
        articles = [stage.publication.publish_next() for _ in range(2)]
        async with core_on(stage, clock, BACKFILL="2") as core:
            adapter = core.lanes["telegram"].channel.adapter
            assert isinstance(adapter, CanInfer)

            def end(_marker: Marker, _later: str) -> Answer:
                raise Ended

            monkeypatch.setattr(adapter, "infer", end)
            with pytest.raises(Ended):
                await core.once(LONG, asyncio.Event())
        _, out, _ = await told(stage, "audit", "--json")
        assert ["uncertain", "unread"] == [row["finding"] for row in json.loads(out)["rows"]]
        await _once(stage, clock)
        await clock.sleep(600)
        await _once(stage, clock)
        code, out, _ = await told(stage, "audit", "--json")
        assert (NOTHING_OPEN, ["confirmed", "accepted"]) == (code, [row["finding"] for row in json.loads(out)["rows"]])
        assert [1, 1] == [len(stage.seats["telegram"].posts_of(article)) for article in articles]
