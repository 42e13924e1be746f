"""Makes a life that breaks a promise as small as it can be and still break it: what is left can be read."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from tests.simulation.script import Event, Scenario

Breaks = Callable[[Scenario], bool]


def shrink(scenario: Scenario, breaks: Breaks, *, tries: int = 400) -> Scenario:
    """The smallest that was found in so many tries. `breaks` says whether a scenario still breaks the promise."""
    left = [tries]

    def still(smaller: Scenario) -> bool:
        if left[0] <= 0 or smaller == scenario:
            return False
        left[0] -= 1
        return breaks(smaller)

    before: Scenario | None = None
    while scenario != before:
        before = scenario
        scenario = _fewer_events(scenario, still)
        for smaller in _simpler(scenario):
            if still(smaller):
                scenario = smaller
    return scenario


def _fewer_events(scenario: Scenario, still: Breaks) -> Scenario:
    """Zeller and Hildebrandt's ddmin, without its complements: https://www.st.cs.uni-saarland.de/papers/tse2002/"""
    size = max(1, len(scenario.events) // 2)
    while size >= 1:
        start = 0
        while start < len(scenario.events):
            smaller = replace(scenario, events=_without(scenario.events, start, size))
            if still(smaller):
                scenario = smaller
            else:
                start += size
        size //= 2
    return scenario


def _without(events: Sequence[Event], start: int, size: int) -> tuple[Event, ...]:
    return (*events[:start], *events[start + size :])


def _simpler(scenario: Scenario) -> Sequence[Scenario]:
    """Each a little simpler in another way."""
    named = {event.where.partition(".")[0] for event in scenario.events}
    unused = [place for place in scenario.places if place not in named and len(scenario.places) > 1]
    found = [replace(scenario, places=tuple(each for each in scenario.places if each != place)) for place in unused]
    if scenario.expires_for is not None:
        found.append(replace(scenario, expires_for=None))
    if scenario.workers > 1 and max((int(w) for w in named if w.isdigit()), default=0) < scenario.workers - 1:
        found.append(replace(scenario, workers=scenario.workers - 1))
    for index, event in enumerate(scenario.events):
        if event.count > 1:
            one = replace(event, count=1)
            found.append(replace(scenario, events=(*scenario.events[:index], one, *scenario.events[index + 1 :])))
    return found
