"""Many sources in one process: each is looked at in its time, whatever the others are like and how many they are."""

import asyncio
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from sqlalchemy import text, update

import bot.watching
from bot.doors import Doors, Fetched, Lease, Leases
from bot.ledger import schema
from bot.ledger.leases import SessionLeases, SoleLeases
from bot.ledger.migrate import ensure_ledger
from bot.settings import load_settings
from bot.sourcing import Sourcing
from bot.watching import site_of
from tests.core.lives import feed, live, read
from tests.simulation.world import Fuse, SimClock, SimDice, SimLedger, SimWeb, World, inline, run

pytestmark = pytest.mark.usefixtures("logged")

HUNG = 1_000.0
"""Seconds."""
AT_ONCE = 8
"""Looks that may go on at a time."""
LOCKS = text("SELECT objid FROM pg_locks WHERE locktype = 'advisory' AND pid <> pg_backend_pid()")


@pytest.fixture(autouse=True)
def _few_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bot.watching, "AT_ONCE", AT_ONCE)


def addresses(count: int, host: str = "s{}.example") -> list[str]:
    """Of so many feeds, each on a host of its own unless one is named."""
    return [f"https://{host.format(number)}/{number}.json" for number in range(count)]


class Lost(BaseException):
    """A mistake that nobody mends."""


@dataclass
class Web:
    """Doors to the web at which some addresses take their time."""

    takes: Mapping[str, float] = field(default_factory=dict)
    """Address → seconds."""
    asked: list[tuple[str, float]] = field(default_factory=list)
    """(address, when)."""
    lost: bool = False
    """Whether whoever asks is lost."""
    going: int = 0
    most: int = 0

    def __call__(self, world: World, fuse: Fuse) -> SimWeb:
        web = self

        class Door(SimWeb):
            async def get(self, url: str, **other: Any) -> Fetched:
                web.asked.append((url, asyncio.get_running_loop().time()))
                if web.lost:
                    raise Lost
                web.going += 1
                web.most = max(web.most, web.going)
                try:
                    await asyncio.sleep(web.takes.get(url, 0.0))
                    return await super().get(url, **other)
                finally:
                    web.going -= 1

        return Door(world, fuse)

    def times(self, url: str) -> list[float]:
        """When it was asked for."""
        return [at for asked, at in self.asked if asked == url]


def test_each_of_many_is_looked_at_once_an_interval(world: World) -> None:
    """Three times as many as may go on at once; never more than those at a time."""
    urls, web = addresses(3 * AT_ONCE), Web()
    world.feeds |= {url: feed("a") for url in urls}
    live(world, {}, 100, web=web, HANDBILL_SOURCES=",".join(urls))
    assert {2: len(urls)} == Counter(Counter(url for url, _ in web.asked).values())
    assert web.most == AT_ONCE


def test_one_slow_site_holds_up_nobody_else(world: World) -> None:
    """More of its feeds are due than looks may go on at a time: the others are looked at as ever."""
    slow, others, web = addresses(AT_ONCE + 5, "slow.example"), addresses(5), Web()
    web.takes = dict.fromkeys(slow, HUNG)
    world.feeds |= {url: feed("a") for url in (*slow, *others)}
    live(world, {}, 10, web=web, HANDBILL_SOURCES=",".join([*slow, *others]))
    assert [1] * len(others) == [len(web.times(url)) for url in others]
    assert [slow[0]] == [url for url, _ in web.asked if url in slow]


def test_times_outlive_a_restart(world: World) -> None:
    """What was due in half a minute when the program was stopped is asked for half a minute after it starts again."""
    (url,), web = addresses(1), Web()
    world.feeds[url] = feed("a")
    live(world, {}, 30, web=web, HANDBILL_SOURCES=url)
    live(world, {}, 40, web=web, HANDBILL_SOURCES=url)
    first, second = web.times(url)
    assert first == pytest.approx(0.0, abs=0.5)
    assert second == pytest.approx(30.0, abs=4)  # the jitter of a minute, and how long the first look took


def test_what_is_wrong_with_one_in_the_ledger_hurts_no_other(world: World) -> None:
    """Its row is gone: it rests with an error, again and again, and the others are looked at each minute."""
    urls, web = addresses(3), Web()
    world.feeds |= {url: feed("a") for url in urls}
    live(world, {}, 10, HANDBILL_SOURCES=",".join(urls))

    class Torn(SimLedger):
        """As soon as all are registered, one is gone."""

        async def read(self, work: Any) -> Any:
            self._inline.write_now(lambda conn: conn.execute(gone))
            return await super().read(work)

    gone = update(schema.sources).where(schema.sources.c.url == urls[1]).values(identity="elsewhere")
    live(world, {}, 130, web=web, ledger=Torn, HANDBILL_SOURCES=",".join(urls))
    assert [2, 0, 2] == [len(web.times(url)) for url in urls]


class Counted(SoleLeases):
    """How many are held."""

    def __init__(self) -> None:
        self.held: set[str] = set()
        self.most = 0

    async def take(self, name: str, *, fair: bool = True) -> Lease | None:
        self.held.add(name)
        self.most = max(self.most, len(self.held))
        return await super().take(name, fair=fair)

    async def give_back(self, lease: Lease) -> None:
        self.held.remove(lease.name)


