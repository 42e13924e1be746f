"""How a lane treats its channel and its deliveries, in virtual time."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import pairwise
from types import MethodType
from typing import Any, ClassVar, TypeVar

import pytest
from sqlalchemy import Connection

from adapters.base import Pace, Standing
from adapters.outcomes import ChannelDown, RateLimited, Rejected, Unavailable, Uncertain
from adapters.post import Payload, Receipt
from bot.doors import Lease
from bot.dryrun import DryRun
from bot.ledger.schema import alerts, attempts, channels, deliveries
from bot.retry import PROBE_TO
from tests.core.lives import FEED, Scripted, feed, live, open_alerts, outcomes, rows, states
from tests.simulation.world import Fuse, SimClock, SimLedger, SimPlatform, World

T = TypeVar("T")

pytestmark = pytest.mark.usefixtures("logged")

NO_RIGHT = ChannelDown("The bot may not post.", mend="Make it an administrator.")


def channel(remembers: bool = True, name: str = "paper") -> tuple[SimPlatform, Scripted]:
    """A platform and an adapter for it."""
    platform = SimPlatform(name, remembers)
    return platform, Scripted(platform)


# ── a channel that is down ────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("call", ["verify", "stage", "mark", "publish"])
def test_a_channel_that_is_down_rests_with_one_alert_and_resumes_by_itself(world: World, call: str) -> None:
    """Whichever call says so: nothing is lost, one alert with the mend, and when it works again the alert is over."""
    platform, adapter = channel()
    adapter.script[call] = [NO_RIGHT, NO_RIGHT, None]
    world.feeds[FEED] = feed("a", "b")
    live(world, {"paper": adapter}, 30)
    assert platform.posts == []
    [message] = open_alerts(world)
    assert "The bot may not post. Make it an administrator. Everything is kept" in message
    [row] = rows(world, channels)
    assert row["paused_at"] is not None
    live(world, {"paper": adapter}, 600)
    assert platform.titles() == ["a", "b"]
    assert open_alerts(world) == []
    [row] = rows(world, channels)
    assert (row["paused_at"], row["probe_at"], row["probes"]) == (None, None, 0)


def test_a_channel_that_says_all_is_well_and_takes_no_post_raises_one_alert(world: World) -> None:
    """`verify` is fine and every post is refused for hours: one alert, tries in growing distances, none counted."""
    platform, adapter = channel()
    adapter.script["publish"] = [NO_RIGHT]
    world.feeds[FEED] = feed("a")
    live(world, {"paper": adapter}, 2 * 3600, HANDBILL_POLL_EVERY="6h", HANDBILL_LATE_AFTER="1d")
    assert len(rows(world, alerts)) == 1
    tried = adapter.times("publish")
    assert 7 <= len(tried) <= 10
    gaps = [after - before for before, after in pairwise(tried)]
    assert all(gap <= PROBE_TO + 10 for gap in gaps)
    assert gaps[-1] > PROBE_TO / 3
    assert [row["failures"] for row in rows(world, deliveries)] == [0]
    adapter.script["publish"] = [None]
    live(world, {"paper": adapter}, 60)
    assert (platform.titles(), open_alerts(world)) == (["a"], [])


def test_problems_of_standing_pause_the_channel(world: World) -> None:
    """A right that is missing is known before the first post, and said in the platform's words."""
    platform, adapter = channel()
    problems = ["The chat does not exist."]
    whole = adapter.verify

    async def verify() -> Standing:
        standing = await whole()
        return Standing(
            standing.account_id, standing.place_id, standing.who, None, standing.limits, problems=tuple(problems)
        )

    adapter.verify = verify  # type: ignore[method-assign]
    world.feeds[FEED] = feed("a")
    live(world, {"paper": adapter}, 30)
    assert ["The chat does not exist." in message for message in open_alerts(world)] == [True]
    problems.clear()
    live(world, {"paper": adapter}, 30)
    assert (platform.titles(), open_alerts(world)) == (["a"], [])


def test_a_platform_that_is_away_is_no_alert(world: World) -> None:
    """Unreachable when asked who we are: tried again with growing waits, and nobody is called."""
    platform, adapter = channel()
    adapter.script["verify"] = [Unavailable("refused")] * 12 + [None]
    world.feeds[FEED] = feed("a")
    live(world, {"paper": adapter}, 600)
    assert (platform.titles(), rows(world, alerts)) == (["a"], [])
    # Three tries within seconds, then a wait: four rounds.
    assert len(adapter.times("verify")) == 13


