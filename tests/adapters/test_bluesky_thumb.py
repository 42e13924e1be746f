"""A card's picture, cut around its subject where that is known."""

import io

import pytest
from PIL import Image

from adapters.bluesky.compose import LONGEST_THUMB
from adapters.bluesky.thumb import SHOWN_RATIO, cut
from adapters.post import Picture


def picture(width: int, height: int, focus: tuple[float, float] | None) -> Picture:
    """A white picture with a red square a tenth of its height in size where its subject is."""
    image = Image.new("RGB", (width, height), "white")
    if focus:
        x, y, half = (focus[0] + 1) / 2 * width, (1 - focus[1]) / 2 * height, height // 20
        image.paste((220, 20, 20), (int(x - half), int(y - half), int(x + half), int(y + half)))
    data = io.BytesIO()
    image.save(data, "JPEG", quality=90)
    return Picture(data.getvalue(), "image/jpeg", width, height, "alt", focus)


def seen(data: bytes) -> Image.Image:
    """What a reader sees of a thumb: the middle, at the app's ratio."""
    image = Image.open(io.BytesIO(data))
    width, height = min(image.width, image.height * SHOWN_RATIO), min(image.height, image.width / SHOWN_RATIO)
    left, top = (image.width - width) / 2, (image.height - height) / 2
    return image.crop((round(left), round(top), round(left + width), round(top + height)))


def has_red(image: Image.Image) -> bool:
    """Whether the subject is in it."""
    colours = image.convert("RGB").getcolors(1 << 24) or []
    return any(red > 180 and green < 80 for _, (red, green, _blue) in colours)  # type: ignore[misc]


@pytest.mark.parametrize("focus", [(0, 0.9), (0, -0.9), (0.3, 0.85)])
def test_the_subject_of_a_tall_picture_is_seen(focus: tuple[float, float]) -> None:
    """The whole would lose it, above or below; what is uploaded shows it, and nothing is cut away at the sides."""
    whole = picture(800, 1200, focus)
    assert not has_red(seen(whole.data))
    part = cut(whole, LONGEST_THUMB)
    assert has_red(seen(part.data))
    assert (part.width, part.height) == Image.open(io.BytesIO(part.data)).size == (800, 419)
    assert (part.mime, part.alt, part.focus) == ("image/jpeg", "alt", None)


@pytest.mark.parametrize("focus", [(0.95, 0), (-0.95, 0.5)])
def test_the_subject_of_a_wide_picture_is_seen(focus: tuple[float, float]) -> None:
    """The same to the left and to the right."""
    whole = picture(1600, 400, focus)
    assert not has_red(seen(whole.data))
    assert has_red(seen(cut(whole, LONGEST_THUMB).data))


@pytest.mark.parametrize(
    "whole", [picture(800, 1200, None), picture(1200, 628, (0.9, 0.9)), picture(1200, 630, (-1, -1))]
)
def test_else_it_is_left_whole(whole: Picture) -> None:
    """Where nobody has said what the subject is, and where nothing would be cut away, not a byte changes."""
    assert cut(whole, LONGEST_THUMB) is whole


def test_a_limit_that_cannot_be_met_leaves_it_whole() -> None:
    """A part is never larger than may be uploaded."""
    whole = picture(800, 1200, (0, 0.9))
    assert cut(whole, 100) is whole
