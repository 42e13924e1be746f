"""A ledger that is older than the posts: nothing that went out since is posted again, and nothing is lost."""

import shutil
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.outcomes import AskAgain, CannotTell, Rejected, Unavailable
from adapters.post import Receipt
from bot.clock import SystemClock
from bot.ledger.backlog import get_delivery
from bot.ledger.db import InlineLedger, open_engine
from bot.ledger.doubts import doubt_all, find_restored_at
from bot.ledger.person import decide
from bot.ledger.schema import deliveries
from bot.model import Event
from bot.plan import Candidate, may_be_out
from bot.settle import cause_of
from bot.sources.entry import Entry
from tests.core.lives import FEED, Scripted, feed, live, open_alerts, read, rows, states
from tests.simulation.world import SimPlatform, World

pytestmark = pytest.mark.usefixtures("logged")


class Listed(Scripted):
    """An adapter of a platform that lists an account's posts."""

    async def newest(self) -> Receipt | None:
        await self._call()
        posts = self._platform.posts
        return self._receipt(posts[-1].key) if posts else None


def _file(world: World) -> Path:
    return Path(world.ledger_url.removeprefix("sqlite:///"))


def _back_up(world: World) -> None:
    shutil.copy(_file(world), _file(world).with_name("backup.db"))


def _restore(world: World) -> None:
    """What `handbill restore` does to the ledger, by the world's clock."""
    for beside in _file(world).parent.glob("ledger.db-*"):
        beside.unlink()
    shutil.copy(_file(world).with_name("backup.db"), _file(world))
    ledger = InlineLedger(open_engine(world.ledger_url))
    ledger.write_now(lambda conn: doubt_all(conn, "it was restored from backup.db", now=world.started_at))
    ledger.close()


def _two() -> tuple[SimPlatform, Listed, SimPlatform, Scripted]:
    told, silent = SimPlatform("told", True), SimPlatform("silent", False)
    return told, Listed(told), silent, Scripted(silent)


def _life_after_a_backup(world: World) -> tuple[SimPlatform, Listed, SimPlatform, Scripted]:
    """Two posts, a backup with a third one planned, and then the third and a fourth are out on both channels."""
    told, listed, silent, unlisted = _two()
    both = {"told": listed, "silent": unlisted}
    world.feeds[FEED] = feed("a", "b")
    live(world, both, 60)
    world.feeds[FEED] = feed("a", "b", "c")
    live(world, both, 70, HANDBILL_SETTLE="5m")
    assert states(world) == ["sent"] * 4 + ["pending"] * 2
    _back_up(world)
    world.feeds[FEED] = feed("a", "b", "c", "d")
    live(world, both, 600)
    assert told.titles() == silent.titles() == ["a", "b", "c", "d"]
    _restore(world)
    return told, listed, silent, unlisted


def test_nothing_is_posted_twice_and_what_comes_later_goes(world: World) -> None:
    """What was planned at the backup and what is found anew is looked for, or held with one alert; what the source has
    only after the restore goes out as ever."""
    told, listed, silent, unlisted = _life_after_a_backup(world)
    both = {"told": listed, "silent": unlisted}
    listed.calls.clear()
    live(world, both, 600)
    assert told.titles() == silent.titles() == ["a", "b", "c", "d"]
    assert len(listed.times("find")) == 2
    named = {row["id"]: (row["channel_id"], row["state"]) for row in rows(world, deliveries)}
    assert sorted(named.values()) == [*[(1, "sent")] * 4, *[(2, "held")] * 2, *[(2, "sent")] * 2]
    [held] = [message for message in open_alerts(world) if "held on" in message]
    assert held.startswith("2 posts are held on silent")
    assert "handbill resolve --held silent --not-sent" in held
    world.feeds[FEED] = feed("a", "b", "c", "d", "e")
    live(world, both, 120)
    assert told.titles() == silent.titles() == ["a", "b", "c", "d", "e"]
    assert len(listed.times("find")) == 2


def test_what_is_proven_absent_goes_out(world: World) -> None:
    """The machine died with the third one planned: restored, the platform is asked, does not have it, and gets it."""
    told, listed, _, _ = _two()
    world.feeds[FEED] = feed("a")
    live(world, {"told": listed}, 60)
    world.feeds[FEED] = feed("a", "b", "c")
    live(world, {"told": listed}, 70, HANDBILL_SETTLE="5m")
    _back_up(world)
    _restore(world)
    live(world, {"told": listed}, 600)
    assert (told.titles(), states(world)) == (["a", "b", "c"], ["sent"] * 3)
    assert [row["look_first"] for row in rows(world, deliveries)] == [0] * 3


