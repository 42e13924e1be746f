"""Which of all that can happen did happen in a run of many lives, and in what share of them."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from bot.model import EDGES
from tests.simulation.script import FAULTS, FEEDS, LOSSES, POINTS

ALWAYS = 0.30
"""The share of lives in which the usual has to happen."""
OFTEN = 0.02
"""The same for what the proof is about: unknown outcomes, crashes, what a person does."""
SELDOM = 0.001
"""The same for all the rest: in 2,000 lives it is not left to luck whether it happens."""

_USUAL = ("edge pending claimed", "edge sending sent", "event articles")
_MATTERS = (
    *("edge sending lost", "edge uncertain found", "edge uncertain absent", "edge uncertain cannot_tell"),
    *("edge sending told_to_wait", "edge sending channel_down"),
    *("event crash", "event stop", "event lose", "event restore", "event pause", "event outage"),
)
_STOPS = ("step", "call", "sent", "answered")


def required() -> Mapping[str, float]:
    """Everything that has to happen → in what share of the lives."""
    edges = [f"edge {state} {event}" for state, event in EDGES]
    fates = [f"{call} {fate}" for call, kinds in FAULTS.items() for fate in kinds]
    crashes = [f"point crash {point}" for point in POINTS]
    losses = [f"point lose {point}" for point in LOSSES]
    stops = [f"point stop {point}" for point in _STOPS]
    feeds = [f"feed {trouble}" for trouble in FEEDS]
    events = ("articles", "fault", "vanish", "other", "clock", "person", "backup", "restore", "restart", "crash")
    others = [f"event {name}" for name in (*events, "twin", "stop", "lose", "outage", "feed", "pause")]
    everything = [*edges, *fates, *crashes, *losses, *stops, *feeds, *others, "fate fenced"]
    floors = dict.fromkeys(everything, SELDOM)
    return {**floors, **dict.fromkeys(_MATTERS, OFTEN), **dict.fromkeys(_USUAL, ALWAYS)}


def lives_with(happened: Iterable[Mapping[str, int]]) -> Counter[str]:
    """Of each thing, in how many lives it happened."""
    found: Counter[str] = Counter()
    for one in happened:
        found.update(name for name, count in one.items() if count)
    return found


def missing(lives: Mapping[str, int], count: int) -> Sequence[str]:
    """What did not happen often enough in `count` lives, as sentences."""
    short = []
    for name, floor in required().items():
        share = lives.get(name, 0) / max(1, count)
        if share < floor:
            short.append(f"{name}: in {share:.2%} of the lives, and has to be in {floor:.1%}")
    return short


def table(lives: Mapping[str, int], count: int) -> str:
    """For people: each thing with its share, three to a line, by kind."""
    cells = [f"{name:<34}{lives.get(name, 0) / max(1, count):>7.1%}" for name in sorted(required())]
    return "\n".join("   ".join(cells[start : start + 3]) for start in range(0, len(cells), 3))
