"""An article and its page: what the page adds, how long it is waited for, and that nothing of it costs the article."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from adapters.post import Draft, Post
from bot.doors import Fetched, FetchFailed
from bot.enrich import ENRICH_FOR
from bot.ledger.schema import articles, attempts, deliveries, pages
from tests.core.lives import FEED, Clocks, Scripted, live, read, rows, states
from tests.simulation.world import Fuse, SimClock, SimPlatform, SimWeb, World

pytestmark = pytest.mark.usefixtures("logged")

HOST = "https://news.example"
SLOW = ENRICH_FOR + 30


class Paper(Scripted):
    """A place that shows what it was given to compose."""

    def __init__(self) -> None:
        super().__init__(SimPlatform("paper", remembers=True))
        self.composed: list[Post] = []

    def compose(self, post: Post, at: Any) -> Draft:
        self.composed.append(post)
        return super().compose(post, at)


@dataclass
class Web:
    """Doors to the web whose pages take their time; what is asked of them is kept across restarts."""

    takes: Mapping[str, float] = field(default_factory=dict)
    """Address → seconds."""
    moved: Mapping[str, str] = field(default_factory=dict)
    """Address → where it leads."""
    asked: list[str] = field(default_factory=list)

    def __call__(self, world: World, fuse: Fuse) -> SimWeb:
        web = self

        class Door(SimWeb):
            async def get(self, url: str, **other: Any) -> Fetched:
                web.asked.append(url)
                await asyncio.sleep(web.takes.get(url, 0.0))
                return await super().get(web.moved.get(url, url), **other)

        return Door(world, fuse)


def feed(*items: Mapping[str, Any]) -> bytes:
    """A JSON feed with these articles, the newest first."""
    whole = [{"id": item["url"], "title": "", **item} for item in items]
    return json.dumps({"version": "https://jsonfeed.org/version/1.1", "title": "News", "items": whole}).encode()


ONE: Mapping[str, Any] = {"url": f"{HOST}/one", "title": "One"}
PAGE = (
    b'<html lang="de"><link rel="canonical" href="/first"><meta name="description" content="What it is about.">'
    b'<meta name="fediverse:creator" content="@ana@social.example"><title>Page</title>'
)


def lived(
    world: World, paper: Paper, seconds: float, web: Web | None = None, *, clock: Clocks = SimClock, **more: str
) -> None:
    """One life, in which pages are read."""
    options: Any = {"HANDBILL_ENRICH": "true", **{f"HANDBILL_{name}": value for name, value in more.items()}}
    live(world, {"paper": paper}, seconds, web=web or Web(), clock=clock, **options)


def sent_after(world: World) -> list[float]:
    """How many seconds after its discovery each visible call was begun."""
    found = {row["id"]: row["found_at"] for row in rows(world, articles)}
    of = {row["id"]: row["article_id"] for row in rows(world, deliveries)}
    calls = [row for row in rows(world, attempts) if row["step"] == "publish"]
    return [round((row["started_at"] - found[of[row["delivery_id"]]]).total_seconds(), 1) for row in calls]


def test_a_page_fills_what_the_source_leaves_open(world: World) -> None:
    """The post has the page's description and language, and the source's title; the page is read once, in seconds."""
    paper, web = Paper(), Web()
    world.feeds |= {FEED: feed(ONE), f"{HOST}/one": PAGE}
    lived(world, paper, 130, web)
    [post] = paper.composed
    assert ("One", "What it is about.", "de") == (post.title, post.description, post.language)
    assert [f"{HOST}/robots.txt", f"{HOST}/one"] == [url for url in web.asked if url != FEED]
    [after] = sent_after(world)
    assert 0 < after < 1


BAD: Mapping[str, bytes | FetchFailed] = {
    "missing": FetchFailed("It does not exist (404).", status=404),
    "out of reach": FetchFailed("It leads to an address that is not public, so nothing was sent there."),
    "broken": b"<\0\xff<<<html lang=<<>",
    "no page": b"%PDF-1.7",
    "empty": b"<",
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_page_costs_what_it_would_have_said(world: World, name: str) -> None:
    """The article goes out as its source has it, at once."""
    paper = Paper()
    world.feeds |= {FEED: feed(ONE), f"{HOST}/one": BAD[name]}
    lived(world, paper, 30)
    assert [("One", "")] == [(post.title, post.description) for post in paper.composed]
    assert ["sent"] == states(world)
    assert sent_after(world)[0] < 1


def test_a_page_that_machines_may_not_read_is_not_read(world: World) -> None:
    """Its robots.txt forbids it: the page is not asked for, and the article goes out."""
    paper, web = Paper(), Web()
    world.feeds |= {FEED: feed(ONE), f"{HOST}/robots.txt": b"User-agent: Handbill\nDisallow: /o", f"{HOST}/one": PAGE}
    lived(world, paper, 30, web)
    assert f"{HOST}/one" not in web.asked
    assert (["sent"], []) == (states(world), list(_pages(world)))


def test_nor_is_one_that_a_redirect_leads_to(world: World) -> None:
    """What came back from a place that forbids it is not used."""
    web = Web(moved={f"{HOST}/one": "https://other.example/1"})
    forbidden = b"User-agent: *\nDisallow: /"
    world.feeds |= {FEED: feed(ONE), "https://other.example/robots.txt": forbidden, "https://other.example/1": PAGE}
    lived(world, Paper(), 30, web)
    assert (["sent"], []) == (states(world), list(_pages(world)))


def _pages(world: World) -> list[Mapping[str, Any]]:
    return read(world, lambda conn: [dict(row) for row in conn.execute(select(pages)).mappings()])


@pytest.mark.parametrize(("settle", "after"), [("0s", ENRICH_FOR), ("10s", ENRICH_FOR), ("2m", 120.0)])
def test_a_slow_page_is_waited_for_for_a_minute_and_no_longer(world: World, settle: str, after: float) -> None:
    """Or for as long as the article settles, where that is longer: the two are not added up."""
    web = Web(takes={f"{HOST}/one": SLOW})
    world.feeds |= {FEED: feed(ONE), f"{HOST}/one": PAGE}
    lived(world, Paper(), 200, web, SETTLE=settle)
    [took] = sent_after(world)
    assert after <= took <= after + 1


def test_a_slow_robots_txt_counts_as_well(world: World) -> None:
    """All that is asked for an article has one minute together."""
    web = Web(takes={f"{HOST}/robots.txt": 40, f"{HOST}/one": 40})
    world.feeds |= {FEED: feed(ONE), f"{HOST}/one": PAGE}
    lived(world, Paper(), 200, web)
    assert ENRICH_FOR <= sent_after(world)[0] <= ENRICH_FOR + 1


def test_one_slow_page_does_not_keep_others_from_being_read(world: World) -> None:
    """While the first takes long, the others, and one that is found meanwhile, are read: at its end all go out."""
    paper, web = Paper(), Web(takes={f"{HOST}/one": SLOW})
    many = [{"url": f"{HOST}/{number}", "title": str(number)} for number in range(10)]
    world.feeds |= {FEED: feed(*many, ONE), **{item["url"]: PAGE for item in many}}
    later = {"url": f"{HOST}/later", "title": "Later"}
    world.feeds[f"{HOST}/later"] = PAGE

    async def publish() -> None:
        await asyncio.sleep(20)
        world.feeds[FEED] = feed(later, *many, ONE)

    _live_beside(world, paper, web, publish(), POLL_EVERY="30s", POLL_SLOWEST="30s")
    assert ["One", *(str(number) for number in reversed(range(10))), "Later"] == [post.title for post in paper.composed]
    assert [""] + ["What it is about."] * 11 == [post.description for post in paper.composed]
    assert 12 == sum(url.startswith(f"{HOST}/") and url not in (FEED, f"{HOST}/robots.txt") for url in web.asked)
    assert ENRICH_FOR <= sent_after(world)[0] <= ENRICH_FOR + 1


def _live_beside(world: World, paper: Paper, web: Web, beside: Any, **more: str) -> None:
    """A life of three minutes in which something happens to the world."""
    started = False

    class Clock(SimClock):
        def now(self) -> Any:
            nonlocal started
            if not started:
                started = True
                self.beside = asyncio.get_running_loop().create_task(beside)
            return super().now()

    lived(world, paper, 180, web, clock=Clock, **more)


def test_a_restart_in_the_middle_changes_nothing(world: World) -> None:
    """The page is asked for again, the minute goes on from the discovery, and the article is out once."""
    paper, web = Paper(), Web(takes={f"{HOST}/one": SLOW})
    world.feeds |= {FEED: feed(ONE), f"{HOST}/one": PAGE}
    for seconds in (20, 20, 60):
        lived(world, paper, seconds, web)
    assert 3 == web.asked.count(f"{HOST}/one")
    assert ENRICH_FOR <= sent_after(world)[0] <= ENRICH_FOR + 1
    assert ["One"] == [post.title for post in paper.composed]


def test_what_was_answered_before_a_restart_is_not_asked_for_again(world: World) -> None:
    """The page was read, the article still settles: the next life sends it with what was read."""
    paper, web = Paper(), Web()
    world.feeds |= {FEED: feed(ONE), f"{HOST}/one": PAGE}
    for _ in range(2):
        lived(world, paper, 20, web, SETTLE="30s")
    assert ["What it is about."] == [post.description for post in paper.composed]
    assert 1 == web.asked.count(f"{HOST}/one")


def test_pages_that_are_no_longer_to_be_read_are_not_waited_for_for_ever(world: World) -> None:
    """Switched off while one was being read: the article goes out within its minute."""
    web = Web(takes={f"{HOST}/one": SLOW})
    world.feeds |= {FEED: feed(ONE), f"{HOST}/one": PAGE}
    lived(world, Paper(), 20, web)
    lived(world, Paper(), 60, web, ENRICH="false")
    assert (["sent"], 1) == (states(world), web.asked.count(f"{HOST}/one"))


def test_switched_off_no_page_is_asked_for(world: World) -> None:
    """Not even the robots.txt."""
    web = Web()
    world.feeds |= {FEED: feed(ONE), f"{HOST}/one": PAGE}
    lived(world, Paper(), 20, web, ENRICH="false")
    assert (["sent"], {FEED}) == (states(world), set(web.asked))


class SetBack(SimClock):
    """A wall clock that loses an hour half a minute after the start."""

    def now(self) -> Any:
        return super().now() - timedelta(hours=1 if self.monotonic() > 30 else 0)


def test_a_clock_that_is_set_back_makes_no_page_be_waited_for_longer(world: World) -> None:
    """A minute is a minute."""
    paper, web = Paper(), Web(takes={f"{HOST}/one": SLOW})
    world.feeds |= {FEED: feed(ONE), f"{HOST}/one": PAGE}
    lived(world, paper, 70, web, clock=SetBack)
    assert ["sent"] == states(world)
    [at] = paper.times("publish")
    assert ENRICH_FOR <= at <= ENRICH_FOR + 2


def test_an_article_is_known_by_what_its_page_calls_it(world: World) -> None:
    """The feed comes to show the canonical address under another id: nothing is posted again."""
    paper = Paper()
    world.feeds |= {FEED: feed(ONE), f"{HOST}/one": PAGE}
    lived(world, paper, 30)
    world.feeds[FEED] = feed({"url": f"{HOST}/first?utm_source=feed", "id": "new", "title": "One"})
    lived(world, paper, 130)
    assert ["One"] == [post.title for post in paper.composed]


@pytest.mark.parametrize("later", [0.0, 40.0])
def test_two_sources_of_one_article_give_one_post(world: World, later: float) -> None:
    """The second has it under another address, and only its page says which article it is: found at once or later."""
    paper, web = Paper(), Web()
    other = f"{HOST}/other.json"
    first, second = {"url": f"{HOST}/first", "title": "One"}, {"url": f"{HOST}/one?id=9", "title": "One, again"}
    world.feeds |= {FEED: feed(first), other: feed(), f"{HOST}/one?id=9": PAGE}

    async def publish() -> None:
        await asyncio.sleep(later)
        world.feeds[other] = feed(second)

    every = {"POLL_EVERY": "30s", "POLL_SLOWEST": "30s", "SOURCES": f"{FEED},{other}"}
    _live_beside(world, paper, web, publish(), **every)
    assert ["One"] == [post.title for post in paper.composed]
    assert ["sent", "cancelled"] == states(world)
    assert ["same as article 1"] == [row["reason"] for row in rows(world, deliveries) if row["state"] == "cancelled"]


def test_a_mistake_of_ours_in_reading_costs_no_article(
    world: World, logged: list[Mapping[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is told in the log, and the article goes out."""

    def broken(_: Fetched) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("bot.enrich.read_page", broken)
    world.feeds |= {FEED: feed(ONE), f"{HOST}/one": PAGE}
    lived(world, Paper(), 30)
    assert ["sent"] == states(world)
    assert ["page.stumbled"] == [line["event"] for line in logged if line["log_level"] == "error"]


