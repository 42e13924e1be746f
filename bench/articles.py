"""What an article costs before anything is sent: its entry in a feed, its page, picture, and post on each platform."""

import io
import time
from collections.abc import Callable
from datetime import UTC, datetime
from importlib import import_module
from typing import Any

from PIL import Image

from adapters.registry import PLATFORMS
from bench.site import ENTRIES, feed
from bot.doors import Fetched
from bot.model import Article
from bot.picture import normalise
from bot.render import Place, Renderer
from bot.sources.feed import parse_feed
from bot.sources.page import read_page

ROUNDS, FULL = 3, 10
TIMES = 50
PICTURE_TIMES = 2
"""One takes as long as a hundred pages."""
AT = datetime(2026, 11, 26, tzinfo=UTC)
FORMATS: dict[str, dict[str, int]] = {"JPEG": {"quality": 90}, "PNG": {"compress_level": 1}, "WEBP": {"quality": 90}}
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


def photo() -> bytes:
    """Twelve megapixels as a camera has them, with a photograph's detail: some 4 MB of JPEG."""
    fine = Image.effect_noise((4000, 3000), 24)
    coarse = Image.linear_gradient("L").resize((4000, 3000))
    picture = Image.merge("RGB", (fine, Image.blend(fine, coarse, 0.5), coarse))
    data = io.BytesIO()
    picture.save(data, "JPEG", quality=90)
    return data.getvalue()


def measure_pictures(full: bool) -> list[dict[str, Any]]:
    """One row for each format that a photo of 12 megapixels may come in; beside it, decoding it and no more."""
    as_jpeg, rows = photo(), []
    with Image.open(io.BytesIO(as_jpeg)) as image:
        image.load()
        for kind, options in FORMATS.items():
            data = io.BytesIO()
            image.save(data, kind, **options)
            rows.append(_row(kind, as_jpeg if kind == "JPEG" else data.getvalue(), FULL if full else ROUNDS))
    return rows


def _row(kind: str, data: bytes, rounds: int) -> dict[str, Any]:
    ms = _ms(lambda: normalise(data, ""), rounds, PICTURE_TIMES)
    decoded_ms = _ms(lambda: Image.open(io.BytesIO(data)).load(), rounds, PICTURE_TIMES)
    thumb = normalise(data, "")
    size = {"from_kb": len(data) / 1000, "to_kb": len(thumb.data) / 1000}
    return {"kind": kind, "ms": ms, "per_second": 1000 / ms, "ratio": ms / decoded_ms, **size}


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


def _ms(do: Callable[[], object], rounds: int, times: int = TIMES) -> float:
    """CPU, of the best round."""
    do()
    best = float("inf")
    for _ in range(rounds):
        began = time.process_time()
        for _ in range(times):
            do()
        best = min(best, time.process_time() - began)
    return best / times * 1000
