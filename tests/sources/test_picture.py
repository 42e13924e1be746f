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


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "AVIF"])
def test_formats(kind: str) -> None:
    """Every format on the list becomes a JPEG of the same shape and colour."""
    picture = normalise(encoded(Image.new("RGB", (60, 40), (200, 30, 30)), kind), " a red field ")
    image = decoded(picture.data)
    assert (picture.mime, picture.width, picture.height, picture.alt) == ("image/jpeg", 60, 40, "a red field")
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
    picture = normalise(encoded(Image.new("RGB", (80, 40)), "JPEG", exif=exif, comment=b"secret"), "")
    assert (picture.width, picture.height) == (40, 80)
    assert not dict(decoded(picture.data).getexif())
    assert b"Camera" not in picture.data
    assert b"secret" not in picture.data


def test_profile_is_applied_and_dropped() -> None:
    """An embedded colour profile does not travel."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    picture = normalise(encoded(Image.new("RGB", (40, 40), "green"), "JPEG", icc_profile=profile), "")
    assert "icc_profile" not in decoded(picture.data).info


def test_broken_profile_is_no_reason_to_fail() -> None:
    """A colour profile that is none changes nothing."""
    picture = normalise(encoded(Image.new("RGB", (40, 40), "green"), "JPEG", icc_profile=b"junk" * 50), "")
    assert (picture.width, picture.height) == (40, 40)


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_transparency_becomes_white(mode: str) -> None:
    """What is transparent shows white, as on a page."""
    image = Image.new("RGBA", (40, 40), (0, 0, 0, 0)).convert(mode)
    options = {"transparency": 0} if mode == "P" else {}
    pixel = decoded(normalise(encoded(image, "PNG", **options), "").data).getpixel((20, 20))
    assert pixel == (255, 255, 255)


@pytest.mark.parametrize("mode", ["1", "L", "CMYK", "I;16"])
def test_modes(mode: str) -> None:
    """Bitmaps, greys, print colours and deep greys come out as colours."""
    kind = "JPEG" if mode == "CMYK" else "PNG"
    assert decoded(normalise(encoded(Image.new(mode, (40, 40)), kind), "").data).mode == "RGB"


def test_deep_grey_keeps_its_tone() -> None:
    """Half of 16 bits is half of 8."""
    picture = normalise(encoded(Image.new("I;16", (40, 40), 32768), "PNG"), "")
    value = decoded(picture.data).convert("L").getpixel((20, 20))
    assert isinstance(value, int | float)
    assert abs(value - 128) < 4


def test_animation_gives_its_first_frame() -> None:
    """Of an animation the first frame is taken."""
    frames = [Image.new("RGB", (40, 40), colour) for colour in ("red", "blue")]
    data = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
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
        (b"%PDF-1.7", "not a JPEG"),
        (b"II*\0" + b"\0" * 100, "not a JPEG"),
        (encoded(Image.new("RGB", (40, 40)), "BMP"), "not a JPEG"),
        (encoded(Image.new("RGB", (40, 40)), "TIFF"), "not a JPEG"),
        (encoded(noise(200, 200), "JPEG")[:5000], "damaged"),
        (encoded(noise(200, 200), "PNG")[:5000], "damaged"),
        (encoded(noise(200, 200), "WEBP")[:5000], "damaged|not a JPEG"),
        (encoded(Image.new("RGB", (1, 1)), "GIF"), "1 × 1 pixels"),
        (encoded(Image.new("RGB", (500, 1)), "PNG"), "500 × 1 pixels"),
        (bomb(8_000, 8_000), "50 million"),
        (bomb(30_000, 30_000), "50 million"),
    ],
)
def test_bad_pictures(data: bytes, sentence: str) -> None:
    """What is no usable picture is refused with a sentence that says why."""
    with pytest.raises(BadPicture, match=sentence) as caught:
        normalise(data, "")
    assert caught.value.message.endswith(".")


SAMPLES = [encoded(noise(50, 50), kind) for kind in ("JPEG", "PNG", "GIF", "WEBP")]


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
