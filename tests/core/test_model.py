"""The one table of how a delivery moves, and that everything a lane can say has its place in it."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.outcomes import ChannelDown, Outcome, RateLimited, Rejected, Unavailable, Uncertain
from adapters.post import Payload
from bot.model import EDGES, FINAL, OPEN, Event, Settlement, State
from bot.retry import BACKOFF_FROM, BACKOFF_TO, EVENTS, JITTER, Step, backoff, judge
from bot.settle import SAID

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
OUTCOMES: tuple[type[Outcome], ...] = (RateLimited, Unavailable, Rejected, ChannelDown, Uncertain)
STEPS: tuple[Step, ...] = get_args(Step)
STATE_OF: dict[Step, State] = {"stage": State.PENDING, "publish": State.SENDING, "find": State.UNCERTAIN}
"""In which state a delivery is while a lane takes the step."""
CONCLUDED = {
    ("publish", Event.SENT),
    ("find", Event.FOUND),
    ("find", Event.ABSENT),
    ("find", Event.ASK_AGAIN),
    ("find", Event.CANNOT_TELL),
}
"""What a lane settles without an outcome: a receipt, and the four answers."""
BY_A_PERSON = {Event.RETRIED, Event.REVIVED}
BEGUN_AS = {State.HELD, State.PENDING, State.SKIPPED}


class Dice:
    """Dice that always fall the same way: 0 is the lowest, 1 the highest."""

    def __init__(self, share: float = 0.5) -> None:
        self.share = share

    def uniform(self, low: float, high: float) -> float:
        return low + (high - low) * self.share

    def token(self) -> str:
        return "token"


shares = st.floats(0, 1).map(Dice)


@given(st.sampled_from(sorted(BEGUN_AS)), st.lists(st.sampled_from(list(Event)), max_size=40))
def test_a_random_walk_keeps_to_the_table(begun: State, events: Sequence[Event]) -> None:
    """Whatever happens in whatever order: only a person takes up what is final, and what is sent by its own word."""
    state = begun
    for event in events:
        after = EDGES.get((state, event))
        if after is None:
            continue
        assert isinstance(after, State)
        assert (state is State.SENT) == (event is Event.REVIVED)
        if state in FINAL:
            assert (event in BY_A_PERSON, after) == (True, State.PENDING)
        if after is State.SENDING:
            assert (state, event) == (State.PENDING, Event.CLAIMED)
        state = after


def test_every_state_can_be_reached_and_every_event_happens() -> None:
    """No state and no event of the table is a dead letter, and every open state can end."""
    reached = set(BEGUN_AS)
    for _ in State:
        reached |= {after for (before, _), after in EDGES.items() if before in reached}
    assert reached == set(State)
    assert {event for _, event in EDGES} == set(Event)
    for state in OPEN:
        ends = {state}
        for _ in State:
            ends |= {after for (before, _), after in EDGES.items() if before in ends}
        assert ends & FINAL


def test_nothing_leads_from_an_unknown_outcome_to_sending_but_a_proof_or_a_person() -> None:
    """A delivery whose outcome is unknown is pending again only once it is proven absent, or a person says so."""
    back = {event for (before, event), after in EDGES.items() if (before, after) == (State.UNCERTAIN, State.PENDING)}
    assert back == {Event.ABSENT, Event.RESOLVED_NOT_SENT}


def test_every_outcome_of_every_step_is_judged() -> None:
    """The table of verdicts is total over steps and outcomes of the contract, and holds nothing else."""
    assert set(EVENTS) == {(step, outcome) for step in STEPS for outcome in OUTCOMES}
    assert set(OUTCOMES) == set(Outcome.__subclasses__())


SETTLED = sorted({(step, event) for (step, _), event in EVENTS.items()} | CONCLUDED)


@pytest.mark.parametrize("event", sorted({event for step, event in SETTLED if step == "find"}))
def test_what_may_be_out_already_is_never_sent_on_the_strength_of_a_search(event: Event) -> None:
    """Whatever a search before sending comes to, it leads to no call: the delivery is sent already, waits for another
    search or for a person, or is pending as before."""
    assert EDGES[State.PENDING, event] in {State.SENT, State.PENDING, State.HELD}


@pytest.mark.parametrize(("step", "event"), SETTLED)
def test_what_a_lane_settles_has_an_edge_and_a_line_in_the_log(step: Step, event: Event) -> None:
    """Every event that a step can come to may happen in the state of that step, and the log has words for it."""
    assert (STATE_OF[step], event) in EDGES
    assert event in SAID


def test_the_log_has_no_words_for_what_never_happens() -> None:
    """The table of log events holds what lanes settle, no more."""
    assert set(SAID) == {event for _, event in SETTLED} | {Event.DEGRADED}


def test_what_may_be_sent_with_less_is_not_refused_for_good() -> None:
    """A refusal that brings a payload with less puts it in the place of the refused one, at once, and costs nothing."""
    less = Payload({"text": "less"})
    verdict = judge("publish", Rejected("no picture", instead=less), failures=3, quiet_for=60, now=NOW, dice=Dice())
    assert (Event.DEGRADED, NOW, less, False) == (verdict.event, verdict.due_at, verdict.instead, verdict.failed)


@given(st.sampled_from(STEPS), st.sampled_from(OUTCOMES), st.integers(0, 1000), shares)
def test_a_verdict_says_when_to_go_on_exactly_where_it_goes_on(
    step: Step, outcome: type[Outcome], failures: int, dice: Dice
) -> None:
    """Pending and uncertain deliveries are given a time that is not in the past; final and undecided ones none."""
    settled = judge(step, outcome("why", status=418), failures=failures, quiet_for=60, now=NOW, dice=dice)
    after = EDGES[STATE_OF[step], settled.event]
    assert (settled.due_at is None) == (after in FINAL or settled.event is Event.CANNOT_TELL)
    assert settled.due_at is None or NOW <= settled.due_at <= NOW + timedelta(seconds=BACKOFF_TO)
    said = "why." if outcome is ChannelDown else "why"  # with its mend it makes whole sentences
    assert (settled.reason, settled.status) == (said, 418)


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("outcome", OUTCOMES)
def test_what_counts_as_a_failure(step: Step, outcome: type[Outcome]) -> None:
    """Being told to wait, a channel that is down and a refusal use up nothing; the rest makes the backoff grow."""
    settled = judge(step, outcome("why"), failures=0, quiet_for=60, now=NOW, dice=Dice())
    counts = outcome in (Unavailable, Uncertain)
    assert settled.failed == counts


def test_an_unknown_outcome_rests_for_the_quiet_time() -> None:
    """A lost answer is asked about when the adapter's quiet time is over, not by backoff."""
    settled = judge("publish", Uncertain("cut"), failures=9, quiet_for=75, now=NOW, dice=Dice())
    assert (settled.event, settled.due_at) == (Event.LOST, NOW + timedelta(seconds=75))


