"""How a source is watched: what is kept of a look that failed, when it is tried again, and whom it troubles."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, ClassVar

import pytest

from bot.doors import Fetched, FetchFailed
from bot.ledger.schema import alerts, sources
from bot.schedule import PATIENCE
from tests.core.lives import FEED, Scripted, feed, live, open_alerts, rows, states
from tests.simulation.world import Fuse, SimClock, SimPlatform, SimWeb, World

pytestmark = pytest.mark.usefixtures("logged")


class Web:
    """Makes doors to the web that keep what was asked of them, across restarts."""

    def __init__(self) -> None:
        self.asked: list[tuple[float, str | None]] = []
        """(when, the validator that went along)."""

    def __call__(self, world: World, fuse: Fuse) -> SimWeb:
        asked = self.asked

        class Watched(SimWeb):
            """A door that notes what was asked."""

            async def get(self, url: str, *, etag: str | None = None, **other: Any) -> Fetched:
                asked.append((asyncio.get_running_loop().time(), etag))
                return await super().get(url, etag=etag, **other)

        return Watched(world, fuse)

    @property
    def times(self) -> list[float]:
        """When the source was asked, in the time of the life."""
        return [at for at, _ in self.asked]


def source(world: World) -> Mapping[str, Any]:
    """The one source's row."""
    [row] = rows(world, sources)
    return row


def test_validators_go_along_and_outlive_failures_and_restarts(world: World) -> None:
    """The validator of the last committed parse is sent with every request until there is another, come what may."""
    web = Web()
    world.feeds[FEED] = feed("a")
    live(world, {}, 1, web=web)
    tag = source(world)["etag"]
    world.feeds[FEED] = FetchFailed("500", status=500)
    live(world, {}, 130, web=web)
    world.feeds[FEED] = feed("a")
    live(world, {}, 70, web=web)
    assert [sent for _, sent in web.asked] == [None] + [tag] * (len(web.asked) - 1)
    assert len(web.asked) >= 4
    assert (source(world)["etag"], source(world)["failures"]) == (tag, 0)


def test_what_is_no_feed_leaves_no_validator(world: World) -> None:
    """A page in the feed's place is fetched in full each time until it is a feed; the first look is still to come."""
    web = Web()
    world.feeds[FEED] = b"<html><body>Maintenance</body></html>"
    live(world, {}, 70, web=web)
    row = source(world)
    assert (row["etag"], row["first_look_at"], row["failures"]) == (None, None, 2)
    assert {sent for _, sent in web.asked} == {None}
    assert "page" in row["last_error"]


def test_a_source_that_keeps_failing_raises_one_alert_until_it_works(world: World) -> None:
    """Nothing in the first failures, one alert after them, however long it lasts, and none once it works."""
    world.feeds[FEED] = FetchFailed("The server answered 500.", mend="Look at the address.", status=500)
    live(world, {}, 60 * (PATIENCE - 1) + 30)
    assert (source(world)["failures"], open_alerts(world)) == (PATIENCE, [])
    live(world, {}, 3600)
    [message] = open_alerts(world)
    assert "has given nothing" in message
    assert "The server answered 500. Look at the address." in message
    assert len(rows(world, alerts)) == 1
    world.feeds[FEED] = feed("a")
    live(world, {}, 3700)
    assert (source(world)["failures"], source(world)["last_error"], open_alerts(world)) == (0, None, [])


@pytest.mark.parametrize("told", [600.0, 7 * 3600.0])
def test_retry_after_is_kept_to_across_a_restart(world: World, told: float) -> None:
    """Told to stay away for ten minutes, or for longer than we ever would by ourselves, we do."""
    web = Web()
    world.feeds[FEED] = FetchFailed("429", status=429, retry_after=told)
    live(world, {}, 30, web=web)
    live(world, {}, told + 30, web=web)
    assert len(web.asked) == 2
    assert web.times[1] >= told - 30.2


class SetBack(SimClock):
    """A clock that somebody has set back by a month."""

    def now(self) -> datetime:
        return super().now() - timedelta(days=30)


def test_a_clock_that_was_set_back_keeps_nobody_away(world: World) -> None:
    """After a restart the next poll seems a month away: the source is asked on its interval all the same."""
    web = Web()
    world.feeds[FEED] = feed("a")
    live(world, {}, 30)
    live(world, {}, 600, web=web, clock=SetBack)
    assert 8 <= len(web.asked) <= 11
    assert web.times[0] <= 65


def test_a_source_that_works_is_asked_on_its_interval(world: World) -> None:
    """Once a minute, give or take."""
    web = Web()
    world.feeds[FEED] = feed("a")
    live(world, {}, 601, web=web)
    assert 10 <= len(web.asked) <= 12


