"""What becomes of a channel or a source that the settings no longer name."""

import pytest

from adapters.outcomes import ChannelDown, Unavailable
from bot.doors import FetchFailed
from bot.ledger.reports import summarise
from bot.ledger.schema import alerts
from tests.core.lives import FEED, Scripted, feed, live, open_alerts, outcomes, read, rows, states
from tests.simulation.world import Crash, SimPlatform, World

pytestmark = pytest.mark.usefixtures("logged")


def test_the_alert_of_a_channel_goes_with_it(world: World) -> None:
    """A channel that was down and is taken out of the settings troubles nobody any more; put back, it is asked anew."""
    down, up = Scripted(SimPlatform("paper", True)), Scripted(SimPlatform("radio", True))
    down.script["publish"] = [ChannelDown("no right")]
    world.feeds[FEED] = feed("a")
    live(world, {"paper": down, "radio": up}, 30)
    assert len(open_alerts(world)) == 1
    live(world, {"radio": up}, 1)
    assert open_alerts(world) == []
    assert not read(world, summarise).needs_person
    live(world, {"paper": down, "radio": up}, 30)
    assert (len(open_alerts(world)), len(rows(world, alerts))) == (1, 2)


def test_what_was_late_on_a_channel_is_no_trouble_once_it_is_gone(world: World) -> None:
    """Taken out of the settings, a channel is not late any more; put back, what it kept is late still."""
    late, up = Scripted(SimPlatform("paper", True)), Scripted(SimPlatform("radio", True))
    late.script["publish"] = [Unavailable("no line")]
    world.feeds[FEED] = feed("a")
    live(world, {"paper": late, "radio": up}, 1000)
    [message] = open_alerts(world)
    assert "“a” is late on paper" in message
    live(world, {"radio": up}, 100)
    assert open_alerts(world) == []
    live(world, {"paper": late, "radio": up}, 100)
    assert len(open_alerts(world)) == 1


def test_the_alert_of_a_source_goes_with_it(world: World) -> None:
    """A source that failed and is taken out of the settings is no trouble either."""
    paper = {"paper": Scripted(SimPlatform("paper", True))}
    world.feeds[FEED] = FetchFailed("500")
    live(world, paper, 400)
    assert len(open_alerts(world)) == 1
    other = "https://other.example/feed.json"
    world.feeds[other] = feed("a")
    live(world, paper, 1, HANDBILL_SOURCES=other)
    assert open_alerts(world) == []


def test_what_a_crash_left_on_a_channel_that_was_then_removed_waits_for_a_person(world: World) -> None:
    """Nobody will ask that platform again: the delivery is shown as undecided, not forgotten as being sent."""
    platform = SimPlatform("paper", True)
    paper, radio = Scripted(platform), Scripted(SimPlatform("radio", True))

    def die() -> None:
        raise Crash

    paper.before["publish"] = die
    world.feeds[FEED] = feed("a")
    live(world, {"paper": paper}, 30)
    assert states(world) == ["sending"]
    live(world, {"radio": radio}, 1)
    assert (states(world), outcomes(world)) == (["uncertain"], ["lost"])
    waiting = read(world, summarise)
    assert (waiting.by_itself, waiting.undecided, waiting.needs_person) == (0, 1, True)
