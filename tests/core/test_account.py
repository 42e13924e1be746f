"""An account and its lease: worked only while it is held, handed over whole, and nothing that is known is forgotten."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import pytest

from adapters.post import Payload, Receipt
from bot.app import Core, Opened
from bot.doors import Doors, Lease
from bot.ledger.schema import deliveries
from tests.core.lives import FEED, Scripted, feed, outcomes, rows, settings, states
from tests.simulation.world import Fuse, SimClock, SimDice, SimLedger, SimPlatform, SimWeb, World, inline, run

pytestmark = pytest.mark.usefixtures("logged")


@dataclass
class Desk:
    """The leases of all processes of a test, with a session that can be lost."""

    session: int = 1
    holders: dict[str, int] = field(default_factory=dict)
    """Name → session."""
    taken: list[str] = field(default_factory=list)
    elsewhere: set[str] = field(default_factory=set)
    """Names that another process has."""
    wanted: set[str] = field(default_factory=set)
    """Names that another process is to have."""

    async def take(self, name: str, *, fair: bool = True) -> Lease | None:  # the door's own
        if name in self.elsewhere:
            return None
        if name.startswith("account:"):
            self.taken.append(name)
        self.holders[name] = self.session
        return Lease(name, self.session, contested=True)

    async def give_back(self, lease: Lease) -> None:
        self.holders.pop(lease.name, None)

    def wanted_elsewhere(self, lease: Lease) -> bool:
        return lease.name in self.wanted


class Sessions(SimLedger):
    """A ledger whose session has the desk's number."""

    def __init__(self, world: World, fuse: Fuse, desk: Desk) -> None:
        super().__init__(world, fuse)
        self._desk = desk

    async def write(self, work, *, lease=None):  # type: ignore[no-untyped-def] # as in the base class
        if lease is not None:
            lease = replace(lease, session=0 if lease.session == self._desk.session else -1)
        return await super().write(work, lease=lease)


def live(
    world: World, desk: Desk, adapter: Scripted, seconds: float, *during: tuple[float, Callable[[], None]]
) -> None:
    """One life with one channel; `during`: after so many seconds, do this."""

    async def life() -> None:
        fuse = Fuse()
        clock, ledger = SimClock(world, fuse), Sessions(world, fuse, desk)
        doors = Doors(clock, SimDice(world.random), ledger, desk, SimWeb(world, fuse), inline)
        core = Core(settings(world, {"paper": adapter}), [Opened("paper", adapter)], doors, lambda text: text)
        stop = asyncio.Event()
        await core.start()
        for after, what in during:
            asyncio.get_running_loop().call_later(after, what)
        working = asyncio.create_task(core.run(stop))
        await asyncio.wait([working], timeout=seconds)
        stop.set()
        await working
        world.note_time(clock)
        ledger.close()

    run(life())


def test_an_account_that_another_process_works_is_left_to_it(world: World) -> None:
    """Nothing goes out and nothing is asked while another has the lease; once it is free, everything does."""
    platform, desk = SimPlatform("paper", True), Desk(elsewhere={"account:channel:paper"})
    adapter = Scripted(platform)
    world.feeds[FEED] = feed("a")
    live(world, desk, adapter, 120)
    assert (platform.titles(), adapter.calls, states(world)) == ([], [], ["pending"])
    live(world, desk, adapter, 120, (60, desk.elsewhere.clear))
    assert platform.titles() == ["a"]
    assert 60 < adapter.times("publish")[0] < 63


def test_an_account_that_another_process_is_to_have_is_handed_over_whole(world: World) -> None:
    """Beyond its share, a process ends the call that is on the wire, writes it down, and lets go."""
    platform, desk = SimPlatform("paper", True), Desk()
    adapter = Scripted(platform)

    def hand_over() -> None:
        desk.wanted.add("account:channel:paper")
        desk.elsewhere.add("account:channel:paper")

    world.feeds[FEED] = feed("a", "b")
    live(world, desk, adapter, 60, (0.5, hand_over))
    assert desk.holders == {}
    assert platform.titles() == ["a", "b"][: len(platform.posts)]
    assert "sending" not in states(world)


def test_an_outcome_survives_the_session_that_was_lost_under_it(world: World) -> None:
    """The post is out and the ledger's session is gone: when the lease comes back, the receipt is written, and the
    platform is not asked."""
    platform, desk = SimPlatform("paper", False), Desk()
    adapter = Scripted(platform)
    adapter.before["publish"] = lambda: setattr(desk, "session", desk.session + 1)
    world.feeds[FEED] = feed("a")
    live(world, desk, adapter, 60)
    assert (platform.titles(), states(world), outcomes(world)) == (["a"], ["sent"], ["sent"])
    assert adapter.times("find") == []
    assert desk.taken == ["account:channel:paper"] * 2


def test_a_call_of_one_who_may_still_be_alive_is_asked_about_only_after_its_deadline(world: World) -> None:
    """What another process left in `sending` rests for that call's hard deadline and the quiet time; then it is asked
    about. The one who made it cannot settle it any more."""
    platform, desk = SimPlatform("paper", True), Desk()
    first, second = Scripted(platform), Scripted(platform)
    whole = first.publish

    async def and_lose_everything(payload: Payload, key: str) -> Receipt:
        receipt = await whole(payload, key)
        desk.session += 1
        desk.elsewhere.add("account:channel:paper")
        return receipt

    first.publish = and_lose_everything  # type: ignore[method-assign] # plays the paused process
    world.feeds[FEED] = feed("a", "b")
    live(world, desk, first, 30)
    assert (platform.titles(), states(world)) == (["a"], ["sending", "pending"])
    desk.elsewhere.clear()
    live(world, desk, second, 300)
    assert (platform.titles(), states(world)) == (["a", "b"], ["sent", "sent"])
    [asked] = second.times("find")
    assert asked >= second.deadline_for + second.quiet_for
    assert rows(world, deliveries)[0]["reason"] == "the answer was lost; the platform was asked and had it"


def test_two_channels_of_one_account_are_worked_together(world: World) -> None:
    """One lease for both, and the lanes run beside each other under it."""
    one, other, desk = SimPlatform("paper", True), SimPlatform("paper", True), Desk()
    adapters = {"one": Scripted(one), "other": Scripted(other)}

    async def life() -> None:
        fuse = Fuse()
        clock, ledger = SimClock(world, fuse), Sessions(world, fuse, desk)
        doors = Doors(clock, SimDice(world.random), ledger, desk, SimWeb(world, fuse), inline)
        opened = [Opened(name, adapter, account="press") for name, adapter in adapters.items()]
        core = Core(settings(world, adapters), opened, doors, lambda text: text)
        await core.start()
        assert [account.name for account in core.accounts] == ["press"]
        await core.once(60, asyncio.Event())
        ledger.close()

    world.feeds[FEED] = feed("a")
    run(life())
    assert desk.taken == ["account:press"]
