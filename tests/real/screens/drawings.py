"""Pictures for the screens, drawn by us: a bridge, a lighthouse and a tram, each 1200 × 630."""

import io
import math
from collections.abc import Callable, Mapping

from PIL import Image, ImageDraw

SIZE = (1200, 630)
_TWICE = (2400, 1260)
"""Drawn at twice the size and made smaller, so that edges are smooth."""


def _sky(top: str, middle: str, bottom: str) -> Image.Image:
    strip = Image.new("RGB", (1, 3))
    for place, colour in enumerate((top, middle, bottom)):
        strip.paste(colour, (0, place, 1, place + 1))
    return strip.resize(_TWICE, Image.Resampling.BICUBIC)


def _hills(pen: ImageDraw.ImageDraw, base: int, height: int, colour: str, phase: float) -> None:
    edge = [
        (x, base - height * (0.6 + 0.4 * math.sin(x / 330 + phase)) * (0.7 + 0.3 * math.sin(x / 130 + 2 * phase)))
        for x in range(0, 2401, 20)
    ]
    pen.polygon([(0, 1260), *edge, (2400, 1260)], fill=colour)


def _cyclist(pen: ImageDraw.ImageDraw, x: int, y: int, colour: str, ink: str) -> None:
    for wheel in (-26, 26):
        pen.ellipse((x + wheel - 18, y - 36, x + wheel + 18, y), outline=ink, width=4)
    pen.line((x - 26, y - 18, x - 4, y - 44, x + 20, y - 44, x + 26, y - 18), fill=ink, width=4)
    pen.polygon(((x - 10, y - 46), (x - 14, y - 92), (x + 10, y - 96), (x + 12, y - 48)), fill=colour)
    pen.ellipse((x - 12, y - 122, x + 12, y - 98), fill="#e9b98c")


def bridge() -> Image.Image:
    """Cyclists on a suspension bridge at dusk."""
    image = _sky("#27335f", "#d9798a", "#fbd9a4")
    pen = ImageDraw.Draw(image)
    pen.ellipse((1040, 560, 1360, 880), fill="#fff0c9")
    _hills(pen, 900, 260, "#6b5a86", 0.4)
    _hills(pen, 960, 170, "#4c4876", 2.1)
    pen.rectangle((0, 900, 2400, 1260), fill="#33436f")
    for row in range(12):
        y = 925 + row * 28
        reach = 160 + row * 22
        pen.line((1200 - reach, y, 1200 + reach, y), fill="#f3c79b", width=5 if row % 2 else 3)
    deck, ink = 790, "#171d3a"
    for tower in (620, 1780):
        pen.rectangle((tower - 34, 230, tower - 12, 980), fill=ink)
        pen.rectangle((tower + 12, 230, tower + 34, 980), fill=ink)
        for beam in (250, 420, 600):
            pen.rectangle((tower - 34, beam, tower + 34, beam + 24), fill=ink)

    def cable(x: float) -> float:
        if 620 <= x <= 1780:
            return 250 + 480 * (1 - ((x - 1200) / 580) ** 2)
        distance = (620 - x if x < 620 else x - 1780) / 620
        return float(250 + 540 * min(1.0, distance) ** 0.9)

    for x in range(0, 2400, 58):
        pen.line((x, cable(x), x, deck), fill=ink, width=4)
    pen.line([(x, cable(x)) for x in range(0, 2401, 10)], fill=ink, width=11, joint="curve")
    pen.rectangle((0, deck, 2400, deck + 34), fill=ink)
    for place, colour in enumerate(("#fbfaf5", "#20284c", "#c8505c", "#f0b54a", "#4c8f8a", "#8f6fb3")):
        _cyclist(pen, 930 + place * 150, deck, colour, ink)
    return image.resize(SIZE, Image.Resampling.LANCZOS)


def lighthouse() -> Image.Image:
    """A lit lighthouse on a rock at night."""
    image = _sky("#0f1b3a", "#33497c", "#e4a07c")
    beam = Image.new("RGBA", _TWICE, (0, 0, 0, 0))
    ImageDraw.Draw(beam).polygon(((1500, 330), (0, 60), (0, 520)), fill=(255, 240, 190, 90))
    image.paste(beam, mask=beam)
    pen = ImageDraw.Draw(image)
    for star in range(60):
        x, y = star * 397 % 2400, star * 211 % 460
        pen.ellipse((x, y, x + 5, y + 5), fill="#f5f0dd")
    pen.rectangle((0, 980, 2400, 1260), fill="#1c2a4c")
    pen.polygon(((1120, 1130), (1290, 900), (1450, 850), (1640, 880), (1830, 1130)), fill="#2b2a33")
    pen.polygon(((1430, 880), (1455, 400), (1545, 400), (1570, 880)), fill="#f4efe4")
    for stripe in (470, 610, 750):
        pen.polygon(((1450, stripe), (1550, stripe), (1556, stripe + 66), (1444, stripe + 66)), fill="#c44a43")
    pen.rectangle((1440, 384, 1560, 402), fill="#22222c")
    pen.rectangle((1462, 290, 1538, 384), fill="#ffe9a8")
    pen.polygon(((1446, 292), (1500, 226), (1554, 292)), fill="#22222c")
    return image.resize(SIZE, Image.Resampling.LANCZOS)


def tram() -> Image.Image:
    """A yellow tram at a stop in the green."""
    image = _sky("#8fc7e8", "#cfe8f2", "#eef6e4")
    pen = ImageDraw.Draw(image)
    _hills(pen, 900, 260, "#a9cf96", 0.9)
    _hills(pen, 960, 160, "#7fb56d", 2.7)
    for tree in (150, 420, 2050, 2290):
        pen.rectangle((tree - 12, 700, tree + 12, 960), fill="#6a4f3a")
        pen.ellipse((tree - 130, 470, tree + 130, 760), fill="#4f9355")
    pen.rectangle((0, 960, 2400, 1260), fill="#c9c3b4")
    for rail in (1040, 1090):
        pen.rectangle((0, rail, 2400, rail + 10), fill="#6d6a66")
    pen.line((0, 380, 2400, 380), fill="#555", width=5)
    pen.line((1200, 380, 1150, 470, 1200, 540), fill="#555", width=9)
    pen.rounded_rectangle((560, 540, 1860, 1030), 70, fill="#f2c230")
    pen.rectangle((560, 850, 1860, 900), fill="#34383f")
    for window in range(6):
        left = 630 + window * 205
        pen.rounded_rectangle((left, 610, left + 165, 800), 22, fill="#35566b")
    for wheel in (760, 980, 1440, 1660):
        pen.ellipse((wheel - 55, 975, wheel + 55, 1085), fill="#2c2f35")
    return image.resize(SIZE, Image.Resampling.LANCZOS)


DRAWN: Mapping[str, Callable[[], Image.Image]] = {
    "bridge-opens": bridge,
    "lighthouse": lighthouse,
    "strassenbahn": tram,
}
"""By the slug of the article that it goes with: adapters/sandbox/headlines.py."""


def jpeg(image: Image.Image) -> bytes:
    """The picture as a publisher would have it."""
    data = io.BytesIO()
    image.save(data, "JPEG", quality=88)
    return data.getvalue()