def test_nothing_of_a_document_that_our_own_code_stumbles_over_ends_the_watching(world: World) -> None:
    """A mistake of ours costs a look: it is counted as a failure, and the next document is read."""
    web, broken = Web(), [True]

    class Stumbling(SimWeb):
        """A door with a mistake in it."""

        async def get(self, url: str, **other: Any) -> Fetched:
            if broken:
                broken.pop()
                raise ZeroDivisionError
            return await super().get(url, **other)

    world.feeds[FEED] = feed("a")
    live(world, {}, 5, web=Stumbling)
    assert source(world)["last_error"] == "reading it failed with ZeroDivisionError"
    live(world, {}, 120, web=web)
    assert source(world)["failures"] == 0


def test_a_shorter_interval_counts_at_once(world: World) -> None:
    """The time of the next look was set by the old interval; nobody waits six hours for a look each minute."""
    web = Web()
    world.feeds[FEED] = feed("a")
    live(world, {}, 1, web=web, HANDBILL_POLL_EVERY="6h")
    live(world, {}, 70, web=web)
    assert len(web.times) == 2


def test_a_shorter_interval_does_not_overrule_a_server_that_said_to_wait(world: World) -> None:
    """What the server asked for is kept, whatever the operator sets."""
    web = Web()
    world.feeds[FEED] = FetchFailed("429", status=429, retry_after=3600)
    live(world, {}, 1, web=web, HANDBILL_POLL_EVERY="6h")
    live(world, {}, 600, web=web)
    assert len(web.times) == 1


@pytest.mark.slow
def test_a_source_that_is_gone_for_good_is_left_alone_and_a_person_is_told(world: World) -> None:
    """410: one alert at once, and no further look for a week; when it is back, all is well again."""
    web = Web()
    world.feeds[FEED] = FetchFailed("The address is gone for good (410).", status=410, mend="Give its new address.")
    live(world, {}, 3 * 86_400, web=web)
    assert len(web.asked) == 1
    [message] = open_alerts(world)
    assert "no longer watched" in message
    assert "Give its new address." in message
    world.feeds[FEED] = feed("a")
    live(world, {}, 5 * 86_400, web=web)
    assert (open_alerts(world), source(world)["failures"]) == ([], 0)


class Moving(SimWeb):
    """A door to a site that has moved for good."""

    asked: ClassVar[list[str]] = []
    new: ClassVar[str] = "https://new.example/feed.json"

    async def get(self, url: str, **other: Any) -> Fetched:
        self.asked.append(url)
        return replace(await super().get(FEED, **other), moved_to=None if url == self.new else self.new)


def test_a_source_that_has_moved_is_asked_at_its_new_address(world: World) -> None:
    """After three permanent redirects to the same place the old address is asked no more, after a restart either."""
    Moving.asked.clear()
    world.feeds[FEED] = feed("a")
    live(world, {}, 250, web=Moving)
    live(world, {}, 130, web=Moving)
    assert [FEED] * 3 + [Moving.new] * (len(Moving.asked) - 3) == Moving.asked
    assert len(Moving.asked) > 5


@pytest.mark.slow
def test_a_source_that_has_fallen_silent_raises_one_alert(world: World) -> None:
    """A site that published hourly shows nothing new for days: one alert, which its next article ends."""
    titles: list[str] = []
    for hour in range(8):
        titles.append(f"t{hour}")
        world.feeds[FEED] = feed(*titles)
        live(world, {}, 3600, HANDBILL_POLL_EVERY="10m")
    assert open_alerts(world) == []
    live(world, {}, 3 * 86_400, HANDBILL_POLL_EVERY="10m")
    [message] = open_alerts(world)
    assert "has shown nothing new since" in message
    world.feeds[FEED] = feed(*titles, "again")
    live(world, {}, 3600, HANDBILL_POLL_EVERY="10m")
    assert open_alerts(world) == []


@pytest.mark.parametrize(("kept", "expected"), [(True, ["sent"]), (False, ["skipped"])])
def test_a_source_that_is_added_keeps_in_no_news_of_one_that_is_watched(
    world: World, kept: bool, expected: list[str]
) -> None:
    """Two feeds show the same. An article comes out, and the second feed is added before the first is looked at again:
    it goes out. Where the second takes the place of the first, which nobody looks at any more, a first look is one."""
    other = "https://news.example/other.json"
    world.feeds[FEED] = _dated(world, old=-3600)
    adapter = Scripted(SimPlatform("paper", remembers=True))
    live(world, {"paper": adapter}, 5, HANDBILL_BACKFILL="0")
    world.feeds[FEED] = world.feeds[other] = _dated(world, old=-3600, new=-2)
    live(world, {"paper": adapter}, 40, HANDBILL_BACKFILL="0", HANDBILL_SOURCES=f"{FEED},{other}" if kept else other)
    assert ["skipped", *expected] == states(world)


def _dated(world: World, **ages: float) -> bytes:
    """A feed of articles that came out so many seconds after the world began."""
    items = [
        {
            "id": name,
            "url": f"https://news.example/{name}",
            "title": name,
            "date_published": (world.started_at + timedelta(seconds=at)).isoformat(),
        }
        for name, at in reversed(ages.items())
    ]
    return json.dumps({"version": "https://jsonfeed.org/version/1.1", "title": "News", "items": items}).encode()
