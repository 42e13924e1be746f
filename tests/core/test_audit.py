"""The audit in virtual time: each sent post is read back once, what is late is told, what is too late ends."""

from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest

from adapters.base import Pace
from adapters.outcomes import ChannelDown, RateLimited, Rejected, Unavailable, Uncertain
from bot.audit import GIVE_UP_AFTER, READ_EVERY
from bot.ledger.schema import alerts, channels, deliveries
from tests.core.lives import FEED, Scripted, feed, live, open_alerts, outcomes, rows, states, write
from tests.simulation.world import SimPlatform, World

pytestmark = pytest.mark.usefixtures("logged")

NO_RIGHT = ChannelDown("The bot may not post.", mend="Make it an administrator.")


def channel(remembers: bool = True, name: str = "paper") -> tuple[SimPlatform, Scripted]:
    """A platform and an adapter for it."""
    platform = SimPlatform(name, remembers)
    return platform, Scripted(platform)


def presences(world: World) -> list[tuple[str | None, bool]]:
    """What the audit found of each delivery, and whether it is still to be read back."""
    return [(row["presence"], row["confirm_at"] is not None) for row in rows(world, deliveries)]


# ── reading back ──────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("remembers", "presence"), [(True, "confirmed"), (False, "accepted")])
def test_a_sent_post_is_read_back_once(world: World, remembers: bool, presence: str) -> None:
    """Not before its time, then once: confirmed where the platform shows it, accepted where it does not let us look."""
    platform, adapter = channel(remembers)
    world.feeds[FEED] = feed("a")
    live(world, {"paper": adapter}, 100)
    assert ([], [(None, True)]) == (adapter.times("confirm"), presences(world))
    live(world, {"paper": adapter}, 600)
    assert (1, [(presence, False)]) == (len(adapter.times("confirm")), presences(world))
    assert (["a"], ["sent"], []) == (platform.titles(), states(world), rows(world, alerts))


def test_what_was_found_by_asking_needs_no_second_look(world: World) -> None:
    """A lost answer whose post the platform showed when it was asked is confirmed by that."""
    platform, adapter = channel()
    platform.script = ["cut"]
    world.feeds[FEED] = feed("a")
    live(world, {"paper": adapter}, 600)
    assert ([("confirmed", False)], []) == (presences(world), adapter.times("confirm"))


def test_what_vanished_is_told_and_never_sent_again_by_itself(world: World) -> None:
    """One alert with the article, the channel, where it was, and the two ways out; an hour later nothing was sent."""
    platform, adapter = channel()
    world.feeds[FEED] = feed("a")
    live(world, {"paper": adapter}, 60)
    [post] = platform.posts
    platform.posts.clear()
    live(world, {"paper": adapter}, 3600)
    assert ([("vanished", False)], ["sent"], []) == (presences(world), states(world), platform.titles())
    [message] = open_alerts(world)
    assert f"“a” has vanished from paper (delivery 1): it was out at https://paper.example/{post.key}" in message
    assert "Nothing is sent again by itself." in message
    assert ("handbill retry 1 --even-if-out" in message, "handbill resolve 1 --drop" in message) == (True, True)
    assert 1 == len(adapter.times("confirm"))


@pytest.mark.parametrize("why", [Unavailable("no line"), NO_RIGHT, Uncertain("cut"), Rejected("nonsense")])
def test_what_cannot_be_read_back_is_read_later(world: World, why: Any) -> None:
    """Whatever stands in the way: it is tried again with growing waits, nobody is called, and the lane never rests."""
    platform, adapter = channel()
    adapter.script["confirm"] = [why] * 3 + [None]
    world.feeds[FEED] = feed("a")
    live(world, {"paper": adapter}, 250)
    world.feeds[FEED] = feed("a", "b")
    live(world, {"paper": adapter}, 1500)
    assert (["a", "b"], [("confirmed", False)] * 2) == (platform.titles(), presences(world))
    assert [None] == [row["paused_at"] for row in rows(world, channels)]
    assert [] == rows(world, alerts)


def test_told_to_wait_the_audit_waits(world: World) -> None:
    """Nothing of the account is read back before the time that the platform named; the lane goes on meanwhile."""
    _, adapter = channel()
    adapter.script["confirm"] = [RateLimited("slow", retry_after=900.0), None]
    world.feeds[FEED] = feed("a", "b", "c")
    live(world, {"paper": adapter}, 1300)
    first, second, *_ = adapter.times("confirm")
    assert second - first >= 900
    assert [("confirmed", False)] * 3 == presences(world)


def test_posts_are_read_back_one_at_a_time_and_slowly(world: World) -> None:
    """A backlog that went out at once is read back at a walk, whatever the number of channels of the account."""
    _, adapter = channel()
    world.feeds[FEED] = feed(*"abcdefghij")
    live(world, {"paper": adapter}, 600, HANDBILL_CONFIRM_AFTER="1s")
    times = adapter.times("confirm")
    assert 10 == len(times)
    assert all(after - before >= READ_EVERY for before, after in pairwise(times))


def test_a_mistake_of_ours_while_reading_back_costs_nothing(world: World) -> None:
    """An adapter that stumbles, or hangs, is asked again later; nothing is claimed of the post."""
    _, adapter = channel()

    def stumble() -> None:
        raise ZeroDivisionError

    adapter.before["confirm"] = stumble
    world.feeds[FEED] = feed("a")
    live(world, {"paper": adapter}, 300)
    assert [(None, True)] == presences(world)
    adapter.before.clear()
    live(world, {"paper": adapter}, 300)
    assert [("confirmed", False)] == presences(world)


