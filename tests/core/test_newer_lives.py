"""Random lives: articles come, processes crash in the middle of a call, and at some point an old copy of the ledger is
put back by hand. Whatever happens, no reader sees an article twice, and none is lost without a word."""

import random
import shutil
from pathlib import Path

import pytest

from adapters.post import Payload, Receipt
from bot.ledger.schema import deliveries
from tests.core.lives import FEED, feed, live, rows
from tests.core.test_newer import Listed, Numbered
from tests.simulation.world import EPOCH, Crash, SimPlatform, World

LIVES = 6
ARTICLES = 2
"""At most so many come in one life."""


class Careless:
    """The platform takes the same key as often as it is given; only looking first keeps from posting twice."""

    crash: str | None = None
    """What happens to the next call: the process is gone before the platform has it, or after."""

    async def publish(self, payload: Payload, key: str) -> Receipt:
        crash, self.crash = self.crash, None
        if crash == "before":
            raise Crash
        platform: SimPlatform = self._platform  # type: ignore[attr-defined] # of the adapter beside it
        told, platform.remembers = platform.remembers, False
        receipt: Receipt = await super().publish(payload, key)  # type: ignore[misc] # as above
        platform.remembers = told
        if crash == "after":
            raise Crash
        return receipt


class CarelessListed(Careless, Listed):
    """It lists an account's posts."""

    def _receipt(self, key: str) -> Receipt:
        """With the time at which the world shows the post: newer ones are later."""
        keys = [post.key for post in self._platform.posts]
        return Receipt(key, f"https://told.example/{key}", EPOCH.replace(year=2027, second=keys.index(key)))


class CarelessNumbered(Careless, Numbered):
    """It shows posts of ours by their numbers only, and cannot be asked for one."""


def _all_known(world: World) -> bool:
    """Whether the last call had its answer."""
    called = [row for row in rows(world, deliveries) if row["attempts"]]
    return "sent" == str(max(called, key=lambda row: row["attempt_started_at"])["state"])


@pytest.mark.usefixtures("logged")
@pytest.mark.parametrize("seed", [*range(4), *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(4, 60))])
@pytest.mark.parametrize("listed", [True, False], ids=["listed", "numbered"])
def test_an_old_copy_at_any_time(world: World, seed: int, listed: bool) -> None:
    """On a platform that lists, every article is out once; on one that does not, each is out at most once, and the
    operator sees every other one, unless the copy itself had a call of unknown outcome to explain a post by."""
    dice = random.Random(seed)
    platform = SimPlatform("paper", listed)
    adapter = CarelessListed(platform) if listed else CarelessNumbered(platform)
    ledger, copy = Path(world.ledger_url.removeprefix("sqlite:///")), Path(f"{world.ledger_url[10:]}.copy")
    taken, back = sorted(dice.sample(range(2, LIVES), 2))
    titles = ["first"]
    for life in range(LIVES):
        titles += [f"{life}.{number}" for number in range(dice.randint(0, ARTICLES))]
        world.feeds[FEED] = feed(*titles)
        # Where nothing is listed, one post must be known, to look on from.
        adapter.crash = dice.choice([None, None, "before", "after"]) if life else None
        if life == back and copy.exists():
            for beside in ledger.parent.glob("ledger.db-*"):
                beside.unlink()
            shutil.copy(copy, ledger)
        live(
            world,
            {"paper": adapter},
            dice.choice([2, 90, 200]) if life else 20,
            HANDBILL_SETTLE=dice.choice(["0s", "2m"]) if life else "0s",
        )
        if life == taken - 1 and (listed or _all_known(world)):
            shutil.copy(ledger, copy)
    adapter.crash = None
    live(world, {"paper": adapter}, 400)
    seen = platform.titles()
    assert sorted(set(seen)) == sorted(seen)
    kept = {row["state"] for row in rows(world, deliveries)}
    if listed:
        assert sorted(titles) == sorted(seen)
        assert {"sent"} == kept
    else:
        waiting = sum(row["state"] in ("held", "uncertain") for row in rows(world, deliveries))
        assert len(rows(world, deliveries)) == len(titles)
        assert {"sent", "held", "uncertain"} >= kept
        assert len(titles) - len(seen) <= waiting