def test_only_what_is_looked_at_is_leased(world: World) -> None:
    """However many sources there are: a server has room for some thousands of locks, over all that work with it."""
    urls, leases = addresses(3 * AT_ONCE), Counted()
    world.feeds |= {url: feed("a") for url in urls}

    async def life() -> None:
        with watching(world, Web(), urls, leases) as sourcing:
            await sourcing.start()
            running = asyncio.create_task(sourcing.watching.run())
            await asyncio.sleep(5)
            running.cancel()
            await asyncio.wait([running])

    run(life())
    assert (AT_ONCE, set()) == (leases.most, leases.held)


@contextmanager
def watching(
    world: World, web: Web, urls: list[str], leases: Leases | None = None, *, shared: bool = False, **more: str
) -> Iterator[Sourcing]:
    """The side of the core where articles come from; `shared`: its ledger is on a server."""
    environ = {"HANDBILL_SOURCES": ",".join(urls), "HANDBILL_DATABASE_URL": world.ledger_url, **more}
    fuse = Fuse()
    clock, ledger = SimClock(world, fuse), SimLedger(world, fuse)
    leased = SessionLeases(ledger, clock, fair_ones=0) if shared else leases or SoleLeases()
    doors = Doors(clock, SimDice(world.random), ledger, leased, web(world, fuse), inline)
    try:
        yield Sourcing(load_settings({}, environ=environ, env_file=None), doors, {}, str)
    finally:
        ledger.close()


def test_processes_share_the_sources(world: World, new_database: str) -> None:
    """Two at work on a server: each source is looked at once an interval, not twice, and no lock is left behind; when
    one of them is gone, the other has them all."""
    ensure_ledger(new_database)
    world.ledger_url = new_database
    urls, web = addresses(AT_ONCE + 2), Web()
    world.feeds |= {url: feed("a") for url in urls}

    async def life() -> None:
        with ExitStack() as stack:
            loops = []
            for _ in range(2):
                one = watching(world, web, urls, shared=True, HANDBILL_POLL_EVERY="1m")
                sourcing = stack.enter_context(one)
                await sourcing.start()
                loops.append(asyncio.create_task(sourcing.watching.run()))
            await asyncio.sleep(100)
            assert {2} == {len(web.times(url)) for url in urls}
            loops[0].cancel()
            await asyncio.sleep(60)
            assert [] == read(world, lambda conn: conn.execute(LOCKS).scalars().all())
            loops[1].cancel()
            await asyncio.wait(loops)

    run(life())
    assert {3} == {len(web.times(url)) for url in urls}


def test_a_push_waits_for_nobody(world: World) -> None:
    """All looks that may go on hang, and the source waits behind them: pushed, it is looked at in that moment; pushed
    while it is looked at, it is looked at once more."""
    urls, web = addresses(AT_ONCE + 1), Web()
    web.takes = dict.fromkeys(urls[:-1], HUNG)
    world.feeds |= {url: feed("a") for url in urls}

    async def life() -> None:
        with watching(world, web, urls) as sourcing:
            await sourcing.start()
            running = asyncio.create_task(sourcing.watching.run())
            await asyncio.sleep(5)
            assert not web.times(urls[-1])
            for _ in range(3):
                sourcing.watching.look_now(sourcing.pollers[-1].source.identity)
                await asyncio.sleep(0.05)
            await asyncio.sleep(5)
            running.cancel()
            await asyncio.wait([running])

    run(life())
    first, second = web.times(urls[-1])
    assert first == pytest.approx(5.0, abs=0.01)
    assert second == pytest.approx(6.1, abs=0.05)


def test_it_stops_in_good_order(world: World) -> None:
    """Looks that go on are broken off and over when it is; a push that comes later begins none."""
    urls, web = addresses(3), Web()
    web.takes = dict.fromkeys(urls, HUNG)

    async def life() -> None:
        with watching(world, web, urls) as sourcing:
            await sourcing.start()
            running = asyncio.create_task(sourcing.watching.run())
            await asyncio.sleep(1)
            assert web.going == len(urls)
            running.cancel()
            await asyncio.wait([running])
            assert web.going == 0
            sourcing.watching.look_now(sourcing.pollers[0].source.identity)
            await asyncio.sleep(1)

    run(life())
    assert len(web.asked) == len(urls)


def test_a_mistake_that_nothing_mends_ends_it(world: World) -> None:
    """It rises out of the loop, where the daemon sees it."""

    async def life() -> None:
        with watching(world, Web(lost=True), addresses(1)) as sourcing:
            await sourcing.start()
            await sourcing.watching.run()

    with pytest.raises(Lost):
        run(life())


@pytest.mark.parametrize(
    ("url", "site"),
    [
        ("https://user:word@News.example:8443/feed", "news.example:8443"),
        ("https://[::1]/feed", "[::1]"),
        ("https://[::1/feed", "https://[::1/feed"),
    ],
)
def test_whose_server_an_address_leads_to(url: str, site: str) -> None:
    """Without credentials, in lower case; what is no address stands for itself."""
    assert site == site_of(url)
