"""Pictures from anywhere to pictures that platforms take. CPU work only; the caller gives it a thread.

What comes out was decoded and encoded by us: a JPEG of one frame without metadata, upright, in sRGB, on white where it
was transparent, within the limits. What is refused is refused with a sentence.
"""

import io
import warnings
from collections.abc import Iterator

from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

from adapters.post import Picture
from bot.focal import Point, focus_of

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "AVIF")
"""What browsers show. No other decoder is ever let near bytes from the web."""
MAX_PIXELS = 50_000_000
"""More is taken for a decompression bomb; a good camera has less."""
MAX_PIXELS_WHOLE = 25_000_000
"""The same for formats that are decoded whole, whatever is wanted of them: WebP takes 17 bytes a pixel for it."""
LEAST_SIDE = 100
"""Pixels. Less is an icon, a line or a counter of readers: over the width of a card it would be a blur."""
LONGEST_STRIP = 10
"""How many times as long as wide a picture may be. Platforms take up to 20, of which a card would show a stripe."""

_QUALITIES = (88, 80, 72, 62, 50)
_SMALLEST_SHRUNK = 64
_MAX_PROFILE = 2**20
_ORIENTATION = 0x0112
"""https://www.exif.org/Exif2-2.PDF, 4.6.4 A: 1 is upright."""
_BEGINNINGS: tuple[tuple[bytes, str], ...] = (
    (b"\xff\xd8\xff", ""),
    (b"\x89PNG", ""),
    (b"GIF8", ""),
    (b"RIFF", ""),
    (b"II*\0", "a TIFF file"),
    (b"MM\0*", "a TIFF file"),
    (b"BM", "a BMP file"),
    (b"\0\0\1\0", "an icon (ICO)"),
    (b"8BPS", "a Photoshop file"),
    (b"%PDF", "a PDF file"),
    (b"\xff\x0a", "a JPEG XL file"),
    (b"\0\0\0\x0cJXL ", "a JPEG XL file"),
)
"""How files begin, and what that makes them; "": one of ours, so that it must be broken."""
_HEIF = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"mif1", b"msf1")

Image.MAX_IMAGE_PIXELS = MAX_PIXELS
warnings.filterwarnings("error", category=Image.DecompressionBombWarning)


class BadPicture(Exception):
    """Bytes that no usable picture could be made of. `message` is one sentence."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


def normalise(data: bytes, alt: str, *, max_bytes: int = 950_000, longest: int = 1600) -> Picture:
    """`data` as a JPEG of at most `max_bytes` bytes, its longer side at most `longest` pixels. Raises BadPicture."""
    picture, focus = _decoded(data, longest)
    for shrunk, encoded in _encodings(picture):
        if len(encoded) <= max_bytes:
            return Picture(encoded, "image/jpeg", shrunk.width, shrunk.height, alt.strip(), focus)
    raise BadPicture(f"The picture does not fit into {max_bytes:,} bytes.")


def _decoded(data: bytes, longest: int) -> tuple[Image.Image, Point | None]:
    """The first frame, upright, in RGB, no longer than `longest`; and the point in it that its file calls the subject.

    It is made small before its colours are worked on: of 50 million pixels, one copy is enough.
    """
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as image:
            _check_shape(image.size, MAX_PIXELS if image.format == "JPEG" else MAX_PIXELS_WHOLE)
            size, shown = image.size, min(1.0, longest / max(image.size))
            # Lets JPEG decode at a half or less of its size, where that is still as much as is wanted.
            image.draft("RGB", (int(size[0] * shown), int(size[1] * shown)))
            image.load()
            # Where regions are counted from in a picture that lies on its side, tools do not agree.
            focus = focus_of(image.info.get("xmp"), size) if _is_upright(image) else None
            small = _resizable(image)
            small.thumbnail((longest, longest), Image.Resampling.LANCZOS, reducing_gap=2.0)
            return _flat(_in_srgb(_upright(small))), focus
    except BadPicture:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise _too_large(MAX_PIXELS) from None
    except UnidentifiedImageError:
        raise BadPicture(_what_it_is(data)) from None
    except Exception:  # decoders raise anything on broken files
        raise BadPicture("The picture is damaged or incomplete.") from None


def _check_shape(size: tuple[int, int], most: int) -> None:
    width, height = size
    if width * height > most:
        raise _too_large(most)
    if min(size) < LEAST_SIDE:
        raise BadPicture(f"The picture has only {width} × {height} pixels, and {LEAST_SIDE} each way are the least.")
    if max(size) > min(size) * LONGEST_STRIP:
        raise BadPicture(f"The picture is a strip of {width} × {height} pixels.")


def _too_large(most: int) -> BadPicture:
    kind = "" if most == MAX_PIXELS else " and is no JPEG"
    return BadPicture(f"The picture has more than {most // 1_000_000} million pixels{kind}.")


def _what_it_is(data: bytes) -> str:
    if not data:
        return "The picture is empty."
    start = data[:2_000].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if b"<svg" in start:
        return "The picture is an SVG drawing, which platforms do not take."
    if start.startswith(b"<"):
        return "What should be a picture is a web page or other text."
    if data[4:8] == b"ftyp" and data[8:12] in _HEIF:
        return _not_taken("a HEIC file")
    for beginning, kind in _BEGINNINGS:
        if data.startswith(beginning):
            return _not_taken(kind) if kind else "The picture is damaged or incomplete."
    return "The picture is not a JPEG, PNG, WebP, GIF or AVIF."


def _not_taken(kind: str) -> str:
    return f"The picture is {kind}, not a JPEG, PNG, WebP, GIF or AVIF."


def _is_upright(image: Image.Image) -> bool:
    try:
        return bool(image.getexif().get(_ORIENTATION, 1) == 1)
    except Exception:  # as above
        return True


def _upright(image: Image.Image) -> Image.Image:
    """`image` turned as its EXIF says; unreadable EXIF says nothing."""
    try:
        return ImageOps.exif_transpose(image)
    except Exception:  # as above
        return image


def _resizable(image: Image.Image) -> Image.Image:
    """`image` in a mode in which neighbouring pixels can be mixed."""
    if image.mode.startswith("I"):  # 16 bits of grey
        return image.point(lambda value: value * (1 / 256)).convert("L")
    good = ("RGBA",) if image.has_transparency_data else ("RGB", "L", "CMYK")
    return image if image.mode in good else image.convert(good[0])


def _in_srgb(image: Image.Image) -> Image.Image:
    """`image` in the one colour space that needs no profile to be right."""
    profile = image.info.get("icc_profile")
    if not isinstance(profile, bytes) or not 0 < len(profile) <= _MAX_PROFILE:
        return image
    colours = image.convert("RGB") if image.mode == "RGBA" else image
    try:
        source, target = ImageCms.ImageCmsProfile(io.BytesIO(profile)), ImageCms.createProfile("sRGB")
        colours = ImageCms.profileToProfile(colours, source, target, outputMode="RGB") or colours
    except (ImageCms.PyCMSError, OSError, ValueError):
        return image
    if image.mode == "RGBA":
        colours.putalpha(image.getchannel("A"))
    return colours


def _flat(image: Image.Image) -> Image.Image:
    """`image` in RGB, with white where it was transparent and nothing but its pixels."""
    if image.mode == "RGBA":
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
