"""Pictures: what comes out is a plain JPEG within the limits, and what cannot be used is refused with a sentence."""

import io
import random
import struct
import zlib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms

from bot.picture import BadPicture, normalise


def encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    """`image` in a file format."""
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def decoded(data: bytes) -> Image.Image:
    """The picture that a platform would see."""
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


def noise(width: int, height: int) -> Image.Image:
    """A picture that compresses badly."""
    return Image.frombytes("RGB", (width, height), random.Random(1).randbytes(width * height * 3))


def bomb(width: int, height: int) -> bytes:
    """A small PNG file that claims to be huge."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b"")
    )


def display_p3() -> bytes:
    """A colour profile of today's telephones and screens: https://www.color.org/chardata/rgb/DisplayP3.xalter"""

    def xyz(*values: float) -> bytes:
        return b"XYZ \0\0\0\0" + struct.pack(">3i", *(round(value * 65536) for value in values))

    # https://www.color.org/icc_specs2.xalter: sRGB's curve as parameters; primaries adapted to D50
    curve = b"para\0\0\0\0" + struct.pack(">HH", 3, 0)
    curve += struct.pack(">5i", *(round(x * 65536) for x in (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)))
    text = b"mluc\0\0\0\0" + struct.pack(">II2s2sII", 1, 12, b"en", b"US", 4, 28) + "P3".encode("utf-16-be")
    tags = {b"desc": text, b"cprt": text, b"wtpt": xyz(0.9642, 1, 0.8249)}
    tags |= {b"rXYZ": xyz(0.51512, 0.2412, -0.00105), b"gXYZ": xyz(0.29198, 0.69225, 0.04189)}
    tags |= {b"bXYZ": xyz(0.1571, 0.06657, 0.78407), **dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), curve)}
    table, body, start = b"", b"", 128 + 4 + 12 * len(tags)
    for name, value in tags.items():
        table += struct.pack(">4sII", name, start + len(body), len(value))
        body += value + b"\0" * (-len(value) % 4)
    size = start + len(body)
    head = struct.pack(">I4sI4s4s4s", size, b"\0" * 4, 0x04000000, b"mntr", b"RGB ", b"XYZ ") + b"\0" * 12 + b"acsp"
    head = head.ljust(68, b"\0") + struct.pack(">3i", 63190, 65536, 54061)
    return head.ljust(128, b"\0") + struct.pack(">I", len(tags)) + table + body


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "AVIF"])
def test_formats(kind: str) -> None:
    """Every format on the list becomes a JPEG of the same shape and colour."""
    picture = normalise(encoded(Image.new("RGB", (160, 120), (200, 30, 30)), kind), " a red field ")
    image = decoded(picture.data)
    assert (picture.mime, picture.width, picture.height, picture.alt) == ("image/jpeg", 160, 120, "a red field")
    assert image.format == "JPEG"
    red, green, blue = image.getpixel((30, 20))  # type: ignore[misc]
    assert abs(red - 200) < 12
    assert abs(green - 30) < 12
    assert abs(blue - 30) < 12


def test_large_is_made_small() -> None:
    """The longer side is cut down to the limit, the shape kept."""
    picture = normalise(encoded(Image.new("RGB", (4000, 1000)), "JPEG"), "")
    assert (1600, 400) == (picture.width, picture.height) == decoded(picture.data).size


@pytest.mark.parametrize("limit", [950_000, 200_000, 20_000, 3_000])
def test_fits_into_bytes(limit: int) -> None:
    """Quality, then size, give way until the bytes fit."""
    picture = normalise(encoded(noise(1200, 900), "PNG"), "", max_bytes=limit)
    assert len(picture.data) <= limit
    assert (picture.width, picture.height) == decoded(picture.data).size


def test_nothing_fits() -> None:
    """A limit that no picture meets is told."""
    with pytest.raises(BadPicture, match="does not fit into 100 bytes"):
        normalise(encoded(noise(300, 300), "PNG"), "", max_bytes=100)


