"""Somebody sets the machine's clock, two hours back or ahead: nothing twice, and no wait becomes two hours longer."""

import asyncio
from collections.abc import Callable
from datetime import timedelta

import pytest
from structlog.typing import EventDict

from adapters.outcomes import ChannelDown, Outcome, RateLimited, Unavailable, Uncertain
from bot.ledger.schema import deliveries
from tests.core.lives import FEED, Scripted, Wall, feed, live, open_alerts, rows, states
from tests.simulation.world import SimPlatform, World

pytestmark = pytest.mark.usefixtures("logged")

BACK, AHEAD = timedelta(hours=-2), timedelta(hours=2)
TWO_ARTICLES = ("a", "b")
AWAY = Unavailable("the connection was refused")
TOLD = RateLimited("Too many requests", retry_after=300.0)
DOWN = ChannelDown("The token was revoked.", mend="Make a new one.")

TROUBLES: dict[str, tuple[str, list[Outcome | None], float, float]] = {
    # what it is: which call, what it says, and the seconds between which the first post is out
    "a retry": ("publish", [AWAY, AWAY, AWAY, None], 24.0, 40.0),
    "told to wait": ("publish", [TOLD, None], 300.0, 310.0),
    "a channel that is down": ("publish", [DOWN, None], 48.0, 70.0),
    "a platform that is away": ("verify", [AWAY, AWAY, AWAY, None], 24.0, 40.0),
    "an unknown outcome": ("publish", [Uncertain("the line was cut"), None], 60.0, 75.0),
}


@pytest.fixture
def wall() -> Wall:
    """A clock that is right, for the time being."""
    return Wall()


def paper() -> tuple[SimPlatform, Scripted]:
    """A platform that can be asked, and its adapter."""
    platform = SimPlatform("paper", True)
    return platform, Scripted(platform)


def later(seconds: float, wall: Wall, jump: timedelta) -> Callable[[], None]:
    """Set the clock so many seconds after this is first called."""
    left = [jump]

    def set_clock() -> None:
        if left:
            asyncio.get_running_loop().call_later(seconds, setattr, wall, "ahead", left.pop())

    return set_clock


@pytest.mark.parametrize("trouble", TROUBLES)
def test_set_back_while_it_waits(world: World, wall: Wall, trouble: str) -> None:
    """Two hours back ten seconds into a wait: it ends when it would have, and each article is out once."""
    call, script, soonest, latest = TROUBLES[trouble]
    platform, adapter = paper()
    adapter.script[call] = list(script)
    adapter.before[call] = later(10, wall, BACK)
    world.feeds[FEED] = feed(*TWO_ARTICLES)
    live(world, {"paper": adapter}, 600, clock=wall.of)
    assert ([*TWO_ARTICLES], ["sent", "sent"]) == (platform.titles(), states(world))
    assert soonest <= platform.posts[0].at <= latest
    assert [] == open_alerts(world)


@pytest.mark.parametrize("trouble", TROUBLES)
def test_set_back_between_two_runs(world: World, wall: Wall, trouble: str) -> None:
    """Stopped ten seconds into a wait, started again two hours earlier by the clock: at worst the wait begins anew."""
    call, script, _, latest = TROUBLES[trouble]
    platform, adapter = paper()
    adapter.script[call] = list(script)
    world.feeds[FEED] = feed(*TWO_ARTICLES)
    live(world, {"paper": adapter}, 12, clock=wall.of)
    wall.ahead = BACK
    world.started_at += BACK
    live(world, {"paper": adapter}, 900, clock=wall.of)
    assert ([*TWO_ARTICLES], ["sent", "sent"]) == (platform.titles(), states(world))
    assert platform.posts[0].at <= latest
    assert [] == open_alerts(world)


def test_set_back_while_an_article_settles(world: World, wall: Wall) -> None:
    """What is to rest for ten minutes before it goes out rests for ten minutes."""
    platform, adapter = paper()
    adapter.before["verify"] = later(60, wall, BACK)
    world.feeds[FEED] = feed("a")
    live(world, {"paper": adapter}, 900, clock=wall.of, HANDBILL_SETTLE="10m")
    assert ["a"] == platform.titles()
    assert 600.0 <= platform.posts[0].at <= 606.0


@pytest.mark.parametrize(
    ("jump", "said"), [(BACK, "back by 7200 s"), (AHEAD, "ahead, or the machine slept, for 7200 s")]
)
def test_the_operator_is_told(world: World, wall: Wall, logged: list[EventDict], jump: timedelta, said: str) -> None:
    """One line in the log says that the clock was set, and by how much."""
    _, adapter = paper()
    adapter.before["verify"] = later(45, wall, jump)
    world.feeds[FEED] = feed("a")
    live(world, {"paper": adapter}, 300, clock=wall.of)
    lines = [event["reason"] for event in logged if event["event"] == "clock.set"]
    assert [f"the machine's clock was set {said}"] == lines


def test_set_back_and_new_articles_come(world: World, wall: Wall) -> None:
    """The source is asked on its interval, and what is new goes out within a minute and a bit."""
    platform, adapter = paper()
    world.feeds[FEED] = feed("a")
    adapter.before["publish"] = later(10, wall, BACK)
    live(world, {"paper": adapter}, 60, clock=wall.of)
    world.feeds[FEED] = feed("a", "b")
    live(world, {"paper": adapter}, 70, clock=wall.of)
    assert ["a", "b"] == platform.titles()


@pytest.mark.parametrize("jump", [BACK, AHEAD], ids=["back", "ahead"])
def test_the_quiet_time_is_as_long_as_it_is(world: World, wall: Wall, jump: timedelta) -> None:
    """Whichever way the clock is set, the platform is asked once the quiet time is over, and not before."""
    platform, adapter = paper()
    adapter.script["publish"] = [Uncertain("the line was cut"), None]
    adapter.before["publish"] = later(10, wall, jump)
    world.feeds[FEED] = feed("a")
    live(world, {"paper": adapter}, 200, clock=wall.of)
    [first, _], [asked] = adapter.times("publish"), adapter.times("find")
    assert adapter.quiet_for <= asked - first <= adapter.quiet_for + 6.0
    assert ["a"] == platform.titles()


def test_set_ahead_while_it_waits_to_ask_again(world: World, wall: Wall) -> None:
    """The platform could not tell and wants to be asked later: a clock that is set ahead does not shorten that."""
    _, adapter = paper()
    adapter.script["publish"] = [Uncertain("the line was cut"), None]
    adapter.script["find"] = [AWAY, AWAY, AWAY, None]
    adapter.before["find"] = later(5, wall, AHEAD)
    world.feeds[FEED] = feed("a")
    live(world, {"paper": adapter}, 400, clock=wall.of)
    asked = adapter.times("find")
    assert 48.0 <= asked[-1] - asked[-2] <= 66.0
    assert {"sent"} == {row["state"] for row in rows(world, deliveries)}
