"""The daemon is told to stop, at a good time and at a bad one; and what may work beside it."""

import asyncio
import json
import signal
from pathlib import Path

import pytest

from adapters.registry import PLATFORMS
from bot.app import GRACE_FOR
from bot.model import State
from tests.inside import Told, core_on, lay_ledger
from tests.leaping import LoopClock, run
from tests.process import Program, settled, told
from tests.stage import Stage

FORCED = 130
GONE_WITHIN = 30.0


def test_told_to_stop_while_every_call_hangs(tmp_path: Path, new_ledger: Path) -> None:
    """Nothing new starts; after the grace time, and within 30 s, what hangs is settled as uncertain."""
    run(_stop_in_the_middle(tmp_path, new_ledger))


async def _stop_in_the_middle(folder: Path, ledger: Path) -> None:
    clock, stop = LoopClock(), asyncio.Event()
    async with Stage(folder, now=clock.seconds) as stage:
        lay_ledger(ledger, stage)
        for _ in range(2):
            stage.publication.publish_next()
        stage.strike("hang")
        async with core_on(stage, clock, BACKFILL="2") as core:
            working = asyncio.create_task(core.run(stop))
            for seat in stage.seats.values():
                await seat.struck("hang")
            began_at = clock.monotonic()
            stop.set()
            await working
            assert GRACE_FOR <= clock.monotonic() - began_at <= GONE_WITHIN
        _check_given_up(stage)


def _check_given_up(stage: Stage) -> None:
    with Told(stage) as ledger:
        states = [(row.state, row.due_at is not None) for row in ledger.log()]
    assert [(State.UNCERTAIN, True), (State.PENDING, True)] == list(dict.fromkeys(states))
    assert [1] * len(PLATFORMS) == [len(seat.server.faults.happened) for seat in stage.seats.values()]


@pytest.mark.slow
async def test_the_process_leaves_within_30_seconds(tmp_path: Path, new_ledger: Path) -> None:
    """SIGTERM while every call hangs: the process is gone within 30 s with exit code 0, and what hung is uncertain."""
    async with Stage(tmp_path) as stage:
        lay_ledger(new_ledger, stage)
        for _ in range(2):
            stage.publication.publish_next()
        stage.strike("hang")
        async with Program(stage, "run", "--log-json", BACKFILL="2") as program:
            for seat in stage.seats.values():
                await program.struck(seat, "hang")
            async with asyncio.timeout(GONE_WITHIN):
                assert 0 == await program.stopped()
        _check_given_up(stage)


@pytest.mark.slow
async def test_beside_the_daemon_and_at_a_second_signal(tmp_path: Path, new_ledger: Path) -> None:
    """A second sender says who holds the ledger and ends with 2, every other command works beside the daemon, and a
    second SIGTERM ends it at once, whatever hangs."""
    async with Stage(tmp_path, platforms=["telegram"]) as stage:
        lay_ledger(new_ledger, stage)
        stage.publication.publish_next()
        stage.strike("hang")
        async with Program(stage, "run", "--log-json", BACKFILL="1") as program:
            for seat in stage.seats.values():
                await program.struck(seat, "hang")
            await _try_everything_beside(stage, program.process.pid)
            program.process.send_signal(signal.SIGTERM)
            await program.heard(lambda events: any(event["event"] == "daemon.stopping" for event in events))
            assert FORCED == await program.ended_impatiently()
            assert "daemon.stopped" not in [event["event"] for event in program.events]


async def _try_everything_beside(stage: Stage, pid: int) -> None:
    senders = [told(stage, "once"), told(stage, "run")]
    for code, _, err in await asyncio.gather(*senders):
        assert (2, f"handbill run (process {pid} on ") == (code, err[: len(f"handbill run (process {pid} on ")])
    others = [("status",), ("log", "--json"), ("check",), ("resolve",), ("retry",)]
    answers = await asyncio.gather(*(told(stage, *command) for command in others))
    assert [3, 0, 0, 0, 0] == [code for code, _, _ in answers], answers
    rows = [json.loads(line) for line in answers[1][1].splitlines()]
    assert [("telegram", "sending")] == [(row["platform"], row["state"]) for row in rows]


async def test_an_idle_daemon_leaves_with_0(tmp_path: Path, new_ledger: Path) -> None:
    """SIGINT with everything sent: the daemon stops and says so."""
    async with Stage(tmp_path, platforms=["telegram"]) as stage:
        lay_ledger(new_ledger, stage)
        stage.publication.publish_next()
        async with Program(stage, "run", "--log-json", BACKFILL="1") as program:
            await program.heard(lambda events: all(settled(events, name) for name in stage.seats))
            program.process.send_signal(signal.SIGINT)
            assert 0 == await program.ended()
            assert "daemon.stopped" == program.events[-1]["event"]