def test_exif_is_applied_and_dropped() -> None:
    """A picture taken sideways comes out upright, and nothing of where it was taken is left."""
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010F] = "Camera"
    picture = normalise(encoded(Image.new("RGB", (240, 120)), "JPEG", exif=exif, comment=b"secret"), "")
    assert (picture.width, picture.height) == (120, 240)
    assert not dict(decoded(picture.data).getexif())
    assert b"Camera" not in picture.data
    assert b"secret" not in picture.data


def test_profile_is_applied_and_dropped() -> None:
    """An embedded colour profile does not travel."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    picture = normalise(encoded(Image.new("RGB", (120, 120), "green"), "JPEG", icc_profile=profile), "")
    assert "icc_profile" not in decoded(picture.data).info


@pytest.mark.parametrize(("kind", "mode"), [("JPEG", "RGB"), ("PNG", "RGB"), ("PNG", "RGBA"), ("WEBP", "RGB")])
def test_wide_gamut_is_brought_into_srgb(kind: str, mode: str) -> None:
    """What is said in Display P3 is shown as it was meant: its red is redder than sRGB has it, its skin tone is what
    sRGB says with other numbers."""
    skin = Image.new(mode, (120, 120), (220, 170, 140, 255)[: len(mode)])
    options = {"quality": 100} if kind != "PNG" else {}
    data = normalise(encoded(skin, kind, icc_profile=display_p3(), **options), "").data
    red, green, blue = decoded(data).getpixel((60, 60))  # type: ignore[misc]
    assert abs(red - 229) <= 4  # by the primaries of both: https://www.w3.org/TR/css-color-4/#color-conversion-code
    assert abs(green - 168) <= 4
    assert abs(blue - 136) <= 4


def test_broken_profile_is_no_reason_to_fail() -> None:
    """A colour profile that is none changes nothing."""
    picture = normalise(encoded(Image.new("RGB", (120, 120), "green"), "JPEG", icc_profile=b"junk" * 50), "")
    assert (picture.width, picture.height) == (120, 120)


def test_nothing_but_pixels_is_left() -> None:
    """Where and by what it was taken, who took it, its comment, its colours' profile and its own thumbnail are gone."""
    exif = Image.Exif()
    exif[0x8298] = "Copyright A. Nonymous"
    exif.get_ifd(0x8825)[1] = "N"
    exif.get_ifd(0x8825)[2] = (52.0, 31.0, 12.0)
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    xmp = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'>Nonymous</x:xmpmeta>"
    for kind in ("JPEG", "PNG", "WEBP", "AVIF"):
        image = Image.new("RGB", (2000, 1000), "green")
        data = encoded(image, kind, exif=exif, xmp=xmp, icc_profile=profile, comment=b"Nonymous")
        assert b"Nonymous" in data
        seen = decoded(normalise(data, "").data)
        assert {"jfif", "jfif_version", "jfif_unit", "jfif_density", "progressive", "progression"} >= set(seen.info)
        assert not dict(seen.getexif())
        assert b"Nonymous" not in normalise(data, "").data


def test_a_grey_that_stands_for_transparent_becomes_white() -> None:
    """A PNG may name one of its greys, or colours, as the one that is not there."""
    for mode, value in (("L", 0), ("RGB", (0, 0, 0))):
        data = encoded(Image.new(mode, (120, 120), value), "PNG", transparency=value)
        assert decoded(normalise(data, "").data).getpixel((60, 60)) == (255, 255, 255)


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_transparency_becomes_white(mode: str) -> None:
    """What is transparent shows white, as on a page."""
    image = Image.new("RGBA", (120, 120), (0, 0, 0, 0)).convert(mode)
    options = {"transparency": 0} if mode == "P" else {}
    pixel = decoded(normalise(encoded(image, "PNG", **options), "").data).getpixel((20, 20))
    assert pixel == (255, 255, 255)


@pytest.mark.parametrize("mode", ["1", "L", "P", "CMYK", "I;16"])
def test_modes(mode: str) -> None:
    """Bitmaps, greys, palettes, print colours and deep greys come out as colours, also when they are made smaller."""
    kind = "JPEG" if mode == "CMYK" else "PNG"
    for size in ((120, 120), (2000, 1500)):
        assert decoded(normalise(encoded(Image.new(mode, size), kind), "").data).mode == "RGB"