def test_a_person_releases_or_settles_what_is_held(world: World) -> None:
    """The person's word is the last: not out, and it goes without another look; out, and it never goes."""
    _, _, silent, unlisted = _life_after_a_backup(world)
    live(world, {"silent": unlisted}, 60)
    held = [row["id"] for row in rows(world, deliveries) if row["state"] == "held"]
    assert len(held) == 2
    silent.posts.pop()  # nobody has seen the last one
    ledger = InlineLedger(open_engine(world.ledger_url))
    for delivery_id, event in zip(held, (Event.RESOLVED_SENT, Event.RELEASED), strict=True):

        def work(conn, delivery_id=delivery_id, event=event):  # type: ignore[no-untyped-def] # two defaults
            delivery = get_delivery(conn, delivery_id)
            decide(conn, delivery, event, cause=cause_of(delivery_id), reason="a person", now=world.started_at)

        ledger.write_now(work)
    ledger.close()
    assert [message for message in open_alerts(world) if "held on" in message] == []
    live(world, {"silent": unlisted}, 60)
    assert silent.titles() == ["a", "b", "c", "d"]


@pytest.mark.parametrize("said", [Unavailable("away"), None])
def test_a_search_that_has_to_go_on(world: World, said: Unavailable | None) -> None:
    """A platform that is away, or that cannot tell yet, is asked again later from where it was left; nothing is sent
    meanwhile."""
    told, listed, _, _ = _life_after_a_backup(world)
    answers = [AskAgain(60.0, {"before": 7}), AskAgain(60.0, {"before": 3})]
    markers = []
    whole = listed.find

    async def find(payload, key, marker):  # type: ignore[no-untyped-def] # as the contract has it
        markers.append(dict(marker))
        if said is None and answers:
            return answers.pop(0)
        return await whole(payload, key, marker)

    listed.find = find  # type: ignore[method-assign]
    if said is not None:
        listed.script["find"] = [said] * 4 + [None]
    live(world, {"told": listed}, 1800)
    assert told.titles() == ["a", "b", "c", "d"]
    if said is None:
        assert [marker.get("before") for marker in markers[:3]] == [None, 7, 3]


@pytest.mark.parametrize("answer", ["cannot tell", "refused"])
def test_a_platform_that_lists_and_cannot_tell(world: World, answer: str) -> None:
    """Then that one delivery is held for a person, with an alert of its own, and the lane goes on."""
    told, listed, _, _ = _life_after_a_backup(world)
    first = [True]
    whole = listed.find

    async def find(payload, key, marker):  # type: ignore[no-untyped-def] # as the contract has it
        if first and first.pop():
            if answer == "refused":
                raise Rejected("no search for you", status=400)
            return CannotTell("the list is too long")
        return await whole(payload, key, marker)

    listed.find = find  # type: ignore[method-assign]
    live(world, {"told": listed}, 600)
    assert told.titles() == ["a", "b", "c", "d"]
    assert [row["state"] for row in rows(world, deliveries) if row["channel_id"] == 1] == [
        "sent",
        "sent",
        "held",
        "sent",
    ]
    assert ["Nobody knows whether “c” on told" in message for message in open_alerts(world)].count(True) == 1


def test_the_doubt_ends(world: World) -> None:
    """Once what is dated before the restore is too old to be posted, the ledger is trusted again, at a start."""
    _, listed, _, _ = _life_after_a_backup(world)
    live(world, {"told": listed}, 600)
    assert read(world, find_restored_at) is not None
    world.started_at += timedelta(hours=47)
    live(world, {"told": listed}, 60)
    assert read(world, find_restored_at) is not None
    world.started_at += timedelta(hours=1)
    live(world, {"told": listed}, 60)
    assert read(world, find_restored_at) is None
    assert [message for message in open_alerts(world) if "older than the posts" in message] == []


def test_what_a_person_takes_up_again_is_looked_for_as_well(world: World) -> None:
    """What was final at the backup may have been taken up, and posted, by the ledger that was lost."""
    told, listed, _, _ = _two()
    listed.script["publish"] = [Rejected("too long", status=422), None]
    world.feeds[FEED] = feed("a")
    live(world, {"told": listed}, 60)
    assert states(world) == ["failed"]
    _back_up(world)
    _retry(world, 1)
    live(world, {"told": listed}, 60)
    assert told.titles() == ["a"]
    _restore(world)
    _retry(world, 1)
    live(world, {"told": listed}, 60)
    assert (told.titles(), states(world)) == (["a"], ["sent"])


def _retry(world: World, delivery_id: int) -> None:
    ledger = InlineLedger(open_engine(world.ledger_url))
    ledger.write_now(
        lambda conn: decide(
            conn,
            get_delivery(conn, delivery_id),
            Event.RETRIED,
            cause=cause_of(delivery_id),
            reason="a person",
            now=world.started_at,
        )
    )
    ledger.close()


# ── the rule ──────────────────────────────────────────────────────────────────────────────────────────────────────

moments = st.none() | st.datetimes(timezones=st.just(SystemClock().now().tzinfo or pytest.fail("no zone")))


@given(moments, moments, moments)
def test_what_may_be_out(published, restored, read_at) -> None:  # type: ignore[no-untyped-def] # all of one kind
    """In doubt is what the first reading since the restore shows, and what is dated before it; nothing without one."""
    candidate = Candidate(Entry("1", "https://a.example/1", "T", "", published_at=published), "link", ("key",))
    doubted = may_be_out(candidate, restored_at=restored, read_at=read_at)
    if restored is None:
        assert not doubted
    elif read_at is None or read_at <= restored or (published is not None and published <= restored):
        assert doubted
    else:
        assert not doubted
