"""A card's picture, cut around its subject where that is known. Pure.

The app shows a thumb at 1.91 to 1 and cuts away what does not fit, evenly on both sides. A picture whose subject nobody
has named is left whole: then that is as good as any other guess.
https://github.com/bluesky-social/social-app (ExternalEmbed)
"""

import io
from dataclasses import replace

from adapters.post import Picture

SHOWN_RATIO = 1.91
"""Width by height of what readers see of a thumb."""
_NEAR = 0.02
_QUALITIES = (90, 80, 70)


def cut(picture: Picture, max_bytes: int) -> Picture:
    """The part of `picture` that is to be seen, at most `max_bytes` bytes; or the whole, where its subject is not known
    or nothing would be cut away."""
    if picture.focus is None or abs(picture.width / picture.height / SHOWN_RATIO - 1) < _NEAR:
        return picture
    from PIL import Image  # noqa: PLC0415 # several megabytes that few posts need

    width = min(picture.width, round(picture.height * SHOWN_RATIO))
    height = min(picture.height, round(picture.width / SHOWN_RATIO))
    x, y = picture.focus
    left = _start((x + 1) / 2 * picture.width, width, picture.width)
    top = _start((1 - y) / 2 * picture.height, height, picture.height)
    with Image.open(io.BytesIO(picture.data)) as image:
        part = image.convert("RGB").crop((left, top, left + width, top + height))
    for quality in _QUALITIES:
        buffer = io.BytesIO()
        part.save(buffer, "JPEG", quality=quality, optimize=True, progressive=True)
        if len(buffer.getvalue()) <= max_bytes:
            return replace(picture, data=buffer.getvalue(), mime="image/jpeg", width=width, height=height, focus=None)
    return picture


def _start(middle: float, length: int, of: int) -> int:
    """Where a stretch of this length begins that has `middle` in its middle, as far as there is room."""
    return max(0, min(round(middle - length / 2), of - length))
