"""A post that may go out only for so long: it ends as too late, in plain sight, or not at all while nobody knows."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from adapters.sandbox.faults import Fault
from tests.inside import core_on, lay_ledger
from tests.leaping import LoopClock, run
from tests.process import told
from tests.stage import Stage

TOO_LATE = "too late: it was not out in the time that it was given"
NOTHING_OPEN = 0


async def _once(stage: Stage, clock: LoopClock, **more: str) -> None:
    async with core_on(stage, clock, BACKFILL="1", **more) as core:
        await core.once(0.0, asyncio.Event())


async def _log(stage: Stage, channel: str) -> list[dict[str, Any]]:
    _, out, _ = await told(stage, "log", "--json", "--channel", channel)
    return [json.loads(line) for line in out.splitlines()]


def _settings(stage: Stage, expires_for: str) -> dict[str, str]:
    """Said in handbill.toml, of the source alone."""
    config = stage.folder / "expiring.toml"
    config.write_text(f'[[sources]]\nurl = "{stage.feed_url}"\nexpires_for = "{expires_for}"\n')
    return {"CONFIG": str(config)}


@pytest.mark.slow
def test_too_late_is_shown(tmp_path: Path, new_ledger: Path) -> None:
    """On the platform that is away it is skipped with its reason, which log and audit show; on the other it is out.
    The platform is back: nothing old goes out there, what is new does."""
    run(_too_late(tmp_path, new_ledger))


async def _too_late(folder: Path, ledger: Path) -> None:
    clock = LoopClock()
    async with Stage(folder, now=clock.seconds, platforms=["telegram", "mastodon"]) as stage:
        lay_ledger(ledger, stage)
        settings = _settings(stage, "1h")
        away = stage.seats["mastodon"]
        late = stage.publication.publish_next()
        await away.server.stop()
        await _once(stage, clock, **settings)
        await clock.sleep(3000)
        await _once(stage, clock, **settings)
        assert ["pending"] == [row["state"] for row in await _log(stage, "mastodon")]
        await clock.sleep(1200)
        await _once(stage, clock, **settings)
        (row,) = await _log(stage, "mastodon")
        assert ("skipped", TOO_LATE) == (row["state"], row["reason"])
        assert TOO_LATE in (await told(stage, "log", str(row["id"])))[1]
        code, out, _ = await told(stage, "audit", "--all")
        assert (NOTHING_OPEN, True) == (code, TOO_LATE in out)
        await away.server.start()
        fresh = stage.publication.publish_next()
        await _once(stage, clock, **settings)
        for seat, expected in ((away, 0), (stage.seats["telegram"], 1)):
            assert (expected, 1) == (len(seat.posts_of(late)), len(seat.posts_of(fresh)))


@pytest.mark.parametrize(("fault", "state", "out"), [("cut", "sent", 1), ("drop", "skipped", 0)])
def test_not_while_nobody_knows(fault: str, state: str, out: int, tmp_path: Path, new_ledger: Path) -> None:
    """The answer is lost, and the platform is away for longer than the post may take: it stays uncertain. Asked at
    last, what is out is sent, and what is not out is too late now."""
    run(_not_while_uncertain(fault, state, out, tmp_path, new_ledger))


async def _not_while_uncertain(fault: str, state: str, out: int, folder: Path, ledger: Path) -> None:
    clock = LoopClock()
    async with Stage(folder, now=clock.seconds, platforms=["mastodon"]) as stage:
        lay_ledger(ledger, stage)
        settings = {"EXPIRES_FOR": "1h", "QUIET_TIME": "5m"}
        seat = stage.seats["mastodon"]
        seat.server.faults.add(Fault.parse(fault))
        article = stage.publication.publish_next()
        async with core_on(stage, clock, BACKFILL="1", **settings) as core:
            await core.once(0.0, asyncio.Event())
        await seat.server.stop()
        await clock.sleep(2 * 3600)
        await _once(stage, clock, **settings)
        assert ["uncertain"] == [row["state"] for row in await _log(stage, "mastodon")]
        await seat.server.start()
        await clock.sleep(2 * 3600)
        await _once(stage, clock, **settings)
        (row,) = await _log(stage, "mastodon")
        assert (state, out) == (row["state"], len(seat.posts_of(article)))
        assert (row["reason"] == TOO_LATE) == (state == "skipped")