def test_deep_grey_keeps_its_tone() -> None:
    """Half of 16 bits is half of 8."""
    picture = normalise(encoded(Image.new("I;16", (120, 120), 32768), "PNG"), "")
    value = decoded(picture.data).convert("L").getpixel((20, 20))
    assert isinstance(value, int | float)
    assert abs(value - 128) < 4


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG", "AVIF"])
def test_animation_gives_its_first_frame(kind: str) -> None:
    """Of an animation the first frame is taken."""
    frames = [Image.new("RGB", (120, 120), colour) for colour in ("red", "blue")]
    data = encoded(frames[0], kind, save_all=True, append_images=frames[1:])
    red, _, blue = decoded(normalise(data, "").data).getpixel((20, 20))  # type: ignore[misc]
    assert red > 200
    assert blue < 50


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "empty"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "SVG"),
        (b"<?xml version='1.0'?>\n<svg><image href='file:///etc/passwd'/></svg>", "SVG"),
        (b"<!DOCTYPE html><title>404</title>", "web page"),
        (b"  <html><body>Not found", "web page"),
        (b'{"error": "gone"}', "not a JPEG"),
        (b"%PDF-1.7", "a PDF file, not a JPEG"),
        (b"II*\0" + b"\0" * 100, "a TIFF file, not a JPEG"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "a HEIC file, not a JPEG"),
        (b"\xff\x0a" + b"\0" * 40, "a JPEG XL file, not a JPEG"),
        (encoded(Image.new("RGB", (120, 120)), "BMP"), "a BMP file, not a JPEG"),
        (encoded(Image.new("RGB", (120, 120)), "TIFF"), "a TIFF file, not a JPEG"),
        (encoded(Image.new("RGB", (120, 120)), "ICO"), "an icon .ICO., not a JPEG"),
        (encoded(noise(200, 200), "JPEG")[:5000], "damaged"),
        (encoded(noise(200, 200), "PNG")[:5000], "damaged"),
        (encoded(noise(200, 200), "WEBP")[:5000], "damaged"),
        (encoded(Image.new("RGB", (1, 1)), "GIF"), "1 × 1 pixels, and 100"),
        (encoded(Image.new("RGB", (500, 1)), "PNG"), "500 × 1 pixels"),
        (encoded(Image.new("RGB", (16, 16)), "PNG"), "16 × 16 pixels"),
        (encoded(Image.new("RGB", (600, 99)), "PNG"), "600 × 99 pixels"),
        (encoded(Image.new("RGB", (1200, 110)), "PNG"), "a strip of 1200 × 110 pixels"),
        (encoded(Image.new("RGB", (110, 9000)), "PNG"), "a strip of 110 × 9000 pixels"),
        (bomb(6_000, 5_000), "25 million pixels and is no JPEG"),
        (bomb(8_000, 8_000), "50 million"),
        (bomb(30_000, 30_000), "50 million"),
    ],
)
def test_bad_pictures(data: bytes, sentence: str) -> None:
    """What is no usable picture is refused with a sentence that says why."""
    with pytest.raises(BadPicture, match=sentence) as caught:
        normalise(data, "")
    assert caught.value.message.endswith(".")


SAMPLES = [encoded(noise(110, 110), kind) for kind in ("JPEG", "PNG", "GIF", "WEBP")]


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(SAMPLES), st.lists(st.tuples(st.integers(0, 3000), st.integers(0, 255)), max_size=20))
def test_damaged_files_are_survived(sample: bytes, changes: list[tuple[int, int]]) -> None:
    """A file with changed bytes is a picture or a BadPicture, never another error."""
    data = bytearray(sample)
    for place, value in changes:
        data[place % len(data)] = value
    try:
        picture = normalise(bytes(data), "")
    except BadPicture as error:
        told = error.message
        assert told.endswith(".")
    else:
        assert (picture.width, picture.height) == decoded(picture.data).size
