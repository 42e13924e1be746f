"""What the audit says of a delivery: one finding each, and sums that add up."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.outcomes import Presence
from bot.findings import PLAIN, Facts, Finding, Planned, Standing, add_up, find, missing, stand
from bot.model import FINAL, State

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)

FACTS = st.builds(
    Facts,
    state=st.sampled_from(State),
    presence=st.none() | st.sampled_from(get_args(Presence)),
    receipt=st.booleans(),
    to_be_read=st.booleans(),
    asked=st.booleans(),
    removed=st.booleans(),
    down=st.booleans(),
    alerted=st.booleans(),
)
ROWS = st.lists(st.tuples(st.sampled_from(["a", "b", "c"]), FACTS), max_size=40)


@given(ROWS)
def test_the_sums_add_up(rows: Sequence[tuple[str, Facts]]) -> None:
    """Each delivery is in exactly one finding and one standing: by finding, by channel and by standing it is the same
    total, and all are accounted for exactly when every one is settled."""
    found = [(channel, find(facts), stand(find(facts), facts)) for channel, facts in rows]
    sums = add_up(found)
    assert len(rows) == sums.total
    assert len(rows) == sum(sum(counts.values()) for counts in sums.by_finding.values())
    assert len(rows) == sum(sums.by_standing.values())
    for channel in ("a", "b", "c"):
        own = sum(counts.get(channel, 0) for counts in sums.by_finding.values())
        assert [each for each, _ in rows].count(channel) == own
    assert all(count for counts in sums.by_finding.values() for count in counts.values())
    assert sums.accounted == all(standing is Standing.SETTLED for _, _, standing in found)


@given(FACTS)
def test_what_is_open_is_never_settled(facts: Facts) -> None:
    """A delivery in an open state is not accounted for; one that is sent is never said to be to come."""
    finding = find(facts)
    standing = stand(finding, facts)
    if facts.state not in FINAL:
        assert (facts.state.value, True) == (finding.value, standing is not Standing.SETTLED)
    if facts.state is State.SENT:
        assert finding in PLAIN | {Finding.UNREAD, Finding.VANISHED}
    if standing is Standing.GOES_ON:
        assert not (facts.removed and facts.state is not State.SENT)


@pytest.mark.parametrize(
    ("facts", "finding", "standing"),
    [
        (Facts(State.SENT, presence="confirmed", receipt=True), "confirmed", "settled"),
        (Facts(State.SENT, presence="accepted", receipt=True), "accepted", "settled"),
        (Facts(State.SENT, receipt=True), "accepted", "settled"),
        (Facts(State.SENT), "sent", "settled"),
        (Facts(State.SENT, receipt=True, to_be_read=True), "unread", "goes on"),
        (Facts(State.SENT, receipt=True, to_be_read=True, removed=True), "accepted", "settled"),
        (Facts(State.SENT, presence="vanished", receipt=True, alerted=True), "vanished", "needs a person"),
        (Facts(State.SENT, presence="vanished", receipt=True), "vanished", "settled"),
        (Facts(State.FAILED, alerted=True), "failed", "needs a person"),
        (Facts(State.FAILED), "failed", "settled"),
        (Facts(State.SKIPPED), "skipped", "settled"),
        (Facts(State.CANCELLED), "cancelled", "settled"),
        (Facts(State.HELD), "held", "needs a person"),
        (Facts(State.PENDING), "pending", "goes on"),
        (Facts(State.PENDING, removed=True), "pending", "needs a person"),
        (Facts(State.PENDING, down=True), "pending", "needs a person"),
        (Facts(State.SENDING), "sending", "goes on"),
        (Facts(State.UNCERTAIN, asked=True), "uncertain", "goes on"),
        (Facts(State.UNCERTAIN), "uncertain", "needs a person"),
        (Facts(State.UNCERTAIN, asked=True, removed=True), "uncertain", "needs a person"),
    ],
)
def test_what_each_delivery_comes_to(facts: Facts, finding: str, standing: str) -> None:
    """The table of findings and standings."""
    assert (finding, standing) == (find(facts).value, stand(find(facts), facts).value)


# ── missing ───────────────────────────────────────────────────────────────────────────────────────────────────────

LATER = NOW + timedelta(minutes=5)
LEADS = {1: {10: NOW - timedelta(days=1), 20: NOW - timedelta(days=1)}}


def planned(article_id: int, *channels: int, at: datetime = NOW, source_id: int = 1) -> Planned:
    """An article, and where it was planned."""
    return Planned(article_id, source_id, at, frozenset(channels))


@pytest.mark.parametrize(
    ("articles", "expected"),
    [
        ([planned(1, 10, 20), planned(2, 10, 20)], []),
        ([planned(1, 10, 20), planned(2, 10)], [(2, 20)]),
        ([planned(1, 10, 20), planned(2)], [(2, 10), (2, 20)]),
        ([planned(1)], [(1, 10), (1, 20)]),
        ([planned(1, 10), planned(2, 10)], []),  # the route, or the channel, is newer
        ([planned(1, 10, 20), planned(2, 10, at=LATER)], []),  # another look, perhaps under other settings
        ([planned(1, 10, 20, 30), planned(2, 10, 20)], []),  # on 30 by another source that showed it too
        ([planned(1, 10, 20, source_id=2), planned(2, source_id=2)], []),  # a source that leads nowhere now
        ([planned(1, at=NOW - timedelta(days=2))], []),  # before the channels were there
    ],
)
def test_what_is_missing(articles: Sequence[Planned], expected: Sequence[tuple[int, int]]) -> None:
    """What others of the same look have and the source still leads to, or a look that was planned nowhere; what may be
    due to a change of settings is no alarm."""
    assert expected == missing(articles, LEADS)
