"""What is said of a picture to those who do not see it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.alt import alt_of

URL = "https://herald.example.org/media/2026/school-roof-2.jpg?w=1200"


@pytest.mark.parametrize(
    "stated",
    [
        "The roof of the school at night",
        "Roof",
        "School-Roof-2 seen from above",
        "A photo of the roof",
        "Image of 12 roofs",
        "東京",
        "🎉",
        "G7",
        "2026 election",
        "Screenshot of the site example.com",
    ],
)
def test_the_authors_words_are_kept(stated: str) -> None:
    """Whatever says something of the picture stays as it was written."""
    assert stated == alt_of(stated, "Roof closes", URL)


@pytest.mark.parametrize(
    "stated",
    [
        None,
        "",
        " \n\t ",
        "IMG_1234.jpg",
        "dsc-0042",
        "DSC_0042.JPG",
        "PXL_20261123_081204",
        "my holiday photo.png",
        "school-roof-2",
        "SCHOOL-ROOF-2",
        "school-roof-2.jpg",
        URL,
        "http://elsewhere.example.org/x",
        "image",
        "Photo 3",
        "An image",
        "12",
        "12/24",
        "-",
        "null",
        "undefined",
        "roof closes",
    ],
)
def test_what_says_nothing_is_no_description(stated: str | None) -> None:
    """A file's name, an address, figures, a form's leavings: then the fallback says what it belongs to, no more."""
    assert "Picture accompanying: Roof closes" == alt_of(stated, " Roof\n closes ", URL)


@pytest.mark.parametrize("title", ["", "  ", "\n"])
def test_without_a_title_there_is_nothing_to_say(title: str) -> None:
    """Neither description nor title: no description, and no colon that leads to nothing."""
    assert "" == alt_of("IMG_1234.jpg", title, URL)


def test_a_description_is_tidied() -> None:
    """On one line, without control characters, doubled spaces and soft hyphens."""
    assert "The roof at night, from above" == alt_of(" The\r\n roof\x00 at  ni\xadght,\tfrom above\ufeff", "T", URL)


@given(st.text(), st.text(), st.text())
def test_never_raises_never_dangles(stated: str, title: str, url: str) -> None:
    """Whatever a page holds: one tidy line, nothing after which something would have to come."""
    said = alt_of(stated, title, f"https://herald.example.org/{url}")
    assert said == said.strip()
    assert "\n" not in said
    assert not said.endswith("accompanying:")