# ── waiting and failing ───────────────────────────────────────────────────────────────────────────────────────────


def test_being_told_to_wait_is_not_counted(world: World) -> None:
    """Five times "come back in two minutes": never back early, no failure counted, and then it is out."""
    platform, adapter = channel()
    adapter.script["publish"] = [*[RateLimited("slow down", retry_after=120.0) for _ in range(5)], None]
    world.feeds[FEED] = feed("a")
    live(world, {"paper": adapter}, 900)
    tried = adapter.times("publish")
    assert all(after - before >= 120 for before, after in pairwise(tried))
    assert outcomes(world) == ["told_to_wait"] * 5 + ["sent"]
    assert [row["failures"] for row in rows(world, deliveries)] == [0]
    assert (platform.titles(), rows(world, alerts)) == (["a"], [])


def test_what_is_refused_fails_alone(world: World) -> None:
    """Content that the platform will never take fails with an alert and a way out; the next one goes."""
    platform, adapter = channel()
    adapter.script["publish"] = [Rejected("The text is too long", status=400), None]
    world.feeds[FEED] = feed("a", "b")
    live(world, {"paper": adapter}, 60)
    assert (platform.titles(), states(world)) == (["b"], ["failed", "sent"])
    [message] = open_alerts(world)
    assert "handbill retry 1" in message


@pytest.mark.parametrize("call", ["stage", "mark"])
def test_what_fails_before_the_visible_call_is_tried_again(world: World, call: str) -> None:
    """A cut line while staging proves nothing visible: it is tried again until it works, and posted once."""
    platform, adapter = channel()
    adapter.script[call] = [Uncertain("cut"), Unavailable("refused"), RateLimited("slow", retry_after=10), None]
    world.feeds[FEED] = feed("a")
    live(world, {"paper": adapter}, 600)
    assert (platform.titles(), outcomes(world)) == (["a"], ["sent"])


def test_retries_keep_their_place(world: World) -> None:
    """A delivery that waits for its next try holds the lane: the order of the articles is the order of the posts."""
    platform, adapter = channel()
    adapter.script["publish"] = [Unavailable("refused")] * 7 + [None]
    world.feeds[FEED] = feed("a", "b", "c")
    live(world, {"paper": adapter}, 900)
    assert platform.titles() == ["a", "b", "c"]


def test_an_adapter_that_fails_by_a_mistake_of_ours_is_uncertain(world: World) -> None:
    """An exception that is no outcome proves nothing: the platform is asked before anything is sent again."""
    platform, adapter = channel()

    def stumble() -> None:
        raise ZeroDivisionError

    adapter.before["publish"] = stumble
    world.feeds[FEED] = feed("a")
    live(world, {"paper": adapter}, 8, HANDBILL_QUIET_TIME="10s")
    assert outcomes(world) == ["lost"]
    adapter.before.clear()
    live(world, {"paper": adapter}, 60, HANDBILL_QUIET_TIME="10s")
    assert (platform.titles(), outcomes(world)) == (["a"], ["lost", "sent"])


# ── the quiet time ────────────────────────────────────────────────────────────────────────────────────────────────


class JumpingClock(SimClock):
    """A clock whose wall time somebody moves."""

    ahead = timedelta()

    def now(self) -> datetime:
        return super().now() + self.ahead


def test_a_wall_clock_that_jumps_ahead_does_not_cut_the_quiet_time(world: World) -> None:
    """The line is cut and the clock put a day ahead: the platform is still not asked before the quiet time is over."""
    platform, adapter = channel()
    clocks: list[JumpingClock] = []

    def make(world: World, fuse: Fuse) -> SimClock:
        clocks.append(JumpingClock(world, fuse))
        return clocks[-1]

    def soon() -> None:
        asyncio.get_running_loop().call_later(5, setattr, clocks[-1], "ahead", timedelta(days=1))

    platform.script = ["cut"]
    adapter.before["publish"] = soon
    world.feeds[FEED] = feed("a")
    live(world, {"paper": adapter}, 200, clock=make)
    [published], [asked, *_] = adapter.times("publish"), adapter.times("find")
    assert asked - published >= adapter.quiet_for
    assert (platform.titles(), states(world)) == (["a"], ["sent"])


