"""Durations in and out."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.duration import LONGEST_FOR, format_duration, parse_duration, say_in, write_duration


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90", 90.0),
        ("30s", 30.0),
        ("5m", 300.0),
        ("48h", 172800.0),
        ("2d", 172800.0),
        ("0", 0.0),
        ("1h30m", 5400.0),
        (" 1H 30m ", 5400.0),
        ("1.5h", 5400.0),
        ("0.25s", 0.25),
        ("1d1h1m1s", 90061.0),
    ],
)
def test_reads_what_people_write(text: str, seconds: float) -> None:
    """Bare seconds, units, fractions and combinations are all understood."""
    assert seconds == parse_duration(text)


@pytest.mark.parametrize(
    "text", ["", "s", "5 minutes", "-5", "1m1h", "1h1h", "1e3", "٣", "inf", "nan", "5,5s", "1h 30", "0x10", "5µs"]
)
def test_refuses_what_is_no_duration(text: str) -> None:
    """Anything else is refused with a sentence that shows how to write it."""
    with pytest.raises(ValueError, match="not a duration: write it like"):
        parse_duration(text)


@pytest.mark.parametrize("text", ["36501d", "999999999999", "999999999999d"])
def test_refuses_ages(text: str) -> None:
    """More than a hundred years is a slip, and is refused before it breaks a date."""
    with pytest.raises(ValueError, match="hundred years"):
        parse_duration(text)


@given(st.integers(0, LONGEST_FOR * 1000).map(lambda thousandths: thousandths / 1000))
def test_written_durations_are_read_back(seconds: float) -> None:
    """What is written is read back as the same time, to the thousandth of a second."""
    assert round(seconds, 3) == parse_duration(write_duration(seconds))


@given(st.text())
def test_any_text_is_a_duration_or_a_sentence(text: str) -> None:
    """No text whatsoever leads to anything but seconds in range or a ValueError."""
    try:
        seconds = parse_duration(text)
    except ValueError as exception:
        refusal, seconds = str(exception), 0.0
    else:
        refusal = "write it like"
    assert "write it like" in refusal
    assert 0 <= seconds <= LONGEST_FOR


@given(st.floats(0, LONGEST_FOR))
def test_spoken_durations_are_about_right(seconds: float) -> None:
    """The rounded form for people is off by at most half of its last unit."""
    number, unit = format_duration(seconds).split()
    size = {"s": 1, "min": 60, "h": 3600, "d": 86400}[unit]
    assert abs(int(number) * size - seconds) <= size / 2


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(-3, "now"), (0.4, "now"), (30, "in 30 s"), (240, "in 4 min"), (7200, "in 2 h"), (259200, "in 3 d")],
)
def test_says_when(seconds: float, said: str) -> None:
    """A time to come is said in one number and its unit."""
    assert said == say_in(seconds)


@pytest.mark.parametrize(("seconds", "text"), [(0, "0"), (60, "1m"), (5400, "1h30m"), (172800, "2d"), (0.25, "0.25s")])
def test_writes_briefly(seconds: float, text: str) -> None:
    """The short form uses the largest units."""
    assert text == write_duration(seconds)


def test_writes_no_negative_time() -> None:
    """There are no negative durations."""
    with pytest.raises(ValueError, match="not negative"):
        write_duration(-1)
