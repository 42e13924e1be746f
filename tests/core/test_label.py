"""A label that stands for another channel than before, and articles that come out before the platform has said so."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace

import pytest

from adapters.base import Adapter, Standing
from adapters.outcomes import Unavailable
from bot.app import Core, Opened
from bot.doors import Doors
from bot.ledger.leases import SoleLeases
from bot.ledger.schema import channels
from bot.settings.model import RouteSettings, Settings
from tests.core.lives import FEED, Scripted, feed, live, rows, settings, states
from tests.simulation.world import Crash, Fuse, SimClock, SimDice, SimLedger, SimPlatform, SimWeb, World, inline, run

pytestmark = pytest.mark.usefixtures("logged")

AWAY = Unavailable("It is away.")


class Account(Scripted):
    """One of several accounts on a platform."""

    def __init__(self, platform: SimPlatform, account: str) -> None:
        super().__init__(platform)
        self._account = account

    async def verify(self) -> Standing:
        return replace(await super().verify(), account_id=self._account)


class Two:
    """Two accounts on one platform."""

    def __init__(self) -> None:
        self.accounts = {name: SimPlatform("paper", True) for name in ("one", "two")}

    def meet(self, name: str) -> Account:
        """An adapter for one of them."""
        return Account(self.accounts[name], name)

    def meet_late(self, name: str) -> Account:
        """One whose platform says who we are only when the first look at the sources is long over."""
        adapter = self.meet(name)
        adapter.script["verify"] = [*[AWAY] * 6, None]
        return adapter

    @property
    def titles(self) -> list[list[str]]:
        """What readers see of the first, and of the second."""
        return [platform.titles() for platform in self.accounts.values()]


SOURCES = {"s": "https://news.example/s.json", "t": "https://news.example/t.json"}


def live_routed(world: World, opened: Mapping[str, Adapter]) -> None:
    """One life in which the articles of source s go to channel x, and those of t to y."""
    plain = settings(world, opened)
    [pattern] = plain.sources
    routed: Settings = replace(
        plain,
        sources=tuple(replace(pattern, name=name, identity=name, url=url) for name, url in SOURCES.items()),
        routes=(RouteSettings(("s",), ("x",)), RouteSettings(("t",), ("y",))),
    )

    async def life() -> None:
        fuse = Fuse()
        clock, ledger = SimClock(world, fuse), SimLedger(world, fuse)
        doors = Doors(clock, SimDice(world.random), ledger, SoleLeases(), SimWeb(world, fuse), inline)
        core = Core(routed, [Opened(name, each) for name, each in opened.items()], doors, str)
        stop = asyncio.Event()
        await core.start()
        working = asyncio.create_task(core.run(stop))
        await asyncio.wait([working], timeout=600)
        stop.set()
        await working
        world.note_time(clock)
        ledger.close()

    run(life())


def test_what_comes_out_while_a_label_moves_goes_to_the_new_account(world: World) -> None:
    """The new account gets what was found before it had been met, and nothing of the old account's backlog."""
    two = Two()
    world.feeds[FEED] = feed("a")
    live(world, {"news": two.meet("one")}, 30)
    world.feeds[FEED] = feed("a", "old")
    live(world, {"news": two.meet("one")}, 90, HANDBILL_SETTLE="1h")
    world.feeds[FEED] = feed("a", "old", "new")
    live(world, {"news": two.meet_late("two")}, 600)
    assert two.titles == [["a"], ["new"]]


def test_two_labels_that_are_swapped_stay_the_channels_they_are(world: World) -> None:
    """Whoever is met first: each account gets each article once, and both rows go on as configured."""
    two = Two()
    world.feeds[FEED] = feed("a")
    live(world, {"x": two.meet("one"), "y": two.meet("two")}, 30)
    world.feeds[FEED] = feed("a", "b")
    live(world, {"x": two.meet("two"), "y": two.meet_late("one")}, 600)
    named = {row["account_id"]: row["name"] for row in rows(world, channels) if row["removed_at"] is None}
    assert named == {"one": "y", "two": "x"}
    world.feeds[FEED] = feed("a", "b", "c")
    live(world, {"x": two.meet_late("one"), "y": two.meet("two")}, 600)
    assert two.titles == [["a", "b", "c"], ["a", "b", "c"]]


@pytest.mark.parametrize("first", ["x", "y"])
def test_swapped_labels_keep_their_routes(world: World, first: str) -> None:
    """What is routed to a label goes to the account that the label stands for now, however late that is known."""
    two = Two()
    world.feeds |= {SOURCES["s"]: feed("a"), SOURCES["t"]: feed("b")}
    live_routed(world, {"x": two.meet("one"), "y": two.meet("two")})
    world.feeds |= {SOURCES["s"]: feed("a", "c"), SOURCES["t"]: feed("b", "d")}
    swapped = {"x": "two", "y": "one"}
    live_routed(
        world, {name: (two.meet if name == first else two.meet_late)(account) for name, account in swapped.items()}
    )
    assert two.titles == [["a", "d"], ["b", "c"]]


def test_the_quiet_time_outlives_a_new_name(world: World) -> None:
    """A crash, then another label for the same channel: the platform is asked when the quiet time is over."""
    platform = SimPlatform("paper", True)
    adapter = Scripted(platform)

    def die() -> None:
        raise Crash

    adapter.before["publish"] = die
    world.feeds[FEED] = feed("a")
    live(world, {"old": adapter}, 30)
    assert states(world) == ["sending"]
    renamed = Scripted(platform)
    live(world, {"new": renamed}, 600)
    assert platform.titles() == ["a"]
    [asked] = renamed.times("find")
    assert asked >= renamed.quiet_for