@given(st.floats(0, 1e6), shares)
def test_we_never_come_back_before_we_were_told(told: float, dice: Dice) -> None:
    """After `Retry-After` the next try is due then or up to a second later, whatever the failures."""
    settled = judge("publish", RateLimited("slow", retry_after=told), failures=50, quiet_for=60, now=NOW, dice=dice)
    assert settled.due_at is not None
    waited = (settled.due_at - NOW).total_seconds()
    assert told - 1e-6 <= waited <= told + 1.000001


def test_a_channel_that_is_down_says_how_to_mend_it() -> None:
    """The mend goes into the reason."""
    down = ChannelDown("The token was refused.", mend="Make a new one.")
    assert judge("find", down, failures=0, quiet_for=1, now=NOW, dice=Dice()).reason == (
        "The token was refused. Make a new one."
    )


# ── backoff ───────────────────────────────────────────────────────────────────────────────────────────────────────


@given(st.integers(-5, 10**9), shares)
def test_backoff_stays_within_its_bounds(failures: int, dice: Dice) -> None:
    """Never less than the shortest wait less its jitter, never more than an hour, however many failures."""
    assert BACKOFF_FROM * (1 - JITTER) <= backoff(failures, dice) <= BACKOFF_TO


@given(st.integers(1, 6), shares, shares)
def test_backoff_grows_until_its_cap(failures: int, dice: Dice, other: Dice) -> None:
    """Each further failure waits longer than the one before, whatever the dice say."""
    assert backoff(failures, dice) < backoff(failures + 1, other)


def test_backoff_is_30_seconds_doubling_to_an_hour() -> None:
    """Without jitter: 30 s, 1, 2, 4, 8, 16, 32 min, then an hour for ever."""
    waits = [backoff(failures, Dice(1)) for failures in (1, 2, 3, 4, 5, 6, 7, 8, 9, 1000)]
    assert waits == [30, 60, 120, 240, 480, 960, 1920, 3600, 3600, 3600]


def test_a_reason_is_cleaned_of_secrets_before_it_is_written() -> None:
    """What goes into the ledger has been through the redactor."""
    dirty = Settlement(Event.LOST, NOW, "GET /bot123:abc failed")
    assert dirty.cleaned(lambda text: text.replace("123:abc", "***")).reason == "GET /bot*** failed"
    silent = Settlement(Event.SENT, None, None)
    assert silent.cleaned(str.upper) is silent
