"""`handbill once` and `handbill run --dry-run`, as processes of their own."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path

import pytest

from adapters.sandbox.faults import Fault
from adapters.sandbox.telegram import TelegramSandbox
from bot.clock import SystemClock
from bot.ledger.db import InlineLedger, open_engine
from bot.ledger.workers import Worker, beat
from tests.inside import LONG, Told, core_on, lay_ledger
from tests.judge import judge
from tests.leaping import LoopClock, run
from tests.process import Program, told
from tests.secrecy import HANDED_OUT, find_secrets
from tests.stage import Stage

NOTHING_OPEN, NEEDS_PERSON, USAGE, GOES_BY_ITSELF = 0, 1, 2, 3


@pytest.fixture
async def stage(tmp_path: Path, new_ledger: Path) -> AsyncIterator[Stage]:
    """Telegram alone: the platform whose pacing and whose silence `once` has to deal with."""
    async with Stage(tmp_path, platforms=["telegram"]) as stage:
        lay_ledger(new_ledger, stage)
        yield stage


async def test_3_when_something_goes_by_itself(stage: Stage) -> None:
    """While the platform is away, `once` says how much is open and when it goes on."""
    stage.publication.publish_next()
    await stage.seats["telegram"].server.stop()
    code, out, _ = await told(stage, "once", "--wait", "0s", "--json", BACKFILL="1")
    said = json.loads(out)
    assert (GOES_BY_ITSELF, 1, 0) == (code, said["open"], said["undecided"])
    assert datetime.fromisoformat(said["next_at"]) > SystemClock().now()


async def test_1_when_something_needs_a_person(stage: Stage) -> None:
    """Where the answer to a chat's very first post was lost, and no other has followed yet, `once` says what to do."""
    article = stage.publication.publish_next()
    stage.strike("cut")
    code, out, _ = await told(stage, "once", BACKFILL="1")
    with Told(stage) as ledger:
        assert [article.link] == [row.link for row in ledger.undecided()]
    assert 1 == len(stage.seats["telegram"].posts_of(article))
    assert (NEEDS_PERSON, True) == (code, "handbill resolve 1 --sent URL" in out)


async def test_2_for_mistakes(stage: Stage) -> None:
    """Mistakes in the settings are all named at once, one on the command line too, and nobody is asked for anything."""
    mistakes = {"SOURCES": "no address", "TELEGRAM__TOKEN": "no token", "PACE": "fast"}
    code, out, err = await told(stage, "once", **mistakes)
    assert (USAGE, "", [True] * 3) == (code, out, [f"HANDBILL_{name}" in err for name in mistakes])
    code, out, err = await told(stage, "once", "--wait", "a while")
    assert (USAGE, "", True) == (code, out, "--wait" in err)
    assert [] == [*stage.publication.requests, *stage.seats["telegram"].server.requests]


async def test_wait_works_through_pacing(stage: Stage) -> None:
    """Without waiting one message a second is one message; with --wait all are out, and none came too early."""
    seat = stage.seats["telegram"]
    assert isinstance(seat.server, TelegramSandbox)
    seat.server.per_second = 1
    articles = [stage.publication.publish_next() for _ in range(3)]
    pace = {"BACKFILL": "3", "TELEGRAM__PER_SECOND": "1"}
    code, out, _ = await told(stage, "once", "--wait", "0s", **pace)
    assert (GOES_BY_ITSELF, 1) == (code, len(seat.server.public()))
    assert "2 open, going by themselves, the next " in out
    code, _, _ = await told(stage, "once", "--wait", "1m", **pace)
    assert (NOTHING_OPEN, 0) == (code, seat.answers[429])
    judge(stage, seat, articles, [])


async def test_a_dry_run_shows_nobody_anything_and_once_then_posts_it(tmp_path: Path) -> None:
    """Everything but the visible calls, on a ledger of its own; then the real thing, which ends with 0."""
    async with Stage(tmp_path, platforms=["telegram", "mastodon"]) as stage:
        articles = [stage.publication.publish_next() for _ in range(2)]
        async with Program(stage, "run", "--dry-run", "--log-json", BACKFILL="2") as program:
            expected = len(articles) * len(stage.seats)
            await program.heard(lambda events: sum(e["event"] == "delivery.sent" for e in events) == expected)
            assert 0 == await program.stopped()
            assert expected == sum(event["event"] == "post.withheld" for event in program.events)
        assert [[]] * len(stage.seats) == [seat.server.public() for seat in stage.seats.values()]
        assert (False, True) == (stage.ledger.exists(), (tmp_path / "handbill.dry-run.db").exists())
        assert [] == find_secrets(stage.ledger_bytes().decode("latin-1"), HANDED_OUT)
        code, out, _ = await told(stage, "once", BACKFILL="2")
        assert (NOTHING_OPEN, "Nothing is open.") == (code, out.strip())
        for seat in stage.seats.values():
            judge(stage, seat, articles, [])
        assert [] == find_secrets(stage.ledger_bytes().decode("latin-1"), HANDED_OUT)


def test_a_source_that_said_when_to_come_back_is_left_alone(tmp_path: Path, new_ledger: Path) -> None:
    """`once` polls whatever the interval, but not a server that has told it to wait, before that time is over."""
    run(_come_back_later(tmp_path, new_ledger))


async def _come_back_later(folder: Path, ledger: Path) -> None:
    clock = LoopClock()
    async with Stage(folder, now=clock.seconds, platforms=["telegram"]) as stage:
        lay_ledger(ledger, stage)
        asked = []
        for fault, wait in (("wait=3600@read", 1800), (None, 1900), (None, 0), (None, 0)):
            if fault:
                stage.publication.faults.add(Fault.parse(fault))
            async with core_on(stage, clock) as core:
                await core.once(LONG, asyncio.Event())
            asked.append(stage.publication.count(stage.feed))
            await clock.sleep(wait)
        assert [1, 1, 2, 3] == asked


async def test_takes_what_a_worker_has_left_that_died_a_moment_ago(tmp_path: Path, new_database: str) -> None:
    """On a server, an account that is free is worked, although one who had a share of them was alive just now."""
    dead = Worker("dead", 1, "elsewhere", "run", SystemClock().now())
    ledger = InlineLedger(open_engine(new_database))
    ledger.write_now(lambda conn: beat(conn, dead, hung_after=60))
    ledger.close()
    async with Stage(tmp_path, platforms=["telegram", "mastodon"], database_url=new_database) as stage:
        article = stage.publication.publish_next()
        code, out, _ = await told(stage, "once", BACKFILL="1")
        assert (NOTHING_OPEN, [1, 1]) == (code, [len(seat.posts_of(article)) for seat in stage.seats.values()]), out
