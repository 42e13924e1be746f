"""From a real web server's pages to the posts: what a page adds reaches readers, and what is wrong with it does not."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

from aiohttp import web

from adapters.sandbox.publication import draw
from adapters.sandbox.server import PublicPost
from bot.doors import Fetched, Web
from tests.inside import core_on, lay_ledger
from tests.leaping import LoopClock, run
from tests.sources.wild import Site
from tests.stage import HOME, Stage

HTML = {"Content-Type": "text/html"}


class Named:
    """The door to a web in which the publication's host is a server on loopback."""

    def __init__(self, web: Web, site: Site) -> None:
        self._web = web
        self._here = site.url("")

    async def get(
        self,
        url: str,
        *,
        etag: str | None = None,
        last_modified: str | None = None,
        accept: str = "*/*",
        max_bytes: int = 10 * 2**20,
    ) -> Fetched:
        """As if its name led there."""
        fetched = await self._web.get(
            url.replace(HOME, self._here), etag=etag, last_modified=last_modified, accept=accept, max_bytes=max_bytes
        )
        moved_to = fetched.moved_to and fetched.moved_to.replace(self._here, HOME)
        return replace(fetched, url=fetched.url.replace(self._here, HOME), moved_to=moved_to)


@asynccontextmanager
async def sites() -> AsyncIterator[Site]:
    """A web server with pages."""
    site = Site()
    await site.start()
    try:
        yield site
    finally:
        await site.stop()


def feed(*names: str) -> str:
    """A feed that says of each article no more than where it is and what it is called."""
    items = [{"id": name, "url": f"{HOME}/{name}", "title": name.title()} for name in names]
    return json.dumps({"version": "https://jsonfeed.org/version/1.1", "title": "Herald", "items": items})


def page(site: Site, path: str, head: str = "") -> None:
    """An article's page that says what it is about."""
    site.page(path, f'<html lang="fr"><meta name="description" content="About {path}.">{head}', headers=HTML)


async def _posts(folder: Path, ledger: Path, site: Site, **more: str) -> list[PublicPost]:
    """What readers see after one round of the program over the feed of `site`, which waits for nothing but pages."""
    clock = LoopClock()
    async with Stage(folder, now=clock.seconds, platforms=["mastodon"]) as stage:
        lay_ledger(ledger, stage)
        settings = {"SOURCES": site.url("/feed.json"), "BACKFILL": "9", "ENRICH": "true", **more}
        stage.through = lambda web: Named(web, site)
        async with core_on(stage, clock, **settings) as core:
            await core.once(0.0, asyncio.Event())
        return list(stage.seats["mastodon"].server.public())


def test_what_only_the_page_says_is_in_the_post(tmp_path: Path, new_ledger: Path) -> None:
    """Description, language, and the picture with the words that stand at it."""

    async def main() -> None:
        async with sites() as site:
            site.page("/feed.json", feed("one"))
            picture = '<meta property="og:image" content="/p.jpg"><body><img src="/p.jpg" alt="A bridge at night">'
            page(site, "/one", picture)
            site.page("/p.jpg", draw(1), headers={"Content-Type": "image/jpeg"})
            [post] = await _posts(tmp_path, new_ledger, site, MASTODON__ATTACH_PICTURE="true")
            assert "About /one." in post.text
            assert "fr" == post.language
            assert [("image/jpeg", 1200, 630, "A bridge at night")] == post.extra["media"]
            assert ["/feed.json", "/robots.txt", "/one", "/p.jpg"] == [request.path for request in site.requests]

    run(main())


def test_whatever_is_wrong_with_pages_all_articles_are_out(tmp_path: Path, new_ledger: Path) -> None:
    """Missing, broken, moved, led to where nobody may go, forbidden to machines, and one that never ends: each article
    is out once, in order, with what could be read."""

    async def never(_: web.Request) -> web.StreamResponse:
        await asyncio.Event().wait()
        raise AssertionError

    async def main() -> None:
        async with sites() as site:
            names = ["good", "moved", "missing", "broken", "inside", "forbidden", "picture", "slow"]
            site.page("/feed.json", feed(*reversed(names)))
            site.page("/robots.txt", "User-agent: *\nDisallow: /forbidden")
            page(site, "/good")
            page(site, "/here", '<link rel="canonical" href="/moved">')
            page(site, "/forbidden")
            site.page("/moved", status=302, headers={"Location": "/here"})
            site.page("/inside", status=302, headers={"Location": "http://10.0.0.1/"})
            site.page("/broken", b"\0\xff<html lang=<meta name='description' content=", headers=HTML)
            site.page("/picture", draw(1), headers={"Content-Type": "image/jpeg"})
            site.handle("/slow", never)
            posts = await _posts(tmp_path, new_ledger, site)
            assert [f"{HOME}/{name}" for name in names] == [post.links[0] for post in posts]
            assert [True, True] + [False] * 6 == ["About" in post.text for post in posts]
            assert "/forbidden" not in [request.path for request in site.requests]

    run(main())
