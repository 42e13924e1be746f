"""What templates do with values: `shorten`, `hashtag`, `date`, `default`."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.text import graphemes
from bot.marks import clean, marked, parts_of, unmarked
from bot.templates.filters import date, default, hashtag, shorten

WORDS = "The bridge closes for a week. 👩‍🚀👩‍🚀"
"""32 graphemes."""
LATE = datetime(2026, 11, 27, 23, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("most", "text"),
    [(40, WORDS), (32, WORDS), (15, "The bridge…"), (11, "The bridge…"), (10, "The…"), (1, "")],
)
def test_shorten_cuts_between_words(most: int, text: str) -> None:
    """Graphemes count, and the ellipsis with them; what fits is left as it is."""
    assert text == shorten(WORDS, most)


@given(st.text(), st.integers(1, 60))
def test_shorten_never_comes_to_more(text: str, most: int) -> None:
    """Whatever the words, no more graphemes come out than were asked for, and what they are is still known."""
    words = clean(text)
    shortened = shorten(marked("summary", words), most)
    assert graphemes(unmarked(shortened)) <= most
    assert {"summary"} >= {part.kind for part in parts_of(shortened)}
    if graphemes(words) <= most:
        assert words == unmarked(shortened)


def test_hashtag_is_known_for_one() -> None:
    """Words become one tag in camel case, which platforms mark; what no tag can be made of is nothing."""
    (part,) = parts_of(hashtag(marked("title", "city council")))
    assert ("tag", "#CityCouncil") == (part.kind, part.text)
    assert "" == hashtag("!!!")


@pytest.mark.parametrize(
    ("arguments", "shown"),
    [
        (("de",), "27.11.2026"),
        (("de", "long"), "27. November 2026"),
        (("de", "full"), "Freitag, 27. November 2026"),
        (("en-GB", "short"), "27/11/2026"),
        (("en",), "Nov 27, 2026"),
        (("zh-Hant", "long"), "2026年11月27日"),
        (("pl", "long", "Europe/Warsaw"), "28 listopada 2026"),
        (("en", "medium", "America/New_York"), "Nov 27, 2026"),
    ],
)
def test_date_is_written_as_its_readers_write_it(arguments: tuple[str, ...], shown: str) -> None:
    """The day in a language and a form, where the readers are; their next day may have begun."""
    assert shown == date(LATE, *arguments)


def test_a_date_that_nobody_knows_is_nothing() -> None:
    """An article whose source states no time has an empty date, so that a template can leave it out."""
    assert "" == date(None, "de")


def test_default_stands_in_for_what_is_empty() -> None:
    """The words in its place are only seen where there are none."""
    assert ("the editors", "Bo") == (default("", "the editors"), default("Bo", "the editors"))
