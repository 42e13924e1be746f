"""What the platform's answer to "is it out?" makes of a delivery."""

import json
from datetime import UTC, datetime, timedelta
from typing import get_args

import pytest

from adapters.outcomes import Absent, Answer, AskAgain, CannotTell, Found
from adapters.post import Receipt
from bot.model import EDGES, Event, Settlement, State
from bot.retry import BACKOFF_FROM, BACKOFF_TO, conclude

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
RECEIPT = Receipt("7", "https://social.example/7", NOW)
ANSWERS = (Found(RECEIPT), Absent("it is not there"), AskAgain(30.0, {"tries": 1}), CannotTell("nobody tells"))


class Full:
    """Dice that always throw the most."""

    def uniform(self, low: float, high: float) -> float:
        return high

    def token(self) -> str:
        return "full"


def concluded(answer: Answer, failures: int = 1) -> Settlement:
    """What `answer` comes to after so many failures."""
    return conclude(answer, failures=failures, now=NOW, dice=Full())


def test_every_answer_is_on_the_table_of_states() -> None:
    """Each answer that an adapter can give leads along an edge that an uncertain delivery has."""
    assert {type(answer) for answer in ANSWERS} == set(get_args(Answer))
    ends = {type(answer): EDGES[State.UNCERTAIN, concluded(answer).event] for answer in ANSWERS}
    assert ends == {
        Found: State.SENT,
        Absent: State.PENDING,
        AskAgain: State.UNCERTAIN,
        CannotTell: State.UNCERTAIN,
    }


def test_found_keeps_the_receipt() -> None:
    """What was found is sent, with the platform's own proof."""
    for seen in ("confirmed", "accepted"):
        found = Settlement(Event.FOUND, None, None, receipt=RECEIPT, presence=seen)
        assert concluded(Found(RECEIPT, seen)) == found


@pytest.mark.parametrize(
    ("failures", "wait"), [(0, 0), (1, 0), (2, BACKOFF_FROM), (3, BACKOFF_FROM * 2), (40, BACKOFF_TO)]
)
def test_absent_is_sent_at_once_and_then_after_longer_and_longer(failures: int, wait: float) -> None:
    """The first loss has rested long enough; a platform that goes on losing is left alone."""
    settlement = concluded(Absent(), failures)
    assert (settlement.due_at, settlement.failed) == (NOW + timedelta(seconds=wait), False)


def test_asking_again_keeps_the_adapters_own_state() -> None:
    """The new marker and the time to ask are what the adapter said."""
    settlement = concluded(AskAgain(30.0, {"tries": 2}))
    assert (settlement.due_at, json.loads(settlement.marker or "")) == (NOW + timedelta(seconds=30), {"tries": 2})


def test_what_cannot_be_told_waits_for_a_person() -> None:
    """Without a time, nothing asks again by itself, and the reason is the platform's."""
    assert concluded(CannotTell("nobody tells")) == Settlement(Event.CANNOT_TELL, None, "nobody tells")
