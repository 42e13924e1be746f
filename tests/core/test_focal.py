"""Where the subject of a picture is, as its page or its file says."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.focal import MOST_XMP, focus_at, focus_of, point_of_text, point_to_text

SIZE = (1200, 800)
FACE = """<rdf:li><rdf:Description mwg-rs:Name="A" mwg-rs:Type="{kind}"><mwg-rs:Area stArea:x="{x}" stArea:y="{y}"
 stArea:w="{w}" stArea:h="{h}" stArea:unit="normalized"/></rdf:Description></rdf:li>"""
REGION = """<rdf:li rdf:parseType="Resource"><iptc:RegionBoundary rdf:parseType="Resource"><iptc:rbShape>{shape}
</iptc:rbShape><iptc:rbUnit>{unit}</iptc:rbUnit><iptc:rbX>{x}</iptc:rbX><iptc:rbY>{y}</iptc:rbY>{size}
</iptc:RegionBoundary><iptc:rRole><rdf:Bag><rdf:li rdf:parseType="Resource"><xmp:Identifier><rdf:Bag><rdf:li>
http://cv.iptc.org/newscodes/imageregionrole/{role}</rdf:li></rdf:Bag></xmp:Identifier></rdf:li></rdf:Bag>
</iptc:rRole></rdf:li>"""


def packet(properties: str) -> bytes:
    """An XMP packet: https://developer.adobe.com/xmp/docs/XMPSpecifications/"""
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF'
        ' xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about=""'
        ' xmlns:mwg-rs="http://www.metadataworkinggroup.com/schemas/regions/" xmlns:xmp="http://ns.adobe.com/xap/1.0/"'
        ' xmlns:stArea="http://ns.adobe.com/xmp/sType/Area#" xmlns:stDim="http://ns.adobe.com/xap/1.0/sType/Dimensions#"'
        f' xmlns:iptc="http://iptc.org/std/Iptc4xmpExt/2008-02-29/">{properties}</rdf:Description></rdf:RDF>'
        '</x:xmpmeta><?xpacket end="w"?>'
    ).encode()


def faces(*areas: tuple[float, float, float, float], kind: str = "Face", of: tuple[int, int] = SIZE) -> bytes:
    """Marked faces, each by centre, width and height."""
    listed = "".join(FACE.format(kind=kind, x=x, y=y, w=w, h=h) for x, y, w, h in areas)
    return packet(
        f'<mwg-rs:Regions rdf:parseType="Resource"><mwg-rs:AppliedToDimensions stDim:w="{of[0]}" stDim:h="{of[1]}"'
        f' stDim:unit="pixel"/><mwg-rs:RegionList><rdf:Bag>{listed}</rdf:Bag></mwg-rs:RegionList></mwg-rs:Regions>'
    )


def subject(
    size: str, *, role: str = "mainSubjectArea", unit: str = "relative", shape: str = "rectangle", more: str = ""
) -> bytes:
    """A region of the IPTC's at a fifth from the left and a tenth from the top."""
    region = REGION.format(shape=shape, unit=unit, x=0.2, y=0.1, size=size, role=role)
    return packet(f"<iptc:ImageRegion><rdf:Bag>{region}</rdf:Bag></iptc:ImageRegion>{more}")


RECTANGLE = "<iptc:rbW>0.2</iptc:rbW><iptc:rbH>0.4</iptc:rbH>"


