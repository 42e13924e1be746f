"""Odd pictures, as publishers serve them, and what a careful editor would have shown of each."""

import io
import random
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from PIL import Image, ImageDraw

from tests.core.test_focal import faces, subject
from tests.sources.test_picture import display_p3

Colour = tuple[int, int, int]

RED, GREEN, BLUE, WHITE, GREY = (200, 30, 30), (30, 160, 60), (30, 60, 200), (255, 255, 255), (128, 128, 128)
TITLE = "Bridge closes"
ALT = "The bridge from the river, at dusk"
FALLBACK = f"Picture accompanying: {TITLE}"


@dataclass(frozen=True, slots=True)
class Odd:
    """A picture at an address. What a reader is to see: its size and colours, or nothing, for a reason."""

    name: str
    data: Callable[[], bytes]
    size: tuple[int, int] | None = None
    """Width and height that it is shown in; None: it is not shown."""
    colours: dict[tuple[float, float], Colour] = field(default_factory=dict)
    """Place, as fractions from the top left → what is seen there."""
    why_none: str = ""
    """Words of the reason."""
    alt: str | None = ALT
    """As the page has it."""
    says: str = ALT
    """The description that readers get."""
    title: str = TITLE
    page_focus: tuple[float, float] | None = None
    """As the page has it."""
    focus: tuple[float, float] | None = None
    headers: dict[str, str] = field(default_factory=lambda: {"Content-Type": "image/jpeg"})
    status: int = 200


def plain(mode: str = "RGB", size: tuple[int, int] = (600, 400), colour: Any = RED) -> Image.Image:
    """One colour all over."""
    return Image.new(mode, size, colour)