# ── the settle look ───────────────────────────────────────────────────────────────────────────────────────────────────

LAZY = {"POLL_EVERY": "10m", "SETTLE": "60s", "BACKFILL": "100"}


def _mended(world: World, web: Web, paper: Paper, at: float, **more: str) -> None:
    """A typo goes up, and is mended `at` seconds after the program's start."""

    async def mend() -> None:
        await asyncio.sleep(at)
        world.feeds[FEED] = feed({**ONE, "title": "Oven"})

    world.feeds[FEED] = feed({**ONE, "title": "Oevn"})
    _live_beside(world, paper, web, mend(), **{**LAZY, **more})


def test_a_typo_that_is_mended_in_the_first_minute_never_goes_out(world: World) -> None:
    """Although the next regular look would come ten minutes later: there is one more, just before."""
    paper, web = Paper(), Web()
    _mended(world, web, paper, 55)
    assert ["Oven"] == [post.title for post in paper.composed]
    assert 2 == web.asked.count(FEED)
    assert 60 <= sent_after(world)[0] <= 61


def test_one_that_was_not_mended_in_time_goes_out_as_it_was(world: World) -> None:
    """At the end of the window, not later."""
    paper, web = Paper(), Web()
    _mended(world, web, paper, 59)
    assert ["Oevn"] == [post.title for post in paper.composed]


def test_a_source_with_nothing_waiting_is_not_asked_more_often(world: World) -> None:
    """What stays in, and what is out, is looked at on the interval only."""
    web = Web()
    world.feeds[FEED] = feed(ONE)
    lived(world, Paper(), 500, web, POLL_EVERY="10m", SETTLE="60s", BACKFILL="0")
    assert 1 == web.asked.count(FEED)
    lived(world, Paper(), 80, web, POLL_EVERY="10m", SETTLE="60s")
    assert 1 == web.asked.count(FEED)


def test_a_server_that_said_to_wait_is_left_alone(world: World) -> None:
    """Whatever waits to go out."""
    web = Web()
    world.feeds[FEED] = feed(ONE)

    async def refuse() -> None:
        await asyncio.sleep(20)
        world.feeds[FEED] = FetchFailed("It asks us to come back later (429).", status=429, retry_after=3600)

    more = {**LAZY, "SETTLE": "2m", "POLL_EVERY": "30s", "POLL_SLOWEST": "30s"}
    _live_beside(world, Paper(), web, refuse(), **more)
    assert (["sent"], 2) == (states(world), web.asked.count(FEED))
