"""Odd pictures, from a web server to each platform: the very bytes that it got, held against what was meant."""

import asyncio
import io
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from adapters.base import Adapter, Context
from adapters.registry import PLATFORMS
from bot.cli.beside import doors_beside
from bot.clock import random_bytes
from bot.model import Article
from bot.pictures import Sought, find_picture
from bot.render import Place, Renderer
from tests.conformance.stages import Sessions, seed
from tests.posts.in_pictures import REFUSED, SHOWN, Odd
from tests.posts.publishing import APART, Hours
from tests.secrecy import hand_out
from tests.sources.wild import Site
from tests.stage import HOME, SEATS, Stage

ODD = (*SHOWN, *REFUSED)
WITH_PICTURES = {"TELEGRAM__PICTURE": "photo", "MASTODON__ATTACH_PICTURE": "true"}
MOST_BYTES = {"telegram": 950_000, "mastodon": 950_000, "bluesky": 999_999}
SIGNATURES = {"jfif", "jfif_version", "jfif_unit", "jfif_density", "progressive", "progression"}
"""What Pillow tells of a JPEG that has nothing but its pixels."""
APP = 1.91
"""Width by height of what Bluesky's app shows of a card's picture."""


@dataclass(frozen=True, slots=True)
class Got:
    """What a platform has of one post."""

    text: str
    picture: bytes | None
    description: str | None = None
    focus: tuple[float, float] | None = None
    card: bool = False
    """Whether there is a card or a preview."""


Outcomes = dict[tuple[str, str], Got]


def _on_telegram(server: Any, number: str) -> Got:
    chat = next(chat for chat in server._chats.values() if chat.kind == "channel")
    message = chat.messages[int(number)]
    return Got(message.text, message.photo and message.photo.data, card=message.card is not None)


def _on_mastodon(server: Any, number: str) -> Got:
    status = server.store.statuses[number]
    if not status.media:
        return Got(status.text, None, card=True)
    (media,) = status.media
    return Got(status.text, media.data, media.description, media.focus)


def _on_bluesky(server: Any, key: str) -> Got:
    (account,) = server._accounts.every()
    record = account.repo.records["app.bsky.feed.post", key.rpartition("/")[2]].value
    thumb = record["embed"]["external"].get("thumb")
    data = account.repo.find_blob(thumb["ref"]["$link"]).data if thumb else None
    if data is not None:
        assert (thumb["mimeType"], thumb["size"]) == ("image/jpeg", len(data))
    return Got(record["text"], data, card=True)


_GOT = {"telegram": _on_telegram, "mastodon": _on_mastodon, "bluesky": _on_bluesky}


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Sought], Outcomes]:
    """What came of looking for each picture; and (platform, its name) → what the platform has. All, once."""
    return asyncio.run(_published(tmp_path_factory.mktemp("pictures")))


async def _published(folder: Path) -> tuple[dict[str, Sought], Outcomes]:
    site, clock, outcomes = Site(), Hours(), Outcomes()
    await site.start()
    try:
        async with Stage(folder, now=clock.seconds) as stage:
            settings = stage.settings(**WITH_PICTURES)
            async with doors_beside(settings, with_ledger=False) as doors:
                articles = {odd.name: _article(site, number, odd, clock) for number, odd in enumerate(ODD)}
                found = {name: await find_picture(doors, article) for name, article in articles.items()}
            for channel in settings.channels:
                context = Context(clock.now, random_bytes, _keep, Sessions(), user_agent="Handbill under test")
                adapter = PLATFORMS[channel.platform].open(channel.settings, context)
                try:
                    await adapter.verify()
                    server = stage.seats[channel.platform].server
                    for name, article in articles.items():
                        clock.at += APART + timedelta(minutes=2)
                        receipt = await _publish(adapter, article, found[name], clock)
                        outcomes[channel.platform, name] = _GOT[channel.platform](server, receipt)
                finally:
                    await adapter.close()
    finally:
        await site.stop()
    return found, outcomes


def _article(site: Site, number: int, odd: Odd, clock: Hours) -> Article:
    site.page(f"/media/{number}", odd.data(), status=odd.status, headers=odd.headers)
    return Article(
        id=number,
        key=f"link:{number}",
        title=odd.title,
        summary="For a week.",
        link=f"{HOME}/articles/{number}",
        found_at=clock.now(),
        picture_url=site.url(f"/media/{number}"),
        picture_alt=odd.alt,
        picture_focus=odd.page_focus,
    )


