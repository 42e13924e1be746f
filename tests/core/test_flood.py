"""What looks new and is held: floods of old articles, sites that moved, dates still to come; and what is not."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.flood import FEW, MANY, Before, Newcomer, Suspicion, suspects
from bot.plan import Rules, candidates, plan
from bot.sources.entry import Entry, Feed

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
MAX_AGE = 48 * 3600.0
HOURS = timedelta(hours=1)
JUST_NOW = NOW - 0.1 * HOURS


def dated(*hours_ago: float | None) -> list[Newcomer]:
    """Newcomers of these ages."""
    return [Newcomer(None if hours is None else NOW - hours * HOURS, moved=False) for hours in hours_ago]


def judged(newcomers: Sequence[Newcomer], *, met_again: bool = True, read_at: datetime | None = JUST_NOW) -> list[str]:
    """The suspicion against each newcomer; "" for none."""
    found = suspects(newcomers, Before(read_at, met_again), max_age=MAX_AGE, now=NOW)
    return [found[number].suspicion.value if number in found else "" for number in range(len(newcomers))]


def test_a_site_that_shows_all_its_old_articles_as_new_posts_none_of_them() -> None:
    """38 articles older than a week look new, after an import: all of them are held, and what is fresh goes out."""
    assert ["old"] * 38 + [""] == judged(dated(*(200 + number for number in range(38)), 0))


def test_a_few_old_stragglers_are_no_flood() -> None:
    """Less than FEW old ones are left to the age limit, which skips them visibly."""
    assert [""] * (FEW - 1) == judged(dated(*[100] * (FEW - 1)))
    assert ["old"] * FEW == judged(dated(*[100] * FEW))


def test_a_feed_whose_every_item_is_suddenly_new_is_held() -> None:
    """All ids and links are others, and an earlier look should have shown these articles."""
    assert ["unseen"] * MANY == judged(dated(*[5] * MANY), met_again=False)
    assert [""] * (MANY - 1) == judged(dated(*[5] * (MANY - 1)), met_again=False)


def test_a_cache_that_stood_still_is_no_flood() -> None:
    """Many articles of the last hours at once go out where known ones stand beside them: the feed was only late."""
    assert [""] * 30 == judged(dated(*[5] * 30), met_again=True)


def test_what_came_out_while_nobody_looked_is_no_flood() -> None:
    """After a long outage everything in the feed is new, and dated since the last look: it goes out."""
    assert [""] * 50 == judged(dated(*[5] * 50), met_again=False, read_at=NOW - 30 * HOURS)


def test_what_is_caught_up_with_after_many_days_is_left_to_the_age_limit() -> None:
    """What came out since the last look, and is too old by now, is skipped, not held for a person."""
    assert [""] * 30 == judged(dated(*[100] * 30), met_again=True, read_at=NOW - 200 * HOURS)
    assert ["old"] * 30 == judged(dated(*[300] * 30), met_again=True, read_at=NOW - 200 * HOURS)


@pytest.mark.parametrize(
    ("met_again", "away_for", "held"), [(False, 0.1, True), (False, 72, True), (True, 0.1, True), (True, 72, False)]
)
def test_many_undated_articles_at_once_are_believed_only_after_an_absence(
    met_again: bool, away_for: float, held: bool
) -> None:
    """A page without dates that is suddenly all new is held; after days away, with known ones on it, it is believed."""
    expected = ["unseen" if held else ""] * MANY
    assert expected == judged(dated(*[None] * MANY), met_again=met_again, read_at=NOW - away_for * HOURS)


def test_nothing_can_be_missing_from_before_the_first_look() -> None:
    """Where no look went before, nothing should have been seen."""
    assert [""] * 20 == judged(dated(*[None] * 20), met_again=False, read_at=None)


def test_an_article_of_another_host_with_a_known_path_is_held_even_alone() -> None:
    """A moved domain: one is enough."""
    assert ["moved", ""] == judged([Newcomer(NOW, moved=True), Newcomer(NOW, moved=False)])


@pytest.mark.parametrize(
    ("ahead", "expected"), [(0.5, ""), (14, ""), (14.1, "ahead"), (24 * 200, "ahead"), (24 * 400, "")]
)
def test_a_date_still_to_come(ahead: float, expected: str) -> None:
    """Up to 14 hours are a wrong zone, and it goes out now; later dates are waited for; years ahead are nonsense."""
    newcomers = dated(-ahead)
    assert [expected] == judged(newcomers)
    found = suspects(newcomers, Before(JUST_NOW, met_again=True), max_age=MAX_AGE, now=NOW)
    assert [newcomers[0].published_at] * len(found) == [each.until for each in found.values()]


@given(
    st.lists(st.builds(Newcomer, st.none() | st.datetimes(timezones=st.just(UTC)), st.booleans()), max_size=40),
    st.booleans(),
    st.none() | st.datetimes(datetime(1970, 1, 1), datetime(2026, 11, 23), timezones=st.just(UTC)),  # noqa: DTZ001 # bounds
)
def test_every_suspect_has_a_reason_in_words(
    newcomers: list[Newcomer], met_again: bool, read_at: datetime | None
) -> None:
    """Whatever the dates, each is one of the newcomers, with a whole sentence; only a date to come has an end."""
    found = suspects(newcomers, Before(read_at, met_again), max_age=MAX_AGE, now=NOW)
    assert set(found) <= set(range(len(newcomers)))
    assert all("{" not in each.why for each in found.values())
    assert all((each.until is not None) == (each.suspicion is Suspicion.AHEAD) for each in found.values())


def test_a_plan_holds_the_suspects_and_skips_none_of_them() -> None:
    """What is held is not skipped for its age as well: a person who releases it wants it out."""
    old = NOW - 300 * HOURS
    entries = [Entry(str(id_), f"https://news.example/{id_}", f"T{id_}", "", published_at=old) for id_ in range(FEW)]
    found = candidates("news", Feed(None, "News", None, None, tuple(entries), "RSS 2.0"))
    decided = plan(found, {}, first_look=False, rules=Rules(60.0, MAX_AGE, 0), now=NOW, read_at=JUST_NOW)
    assert [(None, "old")] * FEW == [(new.skipped, new.held and new.held.suspicion) for new in decided.new]
    first = plan(found, {}, first_look=True, rules=Rules(60.0, MAX_AGE, 0), now=NOW)
    assert [None] * FEW == [new.held for new in first.new]
