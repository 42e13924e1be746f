"""What a robots.txt allows us, and how a site is asked for it."""

import asyncio
from collections.abc import Callable

import pytest
from aiohttp import web
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.clock import SystemClock
from bot.sources.fetch import AiohttpWeb
from bot.sources.robots import AGAIN_AFTER, GOOD_FOR, MAX_SITES, Robots
from bot.sources.robots_txt import MAX_BYTES, read_robots
from tests.sources.wild import Site

HOST = "https://herald.example.org"


class Clock(SystemClock):
    """A clock that a test sets."""

    at = 0.0

    def monotonic(self) -> float:
        return self.at


@pytest.mark.parametrize(
    ("text", "path", "allowed"),
    [
        ("", "/a", True),
        ("User-agent: *\nDisallow:", "/a", True),
        ("User-agent: *\nDisallow: /", "/a", False),
        ("User-agent: *\nDisallow: /", "/robots.txt", True),
        ("USER-AGENT:*\r\nDISALLOW:/a # no\r\n", "/a/b", False),
        ("User-agent: *\rDisallow: /a", "/ab", False),
        ("\ufeffUser-agent: *\nDisallow: /a", "/a", False),
        ("User-agent: *\nDisallow: /a", "/A", True),
        ("User-agent: *\nDisallow: a", "/a", False),
        # https://www.rfc-editor.org/rfc/rfc9309#section-2.2.1
        ("User-agent: *\nDisallow: /\nUser-agent: Handbill\nAllow: /", "/a", True),
        ("User-agent: handbill/1.0\nDisallow: /\nUser-agent: *\nAllow: /", "/a", False),
        ("User-agent: HandbillNews\nDisallow: /", "/a", True),
        ("User-agent: Other\nUser-agent: Handbill\nDisallow: /a", "/a", False),
        (
            "User-agent: Handbill\nDisallow: /a\nUser-agent: x\nDisallow: /\nUser-agent: handbill\nDisallow: /b",
            "/b",
            False,
        ),
        ("User-agent: Handbill\nDisallow: /b\n\nUser-agent: *\nDisallow: /a", "/a", True),
        ("User-agent: Other\nDisallow: /", "/a", True),
        ("Disallow: /\nUser-agent: *\nDisallow: /b", "/a", True),
        ("User-agent: *\nSitemap: https://x.example/s.xml\nCrawl-delay: 9\nDisallow: /a", "/a", False),
        ("User-agent: *\nDisallow /a\nnonsense\n: /\nDisallow: /b", "/a", True),
        # https://www.rfc-editor.org/rfc/rfc9309#section-2.2.2
        ("User-agent: *\nDisallow: /\nAllow: /news/", "/news/1", True),
        ("User-agent: *\nAllow: /news/\nDisallow: /news/private", "/news/private/1", False),
        ("User-agent: *\nDisallow: /a\nAllow: /a", "/a", True),
        ("User-agent: *\nDisallow: /foo/bar?baz=https://foo.bar", "/foo/bar?baz=https://foo.bar", False),
        ("User-agent: *\nDisallow: /foo/bar/ツ", "/foo/bar/%E3%83%84", False),
        ("User-agent: *\nDisallow: /foo/bar/%e3%83%84", "/foo/bar/ツ", False),
        ("User-agent: *\nDisallow: /foo/bar/%62%61%7A", "/foo/bar/baz", False),
        ("User-agent: *\nDisallow: /a%2Fb", "/a/b", True),
        ("User-agent: *\nDisallow: /a b", "/a%20b", False),
        # https://www.rfc-editor.org/rfc/rfc9309#section-2.2.3
        ("User-agent: *\nDisallow: /*.pdf$", "/a/b.pdf", False),
        ("User-agent: *\nDisallow: /*.pdf$", "/a/b.pdf?x", True),
        ("User-agent: *\nDisallow: *?print=", "/a?print=1", False),
        ("User-agent: *\nDisallow: /a$", "/a", False),
        ("User-agent: *\nDisallow: /a$", "/ab", True),
        ("User-agent: *\nDisallow: /a*b*c", "/a1b2c3", False),
        ("User-agent: *\nDisallow: /a*b*c", "/a1c2b3", True),
        ("User-agent: *\nDisallow: /a*", "/a", False),
        ("User-agent: *\nDisallow: /ab*b$", "/ab", True),
        ("User-agent: *\nDisallow: /*$", "/a", False),
        ("User-agent: *\nDisallow: /a%2A", "/a*", False),
        ("User-agent: *\nDisallow: /a%2A", "/ab", True),
        ("User-agent: *\nDisallow: /a%24", "/a$", False),
    ],
)
def test_a_rule_means_what_the_protocol_says(text: str, path: str, allowed: bool) -> None:
    """One question of RFC 9309 a line."""
    assert allowed is read_robots(text.encode()).allows(HOST + path)


