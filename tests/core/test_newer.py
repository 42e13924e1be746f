"""A start with a ledger that is older than its posts, of which nobody has said so."""

import shutil
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.typing import EventDict

from adapters.outcomes import ChannelDown, Outcome, RateLimited, Rejected, Unavailable
from adapters.post import Receipt
from bot.ledger.schema import alerts, channels, deliveries
from bot.newer import SLACK, Known, are_unknown, is_unknown
from tests.core.lives import FEED, Scripted, feed, live, open_alerts, rows, states
from tests.simulation.world import Crash, SimPlatform, SimPost, World

HOUR = 3600.0


class Listed(Scripted):
    """An adapter of a platform that lists an account's posts."""

    async def newest(self) -> Receipt | None:
        self._begin("newest")
        await self._call()
        posts = self._platform.posts
        return self._receipt(posts[-1].key) if posts else None


class Numbered(Scripted):
    """An adapter of a platform that shows a post of ours where it is looked for by its number."""

    async def notice(self, last: str) -> Sequence[Receipt]:
        self._begin("notice")
        await self._call()
        keys = [post.key for post in self._platform.posts]
        return [self._receipt(key) for key in keys[keys.index(last) + 1 :]]


def _file(world: World) -> Path:
    return Path(world.ledger_url.removeprefix("sqlite:///"))


def _copy(world: World) -> None:
    shutil.copy(_file(world), _file(world).with_name("copy.db"))


def _put_back(world: World) -> None:
    """By hand, without a word to anybody."""
    for beside in _file(world).parent.glob("ledger.db-*"):
        beside.unlink()
    shutil.copy(_file(world).with_name("copy.db"), _file(world))


def _older(world: World) -> list[str]:
    """What the operator has been told, and whether or not it is over."""
    return [row["message"] for row in rows(world, alerts) if "knows nothing of" in row["message"]]


def _in_doubt(world: World) -> list[str]:
    return [message for message in open_alerts(world) if "knows nothing of" in message]


def _told() -> tuple[SimPlatform, Listed]:
    platform = SimPlatform("told", True)
    return platform, Listed(platform)


def _silent() -> tuple[SimPlatform, Numbered]:
    platform = SimPlatform("silent", False)
    return platform, Numbered(platform)


def _live_on_and_put_back(world: World, both: dict[str, Scripted]) -> None:
    """Two posts, a copy of the ledger with a third one planned, and then the third and a fourth are out."""
    world.feeds[FEED] = feed("a", "b")
    live(world, both, 60)
    world.feeds[FEED] = feed("a", "b", "c")
    live(world, both, 70, HANDBILL_SETTLE="5m")
    _copy(world)
    world.feeds[FEED] = feed("a", "b", "c", "d")
    live(world, both, 400)
    _put_back(world)
    for adapter in both.values():
        adapter.calls.clear()


@pytest.mark.usefixtures("logged")
def test_nothing_is_posted_twice(world: World) -> None:
    """What was planned in the old copy and what is found anew is looked for, with one alert that names the channel and
    the mend; then the doubt is over, and what comes later goes as ever."""
    platform, listed = _told()
    _live_on_and_put_back(world, {"told": listed})
    live(world, {"told": listed}, 30)
    [alert] = _older(world)
    assert alert.startswith("told has a post that the ledger knows nothing of (https://told.example/")
    assert "handbill restore --only-mark" in alert
    live(world, {"told": listed}, 400)
    assert platform.titles() == ["a", "b", "c", "d"]
    assert states(world) == ["sent"] * 4
    assert (_in_doubt(world), [row["look_first"] for row in rows(world, channels)]) == ([], [0])
    assert listed.times("publish") == []
    looks = len(listed.times("find"))
    world.feeds[FEED] = feed("a", "b", "c", "d", "e")
    live(world, {"told": listed}, 120)
    assert platform.titles() == ["a", "b", "c", "d", "e"]
    assert len(listed.times("find")) == looks
    assert len(listed.times("newest")) == 3


