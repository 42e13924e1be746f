"""When a source is polled next."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from bot.schedule import PATIENCE, POLL_JITTER, POLL_TO, next_poll
from tests.core.test_model import Dice

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
intervals = st.floats(10, 7 * 86400)
shares = st.floats(0, 1).map(Dice)


def wait(every: float, failures: int, retry_after: float | None, dice: Dice) -> float:
    """Seconds until the next poll."""
    due, _ = next_poll(NOW, every=every, failures=failures, retry_after=retry_after, dice=dice)
    return (due - NOW).total_seconds()


@given(intervals, st.integers(0, PATIENCE), shares)
def test_a_source_is_polled_on_its_interval(every: float, failures: int, dice: Dice) -> None:
    """In good times and in the first few bad ones: the interval, give or take five in a hundred."""
    slack = every * POLL_JITTER + 1e-5
    assert every - slack <= wait(every, failures, None, dice) <= every + slack


@given(intervals, st.integers(PATIENCE + 1, 10**6), shares)
def test_a_failing_source_is_polled_less_often(every: float, failures: int, dice: Dice) -> None:
    """After more failures the wait grows to six hours at most, and is never shorter than the interval."""
    waited = wait(every, failures, None, dice)
    assert every - 1e-5 <= waited <= max(every, POLL_TO) + 1e-5
    assert waited <= wait(every, failures + 1, None, dice)


@given(intervals, st.integers(0, 20), st.floats(0, 31 * 86400), shares)
def test_we_never_poll_before_we_were_told(every: float, failures: int, told: float, dice: Dice) -> None:
    """Retry-After holds whatever the interval, and is remembered apart from it for `once`."""
    due, until = next_poll(NOW, every=every, failures=failures, retry_after=told, dice=dice)
    assert until == NOW + timedelta(seconds=told)
    assert due >= until


def test_nobody_told_us_anything() -> None:
    """Without Retry-After nothing is remembered."""
    assert next_poll(NOW, every=300, failures=1, retry_after=None, dice=Dice())[1] is None


def test_the_first_steps_of_a_failing_source() -> None:
    """A source on five minutes: five minutes three times, then 10, 20, 40 … up to six hours."""
    waits = [round(wait(300, failures, None, Dice()) / 60) for failures in range(1, 11)]
    assert waits == [5, 5, 5, 10, 20, 40, 80, 160, 320, 360]
