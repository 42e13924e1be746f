"""Where the subject of a picture is, as its page or its own file says; nothing is guessed from the pixels. Pure.

In a page, systems in which editors choose it write it at the `img`: as `object-position`, by which browsers are told
what to keep (https://www.w3.org/TR/css-images-3/#the-object-position), or as `data-focus-x` and `data-focus-y`.

In a file, people's tools write two things as XMP, both as fractions of width and height from the top left: the IPTC's
image regions (https://www.iptc.org/std/photometadata/documentation/userguide/#_image_regions), of which the one whose
role is "main subject area" is meant for this, and the faces that somebody has marked (Metadata Working Group,
https://exiftool.org/TagNames/MWG.html#Regions).
"""

import re
from collections.abc import Iterator, Mapping

from lxml import etree

Point = tuple[float, float]
"""x and y from -1 (left, bottom) to 1 (right, top), as `adapters.post.Picture.focus` has them."""
Box = tuple[float, float, float, float]
"""Left, top, right, bottom."""

MOST_XMP = 2**18
"""Bytes. More is not about regions: thumbnails and editing histories."""
_POSITION = re.compile(r"object-position\s*:\s*([^;]{1,60})", re.IGNORECASE)
_PERCENTAGES = re.compile(r"([0-9]{1,3}(?:\.[0-9]{1,6})?)%\s+([0-9]{1,3}(?:\.[0-9]{1,6})?)%")
"""Words ("top left") say where a designer would cut all pictures, not what is in this one."""
_LONGEST_STYLE = 2_000
_RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
_MWG = "{http://www.metadataworkinggroup.com/schemas/regions/}"
_IPTC = "{http://iptc.org/std/Iptc4xmpExt/2008-02-29/}"
_MAIN_SUBJECT = "imageregionrole/mainsubjectarea"
_SAME_SHAPE = 0.02
"""By how much of the ratio a picture may differ from the one that its regions were marked in: more, and it was cut."""


def focus_at(attributes: Mapping[str, str]) -> Point | None:
    """The point that an `img` with these attributes is to show, whatever is cut away; None: it does not say, or the
    middle, which is where everybody looks anyhow."""
    styled = _POSITION.search(attributes.get("style", "")[:_LONGEST_STYLE])
    placed = styled[1] if styled else attributes.get("data-object-position", "")
    if found := _PERCENTAGES.fullmatch(placed.strip()):
        return _point(float(found[1]) / 100, float(found[2]) / 100)
    x, y = (_as_number(attributes.get(name, "")) for name in ("data-focus-x", "data-focus-y"))
    return None if x is None or y is None else _point((x + 1) / 2, (1 - y) / 2)


def _point(x: float, y: float) -> Point | None:
    """From fractions of width and height."""
    within = 0 <= x <= 1 and 0 <= y <= 1
    point = (round(2 * x - 1, 3) + 0.0, round(1 - 2 * y, 3) + 0.0)  # and no -0.0
    return point if within and point != (0, 0) else None


def point_to_text(point: Point | None) -> str | None:
    """As the ledger keeps it: "-0.42,0.69"."""
    return None if point is None else f"{point[0]},{point[1]}"


def point_of_text(text: str | None) -> Point | None:
    """What `point_to_text` made."""
    x, _, y = (text or "").partition(",")
    return (float(x), float(y)) if y else None


def focus_of(xmp: object, size: tuple[int, int]) -> Point | None:
    """The point that must stay visible; None: the file does not say, or the middle.

    `size`: the picture's width and height. Metadata that is damaged or does not fit the picture says nothing.
    """
    if not isinstance(xmp, bytes) or not 0 < len(xmp) <= MOST_XMP:
        return None
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    try:
        root = etree.fromstring(xmp.strip(b"\0 \t\r\n"), parser)
    except (etree.XMLSyntaxError, ValueError):
        return None
    boxes = list(_main_subjects(root)) or list(_faces(root, size))
    if not boxes:
        return None
    left, top = min(box[0] for box in boxes), min(box[1] for box in boxes)
    right, bottom = max(box[2] for box in boxes), max(box[3] for box in boxes)
    inside = 0 <= left <= right <= 1 and 0 <= top <= bottom <= 1
    return _point((left + right) / 2, (top + bottom) / 2) if inside else None


def _main_subjects(root: etree._Element) -> Iterator[Box]:
    for boundary in root.iter(f"{_IPTC}RegionBoundary"):
        region = boundary.getparent()
        if region is None or _MAIN_SUBJECT not in "".join(map(str, region.itertext())).lower():
            continue
        x, y = _number(boundary, "rbX"), _number(boundary, "rbY")
        if x is None or y is None or _text(boundary, "rbUnit") != "relative":
            continue
        radius = _number(boundary, "rbRx")
        if radius is not None:  # of a circle, x and y are the centre
            yield x, y, x, y
        else:
            yield x, y, x + (_number(boundary, "rbW") or 0), y + (_number(boundary, "rbH") or 0)


def _faces(root: etree._Element, size: tuple[int, int]) -> Iterator[Box]:
    if any(not _is_of(marked_in, size) for marked_in in root.iter(f"{_MWG}AppliedToDimensions")):
        return
    for area in root.iter(f"{_MWG}Area"):
        region = area.getparent()
        x, y = _number(area, "x"), _number(area, "y")
        if region is None or _text(region, "Type") != "Face" or x is None or y is None:
            continue
        half_width, half_height = (_number(area, "w") or 0) / 2, (_number(area, "h") or 0) / 2
        # A face at the edge may reach beyond it.
        yield max(0, x - half_width), max(0, y - half_height), min(1, x + half_width), min(1, y + half_height)


def _is_of(marked_in: etree._Element, size: tuple[int, int]) -> bool:
    """Whether a picture of this size is the whole of that in which the regions were marked."""
    width, height = _number(marked_in, "w"), _number(marked_in, "h")
    if not width or not height:
        return True
    return abs((width * size[1]) / (height * size[0]) - 1) <= _SAME_SHAPE


def _text(element: etree._Element, name: str) -> str:
    """A property of a structure: RDF lets it be written as an attribute or as an element."""
    for holder in (element, *element.findall(f"{_RDF}Description")):
        for key, value in holder.attrib.items():
            if str(key).rpartition("}")[2] == name:
                return str(value).strip()
        for child in holder.iterchildren("{*}" + name):
            return (child.text or "").strip()
    return ""


def _number(element: etree._Element, name: str) -> float | None:
    return _as_number(_text(element, name))


def _as_number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if -1e6 < number < 1e6 else None  # noqa: PLR2004 # also no NaN
