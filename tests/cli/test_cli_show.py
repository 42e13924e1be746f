"""Times, texts and pages for people."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.cli.send import _sentences
from bot.cli.show import plain, when
from bot.clock import SystemClock
from bot.ledger.reports import Unread, Waiting

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (None, "never"),
        (0, "now"),
        (-0.5, "now"),
        (0.5, "now"),
        (40, "in 40 s"),
        (240, "in 4 min"),
        (-40, "40 s ago"),
        (-7200, "2 h ago"),
        (-86400 * 3, "3 d ago"),
    ],
)
def test_times_are_told_from_here(seconds: float | None, said: str) -> None:
    """A time is said as a distance, ahead or behind."""
    at = None if seconds is None else NOW + timedelta(seconds=seconds)
    assert said == when(at, NOW)


@given(st.text())
def test_plain_text_is_harmless(text: str) -> None:
    """Whatever a stranger's text holds, what is shown of it is one line without controls and direction marks."""
    shown = plain(text)
    assert shown == " ".join(shown.split())
    assert shown == plain(shown)
    assert not any(letter < " " or "\x7f" <= letter <= "\x9f" or "\ud800" <= letter <= "\udfff" for letter in shown)
    assert not set("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u2028\u2029") & set(shown)


def test_plain_text_keeps_what_writing_needs() -> None:
    """Joiners inside emoji and words, letters of all scripts and, if asked for, lines stay."""
    text = "👩\u200d🚀 می\u200cخواهم नमस्ते Grünau"
    assert text == plain(text)
    assert "a\n\nb" == plain("a\n\x00\nb", lines=True)
    assert "a b" == plain("a\n\nb")


def test_once_names_a_source_that_was_not_read() -> None:
    """ "Nothing is open" alone would hide that nobody could look."""
    at = SystemClock().now() + timedelta(minutes=5)
    unread = Unread("herald", "https://herald.example/feed.xml answered 404.", at)
    said = _sentences(Waiting(0, None, 0, (), (unread,)))
    assert said == [
        "· Source herald was not read: https://herald.example/feed.xml answered 404. It is asked again in 5 min."
    ]