def test_what_was_lost_before_a_restart_rests_too(world: World) -> None:
    """A program that was killed while sending, and its successor: the platform is asked after the quiet time."""
    platform, adapter = channel()
    platform.script = ["hang"]
    world.feeds[FEED] = feed("a")
    live(world, {"paper": adapter}, 5)
    restarted = world.started_at
    live(world, {"paper": adapter}, 200)
    found = [row for row in rows(world, attempts) if row["step"] == "find"]
    lost = next(row for row in rows(world, attempts) if row["outcome"] == "lost")
    assert found[0]["started_at"] - lost["ended_at"] >= timedelta(seconds=adapter.quiet_for)
    assert restarted <= found[0]["started_at"]
    assert platform.titles() == ["a"]


# ── pacing, waking ────────────────────────────────────────────────────────────────────────────────────────────────


def test_pacing_is_kept_across_a_restart(world: World) -> None:
    """Two posts a minute, restarted after each: no minute sees a third."""
    platform, adapter = channel()
    adapter.paces = (Pace(2, 60.0, "place"),)
    world.feeds[FEED] = feed("a", "b", "c", "d", "e")
    for _ in range(12):
        live(world, {"paper": adapter}, 15)
    assert platform.titles() == ["a", "b", "c", "d", "e"]
    began = [row["started_at"] for row in rows(world, attempts) if row["step"] == "publish"]
    assert len(began) == 5
    assert all(third - first >= timedelta(seconds=60) for first, third in zip(began, began[2:], strict=False))


def test_a_new_article_wakes_an_idle_lane(world: World) -> None:
    """Found by a poll, an article is on its way in the same moment, not at the lane's next look."""
    platform, adapter = channel()
    world.feeds[FEED] = feed("a")
    live(world, {"paper": adapter}, 1)

    def later() -> None:
        world.feeds[FEED] = feed("a", "b")

    adapter.before["verify"] = later
    live(world, {"paper": adapter}, 70)
    assert platform.titles() == ["a", "b"]
    found = rows(world, deliveries)[-1]
    assert (found["first_attempt_at"] - found["planned_at"]).total_seconds() < 1


# ── identity ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_of_two_channels_of_one_identity_the_second_rests(world: World) -> None:
    """Three channels, the third of which is the first again: its alert names the right one, and nothing is twice."""
    one, other = SimPlatform("paper", True), SimPlatform("paper", True)
    first, second, twin = Scripted(one), Scripted(other), Scripted(one)
    whole = second.verify

    async def elsewhere() -> Standing:
        standing = await whole()
        return Standing("account", "elsewhere", standing.who, None, standing.limits)

    second.verify = elsewhere  # type: ignore[method-assign]
    world.feeds[FEED] = feed("a")
    live(world, {"second": second, "first": first, "twin": twin}, 400)
    assert (one.titles(), other.titles()) == (["a"], ["a"])
    assert len(rows(world, alerts)) == 1
    [message] = open_alerts(world)
    assert "Channel twin is paused: It is the same place as channel first." in message


# ── a ledger that does not take it ────────────────────────────────────────────────────────────────────────────────


class StubbornLedger(SimLedger):
    """A ledger on a file that turns read-only, as SQLite itself says it."""

    readonly = False

    async def write(self, work: Callable[[Connection], T], *, lease: Lease | None = None) -> T:
        def strictly(conn: Connection) -> T:
            conn.exec_driver_sql(f"PRAGMA query_only = {int(StubbornLedger.readonly)}")
            try:
                return work(conn)
            finally:
                conn.exec_driver_sql("PRAGMA query_only = 0")

        return await super().write(strictly, lease=lease)


@pytest.mark.parametrize("call", ["stage", "mark"])
def test_an_intent_that_cannot_be_written_is_not_acted_on(world: World, call: str) -> None:
    """The file turns read-only just before the payload or the intent is committed: nothing is sent until it is back."""
    platform, adapter = channel()

    def turn() -> None:
        StubbornLedger.readonly = True
        asyncio.get_running_loop().call_later(120, setattr, StubbornLedger, "readonly", False)

    adapter.before[call] = turn
    world.feeds[FEED] = feed("a")
    live(world, {"paper": adapter}, 100, ledger=StubbornLedger)
    assert (adapter.times("publish"), platform.titles()) == ([], [])
    StubbornLedger.readonly = False
    adapter.before.clear()
    live(world, {"paper": adapter}, 60, ledger=StubbornLedger)
    assert platform.titles() == ["a"]


