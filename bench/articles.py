"""What one article costs before anything is sent: its entry in a feed, its page, and its post on each platform."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from importlib import import_module
from typing import Any

from adapters.registry import PLATFORMS
from bench.site import ENTRIES, feed
from bot.doors import Fetched
from bot.model import Article
from bot.render import Place, Renderer
from bot.sources.feed import parse_feed
from bot.sources.page import read_page

ROUNDS, FULL = 3, 10
TIMES = 50
AT = datetime(2026, 11, 26, tzinfo=UTC)
URL = "https://herald.example.org/feed.xml"
WORDS = "The council has voted for the new bridge after a debate of six hours. "
PAGE = (
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>The bridge will be built – Herald</title>'
    f'<link rel="canonical" href="/a/1"><meta name="description" content="{WORDS}">'
    '<meta property="og:image" content="/p.jpg"></head><body><img src="/p.jpg" alt="The bridge at night">'
    + f"<p>{WORDS * 5}</p><div class=x><a href=/b>More</a></div>"
    * 200
)
"""As long as a newspaper's usually is."""
ARTICLE = Article(1, "link:a", "The bridge will be built", WORDS * 9, "https://herald.example.org/a/1", AT)


def measure(full: bool) -> list[dict[str, Any]]:
    """One row for each thing that is done; the best of some rounds. First what stands beside the rest."""
    costs = {step: _ms(do, FULL if full else ROUNDS) / of for step, (do, of) in _steps().items()}
    beside = next(iter(costs.values()))
    return [{"step": step, "ms": ms, "ratio": ms / beside, "per_second": 1000 / ms} for step, ms in costs.items()]


def _steps() -> dict[str, tuple[Callable[[], object], int]]:
    """What is done, and for how many articles at once."""
    document = feed("calm", 0)
    feedparser: Any = import_module("feedparser")  # untyped
    fetched = Fetched(URL, changed=True, body=document, content_type="application/rss+xml")
    page = Fetched(ARTICLE.link, changed=True, body=PAGE.encode(), content_type="text/html")
    renderer = Renderer()

    def post(platform: str) -> Callable[[], object]:
        compose = PLATFORMS[platform].compose
        return lambda: compose(None, renderer.post(ARTICLE, Place(platform)), AT)

    return {
        "feedparser: its entry in a feed": (lambda: feedparser.parse(document), ENTRIES),
        "its entry in a feed": (lambda: parse_feed(fetched), ENTRIES),
        f"its page, {len(PAGE) // 1000} kB": (lambda: read_page(page), 1),
        **{f"its post on {PLATFORMS[name].title}": (post(name), 1) for name in PLATFORMS},
    }


def _ms(do: Callable[[], object], rounds: int) -> float:
    """CPU, of the best round."""
    do()
    best = float("inf")
    for _ in range(rounds):
        began = time.process_time()
        for _ in range(TIMES):
            do()
        best = min(best, time.process_time() - began)
    return best / TIMES * 1000
