"""Pacing decides: no window of a platform's ever sees more calls than it allows, and none is left unused."""

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from adapters.base import Budget, Pace
from bot.pace import LOOK_AGAIN, RESET_SLACK, TOLD_IN, Pacer, Remembered

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
PLACES = (1, 2, 3)
ACCOUNT = {1: "paper:one", 2: "paper:one", 3: "paper:two"}


def pacer(paces: Sequence[Pace], over: dict[int, list[float]], saved: Sequence[Remembered] = ()) -> Pacer:
    """A pacer of three places that has recalled when calls were over, at second 0."""
    made = Pacer()
    for place in PLACES:
        account = ACCOUNT[place]
        of_account = sorted(at for other in PLACES if ACCOUNT[other] == account for at in over.get(other, []))
        made.recall_account(account, paces, of_account, saved, wall=NOW, now=0.0)
        made.recall_place(account, place, paces, over.get(place, []))
    return made


@dataclass
class Call:
    """A wish to call, as an example has it."""

    place: int
    pause: float
    """Seconds between the answer to the last call of this place and the wish."""
    lasts: float
    arrives: float
    """Which part of that has passed when the platform counts the call."""


CALLS = st.lists(
    st.builds(Call, st.sampled_from(PLACES), st.floats(0, 5), st.floats(0, 3), st.floats(0, 1)), max_size=25
)
PACES = st.lists(
    st.builds(Pace, st.integers(1, 4), st.sampled_from([1.0, 7.5, 60.0]), st.sampled_from(["place", "account"])),
    max_size=3,
    unique_by=lambda pace: (pace.scope, pace.per_for),
)


@dataclass
class Play:
    """Lanes that call one after the other whenever they may, and what the platform sees of it."""

    pace: Pacer
    paces: Sequence[Pace]
    answer: Callable[[int, float, float], None] = field(default=lambda *_: None)
    """(place, when the platform counted the call, when its answer is here)"""
    arrived: dict[int, list[float]] = field(default_factory=dict)
    over: dict[int, list[float]] = field(default_factory=dict)

    def run(self, calls: Sequence[Call], now: float = 0.0) -> float:
        """Make them all; when the last answer was here."""
        waiting = {place: [call for call in calls if call.place == place] for place in PLACES}
        ready = {place: now + waiting[place][0].pause for place in PLACES if waiting[place]}
        ending: dict[int, tuple[float, float]] = {}
        while ready or ending:
            place = min({**ready, **{each: end for each, (end, _) in ending.items()}}.items(), key=lambda at: at[1])[0]
            if place in ending:
                now, arrived = ending.pop(place)
                self.pace.end(ACCOUNT[place], place, now)
                self.answer(place, arrived, now)
                self.over.setdefault(place, []).append(now)
                if waiting[place]:
                    ready[place] = now + waiting[place][0].pause
                continue
            now = ready[place]
            slot = self.pace.slot(ACCOUNT[place], place, self.paces, now)
            if slot > now:
                ready[place] = slot
                continue
            self.pace.begin(ACCOUNT[place], place)
            del ready[place]
            call = waiting[place].pop(0)
            arrived = now + call.lasts * call.arrives
            self.arrived.setdefault(place, []).append(arrived)
            ending[place] = (now + call.lasts, arrived)
        return now


@settings(max_examples=80)
@given(PACES, CALLS, CALLS)
def test_no_window_ever_holds_more_than_its_count(
    paces: Sequence[Pace], calls: Sequence[Call], later: Sequence[Call]
) -> None:
    """Places that call whenever they may, at once or one after the other, and go on after a restart: however late the
    platform counts a call, no stretch of a pace's length sees more than its count."""
    before = Play(pacer(paces, {}), paces)
    ended = before.run(calls)
    recalled = {place: [at - ended for at in times] for place, times in before.over.items()}
    after = Play(pacer(paces, recalled), paces)
    after.run(later)
    arrived = {
        place: before.arrived.get(place, []) + [ended + at for at in after.arrived.get(place, [])] for place in PLACES
    }
    for pace in paces:
        owner = dict(zip(PLACES, PLACES, strict=True)) if pace.scope == "place" else ACCOUNT
        for whose in set(owner.values()):
            times = sorted(at for place in PLACES if owner[place] == whose for at in arrived[place])
            for begin in times:
                window = [at for at in times if begin <= at < begin + pace.per_for - 1e-6]
                assert len(window) <= pace.count