@pytest.mark.slow
def test_what_could_not_be_read_back_for_a_week_counts_as_accepted(world: World) -> None:
    """Its receipt is what there is: it does not stay open for ever."""
    _, adapter = channel()
    adapter.script["confirm"] = [Unavailable("no line")]
    world.feeds[FEED] = feed("a")
    live(world, {"paper": adapter}, 600)
    assert [(None, True)] == presences(world)
    world.started_at += GIVE_UP_AFTER
    live(world, {"paper": adapter}, 3700, HANDBILL_POLL_EVERY="6h")
    assert [("accepted", False)] == presences(world)


# ── late ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_channel_that_is_down_tells_how_many_are_late_and_when_it_is_over(world: World) -> None:
    """Fifteen minutes after they were to be out, one alert with their number and the reason; it grows, and ends."""
    platform, adapter = channel()
    adapter.script["publish"] = [NO_RIGHT]
    world.feeds[FEED] = feed("a")
    live(world, {"paper": adapter}, 840)
    assert 1 == len(open_alerts(world))
    live(world, {"paper": adapter}, 120)
    [late] = [message for message in open_alerts(world) if " late " in message]
    assert late.startswith("“a” is late on paper: it was to be out at 2026-11-23 09:00 UTC. The channel is paused: The")
    world.feeds[FEED] = feed("a", "b")
    live(world, {"paper": adapter}, 1200)
    [late] = [message for message in open_alerts(world) if " late " in message]
    assert late.startswith("2 articles are late on paper, the first (“a”) since 2026-11-23 09:00 UTC. ")
    assert 1 == sum(":late" in row["cause"] for row in rows(world, alerts))
    adapter.script["publish"] = [None]
    world.started_at += timedelta(hours=1)  # it is time to look whether the channel works again
    live(world, {"paper": adapter}, 100)
    assert (["a", "b"], []) == (platform.titles(), open_alerts(world))


def test_a_platform_that_cannot_be_reached_makes_articles_late(world: World) -> None:
    """Unreachable from the start, so that nothing was tried yet, or later on: the alert says so and needs nobody."""
    _, adapter = channel()
    adapter.script["verify"] = [Unavailable("no route to host")]
    world.feeds[FEED] = feed("a")
    live(world, {"paper": adapter}, 1000)
    [message] = open_alerts(world)
    assert "The platform cannot be reached: no route to host. It is tried again at " in message
    assert [0] == [row["needs_person"] for row in rows(world, alerts)]


@pytest.mark.slow
def test_a_backlog_that_moves_calls_nobody_and_one_that_waits_does(world: World) -> None:
    """Hours of work at the platform's pace are no alarm as long as posts come out; told to wait for long, they are."""
    platform, adapter = channel()
    adapter.paces = (Pace(1, 600.0, "place"),)
    world.feeds[FEED] = feed(*"abcdef")
    live(world, {"paper": adapter}, 3 * 600 + 100)
    assert (4, []) == (len(platform.posts), rows(world, alerts))
    adapter.script["publish"] = [RateLimited("slow down", retry_after=2400.0), None]
    live(world, {"paper": adapter}, 1600)
    [message] = open_alerts(world)
    assert "2 articles are late on paper, the first (“e”)" in message
    assert "It waits: slow down. It is tried again at " in message
    live(world, {"paper": adapter}, 2400)
    assert ([], 6) == (open_alerts(world), len(platform.posts))


def test_waiting_for_ones_turn_for_long_is_told(world: World) -> None:
    """Where the platform allows one post in two hours, the second one is late, and the alert says for what it waits."""
    _, adapter = channel()
    adapter.paces = (Pace(1, 7200.0, "place"),)
    world.feeds[FEED] = feed("a", "b")
    live(world, {"paper": adapter}, 1000)
    [message] = open_alerts(world)
    assert "“b” is late on paper" in message
    assert "It waits for its turn at 2026-11-23 11:00 UTC: the platform allows no more." in message


def test_a_channel_that_a_person_paused_is_not_late(world: World) -> None:
    """Whoever pauses a channel knows; let go on, it catches up."""
    from bot.ledger.pauses import let_go_on, stop  # noqa: PLC0415 # needed here only

    platform, adapter = channel()
    world.feeds[FEED] = feed()
    live(world, {"paper": adapter}, 1)
    now = world.started_at
    write(world, lambda conn: stop(conn, [1], now=now))
    world.feeds[FEED] = feed("a")
    live(world, {"paper": adapter}, 1000)
    assert ([], []) == (platform.titles(), rows(world, alerts))
    write(world, lambda conn: let_go_on(conn, [1], now=now))
    live(world, {"paper": adapter}, 60)
    assert ["a"] == platform.titles()


# ── too late ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_what_expires_on_a_channel_that_is_down_ends_visibly(world: World) -> None:
    """Past its time it is skipped with its reason while the channel is still paused; what has no end waits on."""
    platform, adapter = channel()
    adapter.script["publish"] = [NO_RIGHT]
    world.feeds[FEED] = feed("a")
    live(world, {"paper": adapter}, 1100, HANDBILL_EXPIRES_FOR="20m")
    assert ["pending"] == states(world)
    live(world, {"paper": adapter}, 400, HANDBILL_EXPIRES_FOR="20m")
    [row] = rows(world, deliveries)
    assert ("skipped", "too late: it was not out in the time that it was given") == (row["state"], row["reason"])
    assert 1 == len(open_alerts(world))
    adapter.script["publish"] = [None]
    world.started_at += timedelta(hours=1)  # it is time to look whether the channel works again
    live(world, {"paper": adapter}, 100)
    assert ([], ["channel_down"]) == (platform.titles(), list(dict.fromkeys(outcomes(world))))
