"""Marks as pieces of a text."""

from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.post import Mark
from bot.segments import Segment, segments_of


def test_pieces_carry_the_marks_over_them() -> None:
    """A text falls apart at the edges of its marks, and a piece has every mark that covers it."""
    marks = [Mark("bold", 0, 5), Mark("link", 6, 11, "https://a.example/"), Mark("tag", 12, 16)]
    assert [
        Segment("Title", bold=True),
        Segment(" "),
        Segment("there", target="https://a.example/"),
        Segment(" "),
        Segment("#Tag", tag=True),
    ] == segments_of("Title there #Tag", marks)
    assert [Segment("a", bold=True), Segment("b", bold=True, target="x"), Segment("c", target="x")] == segments_of(
        "abc", [Mark("bold", 0, 2), Mark("link", 1, 3, "x")]
    )
    assert [] == segments_of("", [])


@settings(max_examples=40)
@given(st.text(max_size=30), st.lists(st.tuples(st.integers(-5, 40), st.integers(-5, 40)), max_size=5))
def test_nothing_is_lost(text: str, places: list[tuple[int, int]]) -> None:
    """Whatever the marks are, the pieces are the text."""
    marks = [Mark("bold", start, end) for start, end in places]
    assert text == "".join(each.text for each in segments_of(text, marks))