@dataclass
class Server:
    """A platform that counts in windows of its own and refuses what is too much."""

    limit: int
    per_for: float
    aligned_at: float | None
    """Where its windows begin; None: with the first call."""
    used: Counter[float] = field(default_factory=Counter)
    began: float = -math.inf
    refused: int = 0

    def count(self, at: float) -> tuple[int, float]:
        """Count a call: what is left, and when the window ends."""
        if self.aligned_at is not None:
            # By its number: from `%` one window would get two beginnings, a rounding apart, and be counted as two.
            self.began = self.aligned_at + (at - self.aligned_at) // self.per_for * self.per_for
        elif at >= self.began + self.per_for:
            self.began = at
        self.used[self.began] += 1
        left = self.limit - self.used[self.began]
        self.refused += left < 0
        return max(left, 0), self.began + self.per_for


SERVERS = st.builds(Server, st.integers(2, 6), st.sampled_from([60.0, 300.0]), st.one_of(st.none(), st.floats(0, 300)))
SINGLE = st.lists(
    st.builds(Call, st.just(1), st.floats(0, 40), st.floats(0, 3), st.floats(0, 1)), min_size=10, max_size=40
)


def paced_by(server: Server, configured: int, calls: Sequence[Call], told: Sequence[bool]) -> float:
    """Let one place call as it may; `told`: which answers have headers. When the last answer was here."""
    paces = (Pace(configured, server.per_for, "account"),)
    played, answers = Play(pacer(paces, {}), paces), iter(told)

    def answer(place: int, arrived: float, now: float) -> None:
        left, resets_at = server.count(arrived)
        if next(answers):
            wall = NOW + timedelta(seconds=now)
            budget = Budget(server.limit, left, server.per_for, NOW + timedelta(seconds=math.floor(resets_at)))
            played.pace.note("paper:one", 1, budget, wall=wall, now=now)

    played.answer = answer
    return played.run(calls)


@settings(max_examples=80)
@given(SERVERS, st.integers(1, 9), SINGLE)
def test_the_word_of_the_platform_wins(server: Server, configured: int, calls: Sequence[Call]) -> None:
    """However its windows lie, and whether it allows more or less than was configured: who is told what is left after
    each call is never refused."""
    paced_by(server, configured, calls, [True] * len(calls))
    assert 0 == server.refused


@settings(max_examples=80)
@given(SERVERS, SINGLE, st.data())
def test_a_platform_that_tells_now_and_then_is_not_overrun(
    server: Server, calls: Sequence[Call], data: st.DataObject
) -> None:
    """Some answers have no headers: with a pace that the platform allows, it refuses nothing."""
    told = data.draw(st.lists(st.booleans(), min_size=len(calls), max_size=len(calls)))
    configured = data.draw(st.integers(1, server.limit))
    paced_by(server, configured, calls, told)
    assert 0 == server.refused