def test_only_the_beginning_of_a_huge_file_counts() -> None:
    """500 KiB are read, whatever follows."""
    body = b"User-agent: *\nDisallow: /a\n" + b"#" * MAX_BYTES + b"\nDisallow: /b"
    assert [False, True] == [read_robots(body).allows(HOST + path) for path in ("/a", "/b")]


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.sampled_from(("User-agent:", "*", "Handbill", "\n", "Disallow:", "/", "$", "%", "%2", "a")) | st.text())
    .map("".join)
    .map(lambda text: text.encode("utf-8", "surrogatepass")),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
)
def test_no_file_can_hurt(body: bytes, path: str) -> None:
    """Whatever stands in it, there is an answer for every path."""
    assert read_robots(body).allows(f"{HOST}/{path}") in (True, False)


def test_the_protocol_itself_may_always_be_asked_for() -> None:
    """Even where nothing else may."""
    assert read_robots(b"User-agent: *\nDisallow: /").allows(f"{HOST}/robots.txt")


# ── asking ────────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_site_is_asked_once_a_day(site: Site, the_web: AiohttpWeb) -> None:
    """Ten questions at once and later ones cost one request; after a day the rules may be others."""
    clock = Clock()
    robots = Robots(the_web, clock)
    site.page("/robots.txt", "User-agent: *\nDisallow: /no")
    answers = await asyncio.gather(*(robots.allowed(site.url(f"/{name}")) for name in ("no", "yes") * 5))
    assert [False, True] * 5 == answers
    clock.at = GOOD_FOR - 1
    assert not await robots.allowed(site.url("/no"))
    assert len(site.requests) == 1
    clock.at = GOOD_FOR
    site.page("/robots.txt", "")
    assert await robots.allowed(site.url("/no"))
    assert len(site.requests) == 2


@pytest.mark.parametrize(
    ("status", "allowed"), [(404, True), (401, True), (410, True), (204, True), (429, False), (503, False)]
)
async def test_no_file_allows_all_and_trouble_nothing(
    site: Site, the_web: AiohttpWeb, status: int, allowed: bool
) -> None:
    """§2.3.1: what is not there forbids nothing; what cannot be asked for may forbid anything."""
    site.page("/robots.txt", status=status)
    assert allowed is await Robots(the_web, Clock()).allowed(site.url("/a"))


async def test_trouble_is_asked_about_again_and_old_rules_stay_good(site: Site, the_web: AiohttpWeb) -> None:
    """A site in trouble is asked again later; rules that were read before hold meanwhile."""
    clock = Clock()
    robots = Robots(the_web, clock)
    site.page("/robots.txt", status=500)
    assert "has trouble of its own (500)" in str(await robots.refusal(site.url("/a")))
    site.page("/robots.txt", "User-agent: *\nDisallow: /no")
    assert not await robots.allowed(site.url("/a"))
    clock.at = AGAIN_AFTER
    assert [True, False] == [await robots.allowed(site.url(path)) for path in ("/a", "/no")]
    site.page("/robots.txt", status=500)
    clock.at = AGAIN_AFTER + GOOD_FOR
    assert [True, False] == [await robots.allowed(site.url(path)) for path in ("/a", "/no")]
    assert len(site.requests) == 3


async def test_a_refusal_says_whose_it_is(site: Site, the_web: AiohttpWeb) -> None:
    """For the log."""
    site.page("/robots.txt", "User-agent: Handbill\nDisallow: /")
    robots = Robots(the_web, Clock())
    assert await robots.refusal(site.url("/a")) == "Its robots.txt asks machines not to read it."
    assert await robots.refusal("mailto:ana@example.org") == "It is not a web address."


async def test_what_may_not_be_connected_to_is_not_read(doors: Callable[..., AiohttpWeb], site: Site) -> None:
    """A site that is not public is not even asked."""
    assert not await Robots(doors(), Clock()).allowed(site.url("/a"))
    assert [] == site.requests


async def test_one_who_gives_up_waiting_leaves_the_answer_to_others(site: Site, the_web: AiohttpWeb) -> None:
    """A cancelled question does not leave the site locked."""
    asked, held = asyncio.Event(), asyncio.Event()

    async def slow(_: web.Request) -> web.Response:
        asked.set()
        await held.wait()
        return web.Response(text="User-agent: *\nDisallow: /")

    site.handle("/robots.txt", slow)
    robots = Robots(the_web, Clock())
    first = asyncio.create_task(robots.allowed(site.url("/a")))
    await asked.wait()
    second = asyncio.create_task(robots.allowed(site.url("/a")))
    first.cancel()
    held.set()
    assert not await second
    assert first.cancelled()


async def test_memory_is_bounded(doors: Callable[..., AiohttpWeb]) -> None:
    """The sites that were asked for longest ago are forgotten."""
    robots = Robots(doors(), Clock())
    for number in range(MAX_SITES + 5):
        await robots.allowed(f"http://127.0.0.1:{number + 1}/")
    assert len(robots.sites) == MAX_SITES
