"""How lanes keep to what the platform allows, in virtual time."""

import asyncio
from collections import Counter
from datetime import timedelta
from itertools import pairwise

import pytest

from adapters.base import Budget, Pace
from adapters.outcomes import RateLimited, Unavailable
from adapters.post import Payload, Receipt
from bot.ledger.budgets import list_budgets
from bot.ledger.schema import attempts, deliveries
from tests.core.lives import FEED, Scripted, Wall, feed, live, outcomes, read, rows
from tests.simulation.world import EPOCH, SimPlatform, World

pytestmark = pytest.mark.usefixtures("logged")

QUARTER = 900.0
FIVE = ("a", "b", "c", "d", "e")


class Metered(Scripted):
    """A platform that allows `limit` posts in each quarter of an hour, and says how many are left."""

    def __init__(self, platform: SimPlatform, wall: Wall, *, limit: int = 3) -> None:
        super().__init__(platform)
        self.paces = (Pace(100, QUARTER, "account"),)
        self.wall = wall
        self.limit = limit
        self.used = Counter[int]()
        """Which quarter → how many posts."""
        self.out: list[float] = []
        self.refused = 0

    async def publish(self, payload: Payload, key: str) -> Receipt:
        quarter = int(self.wall.real() // QUARTER)
        ends_in = (quarter + 1) * QUARTER - self.wall.real()
        if self.used[quarter] >= self.limit:
            self.refused += 1
            raise RateLimited("Too many requests", retry_after=ends_in)
        self.used[quarter] += 1
        self.out.append(self.wall.real())
        receipt = await super().publish(payload, key)
        assert self.wall.clock is not None
        ends_at = self.wall.clock.now() + timedelta(seconds=(quarter + 1) * QUARTER - self.wall.real())
        self.notes.note(Budget(self.limit, self.limit - self.used[quarter], QUARTER, ends_at))
        return receipt


@pytest.fixture
def wall() -> Wall:
    """A clock that is right, for the time being."""
    return Wall()


def metered(world: World, wall: Wall, titles: tuple[str, ...] = FIVE) -> tuple[SimPlatform, Metered]:
    """The platform, with a backlog that has waited for it for hours, ten minutes into a quarter."""
    platform = SimPlatform("paper", True)
    adapter = Metered(platform, wall)
    world.feeds[FEED] = feed(*titles)
    world.started_at = EPOCH - timedelta(hours=3)
    adapter.script["verify"] = [Unavailable("no line")]
    live(world, {"paper": adapter}, 10, clock=wall.of)
    del adapter.script["verify"]
    world.started_at = EPOCH + timedelta(seconds=600)
    return platform, adapter


def test_the_platform_tells_when_and_how_much(world: World, wall: Wall) -> None:
    """Five posts where three are allowed in a quarter, and a hundred were configured: three, and two as soon as the
    next quarter begins."""
    platform, adapter = metered(world, wall)
    live(world, {"paper": adapter}, 400, clock=wall.of)
    assert ([*FIVE], 0) == (platform.titles(), adapter.refused)
    assert {0: 3, 1: 2} == adapter.used
    assert 900.0 <= adapter.out[3] <= 903.0


def test_a_restart_remembers_what_the_platform_said(world: World, wall: Wall) -> None:
    """Ended and started again every 45 seconds: nothing that was said is forgotten, and nothing is refused."""
    platform, adapter = metered(world, wall)
    for _ in range(10):
        live(world, {"paper": adapter}, 45, clock=wall.of)
    assert ([*FIVE], 0) == (platform.titles(), adapter.refused)
    assert {0: 3, 1: 2} == adapter.used
    assert {1} == {row["attempts"] for row in rows(world, deliveries)}


def test_a_person_who_posts_beside_us_is_counted(world: World, wall: Wall) -> None:
    """After our first post somebody posts by hand: our second answer says so, and nothing is refused."""
    platform, adapter = metered(world, wall)
    whole = adapter.publish

    async def beside(payload: Payload, key: str) -> Receipt:
        if len(adapter.out) == 1:
            adapter.used[0] += 1
        return await whole(payload, key)

    adapter.publish = beside  # type: ignore[method-assign] # somebody else has the account too
    live(world, {"paper": adapter}, 400, clock=wall.of)
    assert ([*FIVE], 0) == (platform.titles(), adapter.refused)
    assert {0: 3, 1: 3} == adapter.used


def test_being_told_to_wait_all_the_same_is_honoured(world: World, wall: Wall) -> None:
    """Somebody else has used up the quarter before we began: told once, waited for, and not counted as a failure."""
    platform, adapter = metered(world, wall)
    adapter.used[0] = 3
    live(world, {"paper": adapter}, 1300, clock=wall.of)
    assert ([*FIVE], 1) == (platform.titles(), adapter.refused)
    assert {0: 3, 1: 3, 2: 2} == adapter.used
    assert {0} == {row["failures"] for row in rows(world, deliveries)}


@pytest.mark.parametrize("jump", [timedelta(hours=-2), timedelta(hours=2)], ids=str)
def test_a_wall_clock_that_is_set_holds_nobody_up_and_lets_nobody_through(
    world: World, wall: Wall, jump: timedelta
) -> None:
    """Two hours back or ahead while the budget is used up: the rest goes when the quarter really begins."""
    platform, adapter = metered(world, wall)

    def soon() -> None:
        asyncio.get_running_loop().call_later(30, setattr, wall, "ahead", jump)

    adapter.before["publish"] = soon
    live(world, {"paper": adapter}, 400, clock=wall.of)
    assert ([*FIVE], 0) == (platform.titles(), adapter.refused)
    assert 900.0 <= adapter.out[3] <= 903.0


@pytest.mark.parametrize("jump", [timedelta(hours=-2), timedelta(hours=2)], ids=str)
def test_a_clock_that_was_set_before_a_restart_holds_nobody_up(world: World, wall: Wall, jump: timedelta) -> None:
    """What the ledger remembers is of another time: at worst the platform says once to wait, and that is honoured."""
    platform, adapter = metered(world, wall)
    live(world, {"paper": adapter}, 60, clock=wall.of)
    wall.ahead = jump
    world.started_at += jump
    live(world, {"paper": adapter}, 340, clock=wall.of)
    assert [*FIVE] == platform.titles()
    assert 1 >= adapter.refused
    assert 900.0 <= adapter.out[3] <= 905.0


def test_two_places_of_an_account_share_its_budget(world: World) -> None:
    """Two channels of one bot, six posts in ten seconds: however they interleave, no ten seconds see a seventh, and
    neither channel starves."""
    made: dict[str, Scripted] = {}
    for name in ("one", "two"):
        made[name] = Scripted(SimPlatform("paper", True))
        made[name].account = "press"
        made[name].paces = (Pace(6, 10.0, "account"), Pace(5, 10.0, "place"))
        made[name].place = name
    world.feeds[FEED] = feed(*(f"article {number:02}" for number in range(20)))
    live(world, made, 120)
    began = sorted(at for adapter in made.values() for at in adapter.times("publish"))
    assert 40 == len(began)
    assert all(seventh - first >= 10.0 for first, seventh in zip(began, began[6:], strict=False))
    assert 60.0 <= began[-1] <= 66.0
    assert all(after - before <= 11.0 for each in made.values() for before, after in pairwise(each.times("publish")))


def test_told_budgets_are_written_with_the_settlement(world: World, wall: Wall) -> None:
    """What was said is on disk with the outcome of the call that said it."""
    _, adapter = metered(world, wall, ("a", "b"))
    live(world, {"paper": adapter}, 20, clock=wall.of)
    assert ["sent", "sent"] == outcomes(world)
    account = rows(world, attempts)[0]["account"]
    [saved] = read(world, lambda conn: list_budgets(conn, account))
    assert (3, 1, QUARTER, 0) == (saved.budget.limit, saved.budget.remaining, saved.budget.per_for, saved.begun)