@pytest.mark.usefixtures("logged")
def test_where_nothing_is_listed_what_is_in_doubt_is_held(world: World) -> None:
    """A post with a later number is met: what is planned and what is found anew waits for a person; what is new after
    that goes out, and the next start says nothing."""
    platform, silent = _silent()
    _live_on_and_put_back(world, {"silent": silent})
    live(world, {"silent": silent}, 400)
    assert platform.titles() == ["a", "b", "c", "d"]
    assert states(world) == ["sent", "sent", "held", "held"]
    live(world, {"silent": silent}, 60)
    assert (_in_doubt(world), len(_older(world))) == ([], 1)
    world.feeds[FEED] = feed("a", "b", "c", "d", "e")
    live(world, {"silent": silent}, 120)
    assert platform.titles() == ["a", "b", "c", "d", "e"]


@pytest.mark.usefixtures("logged")
def test_a_post_that_is_found_convicts_the_whole_ledger(world: World) -> None:
    """One channel finds a post out that this ledger never sent: on every other one, too, what is open is in doubt."""
    told, listed = _told()
    silent = SimPlatform("silent", False)
    unlisted = Scripted(silent)  # nothing can be asked of it at all
    unlisted.script["verify"] = [None]
    both = {"told": listed, "silent": unlisted}
    _live_on_and_put_back(world, both)
    unlisted.script["verify"] = [Unavailable("away"), Unavailable("away"), Unavailable("away"), None]
    live(world, both, 400)
    assert told.titles() == silent.titles() == ["a", "b", "c", "d"]
    assert [row["state"] for row in rows(world, deliveries) if row["channel_id"] == 2] == [
        "sent",
        "sent",
        "held",
        "held",
    ]
    assert any("“c” was out on told before it was sent" in message for message in open_alerts(world))


@pytest.mark.usefixtures("logged")
def test_a_first_start_with_an_empty_ledger(world: World) -> None:
    """What was on the account before Handbill came is nobody's trouble."""
    platform, listed = _told()
    platform.posts.append(SimPost("old", {"title": "old"}, 0.0))
    world.started_at += timedelta(days=1)
    world.feeds[FEED] = feed("a", "b")
    live(world, {"told": listed}, 120)
    assert platform.titles() == ["old", "a", "b"]
    assert (open_alerts(world), listed.times("find"), len(listed.times("newest"))) == ([], [], 1)


@pytest.mark.usefixtures("logged")
@pytest.mark.parametrize("listed", [True, False], ids=["listed", "numbered"])
def test_what_a_crash_left_explains_itself(world: World, listed: bool) -> None:
    """A post whose answer was lost is asked about first, and is no proof of an old ledger."""
    platform, adapter = _told() if listed else _silent()
    world.feeds[FEED] = feed("a")
    live(world, {"paper": adapter}, 60)
    whole = adapter.publish

    async def publish(payload, key):  # type: ignore[no-untyped-def] # as the contract has it
        await whole(payload, key)
        raise Crash

    adapter.publish = publish  # type: ignore[method-assign]
    world.feeds[FEED] = feed("a", "b")
    live(world, {"paper": adapter}, 90)
    adapter.publish = whole  # type: ignore[method-assign]
    assert states(world) == ["sent", "sending"]
    world.feeds[FEED] = feed("a", "b", "c")
    live(world, {"paper": adapter}, 600)
    assert platform.titles() == ["a", "b", "c"]
    assert _older(world) == []
    assert [row["look_first"] for row in rows(world, deliveries)] == [0] * 3


@pytest.mark.usefixtures("logged")
def test_people_who_post_beside_are_told_of_once(world: World) -> None:
    """A post by hand that cannot be told from ours makes the next posts be looked for, with one alert for good; the
    same post is no news at the next start, another one makes look again, in silence."""
    platform, listed = _told()
    world.feeds[FEED] = feed("a")
    live(world, {"told": listed}, 60)
    for hand in ("hand 1", "hand 2"):
        platform.posts.append(SimPost(hand, {"title": hand}, 0.0))
        live(world, {"told": listed}, 120)
        assert (_in_doubt(world), len(_older(world))) == ([], 1)
    live(world, {"told": listed}, 120)
    assert len(_older(world)) == 1
    world.feeds[FEED] = feed("a", "b")
    live(world, {"told": listed}, 120)
    assert platform.titles() == ["a", "hand 1", "hand 2", "b"]
    assert [row["look_first"] for row in rows(world, channels)] == [0]


