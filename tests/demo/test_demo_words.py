"""The demo's faults and its sentences about them."""

import pytest

from adapters.sandbox.faults import CALLS, KINDS, Fault
from bot.demo.stage import NamedFault, programme
from bot.demo.words import NOTES, done, wrong
from bot.settle import SAID


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("kind", KINDS)
def test_every_fault_has_a_sentence(kind: str, call: str) -> None:
    """Whatever a server can do wrong, to whatever call, is told in a sentence without a gap."""
    sentence = wrong(Fault.parse(kind), call)
    assert sentence.endswith(".")
    assert "{" not in sentence


@pytest.mark.parametrize("event", sorted({name for _, name in SAID.values()} - {"delivery.sent"}))
def test_everything_that_can_come_of_a_delivery_has_a_sentence(event: str) -> None:
    """Every event that a lane can log about trouble with a delivery is explained."""
    sentence = done({"event": event, "delivery": 7, "reason": "because"}, "Alpha")
    assert sentence is not None
    assert "{" not in sentence


def test_notes_are_about_events_that_are_explained() -> None:
    """The table's notes stand for events of which the demo has told."""
    assert all(done({"event": event}, "Alpha") for event in NOTES)


def test_a_line_about_nothing_special_has_no_sentence() -> None:
    """Ordinary lines of the log are not repeated."""
    assert done({"event": "delivery.sent"}, "Alpha") is None
    assert done({"event": "no JSON at all"}, "Alpha") is None


def test_a_fault_names_its_server() -> None:
    """PLATFORM:FAULT is read, and a fault of the publication strikes where it is read."""
    parsed = NamedFault.parse("bluesky:error=503*3")
    assert parsed.server == "bluesky"
    assert parsed.fault == Fault("error", times=3, status=503)
    assert NamedFault.parse("publication:error").fault.call == "read"


@pytest.mark.parametrize("text", ["cut", "nowhere:cut", "telegram:", "telegram:cats", "telegram:cut=3", ":cut"])
def test_a_fault_that_is_none_is_refused_in_a_sentence(text: str) -> None:
    """What cannot be read says so, and what could be written instead."""
    with pytest.raises(ValueError, match=r"write one of|use one of|takes no value"):
        NamedFault.parse(text)


def test_the_programme_fits_the_number_of_articles() -> None:
    """The first article always goes out in peace, and nothing is planned for articles that do not come."""
    assert programme(1) == {}
    assert list(programme(3)) == [2, 3]
    assert list(programme(50)) == [2, 3, 4, 5]
    assert [scene.kill_at for scene in programme(50).values()] == [None, None, None, "bluesky"]
