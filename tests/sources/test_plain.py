"""HTML to plain text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.sources.plain import Image, Tag, images, one_line, tidy, title_of, to_text, tokens

TEXTS = [
    ("a<br/>b<br>c", "a\nb\nc"),
    ("<p>a</p>\n\n\n<div><p>b</p></div>", "a\n\nb"),
    ("a<b>b</b>c", "abc"),
    ("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a b\nc"),
    ("<a href='x>y' title=\"a>b\">link</a>", "link"),
    ('<a href="never closed>text <b>bold</b> more', "text bold more"),
    ("a <!-- no --> b <!DOCTYPE c> d <?php e ?> f", "a b d f"),
    ("a <!-- never closed", "a"),
    ("a < b, b<3, <é>", "a < b, b<3, <é>"),
    ("&lt;p&gt; &amp;amp; &eacute; &#233; &#xe9; &nbsp;x&hellip;", "<p> &amp; é é é x…"),
    ("&#128; &#x96; &#99999999999; &#xD800; &#0;", "€ – � � �"),
    ("<SCRIPT>a</script>b<style>c</STYLE >d<noscript>e</noscript>", "bd"),
    ("<script>never closed", ""),
    ("<svg><text>a</text></svg>b<svg/>c", "bc"),
    ("x\u00ad\u200b\ufeffy\x00\x07z", "xyz"),
    ("👨\u200d👩 क्\u200dष", "👨\u200d👩 क्\u200dष"),
    ("<p>" + "word " * 10_000, ("word " * 2_000).strip()),
]


@pytest.mark.parametrize(("html", "expected"), TEXTS)
def test_to_text(html: str, expected: str) -> None:
    """HTML becomes what a reader sees of it, with its paragraphs and lines."""
    assert to_text(html) == expected


@given(st.text(alphabet="<>/!-?&;#\"'= abpscript\n\u00ad\x80\ud800", max_size=200))
def test_any_text_is_survived(html: str) -> None:
    """Whatever stands there becomes text that can be encoded, without invisible or lone characters."""
    for text in (to_text(html), title_of(html), one_line(html), tidy(html)):
        text.encode()
        assert not set(text) & {"\u00ad", "\x80", "\x00", "\r", "\t"}
        assert text == text.strip()
    for image in images(html):
        image.alt.encode()


@given(st.text(alphabet="abc äß,.\n", max_size=200))
def test_plain_text_is_left_alone(text: str) -> None:
    """Text without markup keeps its words."""
    assert to_text(text).split() == text.split()


def test_tags() -> None:
    """Attributes are read in every spelling; the first of a name counts; references are decoded once."""
    (tag,) = (token for token in tokens("<IMG a=1 B='x&amp;y' c=\"a>&amp;lt;\" d b=2 e=/x>") if isinstance(token, Tag))
    assert tag.name == "img"
    assert tag.attributes() == {"a": "1", "b": "x&y", "c": "a>&lt;", "d": "", "e": "/x"}


def test_images() -> None:
    """Pictures come with their alternative text, in order."""
    html = "<img src=a.jpg alt=One><p><img alt='Two &amp; more' src='b.jpg?x=1&y=2'></p><img>"
    assert list(images(html)) == [Image("a.jpg", "One"), Image("b.jpg?x=1&y=2", "Two & more")]
