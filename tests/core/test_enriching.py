"""Pages of many sources: read wherever something was found, and what goes wrong at one source costs no other."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import select

from bot.doors import Doors, Lease
from bot.enrich import WHILE_ANOTHER_READS
from bot.ledger.leases import SoleLeases
from bot.ledger.schema import articles
from bot.settings import load_settings
from bot.sourcing import Sourcing
from tests.core.lives import read
from tests.simulation.world import Fuse, SimClock, SimDice, SimLedger, SimWeb, World, inline, run

pytestmark = pytest.mark.usefixtures("logged")

HOSTS = ("a.example", "b.example", "c.example")


def feeds(world: World, *paths: str) -> None:
    """Each host's feed shows these articles, and has their pages."""
    for host in HOSTS:
        items = [{"id": path, "url": f"https://{host}/{path}", "title": f"{host} {path}"} for path in paths]
        document = {"version": "https://jsonfeed.org/version/1.1", "title": host, "items": items}
        world.feeds[f"https://{host}/feed.json"] = json.dumps(document).encode()
        world.feeds |= {f"https://{host}/{path}": b"<title>Page</title>" for path in paths}


class Leases(SoleLeases):
    """Some are another process's, or cannot be asked for."""

    def __init__(self) -> None:
        self.taken = ""
        """A part of the names that another process has."""
        self.broken = ""
        """A part of the names that nobody can ask for."""

    async def take(self, name: str, *, fair: bool = True) -> Lease | None:
        if self.broken and self.broken in name:
            raise RuntimeError("a mistake of the test")
        return None if self.taken and self.taken in name else await super().take(name, fair=fair)


@contextmanager
def sourcing(world: World, leases: Leases) -> Iterator[Sourcing]:
    """One process's sources, in which pages are read."""
    addresses = ",".join(f"https://{host}/feed.json" for host in HOSTS)
    environ = {"HANDBILL_SOURCES": addresses, "HANDBILL_DATABASE_URL": world.ledger_url, "HANDBILL_BACKFILL": "9"}
    fuse = Fuse()
    clock, ledger = SimClock(world, fuse), SimLedger(world, fuse)
    doors = Doors(clock, SimDice(world.random), ledger, leases, SimWeb(world, fuse), inline)
    try:
        yield Sourcing(load_settings({}, environ=environ, env_file=None), doors, {}, str)
    finally:
        ledger.close()


def unread(world: World) -> list[str]:
    """The titles of the articles whose pages have not been read."""
    query = select(articles.c.title).where(articles.c.enrich_until.is_not(None)).order_by(articles.c.title)
    return read(world, lambda conn: list(conn.execute(query).scalars()))


def test_what_another_process_found_is_read(world: World) -> None:
    """At the start, and when word of it comes; not by asking again and again."""
    feeds(world, "one")

    async def life() -> list[list[str]]:
        with sourcing(world, Leases()) as here, sourcing(world, Leases()) as there:
            return await met(here, there)

    async def met(here: Sourcing, there: Sourcing) -> list[list[str]]:
        for each in (here, there):
            await each.start()
        await there.look()
        found = [unread(world)]
        task = asyncio.create_task(_enriching(here))
        await asyncio.sleep(2)
        found.append(unread(world))
        feeds(world, "two", "one")
        await there.look()
        await asyncio.sleep(600)
        found.append(unread(world))
        here.wake()
        await asyncio.sleep(2)
        found.append(unread(world))
        task.cancel()
        await asyncio.wait([task])
        return found

    all_of = [[f"{host} {path}" for host in HOSTS] for path in ("one", "two")]
    assert [all_of[0], [], all_of[1], []] == run(life())


async def _enriching(one: Sourcing) -> None:
    """The loop that reads pages, alone."""
    watching, enriching = one.loops()
    watching.close()
    await enriching


@pytest.mark.parametrize("way", ["taken", "broken"])
def test_one_source_that_has_to_wait_holds_up_no_other(world: World, way: str) -> None:
    """Another process reads its pages, or asking for the right to fails: it is asked for again, and got in the end."""
    feeds(world, "one")
    leases = Leases()
    setattr(leases, way, "pages:b.example")

    async def life() -> list[list[str]]:
        with sourcing(world, leases) as one:
            await one.start()
            await one.look()
            task = asyncio.create_task(_enriching(one))
            await asyncio.sleep(3 * WHILE_ANOTHER_READS)
            found = [unread(world)]
            setattr(leases, way, "")
            await asyncio.sleep(600)
            task.cancel()
            await asyncio.wait([task])
            return [*found, unread(world)]

    assert [["b.example one"], []] == run(life())


def test_a_round_of_its_own_reads_what_it_may(world: World) -> None:
    """What goes wrong at one source is said, and the pages of the others are read."""
    feeds(world, "one")
    leases = Leases()
    leases.broken = "pages:b.example"

    async def life() -> None:
        with sourcing(world, leases) as one:
            await one.start()
            await one.look()
            await one.enrich()

    run(life())
    assert ["b.example one"] == unread(world)