def halves(size: tuple[int, int], left: Colour = RED, right: Colour = BLUE) -> Image.Image:
    """Two colours side by side."""
    image = Image.new("RGB", size, left)
    image.paste(right, (size[0] // 2, 0, size[0], size[1]))
    return image


def hole(mode: str) -> Image.Image:
    """Red, with a transparent right half whose hidden colour is black."""
    image = Image.new("RGBA", (600, 400), (0, 0, 0, 0))
    image.paste((*RED, 255), (0, 0, 300, 400))
    return image.convert(mode) if mode != "RGBA" else image


def noise(width: int, height: int) -> Image.Image:
    """What compresses badly."""
    return Image.frombytes("RGB", (width, height), random.Random(7).randbytes(width * height * 3))


def encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    """`image` in a file format."""
    data = io.BytesIO()
    image.save(data, kind, **options)
    return data.getvalue()


def animated(kind: str) -> bytes:
    """Red first, then blue."""
    return encoded(plain(), kind, save_all=True, append_images=[plain(colour=BLUE)], duration=200, loop=0)


def bomb() -> bytes:
    """A PNG of a hundred bytes that says it has 64 million pixels."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = struct.pack(">IIBBBBB", 8000, 8000, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0" * 999)) + chunk(b"IEND", b"")
    )


def turned(orientation: int) -> bytes:
    """Red to the left and blue to the right once it is turned as its EXIF says; stored on its side."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    upright = halves((600, 400))
    stored = upright.transpose(Image.Transpose.ROTATE_90 if orientation == 6 else Image.Transpose.ROTATE_180)
    return encoded(stored, "JPEG", exif=exif)


def told_on() -> bytes:
    """With the place, the camera and the owner, in EXIF, XMP and a comment, and a colour profile."""
    exif = Image.Exif()
    exif[0x010F], exif[0x8298] = "Camera of Nonymous", "Nonymous"
    exif.get_ifd(0x8825).update({1: "N", 2: (52.0, 31.0, 12.0), 3: "E", 4: (13.0, 24.0, 0.0)})
    xmp = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'>Nonymous</x:xmpmeta>"
    profile = b"Nonymous" * 40
    return encoded(plain(), "JPEG", exif=exif, xmp=xmp, comment=b"Nonymous", icc_profile=profile)


def portrait(xmp: bytes) -> bytes:
    """A tall blue picture with a red square at the place that `xmp` tells of: a quarter from the left, near the top."""
    image = Image.new("RGB", (800, 1200), BLUE)
    ImageDraw.Draw(image).rectangle((180, 100, 260, 180), fill=RED)
    return encoded(image, "JPEG", xmp=xmp)


def _shown(name: str, data: Callable[[], bytes], colour: Colour = RED, **more: Any) -> Odd:
    return Odd(name, data, **{"size": (600, 400), "colours": {(0.5, 0.5): colour}, **more})


def _of(image: Callable[[], Image.Image], kind: str, **options: Any) -> Callable[[], bytes]:
    return lambda: encoded(image(), kind, **options)


HALF_WHITE = {(0.2, 0.5): RED, (0.8, 0.5): WHITE}
LONG_ALT = "A long description of the bridge. " * 500

SHOWN = (
    _shown("jpeg", _of(plain, "JPEG")),
    _shown("progressive", _of(plain, "JPEG", progressive=True)),
    _shown("webp", _of(plain, "WEBP")),
    _shown("avif", _of(plain, "AVIF")),
    _shown("gif", _of(plain, "GIF")),
    _shown("png", _of(plain, "PNG")),
    *(_shown(f"animated {kind}", partial(animated, kind)) for kind in ("GIF", "WEBP", "PNG", "AVIF")),
    _shown("transparent png", _of(partial(hole, "RGBA"), "PNG"), colours=HALF_WHITE),
    _shown("transparent webp", _of(partial(hole, "RGBA"), "WEBP", lossless=True), colours=HALF_WHITE),
    _shown("transparent gif", _of(partial(hole, "RGBA"), "GIF"), colours=HALF_WHITE),
    _shown("transparent palette", _of(lambda: hole("RGBA").quantize(8), "PNG"), colours=HALF_WHITE),
    _shown("palette", _of(lambda: halves((600, 400)).quantize(4), "PNG"), colours={(0.2, 0.5): RED, (0.8, 0.5): BLUE}),
    _shown("grey", _of(partial(plain, "L", colour=128), "JPEG"), GREY),
    _shown("one bit", _of(partial(plain, "1", colour=1), "PNG"), WHITE),
    _shown("sixteen bits", _of(partial(plain, "I;16", colour=32896), "PNG"), GREY),
    _shown("print colours", _of(lambda: plain().convert("CMYK"), "JPEG")),
    _shown(
        "wide gamut", lambda: encoded(plain(colour=(220, 170, 140)), "PNG", icc_profile=display_p3()), (229, 168, 136)
    ),
    _shown("broken profile", _of(plain, "JPEG", icc_profile=b"junk" * 99)),
    _shown("on its side", partial(turned, 6), colours={(0.2, 0.5): RED, (0.8, 0.5): BLUE}),
    _shown("on its head", partial(turned, 3), colours={(0.2, 0.5): RED, (0.8, 0.5): BLUE}),
    _shown("tells on its author", told_on),
    _shown("twelve megapixels", _of(partial(plain, size=(4000, 3000)), "JPEG"), size=(1600, 1200)),
    _shown("forty-eight megapixels", _of(partial(plain, size=(8000, 6000)), "JPEG"), size=(1600, 1200)),
    _shown("noise", _of(partial(noise, 1800, 1200), "PNG"), GREY, size=(1600, 1067), colours={}),
    _shown("tall", _of(partial(plain, size=(300, 2900)), "JPEG"), size=(166, 1600)),
    _shown("wide", _of(partial(plain, size=(2900, 300)), "JPEG"), size=(1600, 166)),
    _shown("as small as may be", _of(partial(plain, size=(100, 100)), "PNG"), size=(100, 100)),
    _shown("named as text", _of(plain, "JPEG"), headers={"Content-Type": "text/plain"}),
    _shown("named by nobody", _of(plain, "JPEG"), headers={}),
    # what is said of it
    _shown("without alt", _of(plain, "JPEG"), alt=None, says=FALLBACK),
    _shown("a file's name for alt", _of(plain, "JPEG"), alt="IMG_1234.jpg", says=FALLBACK),
    _shown("a camera's name for alt", _of(plain, "JPEG"), alt="dsc-0042", says=FALLBACK),
    _shown("no title and no alt", _of(plain, "JPEG"), alt="", title="", says=""),
    _shown(
        "untidy alt",
        _of(plain, "JPEG"),
        alt=" The\n river\u00adside\t👩‍🚀  at night ",
        says="The riverside 👩‍🚀 at night",
    ),
    _shown("long alt", _of(plain, "JPEG"), alt=LONG_ALT, says=LONG_ALT.strip()),
    # what it is of
    _shown(
        "a face",
        lambda: portrait(faces((0.275, 140 / 1200, 0.1, 0.1), of=(800, 1200))),
        BLUE,
        size=(800, 1200),
        colours={},
        focus=(-0.45, 0.767),
    ),
    _shown(
        "an editor's choice",
        lambda: portrait(faces((0.5, 0.9, 0.1, 0.1), of=(800, 1200))),
        BLUE,
        size=(800, 1200),
        colours={},
        page_focus=(-0.45, 0.767),
        focus=(-0.45, 0.767),
    ),
    _shown(
        "a main subject",
        lambda: portrait(subject("<iptc:rbW>0.15</iptc:rbW><iptc:rbH>0.04</iptc:rbH>")),
        BLUE,
        size=(800, 1200),
        colours={},
        focus=(-0.45, 0.76),
    ),
)

REFUSED = (
    Odd("svg", lambda: b"<svg xmlns='http://www.w3.org/2000/svg'/>", why_none="an SVG drawing"),
    Odd(
        "svg by name", lambda: b"<?xml version='1.0'?><svg/>", why_none="SVG", headers={"Content-Type": "image/svg+xml"}
    ),
    Odd("web page", lambda: b"<!doctype html><title>Gone</title>", why_none="a web page"),
    Odd("missing", lambda: b"Not found", why_none="does not exist (404)", status=404),
    Odd("forbidden", lambda: b"No hotlinking", why_none="403", status=403),
    Odd("empty", lambda: b"", why_none="the picture is empty"),
    Odd("json", lambda: b'{"error": 1}', why_none="not a JPEG"),
    Odd("truncated jpeg", lambda: encoded(noise(300, 300), "JPEG")[:9000], why_none="damaged or incomplete"),
    Odd("truncated png", lambda: encoded(noise(300, 300), "PNG")[:9000], why_none="damaged or incomplete"),
    Odd("truncated webp", lambda: encoded(noise(300, 300), "WEBP")[:5000], why_none="damaged or incomplete"),
    Odd("bomb", bomb, why_none="more than 50 million pixels"),
    Odd(
        "thirty megapixels in a png",
        lambda: encoded(plain("1", (6000, 5000), 1), "PNG"),
        why_none="more than 25 million pixels",
    ),
    Odd("more than 20 MB", lambda: b"\xff\xd8\xff" + b"\0" * 21 * 2**20, why_none="larger than 20 MiB"),
    Odd("counting pixel", lambda: encoded(plain(size=(1, 1)), "GIF"), why_none="only 1 × 1 pixels"),
    Odd("icon", lambda: encoded(plain(size=(16, 16)), "PNG"), why_none="only 16 × 16 pixels"),
    Odd("line", lambda: encoded(plain(size=(800, 2)), "PNG"), why_none="only 800 × 2 pixels"),
    Odd("strip", lambda: encoded(plain(size=(2000, 150)), "PNG"), why_none="a strip of 2000 × 150 pixels"),
    Odd("bmp", lambda: encoded(plain(), "BMP"), why_none="a BMP file"),
    Odd("tiff", lambda: encoded(plain(), "TIFF"), why_none="a TIFF file"),
    Odd("ico", lambda: encoded(plain(), "ICO"), why_none="an icon"),
    Odd("heic", lambda: b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", why_none="a HEIC file"),
    Odd("pdf", lambda: b"%PDF-1.7", why_none="a PDF file"),
)
