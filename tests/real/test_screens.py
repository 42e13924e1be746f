"""The preview's page in a real browser: it fits, it can be read, it asks nobody for anything; and its pictures."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from PIL import Image

from tests.real.screens.browser import Browser, Colours
from tests.real.screens.samples import page_of_everything, page_of_the_publication

pytestmark = pytest.mark.screens

SHOTS = Path(__file__).parent / "screens" / "shots"
"""Where the pictures go; git ignores it."""
WIDTHS = (1320, 760, 380, 320)
"""A desk, a tablet, a phone, and the narrowest that the web has to fit: https://www.w3.org/TR/WCAG22/#reflow"""


@pytest.fixture(params=["publication", "everything"])
async def browser(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Browser]:
    """A browser before one of the two pages."""
    monkeypatch.chdir(tmp_path)
    everything = request.param == "everything"
    page = page_of_everything() if everything else await page_of_the_publication(5)
    async with Browser(page, tmp_path).open() as opened:
        yield opened


@pytest.mark.parametrize("colours", ["light", "dark"])
async def test_the_page_fits_and_can_be_read(browser: Browser, colours: Colours) -> None:
    """In every width nothing sticks out, each text has the contrast of WCAG AA, each picture is there, and what can be
    pressed has a name; folded or not. Nothing is asked for anywhere."""
    for width in WIDTHS:
        for opened in (False, True):
            measured = await browser.measure(width, colours, opened=opened)
            assert "error" not in measured, measured
            assert (width, width) == (measured["width"], measured["scrolls"])
            assert [] == measured["wide"]
            assert [] == measured["faint"]
            assert measured["texts"] > 50
            assert (0, 0) == (measured["broken"], measured["nameless"])
            assert measured["pictures"] > 4
            assert measured["headings"].startswith("H1 H2 H3 H3 H3")
    assert [] == browser.asked_for


async def test_colours_follow_the_system_and_the_switch(browser: Browser) -> None:
    """Light and dark come with the system, and the switch on the page overrules it, without a script."""
    grounds = {
        (system, pressed): (await browser.measure(760, system, pressed=pressed))["ground"]
        for system in ("light", "dark")
        for pressed in ("", "theme-light", "theme-dark")
    }
    light, dark = grounds["light", ""], grounds["dark", ""]
    assert light != dark
    assert {light} == {grounds[system, "theme-light"] for system in ("light", "dark")}
    assert {dark} == {grounds[system, "theme-dark"] for system in ("light", "dark")}


@pytest.mark.parametrize("colours", ["light", "dark"])
@pytest.mark.parametrize("width", [1320, 380])
async def test_the_screens(browser: Browser, request: pytest.FixtureRequest, width: int, colours: Colours) -> None:
    """The whole page as a picture, of the size that was asked for and not blank."""
    name = request.node.callspec.params["browser"]
    SHOTS.mkdir(exist_ok=True)
    path = SHOTS / f"{name}-{width}-{colours}.png"
    path.unlink(missing_ok=True)
    height = (await browser.measure(width, colours))["height"]
    await browser.screenshot(path, width, height, colours)
    with Image.open(path) as shot:
        assert (width, height) == shot.size
        pixels = shot.convert("RGB")
        assert len(pixels.resize((200, 200)).getcolors(40_000) or ()) > 1000
        corner = pixels.getpixel((2, 2))
    assert isinstance(corner, tuple)
    assert (colours == "light") == (sum(corner) > 3 * 128)
    assert [] == browser.asked_for


async def test_what_a_page_asks_for_is_noticed(tmp_path: Path) -> None:
    """The proof that nothing is asked for is one: a page that asks for something, sticks out and is hard to read is
    found out in each of it."""
    page = """<!doctype html><body style="width: 900px; background: #fff"><img src="https://tracker.example/x.png">
    <link rel="stylesheet" href="https://fonts.example/css"><p style="color: #999">Faint</p>"""
    async with Browser(page, tmp_path).open() as browser:
        measured = await browser.measure(380, "light")
        assert {"https://tracker.example/x.png", "https://fonts.example/css"} == set(browser.asked_for)
    assert (["2.85 Faint"], 1) == (measured["faint"], measured["broken"])
    assert measured["scrolls"] > 380
    assert [] != measured["wide"]
