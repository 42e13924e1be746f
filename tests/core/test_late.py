"""When late articles are an alarm, and what it says."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.late import Alarm, Late, alarm_of
from bot.model import State

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
AGAIN = datetime(2026, 11, 23, 9, 40, tzinfo=UTC)
ONE = Late("news", 1, NOW, "Tram line opens", state=State.PENDING)
WHAT = "“Tram line opens” is late on news: it was to be out at 2026-11-23 09:00 UTC."


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        (
            {"down": "The bot may not post.", "again_at": AGAIN},
            "The channel is paused: The bot may not post. It is tried again at 2026-11-23 09:40 UTC.",
        ),
        (
            {"away": "no route to host", "again_at": AGAIN},
            "The platform cannot be reached: no route to host. It is tried again at 2026-11-23 09:40 UTC.",
        ),
        (
            {"state": State.UNCERTAIN, "reason": "the line was cut", "again_at": AGAIN},
            "The one before has an unknown outcome: the line was cut. It is asked at 2026-11-23 09:40 UTC.",
        ),
        (
            {"reason": "Too many requests.", "again_at": AGAIN, "moves": True},
            "It waits: Too many requests. It is tried again at 2026-11-23 09:40 UTC.",
        ),
        (
            {"paced": True, "again_at": AGAIN},
            "It waits for its turn at 2026-11-23 09:40 UTC: the platform allows no more.",
        ),
    ],
)
def test_the_alarm_says_what_keeps_it(facts: dict[str, Any], said: str) -> None:
    """Every known reason is told with the time of the next try, and needs nobody: it is over by itself."""
    assert Alarm(f"{WHAT} {said}", needs_person=False) == alarm_of(replace(ONE, **facts))


def test_without_a_reason_somebody_has_to_look() -> None:
    """Where nothing is known that keeps it, a person is needed."""
    alarm = alarm_of(ONE)
    assert alarm is not None
    assert (True, True) == (alarm.needs_person, "look into the log" in alarm.message)


def test_several_are_counted() -> None:
    """One sentence for all, with the oldest by its name."""
    alarm = alarm_of(replace(ONE, count=3))
    assert alarm is not None
    assert alarm.message.startswith(
        "3 articles are late on news, the first (“Tram line opens”) since 2026-11-23 09:00 UTC. "
    )


@pytest.mark.parametrize("facts", [{"moves": True}, {"moves": True, "paced": True, "again_at": AGAIN}])
def test_a_backlog_that_moves_is_no_alarm(facts: dict[str, Any]) -> None:
    """Posts that go out one after the other, as fast as the platform takes them, call nobody."""
    assert None is alarm_of(replace(ONE, count=400, **facts))


FACTS = st.builds(
    Late,
    channel=st.just("news"),
    count=st.integers(1, 1000),
    since=st.just(NOW),
    title=st.text(max_size=20),
    stopped=st.booleans(),
    down=st.none() | st.text(max_size=20),
    away=st.none() | st.text(max_size=20),
    state=st.none() | st.sampled_from(State),
    reason=st.none() | st.text(max_size=20),
    again_at=st.none() | st.just(AGAIN),
    paced=st.booleans(),
    moves=st.booleans(),
)


@given(FACTS)
def test_silence_has_one_of_two_reasons(late: Late) -> None:
    """Whatever else is true, nobody is called only where a person has paused it or where it moves without hindrance;
    and what a person has paused never calls anybody."""
    alarm = alarm_of(late)
    if late.stopped:
        assert None is alarm
    elif alarm is None:
        assert late.moves
        assert (None, None) == (late.down, late.away)
