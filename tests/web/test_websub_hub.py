"""Pushes from a hub, from the first look at a feed that names one to the posts."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from aiohttp import ClientSession
from structlog.testing import capture_logs

from bot.ledger.db import InlineLedger, open_engine
from bot.ledger.subscriptions import list_subscriptions
from bot.subscribe import LOOK_EVERY
from bot.watcher import ONCE_MORE
from bot.websub import AGAIN_FROM, DENIED_FOR, RENEW_AFTER, VERIFIES_WITHIN, Standing, Subscription
from tests.leaping import run
from tests.stage import Stage
from tests.web.desk import Desk, desk
from tests.web.hub import Hub


@asynccontextmanager
async def pushed(folder: Path, ledger: Path, hub: Hub, **more: str) -> AsyncIterator[Desk]:
    """A daemon whose feed names the hub."""
    link = f'<{hub.url}>; rel="hub", <{{feed}}>; rel="self"'
    settings = {"POLL_EVERY": "10m", "CONFIRM_AFTER": "0s"} | more
    async with desk(folder, ledger, link=link, more=settings) as here:
        yield here


def subscription(stage: Stage) -> Subscription:
    """What the ledger knows of the one subscription."""
    ledger = InlineLedger(open_engine(stage.database_url))
    try:
        (source,) = [each.identity for each in stage.settings().sources]
        (found,) = ledger.read_now(lambda conn: list_subscriptions(conn, [source]))
        return found
    finally:
        ledger.close()


async def looks(here: Desk, count: int) -> None:
    """Wait until the feed was fetched so many times."""
    while here.stage.publication.count(here.stage.feed) < count:
        await here.stage.publication.arrivals(len(here.stage.publication.requests) + 1)


def test_from_the_feed_to_the_post(tmp_path: Path, new_ledger: Path) -> None:
    """A hub that the feed names is asked, asks back, and its signed push is a look at once: the post is out long before
    the next poll."""

    async def life() -> None:
        async with Hub() as hub, pushed(tmp_path, new_ledger, hub) as here:
            await hub.happens(1)
            (form,) = hub.asked
            assert here.stage.feed_url == form["hub.topic"]
            assert Standing.VERIFIED == subscription(here.stage).standing
            assert form["hub.secret"].encode() not in here.stage.ledger_bytes()
            assert form["hub.callback"].rpartition("/")[2].encode() not in here.stage.ledger_bytes()
            began, article = here.clock.now(), here.stage.publication.publish("Pushed", "At once.")
            assert [202] == await hub.push(b"<rss>whatever it says</rss>")
            assert {"mastodon": 1} == await here.posts(article.link)
            assert here.clock.now() - began < timedelta(seconds=5)
            assert subscription(here.stage).pushed_at is not None

    run(life())


def test_a_hub_that_asks_back_before_it_answers(tmp_path: Path, new_ledger: Path) -> None:
    """What is asked is in the ledger before the request leaves, so that the question is known."""

    async def life() -> None:
        async with Hub() as hub:
            hub.asks_first = True
            async with pushed(tmp_path, new_ledger, hub) as here:
                await hub.happens(1)
                assert Standing.VERIFIED == subscription(here.stage).standing

    run(life())


def test_pushes_that_are_not_believed(tmp_path: Path, new_ledger: Path) -> None:
    """A push with a wrong signature or none is answered like any other, and leads to no look; another address is not
    known at all."""

    async def life() -> None:
        async with Hub() as hub, pushed(tmp_path, new_ledger, hub) as here:
            await hub.happens(1)
            (callback,) = hub.subscribers
            assert [202] == await hub.push(b"x", secret="wrong")
            async with ClientSession() as session:
                for address, status in ((callback, 202), (f"{callback[:-1]}~", 404), (here.url("/websub/x"), 404)):
                    async with session.post(address, data=b"x") as response:
                        assert status == response.status
                query = {"hub.mode": "subscribe", "hub.topic": "https://elsewhere.example/", "hub.challenge": "x"}
                async with session.get(callback, params=query) as response:
                    assert 404 == response.status
            await here.clock.sleep(20)
            assert 1 == here.stage.publication.count(here.stage.feed)
            assert subscription(here.stage).pushed_at is None

    run(life())


def test_a_lease_is_renewed_before_its_end(tmp_path: Path, new_ledger: Path) -> None:
    """Over two short leases, the hub is asked in time each time, at the same address."""

    async def life() -> None:
        async with Hub() as hub:
            hub.lease_for = 600.0
            async with pushed(tmp_path, new_ledger, hub) as here:
                await hub.happens(1)
                for count in (2, 3):
                    began = here.clock.monotonic()
                    here.clock.leap(600 * RENEW_AFTER - 60)
                    await hub.happens(count)
                    took = here.clock.monotonic() - began
                    assert 0 <= took - 600 * RENEW_AFTER <= 2 * LOOK_EVERY
                    until = subscription(here.stage).lease_until
                    assert until is not None
                    assert until - here.clock.now() > timedelta(seconds=500)
                assert 1 == len(hub.subscribers)

    run(life())


@pytest.mark.parametrize("status", [400, 500])
def test_a_hub_that_will_not(status: int, tmp_path: Path, new_ledger: Path) -> None:
    """A hub that answers with an error is asked again, ever more rarely, while polls go on as ever."""

    async def life() -> None:
        async with Hub() as hub:
            hub.status = status
            with capture_logs() as logged:
                async with pushed(tmp_path, new_ledger, hub) as here:
                    here.clock.leap(VERIFIES_WITHIN - 30)
                    await hub.happens(2)
                    here.clock.leap(600)  # as long as the second wait, which is longer than the first
                    await here.clock.sleep(LOOK_EVERY)
                    assert 2 <= len(hub.asked) <= 3
                    assert 2 <= here.stage.publication.count(here.stage.feed)
                    hub.status = 202
                    await hub.happens(len(hub.asked) + 1)
                    assert Standing.VERIFIED == subscription(here.stage).standing
            refused = [each for each in logged if each["event"] == "websub.refused"]
            assert f"answers with status {status}: So it is." in refused[0]["reason"]

    run(life())


def test_a_hub_that_does_not_ask_back(tmp_path: Path, new_ledger: Path) -> None:
    """A request that came to nothing is made again."""

    async def life() -> None:
        async with Hub() as hub:
            hub.status = 204  # taken, and forgotten
            async with pushed(tmp_path, new_ledger, hub) as here:
                await hub.happens(1)
                assert Standing.ASKED == subscription(here.stage).standing
                hub.status = 202
                began = here.clock.monotonic()
                here.clock.leap(VERIFIES_WITHIN - 30)
                await hub.happens(2)
                assert here.clock.monotonic() - began <= VERIFIES_WITHIN + 2 * LOOK_EVERY
                assert Standing.VERIFIED == subscription(here.stage).standing
                assert 0 == subscription(here.stage).failures

    run(life())


def test_a_hub_that_denies(tmp_path: Path, new_ledger: Path) -> None:
    """It is asked once more a day later."""

    async def life() -> None:
        async with Hub() as hub:
            hub.denies = True
            async with pushed(tmp_path, new_ledger, hub) as here:
                await hub.happens(1)
                assert Standing.DENIED == subscription(here.stage).standing
                here.clock.leap(DENIED_FOR - 600)
                await here.clock.sleep(LOOK_EVERY)
                assert 1 == len(hub.asked)
                here.clock.leap(600)
                await hub.happens(2)

    run(life())


def test_a_hub_that_is_away(tmp_path: Path, new_ledger: Path) -> None:
    """Where nobody listens, polls go on."""

    async def life() -> None:
        async with Hub() as hub:
            gone = hub.url
        hub.url = gone
        async with pushed(tmp_path, new_ledger, hub) as here:
            await here.clock.sleep(2 * LOOK_EVERY)
            here.clock.leap(AGAIN_FROM)
            await here.clock.sleep(LOOK_EVERY)
            article = here.stage.publication.publish("Polled", "All the same.")
            here.clock.leap(600)
            assert {"mastodon": 1} == await here.posts(article.link)
            assert subscription(here.stage).failures >= 2

    run(life())


def test_looks_are_rarer_while_pushes_come(tmp_path: Path, new_ledger: Path) -> None:
    """After a push has told of an article, the feed is looked at hourly; once a look finds what no push told of, as
    often as before."""

    async def life() -> None:
        async with Hub() as hub, pushed(tmp_path, new_ledger, hub, POLL_SLOWEST="10m") as here:
            await hub.happens(1)
            paper = here.stage.publication
            article = paper.publish("Pushed", "At once.")
            await hub.push(b"x")
            await here.posts(article.link)
            before = paper.count(here.stage.feed)
            here.clock.leap(3000)
            await here.clock.sleep(30)
            assert before == paper.count(here.stage.feed)
            lost = paper.publish("Lost", "The push got lost.")
            here.clock.leap(700)
            await here.posts(lost.link)
            before = paper.count(here.stage.feed)
            here.clock.leap(640)
            await here.clock.sleep(5)
            assert before + 1 == paper.count(here.stage.feed)

    run(life())


def test_a_cache_that_lags_behind(tmp_path: Path, new_ledger: Path) -> None:
    """Where the feed does not show yet what the push is about, it is looked at once more a little later, and again."""

    async def life() -> None:
        async with Hub() as hub, pushed(tmp_path, new_ledger, hub) as here:
            await hub.happens(1)
            await hub.push(b"x")
            await looks(here, 2)
            await here.clock.sleep(2)
            article = here.stage.publication.publish("Late", "The cache was slow.")
            began = here.clock.monotonic()
            await here.posts(article.link)
            assert here.clock.monotonic() - began <= ONCE_MORE[0] + 10
            await here.clock.sleep(120)
            assert 3 == here.stage.publication.count(here.stage.feed)

    run(life())


def test_many_pushes_are_few_looks(tmp_path: Path, new_ledger: Path) -> None:
    """However many pushes come at once, the feed is not fetched for each of them."""

    async def life() -> None:
        async with Hub() as hub, pushed(tmp_path, new_ledger, hub) as here:
            await hub.happens(1)
            here.stage.publication.publish("Often", "Pushed.")
            await asyncio.gather(*(hub.push(b"x") for _ in range(30)))
            await here.clock.sleep(5)
            assert here.stage.publication.count(here.stage.feed) <= 6

    run(life())


def test_another_secret_asks_anew(tmp_path: Path, new_ledger: Path) -> None:
    """After the operator has changed the secret, the hub is given the new address at once."""

    async def life() -> None:
        async with Hub() as hub:
            async with pushed(tmp_path, new_ledger, hub):
                await hub.happens(1)
            async with pushed(tmp_path, new_ledger, hub) as here:
                await hub.happens(2)
                assert Standing.VERIFIED == subscription(here.stage).standing
                assert 2 == len(hub.subscribers)

    run(life())
