"""The program against the collection of hard feeds."""

from collections.abc import Sequence

import pytest

from tests.docs.pages import README
from tests.sources.hard.case import Case, Found
from tests.sources.hard.collection import CASES
from tests.sources.hard.readers import handbill


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_hard_case(case: Case) -> None:
    """What is hard about a document does not keep its entries from being read as a careful reader would."""
    found: Sequence[Found] | None = handbill(case)
    wants = case.wants or ()
    seen = [{name: entry.get(name) for name in want} for entry, want in zip(found or (), wants, strict=False)]
    assert list(wants) == seen, case.why
    assert case.is_right(found), case.why


def test_the_collection_is_large_and_its_names_are_distinct() -> None:
    """No case hides another."""
    assert len({case.name for case in CASES}) == len(CASES)


def test_the_readme_counts_right() -> None:
    """The README's figure is the size of the collection, all of which is read right."""
    assert f"own {len(CASES)} hard feeds" in README.text
    assert f"Handbill reads {len(CASES)} right" in README.text