@pytest.mark.usefixtures("logged")
@pytest.mark.parametrize(
    "said",
    [
        Unavailable("away"),
        pytest.param(RateLimited("slow", retry_after=300.0), marks=pytest.mark.slow),
        pytest.param(ChannelDown("no right"), marks=pytest.mark.slow),
    ],
)
def test_a_platform_out_of_reach_is_asked_later(world: World, said: Outcome) -> None:
    """The start goes on, other channels post, and nothing is sent here before the newest post was compared."""
    told, listed = _told()
    other, beside = SimPlatform("other", True), Listed(SimPlatform("other", True))
    beside = Listed(other)
    _live_on_and_put_back(world, {"told": listed, "other": beside})
    listed.script["newest"] = [said, said, said, None]
    world.feeds[FEED] = feed("a", "b", "c", "d", "e")
    live(world, {"told": listed, "other": beside}, 0.5 * HOUR)
    assert told.titles() == other.titles() == ["a", "b", "c", "d", "e"]
    newest, sent = listed.times("newest"), listed.times("publish")
    assert (len(newest), newest[-1] < sent[0]) == (4, True)


def test_a_server_that_will_not_tell(world: World, logged: list[EventDict]) -> None:
    """Where the newest post is refused, posting goes on and the log says that nothing was compared."""
    platform, listed = _told()
    listed.script["newest"] = [Rejected("no list for you", status=404)]
    world.feeds[FEED] = feed("a")
    live(world, {"told": listed}, 60)
    assert platform.titles() == ["a"]
    assert [each["reason"] for each in logged if each["event"] == "ledger.not_compared"] == ["no list for you"]


# ── the rule ──────────────────────────────────────────────────────────────────────────────────────────────────────

START = datetime(2026, 11, 23, tzinfo=UTC)
seconds = st.floats(-7200, 7200).map(lambda each: START + timedelta(seconds=each))
names = st.sampled_from("abc")
posts = st.builds(Receipt, names, st.none() | names, seconds)
knowns = st.builds(
    Known,
    seconds,
    seconds,
    st.frozensets(names),
    st.frozensets(names),
    st.lists(seconds, max_size=3),
    st.none() | seconds,
)


@given(posts, knowns, st.floats(0, 120))
def test_what_is_unknown(post: Receipt, known: Known, call_for: float) -> None:
    """Only a post that the ledger has by no name, that is not older than what it knows or than its restoring, and that
    no call without a receipt may have made."""
    lasting = timedelta(seconds=call_for) + SLACK
    near = [begun_at for begun_at in known.lost if -SLACK <= post.at - begun_at <= lasting]
    named = post.id in known.ids or post.url in known.urls
    older = post.at < known.since or (known.restored_at is not None and post.at <= known.restored_at)
    assert is_unknown(post, known, call_for=call_for) == (not named and not older and not near)


@given(st.lists(posts, max_size=4), knowns)
def test_what_is_unknown_without_a_time(met: list[Receipt], known: Known) -> None:
    """More posts that the ledger has by no name than calls since the last known one that may have made them; none on a
    ledger that is known to be older."""
    unnamed = [post for post in met if post.id not in known.ids and post.url not in known.urls]
    calls = [begun_at for begun_at in known.lost if begun_at > known.called_at]
    assert are_unknown(met, known) == (known.restored_at is None and len(unnamed) > len(calls))


@given(knowns, st.floats(0, 120))
def test_a_post_that_the_ledger_has_is_never_unknown(known: Known, call_for: float) -> None:
    """Whatever its time: what has a receipt explains itself."""
    for name in known.ids:
        post = Receipt(name, None, START + timedelta(days=9))
        assert not is_unknown(post, known, call_for=call_for)
        assert not are_unknown([post], known)
