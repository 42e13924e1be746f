"""Archive pages over real HTTP, and what the daemon makes of one whose template breaks."""

import pytest

from bot.clock import SystemClock
from bot.doors import Doors
from bot.ledger.leases import SoleLeases
from bot.ledger.schema import articles
from bot.ledger.watched import register_source
from bot.plan import Rules
from bot.poll import Poller
from bot.settings.model import SourceSettings
from bot.sources.archive.reader import read_archive
from bot.sources.fetch import AiohttpWeb
from bot.sources.kinds import read_source
from bot.sources.reading import Cursor, Reading, Selectors, Unreadable, Watched
from bot.sources.robots import Robots
from tests.core.lives import open_alerts, rows
from tests.simulation.world import Fuse, SimClock, SimDice, SimLedger, SimWeb, World, inline, run
from tests.sources.wild import NOW, Site

PAGE = "https://news.example/archive"


def page(*numbers: int) -> bytes:
    """A page that lists these articles, the newest first."""
    items = "".join(
        f'<li><h2><a href="/story/{number}-of-the-day">Story number {number} of the day</a></h2>'
        f"<p>What happened in story {number}, told in about one line.</p></li>"
        for number in sorted(numbers, reverse=True)
    )
    return f"<html lang=en><title>News</title><body><ul>{items}</ul></body></html>".encode()


async def look(web: AiohttpWeb, url: str, cursor: Cursor, selectors: Selectors | None = None) -> Reading:
    """One look."""
    return await read_archive(web, inline, Watched(url, "archive", selectors or Selectors()), cursor, NOW)


async def test_a_page_that_has_not_changed_is_not_read_again(site: Site, the_web: AiohttpWeb) -> None:
    """Validators go along while the selectors are the same; other selectors read the page anew."""
    url = site.page("/", page(1, 2, 3), headers={"ETag": '"1"', "Cache-Control": "max-age=60"})
    first = await look(the_web, url, Cursor())
    assert first.feed is not None
    assert (3, '"1"', 60.0) == (len(first.feed.entries), first.cursor.etag, first.fresh_for)
    await look(the_web, url, first.cursor)
    await look(the_web, url, first.cursor, Selectors(item="li"))
    assert [None, '"1"', None] == [request.headers.get("If-None-Match") for request in site.requests]


async def test_the_kind_chooses_the_reader(site: Site, the_web: AiohttpWeb) -> None:
    """A source of the kind `archive` is read as a page."""
    reading = await read_source(the_web, inline, Watched(site.page("/", page(1, 2, 3)), "archive"), Cursor(), NOW)
    assert reading.feed is not None
    assert "archive page" == reading.feed.kind


async def test_a_page_is_watched_where_a_site_has_nothing_better(site: Site, the_web: AiohttpWeb) -> None:
    """Without a kind, a page that lists articles is known as one; when it breaks, it is doubted, not met anew."""
    url = site.page("/", page(1, 2, 3))
    first = await read_source(the_web, inline, Watched(url), Cursor(), NOW)
    assert first.feed is not None
    assert ("archive page", 3) == (first.feed.kind, len(first.feed.entries))
    second = await read_source(the_web, inline, Watched(url), first.cursor, NOW)
    assert "archive" == second.cursor.memory["kind"]
    site.page("/", page(*range(500, 520)))
    with pytest.raises(Unreadable, match="None of the articles") as refused:
        await read_source(the_web, inline, Watched(url), second.cursor, NOW)
    assert refused.value.memory is not None
    assert "archive" == refused.value.memory["kind"]


async def test_a_refused_look_leaves_its_doubt(site: Site, the_web: AiohttpWeb) -> None:
    """A page that lost its articles raises, with what is to be remembered and how to mend it."""
    first = await look(the_web, site.page("/", page(1, 2, 3)), Cursor())
    url = site.page("/", b"<html><body><p>We are redecorating.</p>")
    with pytest.raises(Unreadable) as refused:
        await look(the_web, url, first.cursor)
    assert "The page lists no articles any more, where it listed up to 3." == refused.value.message
    assert "Name where they stand with selectors if its layout has changed." == refused.value.mend
    assert refused.value.memory is not None
    assert first.cursor.memory["ids"] == refused.value.memory["ids"]


