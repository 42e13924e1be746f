"""Pictures from anywhere to pictures that platforms take. CPU work only; the caller gives it a thread.

What comes out was decoded and encoded by us: a JPEG without metadata, upright, in sRGB, within the limits. What is
refused is refused with a sentence.
"""

import io
import warnings
from collections.abc import Iterator

from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

from adapters.post import Picture

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "AVIF")
MAX_PIXELS = 50_000_000
"""More is taken for a decompression bomb; a good camera has less."""

_QUALITIES = (88, 80, 72, 62, 50)
_SMALLEST = 2
"""Pixels. Smaller pictures are there to count readers."""
_SMALLEST_SHRUNK = 64
_MAX_PROFILE = 2**20

Image.MAX_IMAGE_PIXELS = MAX_PIXELS
warnings.filterwarnings("error", category=Image.DecompressionBombWarning)


class BadPicture(Exception):
    """Bytes that no usable picture could be made of. `message` is one sentence."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


def normalise(data: bytes, alt: str, *, max_bytes: int = 950_000, longest: int = 1600) -> Picture:
    """`data` as a JPEG of at most `max_bytes` bytes, its longer side at most `longest` pixels. Raises BadPicture."""
    picture = _decoded(data, longest)
    picture.thumbnail((longest, longest), Image.Resampling.LANCZOS, reducing_gap=2.0)
    for shrunk, encoded in _encodings(picture):
        if len(encoded) <= max_bytes:
            return Picture(encoded, "image/jpeg", shrunk.width, shrunk.height, alt.strip())
    raise BadPicture(f"The picture does not fit into {max_bytes:,} bytes.")


def _decoded(data: bytes, longest: int) -> Image.Image:
    """The first frame, upright, in RGB."""
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as image:
            _check_size(image)
            image.draft("RGB", (longest, longest))  # lets JPEG decode at a fraction of its size
            image.load()
            return _flat(_in_srgb(_upright(image)))
    except BadPicture:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise _too_large() from None
    except UnidentifiedImageError:
        raise BadPicture(_what_it_is(data)) from None
    except Exception:  # decoders raise anything on broken files
        raise BadPicture("The picture is damaged or incomplete.") from None


def _check_size(image: Image.Image) -> None:
    if image.width * image.height > MAX_PIXELS:
        raise _too_large()
    if min(image.size) < _SMALLEST:
        raise BadPicture(f"The picture has only {image.width} × {image.height} pixels.")


def _too_large() -> BadPicture:
    return BadPicture(f"The picture has more than {MAX_PIXELS // 1_000_000} million pixels.")


def _what_it_is(data: bytes) -> str:
    start = data[:2_000].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if b"<svg" in start:
        return "The picture is an SVG drawing, which platforms do not take."
    if start.startswith((b"<!doctype html", b"<html")):
        return "What should be a picture is a web page."
    return "The picture is empty." if not data else "The picture is not a JPEG, PNG, WebP, GIF or AVIF."


def _upright(image: Image.Image) -> Image.Image:
    """`image` turned as its EXIF says; unreadable EXIF says nothing."""
    try:
        return ImageOps.exif_transpose(image)
    except Exception:  # as above
        return image


def _in_srgb(image: Image.Image) -> Image.Image:
    """`image` in the one colour space that needs no profile to be right."""
    profile = image.info.get("icc_profile")
    if not isinstance(profile, bytes) or not 0 < len(profile) <= _MAX_PROFILE or image.mode not in ("RGB", "CMYK"):
        return image
    try:
        source, target = ImageCms.ImageCmsProfile(io.BytesIO(profile)), ImageCms.createProfile("sRGB")
        return ImageCms.profileToProfile(image, source, target, outputMode="RGB") or image
    except (ImageCms.PyCMSError, OSError, ValueError):
        return image


def _flat(image: Image.Image) -> Image.Image:
    """`image` in RGB, with white where it was transparent and nothing but its pixels."""
    if image.mode.startswith("I"):  # 16 bits of grey
        image = image.point(lambda value: value * (1 / 256)).convert("L")
    if image.has_transparency_data:
        image = image.convert("RGBA")
        ground = Image.new("RGB", image.size, "white")
        ground.paste(image, mask=image.getchannel("A"))
        return ground
    flat = image.convert("RGB")
    flat.info.clear()
    return flat


def _encodings(picture: Image.Image) -> Iterator[tuple[Image.Image, bytes]]:
    """`picture` as JPEG in falling quality, then in falling size."""
    while True:
        for quality in _QUALITIES:
            buffer = io.BytesIO()
            picture.save(buffer, "JPEG", quality=quality, optimize=True, progressive=True)
            yield picture, buffer.getvalue()
        if max(picture.size) <= _SMALLEST_SHRUNK:
            return
        smaller = (max(1, picture.width * 3 // 4), max(1, picture.height * 3 // 4))
        picture = picture.resize(smaller, Image.Resampling.LANCZOS)