def test_an_outcome_that_is_known_is_written_however_long_it_takes(world: World) -> None:
    """The file turns read-only while the post goes out: the receipt is kept until it can be written, and sent once."""
    platform, adapter = channel(remembers=False)

    def turn() -> None:
        StubbornLedger.readonly = True
        asyncio.get_running_loop().call_later(300, setattr, StubbornLedger, "readonly", False)

    adapter.before["publish"] = turn
    world.feeds[FEED] = feed("a")
    live(world, {"paper": adapter}, 400, ledger=StubbornLedger)
    assert (platform.titles(), outcomes(world), states(world)) == (["a"], ["sent"], ["sent"])


# ── a dry run ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_dry_run_publishes_nothing(world: World, logged: list[Any]) -> None:
    """Composed, staged and logged; every delivery ends, and no reader has seen anything."""
    platform, adapter = channel()
    world.feeds[FEED] = feed("a", "b")
    live(world, {"paper": DryRun(adapter, SimClock(world, Fuse()), "paper")}, 60)
    assert (platform.posts, adapter.times("publish")) == ([], [])
    assert states(world) == ["sent", "sent"]
    texts = [event["text"] for event in logged if event["event"] == "post.composed"]
    assert texts == ["a\n\nhttps://news.example/a", "b\n\nhttps://news.example/b"]
    assert [event["event"] for event in logged].count("post.withheld") == 2


# ── payload n+1 ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_post_that_is_refused_in_part_goes_out_with_less(world: World) -> None:
    """A refusal that brings a payload with less: it goes out at once, under its own key, without an alert."""
    platform, adapter = channel()
    less = Payload({"title": "a, without", "link": "https://news.example/a"})
    adapter.script["publish"] = [Rejected("the picture is refused", instead=less), None]
    world.feeds[FEED] = feed("a")
    live(world, {"paper": adapter}, 30)
    assert platform.titles() == ["a, without"]
    [row] = rows(world, deliveries)
    assert (row["state"], row["payload_number"], row["attempts"], row["failures"]) == ("sent", 2, 2, 0)
    assert (row["body"], row["key"]) == (less.canonical(), platform.posts[0].key)
    assert outcomes(world) == ["degraded", "sent"]
    assert open_alerts(world) == []


def test_a_key_that_the_platform_has_forgotten_is_not_used_again(world: World) -> None:
    """Proven not to be out, a post is sent again: with its key while that is good, later with another one."""
    platform, adapter = channel()
    adapter.key_good_for = 100.0
    adapter.script["publish"] = [Unavailable("no line")] * 9 + [None]
    keys: list[str] = []
    whole = adapter.publish

    async def publish(payload: Payload, key: str) -> Receipt:
        keys.append(key)
        return await whole(payload, key)

    adapter.publish = publish  # type: ignore[method-assign] # listens in
    world.feeds[FEED] = feed("a")
    live(world, {"paper": adapter}, 3600)
    assert platform.titles() == ["a"]
    [row] = rows(world, deliveries)
    assert row["payload_number"] == len(set(keys))
    assert 1 < len(set(keys)) < len(keys)
    assert platform.posts[0].key == keys[-1] == row["key"]


# ── a process that was stopped ────────────────────────────────────────────────────────────────────────────────────


class Stopped(SimLedger):
    """A ledger after whose commits, once, the whole process stands still: others count from the commit on."""

    stands_still_for: ClassVar[float]

    async def write(self, work: Callable[[Connection], T], *, lease: Lease | None = None) -> T:
        result = await super().write(work, lease=lease)
        if isinstance(getattr(work, "func", None), MethodType) and Stopped.stands_still_for:
            await asyncio.sleep(Stopped.stands_still_for)
            Stopped.stands_still_for = 0.0
        return result


def test_a_process_that_stood_still_after_its_intent_sends_nothing(world: World) -> None:
    """Minutes after the commit, others may have taken over: the call is not made, which is proven, and comes later."""
    platform, adapter = channel()
    Stopped.stands_still_for = 300.0
    world.feeds[FEED] = feed("a")
    live(world, {"paper": adapter}, 600, ledger=Stopped)
    assert (platform.titles(), len(adapter.times("publish"))) == (["a"], 1)
    assert adapter.times("publish")[0] > 300
    assert outcomes(world) == ["not_executed", "sent"]