@settings(max_examples=80)
@example(Server(2, 60.0, 280.5), 1)
@given(SERVERS, st.integers(1, 9))
def test_nothing_that_the_platform_allows_is_left_unused(server: Server, configured: int) -> None:
    """A backlog of quick calls with headers ends as early as the platform lets it, but for the slack of its clock; what
    is left of a window in its last second may be let go, once."""
    began, quick = 100.0, [Call(1, 0.0, 0.01, 0.5)] * 30
    ended = paced_by(server, configured, [Call(1, began, 0.01, 0.5), *quick], [True] * 31)
    assert 0 == server.refused
    assert ended <= earliest(server, 31, began) + (31 // server.limit) * (RESET_SLACK + 0.1) + 1.0


def earliest(server: Server, posts: int, began: float) -> float:
    """When the last of so many posts can be out, if they are ready when it begins and calls take no time. A window that
    ends within a second then, which is how exactly its end is told, is taken as over."""
    windows = (posts - 1) // server.limit
    if server.aligned_at is None or not windows:
        return began + windows * server.per_for
    first_end = began - (began - server.aligned_at) % server.per_for + server.per_for
    return first_end + (windows - (first_end - began > TOLD_IN)) * server.per_for


def test_a_place_and_its_account_are_counted_apart() -> None:
    """Two places of one account share its budget and not each other's; another account has its own."""
    for_place, for_account = (Pace(1, 60.0, "place"),), (Pace(1, 60.0, "account"),)
    called = {1: [-1.0]}
    assert [59.0, 0.0, 0.0] == [pacer(for_place, called).slot(ACCOUNT[p], p, for_place, 0.0) for p in PLACES]
    assert [59.0, 59.0, 0.0] == [pacer(for_account, called).slot(ACCOUNT[p], p, for_account, 0.0) for p in PLACES]


def test_the_tightest_pace_rules() -> None:
    """Of several paces the one that frees last says when."""
    paces = (Pace(1, 1.0, "account"), Pace(1, 30.0, "place"), Pace(5, 3600.0, "place"))
    made = pacer(paces, {1: [0.0]})
    assert [30.0, 30.0] == [made.slot("paper:one", 1, paces, now) for now in (0.0, 30.0)]


def test_a_slot_that_is_taken_is_not_given_twice() -> None:
    """Two lanes of one account that look in the same moment: the second sees the first one's call on the wire; what
    was not called after all is free again."""
    paces = (Pace(1, 60.0, "account"),)
    made = pacer(paces, {})
    made.begin("paper:one", 1)
    assert 5.0 + LOOK_AGAIN == made.slot("paper:one", 2, paces, 5.0)
    made.forgo("paper:one", 1)
    assert 5.0 == made.slot("paper:one", 2, paces, 5.0)


def test_what_others_have_on_the_wire_is_taken_off_what_is_left() -> None:
    """Two calls run, and the answer to one says that two are left: the other may not have been counted yet."""
    paces = (Pace(5, 60.0, "account"),)
    made = pacer(paces, {})
    made.begin("paper:one", 1)
    made.begin("paper:one", 2)
    noted = made.note("paper:one", 1, Budget(5, 2, 60.0, NOW + timedelta(seconds=50)), wall=NOW, now=0.0)
    assert noted is not None
    assert 1 == noted.remaining


@pytest.mark.parametrize(
    "budget",
    [
        Budget(-1, -1, 60.0, NOW + timedelta(seconds=30)),
        Budget(0, 0, 60.0, NOW + timedelta(seconds=30)),
        Budget(5, -1, 60.0, NOW + timedelta(seconds=30)),
        Budget(5, 6, 60.0, NOW + timedelta(seconds=30)),
        Budget(5, 0, 60.0, NOW - timedelta(seconds=1)),
        Budget(5, 0, 60.0, NOW + timedelta(days=900)),
        Budget(5, 0, 0.0, NOW + timedelta(seconds=30)),
        Budget(5, 0, math.inf, NOW + timedelta(seconds=30)),
        Budget(5, 0, math.nan, NOW + timedelta(seconds=30)),
    ],
    ids=str,
)
def test_what_cannot_be_is_not_believed(budget: Budget) -> None:
    """Negative, more left than there is, reset in the past or years ahead, windows of no length: as if not said."""
    made = pacer((), {})
    assert made.note("paper:one", 1, budget, wall=NOW, now=0.0) is None
    assert 0.0 == made.slot("paper:one", 1, (), 0.0)


def test_other_windows_that_the_platform_tells_of_bind_as_well() -> None:
    """Nobody configured five minutes, and the platform says that they are used up."""
    paces = (Pace(300, 10800.0, "account"),)
    made = pacer(paces, {})
    made.note("paper:one", 1, Budget(150, 0, 300.0, NOW + timedelta(seconds=100)), wall=NOW, now=0.0)
    assert 100.0 + RESET_SLACK == made.slot("paper:one", 1, paces, 0.0)
    assert 102.0 == made.slot("paper:one", 1, paces, 102.0)


def test_a_window_that_has_just_ended_is_over_and_frees_no_more_than_the_next_one_has() -> None:
    """The end was told in whole seconds, half a second ago: the next call waits until it is surely past, what was made
    since counts in the new window; and late word of the old window does not undo what is known of the new one."""
    paces, past = (Pace(1, 60.0, "account"),), Budget(3, 2, 60.0, NOW - timedelta(seconds=0.5))
    made = pacer(paces, {2: [-0.2]})
    assert made.note("paper:one", 1, past, wall=NOW, now=0.0) is not None
    free = RESET_SLACK - 0.5
    assert free == made.slot("paper:one", 1, paces, 0.0)
    for _ in range(2):
        assert free == made.slot("paper:one", 1, paces, free)
        made.begin("paper:one", 1)
        made.end("paper:one", 1, free)
    assert pytest.approx(59.8) == made.slot("paper:one", 1, paces, free)
    made.note("paper:one", 1, Budget(3, 0, 60.0, NOW + timedelta(seconds=59)), wall=NOW, now=0.0)
    assert made.note("paper:one", 2, past, wall=NOW, now=0.0) is None
    assert 59.0 + RESET_SLACK == made.slot("paper:one", 1, paces, 0.0)


def test_the_end_of_a_window_frees_what_was_called_before() -> None:
    """Three of three calls are made, and the platform says that its window ends in ten seconds: then there are three
    more, where a sliding window would have given none for a minute."""
    paces = (Pace(3, 60.0, "account"),)
    made = pacer(paces, {1: [-3.0, -2.0, -1.0]})
    assert 57.0 == made.slot("paper:one", 1, paces, 0.0)
    made.note("paper:one", 1, Budget(3, 0, 60.0, NOW + timedelta(seconds=10)), wall=NOW, now=0.0)
    free = 10.0 + RESET_SLACK
    assert free == made.slot("paper:one", 1, paces, 0.0)
    for number in range(3):
        assert free + number == made.slot("paper:one", 1, paces, free + number)
        made.begin("paper:one", 1)
        made.end("paper:one", 1, free + number)
    assert pytest.approx(free + 60.0) == made.slot("paper:one", 1, paces, free + 3)


def test_what_was_said_outlives_a_restart() -> None:
    """Five were left, four have been called since: one more goes, and the next when the window ends."""
    saved = Remembered(Budget(9, 5, 60.0, NOW + timedelta(seconds=20)), NOW - timedelta(seconds=30), begun=4)
    paces = (Pace(2, 60.0, "account"),)
    made = pacer(paces, {}, [saved])
    assert 0.0 == made.slot("paper:one", 1, paces, 0.0)
    made.begin("paper:one", 1)
    made.end("paper:one", 1, 1.0)
    assert 20.0 + RESET_SLACK == made.slot("paper:one", 1, paces, 1.0)


@pytest.mark.parametrize(
    ("noted", "resets"), [(2 * 3600, 2 * 3600 + 20), (-7200, -3700)], ids=["of the future", "long over"]
)
def test_what_was_said_at_another_time_holds_nobody_up(noted: float, resets: float) -> None:
    """A clock that was set back two hours, or a budget of long ago: the configured pace counts."""
    budget = Budget(9, 0, 3600.0, NOW + timedelta(seconds=resets))
    saved = Remembered(budget, NOW + timedelta(seconds=noted), begun=0)
    paces = (Pace(2, 3600.0, "account"),)
    assert 0.0 == pacer(paces, {}, [saved]).slot("paper:one", 1, paces, 0.0)
