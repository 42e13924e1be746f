"""After an absence nothing that a source shows may be known: it is caught up with, or an alert says what is missing."""

import asyncio
import json
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from bot.doors import Fetched, FetchFailed
from bot.ledger.schema import alerts, articles, deliveries, sources
from bot.missed import SHOWN_FOR
from bot.schedule import PATIENCE
from tests.core.lives import FEED, live, open_alerts, rows
from tests.simulation.world import EPOCH, SimWeb, World
from tests.sources.blog import HOME, ROUTE, Blog, BlogDoor

pytestmark = pytest.mark.usefixtures("logged")

OLDER = f"{FEED}?page=2"


def page(titles: Sequence[str], older: str | None = None, *, dated: bool = False) -> bytes:
    """A feed with these articles, newest first."""
    items = [
        {"id": title, "url": f"https://news.example/{title}", "title": title}
        | ({"date_published": EPOCH.isoformat()} if dated else {})
        for title in titles
    ]
    document = {"version": "https://jsonfeed.org/version/1.1", "items": items, "next_url": older}
    return json.dumps(document).encode()


def found(world: World) -> list[str]:
    """The titles of all articles, in the order in which they were found."""
    return [row["title"] for row in rows(world, articles)]


def met(world: World) -> None:
    """A first life, in which the source shows two articles; then the daemon is away."""
    world.feeds[FEED] = page(["b", "a"])
    live(world, {}, 30)


def test_what_came_in_between_is_caught_up_with(world: World) -> None:
    """Older pages are read until something is known, each article is found once, in order, and nobody is alarmed."""
    met(world)
    world.feeds[FEED], world.feeds[OLDER] = page(["f", "e"], OLDER), page(["d", "c", "b"], f"{FEED}?page=3")
    live(world, {}, 200)
    assert (["a", "b", "c", "d", "e", "f"], []) == (found(world), open_alerts(world))


def test_wordpress_is_caught_up_with_whatever_its_clock_says(world: World) -> None:
    """More posts than any page holds, in a day without the daemon: each is found once, none is suspected of being old,
    and nobody is alarmed."""
    blog = Blog()

    class Door(SimWeb):
        """The door to that one site, on the world's time."""

        async def get(self, url: str, **other: Any) -> Fetched:
            blog.now = world.started_at + timedelta(seconds=asyncio.get_running_loop().time())
            return await BlogDoor(blog).get(url, **other)

    blog.now = EPOCH - timedelta(days=1)
    blog.publish("old")
    live(world, {}, 30, web=Door, HANDBILL_SOURCES=f"{HOME}{ROUTE}")
    for number in range(120):
        blog.now = EPOCH + timedelta(minutes=1 + number * 10)
        blog.publish(f"Post {number:03}")
    world.started_at += timedelta(days=1)
    live(world, {}, 200, web=Door, HANDBILL_SOURCES=f"{HOME}{ROUTE}")
    assert ["old", *(f"Post {number:03}" for number in range(120))] == found(world)
    assert ([], 0) == (open_alerts(world), sum(row["state"] == "held" for row in rows(world, deliveries)))


def test_where_nothing_leads_back_an_alert_says_so_for_a_week(world: World) -> None:
    """One alert, with the time in which something may have been missed, which is over by itself."""
    met(world)
    world.feeds[FEED] = page(["f", "e"])
    live(world, {}, 200)
    [message] = open_alerts(world)
    assert "Articles may be missing since 20" in message
    assert "leads to nothing older" in message
    assert ["a", "b", "e", "f"] == found(world)
    live(world, {}, SHOWN_FOR.total_seconds(), HANDBILL_POLL_EVERY="6h")
    world.feeds[FEED] = page(["g", "f"])
    live(world, {}, 86_400.0, HANDBILL_POLL_EVERY="6h")
    causes = [row["cause"] for row in rows(world, alerts) if row["cause"].startswith("missed:")]
    assert (1, False) == (len(causes), any("missing" in each for each in open_alerts(world)))


def test_a_feed_whose_window_was_there_before_misses_nothing(world: World) -> None:
    """What is dated before the last look was there to be seen then: new ids make no gap."""
    met(world)
    world.feeds[FEED], world.feeds[OLDER] = page(["f", "e"], OLDER, dated=True), b"never asked for"
    live(world, {}, 200)
    assert (["a", "b", "e", "f"], []) == (found(world), open_alerts(world))


def test_a_source_that_had_nothing_so_far_misses_nothing(world: World) -> None:
    """The first articles of an empty feed are news, not a gap."""
    world.feeds[FEED] = page([])
    live(world, {}, 30)
    world.feeds[FEED] = page(["b", "a"])
    live(world, {}, 200)
    assert (["a", "b"], []) == (found(world), open_alerts(world))


def test_trouble_on_the_way_back_is_waited_for(world: World) -> None:
    """While an older page cannot be had, nothing is taken: once it can, the gap is closed."""
    met(world)
    world.feeds[FEED], world.feeds[OLDER] = page(["f", "e"], OLDER), FetchFailed("The server answered 503.", status=503)
    live(world, {}, 70)
    assert ["a", "b"] == found(world)
    assert "503" in rows(world, sources)[0]["last_error"]
    world.feeds[OLDER] = page(["d", "c", "b"])
    live(world, {}, 200)
    assert (["a", "b", "c", "d", "e", "f"], []) == (found(world), open_alerts(world))


def test_patience_ends(world: World) -> None:
    """What cannot be had for good does not keep back what can: it goes out, and the alert says why there is a gap."""
    met(world)
    world.feeds[FEED], world.feeds[OLDER] = page(["f", "e"], OLDER), FetchFailed("The server answered 503.", status=503)
    live(world, {}, 60 * (PATIENCE + 2))
    assert ["a", "b", "e", "f"] == found(world)
    [message] = open_alerts(world)
    assert "The server answered 503" in message
