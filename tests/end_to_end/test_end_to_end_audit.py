"""The audit against the platforms: everything that went out is read back, and at the end all is accounted for."""

import asyncio
import json
from pathlib import Path

from bot.app import Core
from bot.model import State
from tests.inside import Told, core_on, lay_ledger
from tests.leaping import LoopClock, run
from tests.process import Program, told
from tests.stage import Stage

NOTHING_OPEN, NEEDS_PERSON = 0, 1


def test_what_its_owner_deletes_is_missed_and_comes_back_by_a_word_only(tmp_path: Path, new_ledger: Path) -> None:
    """On every platform: a post that is deleted by hand before it is read back has vanished, which one alert says; it
    stays away until a person says otherwise, and is then out once more, once. All others are read back untouched."""
    run(_delete_one_each(tmp_path, new_ledger))


async def _delete_one_each(folder: Path, ledger: Path) -> None:
    clock = LoopClock()
    async with Stage(folder, now=clock.seconds) as stage:
        lay_ledger(ledger, stage)
        articles = [stage.publication.publish_next() for _ in range(3)]
        async with core_on(stage, clock, BACKFILL="3", CONFIRM_AFTER="2m") as core:
            await _work(core, clock, 60)
        for seat in stage.seats.values():
            (post,) = seat.posts_of(articles[1])
            seat.delete(post)
        async with core_on(stage, clock, CONFIRM_AFTER="2m") as core:
            await _work(core, clock, 240)
        code, out, _ = await told(stage, "audit", "--json")
        said = json.loads(out)
        gone = [row["id"] for row in said["rows"] if row["finding"] == "vanished"]
        assert (NEEDS_PERSON, 9, 3, 0) == (code, said["deliveries"], said["needs_person"], said["goes_on"])
        assert [articles[1].link] * 3 == [row["article"]["link"] for row in said["rows"] if row["id"] in gone]
        with Told(stage) as ledger_now:
            alerts = [alert.message for alert in ledger_now.waiting().alerts]
            assert [State.SENT] * 9 == [row.state for row in ledger_now.log()]
        assert [1, 1, 1] == [sum(f"handbill retry {each} --even-if-out" in alert for alert in alerts) for each in gone]
        for seat in stage.seats.values():
            assert [] == seat.posts_of(articles[1])

        code, _, err = await told(stage, "retry", *map(str, gone), "--even-if-out")
        assert (0, "") == (code, err)
        async with core_on(stage, clock, CONFIRM_AFTER="2m") as core:
            await _work(core, clock, 400)
        for seat in stage.seats.values():
            assert [1, 1, 1] == [len(seat.posts_of(article)) for article in articles]
        code, out, _ = await told(stage, "audit")
        assert NOTHING_OPEN == code, out
        assert "All 9 deliveries of the last 30 days are accounted for." == out.splitlines()[-1]


async def _work(core: Core, clock: LoopClock, seconds: float) -> None:
    """The daemon, for so long."""
    stop = asyncio.Event()
    working = asyncio.create_task(core.run(stop))
    await clock.sleep(seconds)
    stop.set()
    await working


async def test_the_daemon_ends_with_everything_accounted_for(tmp_path: Path, new_ledger: Path) -> None:
    """The real process posts on three platforms and reads back what it posted; then `audit` says that all is well."""
    async with Stage(tmp_path) as stage:
        lay_ledger(new_ledger, stage)
        stage.publication.publish_next()
        more = {"BACKFILL": "1", "CONFIRM_AFTER": "0s", "LOG_LEVEL": "debug"}
        async with Program(stage, "run", "--log-json", **more) as program:
            read = ("delivery.confirmed", "delivery.accepted")
            await program.heard(lambda events: len(stage.seats) == sum(each["event"] in read for each in events))
            assert 0 == await program.stopped()
        code, out, err = await told(stage, "audit")
        assert (NOTHING_OPEN, "") == (code, err)
        assert "All 3 deliveries of the last 30 days are accounted for." == out.splitlines()[-1]


def test_once_reads_back_what_an_earlier_one_sent(tmp_path: Path, new_ledger: Path) -> None:
    """Run from cron, each run reads back what has fallen due since: first it is to be read back, then it was."""
    run(_once_and_once_more(tmp_path, new_ledger))


async def _once_and_once_more(folder: Path, ledger: Path) -> None:
    clock = LoopClock()
    async with Stage(folder, now=clock.seconds, platforms=["mastodon"]) as stage:
        lay_ledger(ledger, stage)
        for _ in range(3):
            stage.publication.publish_next()
        found = []
        for _ in range(2):
            async with core_on(stage, clock, BACKFILL="3") as core:
                await core.once(60.0, asyncio.Event())
            _, out, _ = await told(stage, "audit", "--json")
            found.append([row["finding"] for row in json.loads(out)["rows"]])
            await clock.sleep(300)
        assert [["unread"] * 3, ["confirmed"] * 3] == found
