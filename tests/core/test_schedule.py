"""When a source is looked at next: by its own rhythm, the operator's bounds and what its server asks."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.rhythm import ENOUGH, Rhythm, load_rhythm
from bot.schedule import (
    ASKED_UP_TO,
    PATIENCE,
    POLL_JITTER,
    POLL_TO,
    Bounds,
    after_quiet,
    interval,
    latest_look,
    next_look,
    seconds_left,
    settle_look,
)
from tests.core.test_model import Dice

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)  # a Monday
HOUR = 3600.0
UNKNOWN = Rhythm()
intervals = st.floats(10, 7 * 86400)
shares = st.floats(0, 1).map(Dice)
rhythms = st.builds(
    Rhythm,
    gap_for=st.none() | st.floats(0, 1e8),
    longest_for=st.none() | st.floats(0, 1e8),
    heard_at=st.none() | st.datetimes(timezones=st.just(UTC)),
    ask_every=st.none() | st.floats(0, 1e8),
    fresh_for=st.none() | st.floats(0, 1e8),
    quiet=st.frozensets(st.integers(0, 167)),
)


def wait(every: float, failures: int, retry_after: float | None, dice: Dice, rhythm: Rhythm = UNKNOWN) -> float:
    """Seconds until the next look."""
    bounds = Bounds(every, every)
    return (
        next_look(NOW, bounds, rhythm, failures=failures, retry_after=retry_after, dice=dice).at - NOW
    ).total_seconds()


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


@given(intervals, st.integers(0, 20), st.floats(0, 31 * 86400), shares, rhythms)
def test_we_never_poll_before_we_were_told(
    every: float, failures: int, told: float, dice: Dice, rhythm: Rhythm
) -> None:
    """Retry-After holds whatever the interval, and is remembered apart from it for `once`."""
    due = next_look(NOW, Bounds(every, every), rhythm, failures=failures, retry_after=told, dice=dice)
    assert due.told_until_at == NOW + timedelta(seconds=told)
    assert due.at >= due.told_until_at


def test_nobody_told_us_anything() -> None:
    """Without Retry-After nothing is remembered."""
    assert next_look(NOW, Bounds(300, 300), UNKNOWN, failures=1, retry_after=None, dice=Dice()).told_until_at is None


def test_the_first_steps_of_a_failing_source() -> None:
    """A source on five minutes: five minutes three times, then 10, 20, 40 … up to six hours."""
    waits = [round(wait(300, failures, None, Dice()) / 60) for failures in range(1, 11)]
    assert waits == [5, 5, 5, 10, 20, 40, 80, 160, 320, 360]


@pytest.mark.parametrize(
    ("gap", "minutes"), [(None, 5), (60, 5), (40 * 60, 5), (100 * 60, 10), (10 * HOUR, 15), (30 * 24 * HOUR, 15)]
)
def test_who_seldom_publishes_is_seldom_asked(gap: float | None, minutes: float) -> None:
    """A tenth of the usual gap, but never more often, nor more rarely, than the operator allows."""
    assert minutes * 60 == interval(Bounds(300, 900), Rhythm(gap_for=gap))


@pytest.mark.parametrize(("asked", "minutes"), [(0, 5), (60, 5), (20 * 60, 20), (5 * HOUR, ASKED_UP_TO / 60)])
def test_what_the_server_asks_is_kept_to_for_an_hour_at_most(asked: float, minutes: float) -> None:
    """max-age and ttl keep us away as long as they say, but news is not to wait for a day."""
    for rhythm in (Rhythm(fresh_for=asked), Rhythm(ask_every=asked)):
        assert minutes * 60 == interval(Bounds(300, 900), rhythm)


def test_quiet_hours_are_slept_through() -> None:
    """Skipped hours, and a whole skipped day: the next look is when they are over."""
    nine_to_eleven, tuesday = frozenset({9, 10}), frozenset(range(24, 48))
    assert NOW + timedelta(hours=2) == after_quiet(NOW + timedelta(minutes=7), nine_to_eleven)
    assert datetime(2026, 11, 25, tzinfo=UTC) == after_quiet(datetime(2026, 11, 24, 3, 14, tzinfo=UTC), tuesday)
    assert after_quiet(NOW, frozenset(range(168))) == NOW


@given(intervals, intervals, rhythms, shares)
def test_no_look_is_later_than_the_latest(every: float, slowest: float, rhythm: Rhythm, dice: Dice) -> None:
    """In good times the next look comes within what the bounds allow, and not in an hour that is skipped."""
    bounds = Bounds(every, slowest)
    due = next_look(NOW, bounds, rhythm, failures=0, retry_after=None, dice=dice).at
    assert due <= latest_look(NOW, bounds, rhythm) + timedelta(milliseconds=1)
    assert len(rhythm.quiet) == 168 or due.weekday() * 24 + due.hour not in rhythm.quiet


@pytest.mark.parametrize(
    ("ahead", "latest", "left"),
    [
        (0, None, 300),
        (100, None, 200),
        (400, None, 0),
        (-86_400, None, 300),
        (0, 60, 60),
        (-86_400, 60, 60),
        (0, 900, 300),
    ],
)
def test_what_is_left_of_a_wait(ahead: float, latest: float | None, left: float) -> None:
    """A look was set for five minutes after the last; the clock went on, jumped back, or the bounds became shorter."""
    latest_at = None if latest is None else NOW + timedelta(seconds=latest)
    assert left == seconds_left(NOW + timedelta(seconds=ahead), NOW + timedelta(seconds=300), NOW, latest_at)


# ── rhythm ────────────────────────────────────────────────────────────────────────────────────────────────────────


def ago(*hours: float) -> list[datetime]:
    """Times before now."""
    return [NOW - timedelta(hours=each) for each in hours]


def test_a_rhythm_is_told_by_the_newest_articles() -> None:
    """The usual gap is the median, the longest is kept beside it; few articles tell nothing."""
    rhythm = UNKNOWN.heard(ago(1, 2, 3, 4, 5, 15))
    assert (HOUR, 10 * HOUR, NOW - timedelta(hours=1)) == (rhythm.gap_for, rhythm.longest_for, rhythm.heard_at)
    few = UNKNOWN.heard(ago(*range(ENOUGH - 1)))
    assert (None, NOW) == (few.gap_for, few.heard_at)


@pytest.mark.parametrize(
    ("longest_hours", "days_since", "silent"), [(1, 1.9, False), (1, 2.1, True), (60, 7.4, False), (60, 7.6, True)]
)
def test_a_source_is_silent_after_three_of_its_longest_gaps(
    longest_hours: float, days_since: float, silent: bool
) -> None:
    """But never before two days: an hourly site may have a holiday, a weekday paper has its weekend."""
    rhythm = Rhythm(gap_for=HOUR, longest_for=longest_hours * HOUR, heard_at=NOW - timedelta(days=days_since))
    assert silent == rhythm.is_silent(NOW)


@given(rhythms)
def test_a_rhythm_is_kept_as_it_is(rhythm: Rhythm) -> None:
    """What the ledger keeps is what was known; what it cannot read is not known."""
    assert rhythm == load_rhythm(rhythm.dump())


@pytest.mark.parametrize("text", [None, "", "[]", "{", '{"gap_for": "x"}', '{"quiet": 3}', '{"heard_at": "now"}'])
def test_what_cannot_be_read_is_not_known(text: str | None) -> None:
    """A ledger of a later release, or a damaged one, costs the rhythm and nothing else."""
    assert load_rhythm(text) == UNKNOWN


@pytest.mark.parametrize(
    ("settle", "failures", "quiet", "before"),
    [
        (60.0, 0, frozenset(), 3.0),
        (3600.0, PATIENCE, frozenset(), 3.0),
        (10.0, 0, frozenset(), 1.0),
        (0.9, 0, frozenset(), None),
        (0.0, 0, frozenset(), None),
        (60.0, PATIENCE + 1, frozenset(), None),
        (60.0, 0, frozenset(range(168)) - {0}, None),
    ],
)
def test_a_source_is_looked_at_once_more_before_an_article_goes_out(
    settle: float, failures: int, quiet: frozenset[int], before: float | None
) -> None:
    """Seconds before; not in a window without room for it, nor of a source in trouble or in its quiet hours."""
    settles_at = datetime(2026, 11, 24, 12, tzinfo=UTC)
    at = settle_look(settles_at, settle, Rhythm(quiet=quiet), failures=failures)
    assert before == (None if at is None else (settles_at - at).total_seconds())