@pytest.mark.parametrize(
    ("xmp", "point"),
    [
        (faces((0.5, 0.52, 0.1, 0.1)), (0, -0.04)),
        (faces((0.25, 0.1, 0.1, 0.1)), (-0.5, 0.8)),
        (faces((0.2, 0.2, 0.1, 0.1), (0.6, 0.4, 0.1, 0.1)), (-0.2, 0.4)),
        (faces((0.98, 0.5, 0.2, 0.2)), (0.88, 0)),
        (faces((0.25, 0.1, 0.1, 0.1), of=(600, 400)), (-0.5, 0.8)),
        (faces((0.25, 0.1, 0.1, 0.1)).replace(b"<rdf:li><rdf", b"<rdf:li>\n<rdf"), (-0.5, 0.8)),
        (subject(RECTANGLE), (-0.4, 0.4)),
        (subject("<iptc:rbRx>0.1</iptc:rbRx>", shape="circle"), (-0.6, 0.8)),
        (faces((0.25, 0.1, 0.1, 0.1)) + b"\0", (-0.5, 0.8)),
    ],
)
def test_points(xmp: bytes, point: tuple[float, float]) -> None:
    """The middle of all marked faces, or of the main subject, as -1 to 1 with the top at 1."""
    assert point == pytest.approx(focus_of(xmp, SIZE))


@pytest.mark.parametrize(
    "xmp",
    [
        None,
        b"",
        b"junk",
        b"<x/>",
        "text",
        faces(),
        faces((0.5, 0.5, 0.1, 0.1)),
        faces((0.5, 0.5, 0.1, 0.1), kind="BarCode"),
        faces((0.5, 0.5, 0.1, 0.1), of=(800, 800)),
        faces((7, 0.5, 0.1, 0.1)),
        subject(RECTANGLE, role="copyrightRegion"),
        subject(RECTANGLE, unit="pixel"),
        subject("<iptc:rbW>0.9</iptc:rbW>"),
        faces((0.25, 0.1, 0.1, 0.1)) + b" " * MOST_XMP,
        b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><x>&a;</x>',
    ],
)
def test_what_does_not_fit_says_nothing(xmp: object) -> None:
    """Another kind of region, one of a picture that was cut since, one beyond the edge, what is no XMP."""
    assert focus_of(xmp, SIZE) is None


@given(st.binary(max_size=60), st.integers(0, 900))
def test_damage_is_survived(junk: bytes, place: int) -> None:
    """A damaged packet gives a point within the picture, or none."""
    whole = faces((0.25, 0.1, 0.1, 0.1))
    point = focus_of(whole[:place] + junk + whole[place + len(junk) :], SIZE)
    assert point is None or all(-1 <= each <= 1 for each in point)


@pytest.mark.parametrize(
    ("attributes", "point"),
    [
        ({"style": "width: 100%; object-position: 25% 10%"}, (-0.5, 0.8)),
        ({"style": "OBJECT-POSITION:100.0% 0%;object-fit:cover"}, (1, 1)),
        ({"data-object-position": " 25% 10% "}, (-0.5, 0.8)),
        ({"data-focus-x": "-0.42", "data-focus-y": "0.69"}, (-0.42, 0.69)),
        ({"style": "object-position: 25% 10%", "data-focus-x": "1", "data-focus-y": "1"}, (-0.5, 0.8)),
        ({"style": "object-position: 50% 50%"}, None),
        ({"style": "object-position: top left"}, None),
        ({"style": "object-position: 10px 20%"}, None),
        ({"style": "object-position: 250% 10%"}, None),
        ({"data-focus-x": "0", "data-focus-y": "0"}, None),
        ({"data-focus-x": "7", "data-focus-y": "0"}, None),
        ({"data-focus-x": "nan", "data-focus-y": "0.1"}, None),
        ({"data-focus-x": "0.1"}, None),
        ({}, None),
    ],
)
def test_points_in_pages(attributes: dict[str, str], point: tuple[float, float] | None) -> None:
    """What an editor chose, in the ways that systems write it; the middle and what a designer wrote say nothing."""
    assert point == focus_at(attributes)


@given(st.none() | st.tuples(st.floats(-1, 1), st.floats(-1, 1)))
def test_points_are_kept(point: tuple[float, float] | None) -> None:
    """As the ledger keeps them, they come back."""
    assert point == point_of_text(point_to_text(point))
