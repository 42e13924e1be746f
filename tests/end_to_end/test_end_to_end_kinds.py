"""Every kind of source, from the discovery of an article to its three posts, before real servers."""

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from html import escape
from pathlib import Path

import pytest

from adapters.sandbox.feeds import ArticleStub
from adapters.sandbox.publication import FEEDS
from tests.inside import LONG, core_on, lay_ledger
from tests.judge import judge
from tests.leaping import LoopClock, run
from tests.sources.wild import Site
from tests.stage import Stage

Newest = Sequence[ArticleStub]


def _at(article: ArticleStub) -> str:
    return article.published_at.astimezone(UTC).isoformat()


def _wordpress(site: Site, articles: Newest) -> str:
    posts = [
        {
            "id": number,
            "date_gmt": _at(article)[:19],
            "modified_gmt": _at(article)[:19],
            "link": article.link,
            "guid": {"rendered": article.guid},
            "title": {"rendered": escape(article.title)},
            "excerpt": {"rendered": f"<p>{escape(article.summary)}</p>"},
        }
        for number, article in enumerate(articles)
    ]
    site.page("/wp-json/wp/v2/posts", json.dumps(posts), headers={"Content-Type": "application/json"})
    return site.url("/wp-json/wp/v2/posts")


def _sitemap(site: Site, articles: Newest) -> str:
    urls = "".join(
        f"<url><loc>{article.link}</loc><n:news><n:publication_date>{_at(article)}</n:publication_date>"
        f"<n:title>{escape(article.title)}</n:title></n:news></url>"
        for article in articles
    )
    spaces = (
        'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:n="http://www.google.com/schemas/sitemap-news/0.9"'
    )
    return site.page("/news.xml", f"<urlset {spaces}>{urls}</urlset>")


def _archive(site: Site, articles: Newest) -> str:
    listed = "".join(
        f'<article><h2><a href="{article.link}">{escape(article.title)}</a></h2>'
        f'<time datetime="{_at(article)}">today</time><p>{escape(article.summary)}</p></article>'
        for article in articles
    )
    return site.page(
        "/latest", f"<!doctype html><title>Latest</title><nav><a href=/>Home</a></nav><main>{listed}</main>"
    )


def _home_page(site: Site, articles: Newest) -> str:
    items = "".join(
        f"<item><guid isPermaLink='false'>{article.guid}</guid><title>{escape(article.title)}</title>"
        f"<link>{article.link}</link><description>{escape(article.summary)}</description></item>"
        for article in articles
    )
    site.page("/news.rss", f'<rss version="2.0"><channel><title>Herald</title>{items}</channel></rss>')
    head = '<link rel="alternate" type="application/rss+xml" href="/news.rss">'
    return site.page("/", f"<!doctype html><html><head>{head}</head><body>Welcome</body></html>")


KINDS: Mapping[str, Callable[[Site, Newest], str]] = {
    "wordpress": _wordpress,
    "sitemap": _sitemap,
    "archive": _archive,
    "home page": _home_page,
}


@pytest.mark.parametrize("kind", [*FEEDS, *KINDS])
def test_an_article_of_each_kind_of_source_becomes_three_posts(kind: str, tmp_path: Path, new_ledger: Path) -> None:
    """What was there at the first look stays in; what is new is posted once on each platform, and never again."""
    run(_discover_and_post(kind, tmp_path, new_ledger))


async def _discover_and_post(kind: str, folder: Path, ledger: Path) -> None:
    clock, site = LoopClock(), Site()
    await site.start()
    async with Stage(folder, now=clock.seconds) as stage:
        lay_ledger(ledger, stage)

        def newest() -> Newest:
            articles = sorted(known, key=lambda article: article.published_at, reverse=True)
            return articles[:20]

        async def look() -> None:
            address = KINDS[kind](site, newest()) if kind in KINDS else f"{stage.publication.url}{kind}"
            async with core_on(stage, clock, SOURCES=address) as core:
                await core.once(LONG, asyncio.Event())

        known = [stage.publication.publish_next() for _ in range(5)]
        await look()
        await clock.sleep(3_600)
        news = stage.publication.publish("The bridge will be built", "The council has voted for it after a debate.")
        known.append(news)
        await look()
        await clock.sleep(3_600)
        await look()
        assert datetime.fromisoformat(_at(news)) > datetime.fromisoformat(_at(known[0]))
        for seat in stage.seats.values():
            assert 1 == len(seat.server.public())
            judge(stage, seat, [news], [])
    await site.stop()
