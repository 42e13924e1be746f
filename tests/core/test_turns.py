"""Whose turn it is among many that are due, for any order in which they come and end."""

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from bot.turns import Turns

Thing = tuple[str, int]
THINGS = st.lists(st.sampled_from("abc"), max_size=20).map(lambda sites: list(zip(sites, range(20), strict=False)))


@given(THINGS, st.randoms(use_true_random=False))
def test_everything_has_its_turn_once_and_no_site_two_at_a_time(things: list[Thing], chance: Random) -> None:
    """However many may go on, and whichever ends first."""
    turns: Turns[Thing] = Turns(lambda thing: thing[0])
    for thing in things:
        turns.add(thing)
    going: list[Thing] = []
    had: list[Thing] = []
    while True:
        while (begun := turns.next()) is not None:
            going.append(begun)
        assert len({site for site, _ in going}) == len(going)
        if not going:
            break
        ended = going.pop(chance.randrange(len(going)))
        had.append(ended)
        turns.done(ended)
    assert sorted(things) == sorted(had)
    for site in "abc":
        assert [each for each in things if each[0] == site] == [each for each in had if each[0] == site]


def test_a_site_with_very_many_waits_behind_one_with_few() -> None:
    """Of two that have something left each has every second turn, whichever has more."""
    turns: Turns[Thing] = Turns(lambda thing: thing[0])
    for thing in [("a", 1), ("a", 2), ("a", 3), ("b", 4), ("b", 5)]:
        turns.add(thing)
    had = []
    while (begun := turns.next()) is not None:
        had.append(begun[1])
        turns.done(begun)
    assert [1, 4, 2, 5, 3] == had