async def test_a_page_that_machines_may_not_read_is_no_source(site: Site, the_web: AiohttpWeb) -> None:
    """By whatever name it is watched, its robots.txt counts, with a mend; a feed of the same site may be read."""
    url = site.page("/", page(1, 2, 3))
    feed = site.page("/feed.json", '{"version": "https://jsonfeed.org/version/1.1", "title": "F", "items": []}')
    allowed = Robots(the_web, SystemClock())
    found = await read_source(the_web, inline, Watched(url), Cursor(), NOW, robots=allowed)
    site.page("/robots.txt", "User-agent: *\nDisallow: /")
    forbidden = Robots(the_web, SystemClock())
    for watched, cursor in (
        (Watched(url, "archive"), Cursor()),
        (Watched(url), Cursor()),
        (Watched(url), found.cursor),
    ):
        with pytest.raises(Unreadable, match="asks machines not to read it") as refused:
            await read_source(the_web, inline, watched, cursor, NOW, robots=forbidden)
        assert "Let the user agent Handbill read it there, or give the address of a feed." == refused.value.mend
    assert (await read_source(the_web, inline, Watched(feed), Cursor(), NOW, robots=forbidden)).feed is not None


def looks(world: World, *pages: bytes) -> None:
    """The daemon looks at the page each hour, and finds these."""

    async def life() -> None:
        fuse = Fuse()
        clock, ledger = SimClock(world, fuse), SimLedger(world, fuse)
        doors = Doors(clock, SimDice(world.random), ledger, SoleLeases(), SimWeb(world, fuse), inline)
        source = SourceSettings("news", PAGE, "archive", 3600.0, 3600.0, 0, None, "news")
        rules = Rules(settle=0.0, max_age=1e9, backfill=0)
        poller = Poller(source, doors, rules, channel_ids=lambda _: [], on_new=lambda: None, redact=str)
        await doors.ledger.write(
            lambda conn: register_source(conn, identity="news", name="news", url=PAGE, now=clock.now()).id
        )
        for body in pages:
            world.feeds[PAGE] = body
            await poller.look()
            await clock.sleep(3600.0)
        world.note_time(clock)
        ledger.close()

    run(life())


def titles(world: World) -> list[str]:
    """The articles that the ledger knows beyond those of the first look."""
    return [row["title"] for row in rows(world, articles)][10:]


USUAL, MENUS, CHANGED = page(*range(1, 11)), page(*range(500, 520)), page(*range(700, 710))


@pytest.mark.usefixtures("logged")
def test_a_broken_template_gives_nothing_and_says_so(world: World) -> None:
    """Menus in the place of articles give an alert and no article; the page's return ends it, with its news."""
    looks(world, USUAL, MENUS, MENUS, MENUS, MENUS)
    assert [] == titles(world)
    [alert] = open_alerts(world)
    assert "None of the articles that the page listed last is there any more; it lists 20 others." in alert
    looks(world, page(*range(2, 12)))
    assert ["Story number 11 of the day"] == titles(world)
    assert [] == open_alerts(world)


@pytest.mark.usefixtures("logged")
def test_a_page_that_changed_completely_is_believed_in_the_end(world: World) -> None:
    """The doubt outlives restarts; at the sixth look what is listed counts as news, and as a gap."""
    looks(world, USUAL, CHANGED, CHANGED, CHANGED)
    looks(world, CHANGED, CHANGED)
    assert [] == titles(world)
    looks(world, CHANGED)
    assert 10 == len(titles(world))
    [alert] = open_alerts(world)
    assert "Articles may be missing" in alert


@pytest.mark.usefixtures("logged")
def test_a_page_that_was_empty_at_first_replays_nothing(world: World) -> None:
    """The articles that appear on a page without any are those of its first look, which posts nothing."""
    looks(world, page(), page(), page(), page())
    [alert] = open_alerts(world)
    assert "No articles were found on the page." in alert
    looks(world, USUAL, page(*range(1, 12)))
    assert ["Story number 11 of the day"] == titles(world)