async def _publish(adapter: Adapter, article: Article, sought: Sought, clock: Hours) -> str:
    post = Renderer().post(article, Place(adapter.platform), sought.picture)
    payload = await adapter.stage(adapter.compose(post, clock.now()))
    return (await adapter.publish(payload, adapter.key(seed(article.key)))).id


def _keep(secret: str) -> None:
    hand_out(secret)


def test_there_are_enough() -> None:
    """Each has a name of its own."""
    assert len({odd.name for odd in ODD}) == len(ODD) >= 50


@pytest.mark.parametrize("platform", SEATS)
@pytest.mark.parametrize("odd", SHOWN, ids=lambda odd: odd.name.replace(" ", "-"))
def test_what_can_be_shown_is_shown(odd: Odd, platform: str, published: tuple[dict[str, Sought], Outcomes]) -> None:
    """A JPEG of one frame in RGB with nothing but its pixels, small enough, upright, in the colours that were meant."""
    got = published[1][platform, odd.name]
    assert got.picture is not None, published[0][odd.name].why_none
    assert len(got.picture) <= MOST_BYTES[platform]
    image = Image.open(io.BytesIO(got.picture))
    image.load()
    assert (image.format, image.mode, getattr(image, "n_frames", 1)) == ("JPEG", "RGB", 1)
    assert set(image.info) <= SIGNATURES
    assert not dict(image.getexif())
    assert b"Nonymous" not in got.picture
    if platform == "bluesky" and odd.focus is not None:
        assert image.width / image.height == pytest.approx(APP, rel=0.02)
    else:
        assert image.size == odd.size
    for (x, y), meant in odd.colours.items():
        seen = image.getpixel((int(x * image.width), int(y * image.height)))
        assert isinstance(seen, tuple)
        assert all(abs(ours - theirs) <= 12 for ours, theirs in zip(seen, meant, strict=True)), (x, y, seen)


@pytest.mark.parametrize("odd", SHOWN, ids=lambda odd: odd.name.replace(" ", "-"))
def test_it_is_described_and_its_subject_is_named(odd: Odd, published: tuple[dict[str, Sought], Outcomes]) -> None:
    """On Mastodon: the author's words, cut where they are too many, or what is no lie, or nothing."""
    got = published[1]["mastodon", odd.name]
    described = got.description or ""
    if len(odd.says) > 10_000:
        assert 9_900 < len(described) <= 10_000
        assert described.endswith(("…", "bridge."))
        assert odd.says.startswith(f"{described.removesuffix('…')} ")
    else:
        assert described == odd.says
    assert got.focus == (odd.focus or (0.0, 0.0))


@pytest.mark.parametrize("odd", [odd for odd in SHOWN if odd.focus], ids=lambda odd: odd.name.replace(" ", "-"))
def test_the_subject_is_seen_in_a_card(odd: Odd, published: tuple[dict[str, Sought], Outcomes]) -> None:
    """Of a tall picture Bluesky's app shows the middle: the subject, near the top, is in what was uploaded."""

    def reds(data: bytes | None) -> int:
        image = Image.open(io.BytesIO(data or b"")).convert("RGB")
        height = round(image.width / APP)
        top = max(0, (image.height - height) // 2)
        colours = image.crop((0, top, image.width, min(image.height, top + height))).getcolors(1 << 24) or []
        return sum(count for count, (red, _, blue) in colours if red > 150 and blue < 100)  # type: ignore[misc]

    whole = published[1]["mastodon", odd.name].picture
    assert reds(whole) == 0
    assert reds(published[1]["bluesky", odd.name].picture) > 5_000


@pytest.mark.parametrize("platform", SEATS)
@pytest.mark.parametrize("odd", REFUSED, ids=lambda odd: odd.name.replace(" ", "-"))
def test_what_cannot_be_shown_costs_the_picture_only(
    odd: Odd, platform: str, published: tuple[dict[str, Sought], Outcomes]
) -> None:
    """The post is out, with a card or a preview and no picture of ours, and it is known why."""
    sought, got = published[0][odd.name], published[1][platform, odd.name]
    assert sought.picture is None
    assert odd.why_none in sought.why_none
    assert not sought.why_none.endswith(".")
    assert (got.picture, got.card) == (None, True)
    assert odd.title in got.text
