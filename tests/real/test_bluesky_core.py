"""A real PDS through the real core, in leaping time: with its rate limits on, and with answers lost on the way."""

import asyncio
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from adapters.sandbox.faults import Fault
from bot.ledger.db import InlineLedger, open_engine
from bot.ledger.schema import attempts, deliveries
from bot.model import Event
from tests.inside import LONG, core_on, lay_ledger
from tests.judge import judge
from tests.leaping import LoopClock, run
from tests.real.pds.front import Front, seat_of
from tests.real.pds.server import RealPds
from tests.real.pds.talks import REPO
from tests.stage import Stage

pytestmark = pytest.mark.pds

POINTS = 5000
LEFT = 10
"""Posts that are left of this hour, of which others have used up the rest."""
BACKLOG = 14
LAST = 240.0
"""Seconds of this hour that are left."""
NOTES = "com.example.note"


@dataclass
class Owner:
    """The account's owner, who uses the account's points as well."""

    pds: RealPds
    handle: str
    did: str
    token: str

    async def use_up(self, points: int) -> None:
        """With records that are no posts: 3 points each, 200 at once."""
        notes, rest = divmod(points, 3)
        for begin in range(0, notes, 200):
            write = {"$type": f"{REPO}applyWrites#create", "collection": NOTES, "value": {"a": 1}}
            body = {"repo": self.did, "writes": [write] * min(200, notes - begin)}
            await self.pds.call(f"{REPO}applyWrites", body, self.token)
        for _ in range(rest):
            await self.pds.call(f"{REPO}deleteRecord", self.nothing(), self.token)

    def nothing(self) -> dict[str, Any]:
        """What to delete for one point."""
        return {"repo": self.did, "collection": NOTES, "rkey": "nothing"}


@dataclass
class Ground:
    """Where a backlog is worked through."""

    folder: Path
    ledger: Path
    """An empty one."""
    front: Front = field(init=False)
    outcomes: list[str] = field(init=False)
    """Of each put, in order."""
    failures: int = 0
    """How many are counted."""

    async def work_through(self, *, greedy_after: int = 0) -> None:
        """A backlog of articles, most of which fit into what is left of this hour. `greedy_after`: how many posts the
        owner lets pass before using up all that is left then."""
        async with RealPds(rate_limits=True, told_time=True) as pds:
            owner, password = await _open_account(pds)
            await owner.use_up(POINTS - 2 * LEFT)
            await asyncio.to_thread(run, self._work_through(owner, password, greedy_after))

    async def under(self, fault: str, pds: RealPds) -> None:
        """Three articles, with this fault between the core and a server without limits."""
        owner, password = await _open_account(pds)
        await asyncio.to_thread(run, self._under(fault, owner, password))

    async def _work_through(self, owner: Owner, password: str, greedy_after: int) -> None:
        clock = LoopClock()
        front = self.front = Front(owner.pds.url, owner.handle, owner.did, now=clock.seconds)

        async def greedy(puts: int) -> None:
            if puts == greedy_after:
                for _ in range(front.remaining[-1]):
                    await front.call("POST", f"{REPO}deleteRecord", owner.token, **owner.nothing())

        front.before_answer = greedy
        clock.leap(3600 - LAST)
        began_at = clock.seconds()
        await self._play(clock, password, BACKLOG)
        early = [at for at, status in front.puts if status == 200 and at < began_at + LAST / 2]
        assert len(early) == (greedy_after or LEFT)
        assert front.puts[-1][0] < began_at + 2 * LAST

    async def _under(self, fault: str, owner: Owner, password: str) -> None:
        clock = LoopClock()
        self.front = Front(owner.pds.url, owner.handle, owner.did, now=clock.seconds)
        self.front.faults.add(Fault.parse(fault))
        await self._play(clock, password, 3)
        assert self.front.faults.happened

    async def _play(self, clock: LoopClock, password: str, count: int) -> None:
        front, seats = self.front, {"bluesky": lambda _now: seat_of(self.front, password)}
        async with Stage(self.folder, now=clock.seconds, platforms=["bluesky"], newest=count, seats=seats) as stage:
            lay_ledger(self.ledger, stage)
            articles = [stage.publication.publish(f"Article {number}", picture=True) for number in range(count)]
            async with core_on(stage, clock, BACKFILL=str(count)) as core:
                await core.once(LONG, asyncio.Event())
            await front.look()
            assert ["settled"] * count == judge(stage, stage.seats["bluesky"], articles, [])
            self.outcomes, self.failures = _outcomes(stage)


async def _open_account(pds: RealPds) -> tuple[Owner, str]:
    """An account of its own, and an app password for it."""
    handle, main = f"news{secrets.token_hex(4)}.test", secrets.token_hex(8)
    did = await pds.create_account(handle, main)
    return Owner(pds, handle, did, (await pds.login(handle, main))["accessJwt"]), await pds.app_password(handle, main)


@pytest.fixture
def ground(tmp_path: Path, new_ledger: Path) -> Ground:
    """Where this case is played."""
    return Ground(tmp_path, new_ledger)


async def test_a_backlog_goes_out_within_what_the_server_tells(ground: Ground) -> None:
    """What is left of the hour goes out at once, the rest in the next; the server never has to say no, and each post is
    there once, at the first try."""
    await ground.work_through()
    assert [200] * BACKLOG == [status for _, status in ground.front.puts]
    assert (ground.outcomes, ground.failures) == ([Event.SENT] * BACKLOG, 0)


async def test_being_told_to_wait_is_obeyed_and_not_counted(ground: Ground) -> None:
    """Where the owner uses up what was left between two posts, the server says no once; nothing is put until the time
    that it named, no failure is counted, and each post is there once."""
    await ground.work_through(greedy_after=3)
    puts = ground.front.puts
    assert [200] * 3 + [429] + [200] * (BACKLOG - 3) == [status for _, status in puts]
    assert ground.outcomes == [Event.SENT] * 3 + [Event.TOLD_TO_WAIT] + [Event.SENT] * (BACKLOG - 3)
    assert ground.failures == 0
    assert puts[4][0] - puts[3][0] > LAST / 2


@pytest.mark.parametrize(
    "fault", ["drop*2", "cut*2", "late=600", "hang", "garbage-after", "error-after", "error-after=502", "cut@upload"]
)
async def test_what_is_lost_on_the_way_is_settled(ground: Ground, real_pds: RealPds, fault: str) -> None:
    """Whatever became of a post whose answer was lost, the server tells it: each is there once, and none waits for a
    person."""
    await ground.under(fault, real_pds)


def _outcomes(stage: Stage) -> tuple[list[str], int]:
    """What came of each put, in order, and how many failures are counted."""
    ledger = InlineLedger(open_engine(f"sqlite:///{stage.ledger}"))
    publishing = attempts.select().where(attempts.c.step == "publish").order_by(attempts.c.id)
    outcomes = ledger.read_now(lambda conn: [row.outcome for row in conn.execute(publishing)])
    failures = ledger.read_now(lambda conn: sum(row.failures for row in conn.execute(deliveries.select())))
    ledger.close()
    return outcomes, failures
