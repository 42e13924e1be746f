"""What happens in one simulated life, as data: it is made from a number, can be read, kept in a file, and made smaller.

Events are made in stories (a lost answer and what is asked after it; a backup, posts, and the old ledger put back),
because what happens by pure chance hardly ever happens in the order that hurts.
"""

import json
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

PLACES = ("sky", "masto", "tele", "tele2", "blind")
"""sky: repeats are harmless. masto: keys are good for an hour, posts are listed. tele, tele2: two places of one
account, posts are numbered and can be looked at. blind: posts are numbered, and nothing can be looked at."""
LISTED = ("sky", "masto")

LOST = ("drop", "cut", "late", "hang", "hang-lost", "bug", "bug-out")
"""Fates of a visible call of which the caller learns nothing: drop, hang-lost and bug never came to be, the others did
(late: only after the caller has given up)."""
REFUSED = ("refuse", "wait", "down", "reject", "less")
"""Fates that the caller is told of: not executed for now, told to wait, no rights, never, not with that picture."""
FAULTS: Mapping[str, Sequence[str]] = {
    "publish": (*LOST, *REFUSED, "lie"),
    "stage": ("refuse", "wait", "down", "reject", "bug", "slow"),
    "find": ("refuse", "wait", "down", "bug", "slow", "unsure"),
    "verify": ("refuse", "wait", "down"),
    "confirm": ("refuse", "wait", "down", "bug"),
    "alert": ("refuse", "bug"),
}
POINTS = ("step", "read", "begin", "statement", "commit", "committed", "call", "sent", "arrived", "answered")
"""Where a process may end: at any step, and at each edge of a transaction and of a visible call."""
LOSSES = ("read", "begin", "statement", "commit", "committed", "step")
"""Where the ledger may fail, or its session be lost: before, in and after a transaction, and between two."""
FEEDS = ("gone", "garbage", "cut", "again", "renamed", "moved", "edited")
"""What a source may do: no answer, no document, half a document; the same articles in another order, under new ids,
under new links, with new titles."""
PEOPLE = ("drop", "retry", "retry-skipped", "retry-cancelled", "decide", "release", "reject", "held-sent", "revive")


@dataclass(frozen=True, slots=True)
class Event:
    """At `at` seconds, `what` happens: `where` and `how` by its kind, `count` times, seconds or passes."""

    at: float
    what: str
    where: str = ""
    how: str = ""
    count: int = 1


@dataclass(frozen=True, slots=True)
class Scenario:
    """A whole life."""

    seed: int
    """Of everything that is still left to chance: jitter."""
    places: tuple[str, ...]
    workers: int
    """0: one process at a time on a ledger of its own; else so many on one that they share."""
    tempo: int
    """By how much slower everything happens than in minutes: 600 makes it days."""
    expires_for: int | None
    """Seconds in which an article has to be out."""
    events: tuple[Event, ...]

    def dump(self) -> str:
        """JSON with an event on each line, to be read and kept."""
        head = {name: value for name, value in asdict(self).items() if name != "events"}
        lines = [json.dumps(_short(event)) for event in self.events]
        return json.dumps(head)[:-1] + ', "events": [\n  ' + ",\n  ".join(lines) + "\n]}\n"


def load(text: str) -> Scenario:
    """A scenario that was dumped."""
    found = json.loads(text)
    events = tuple(Event(**each) for each in found.pop("events"))
    return Scenario(**{**found, "places": tuple(found["places"]), "events": events})


def _short(event: Event) -> dict[str, Any]:
    usual = asdict(Event(event.at, event.what))
    return {name: value for name, value in asdict(event).items() if name in {"at", "what"} or value != usual[name]}


# ── from a number ─────────────────────────────────────────────────────────────────────────────────────────────────

HORIZON = 500.0
"""Seconds, times the tempo, in which things happen."""


def scenario(seed: int) -> Scenario:
    """The life of this number."""
    chance = random.Random(seed)
    workers = chance.choice((0, 0, 2, 3))
    tempo = chance.choice((1, 1, 1, 1, 20, 20, 400))
    places = tuple(sorted(chance.sample(PLACES, chance.choice((1, 2, 2, 3, 5))), key=PLACES.index))
    expires_for = chance.choice((None, None, None, 180)) if tempo == 1 else None
    writer = _Writer(chance, places, workers)
    writer.articles(chance.randint(1, 3))
    for _ in range(chance.randint(2, 6)):
        writer.story()
    if expires_for is not None:
        writer.outage()
    if any(event.what == "twin" for event in writer.events):  # there are two links already, and both are needed
        writer.events = [event for event in writer.events if event.how not in ("renamed", "moved")]
    if any(event.how == "moved" for event in writer.events):  # with a new id as well, nothing would tell it again
        writer.events = [event for event in writer.events if event.how != "renamed"]
    events = sorted((replace(each, at=round(each.at * tempo, 3)) for each in writer.events), key=lambda each: each.at)
    events = [replace(each, count=each.count * tempo) if each.what in _LASTING else each for each in events]
    return Scenario(seed, places, workers, tempo, expires_for, tuple(events))


_LASTING = frozenset({"outage", "feed", "pause"})
"""Kinds whose count is seconds."""


class _Writer:
    """Writes stories, each about one time and one place."""

    def __init__(self, chance: random.Random, places: Sequence[str], workers: int) -> None:
        self.events: list[Event] = []
        self._chance = chance
        self._places = places
        self._workers = workers
        self._left = 1
        """Restores that there may be: one in a life is enough, and none where links move."""

    def articles(self, count: int) -> None:
        """Something to be told, all along."""
        for _ in range(count):
            self._add(self._time(), "articles", count=self._chance.randint(1, 3))

    def story(self) -> None:
        """One story of any kind."""
        alone: list[tuple[Callable[[], None], int]] = [(self._restore, 3 * self._left), (self._restart, 1)]
        shared: list[tuple[Callable[[], None], int]] = [(self._stop, 3), (self._restart, 1)]
        stories: list[tuple[Callable[[], None], int]] = [
            (self._lost, 6),
            (self._refused, 4),
            (self._aside, 3),
            (self.outage, 2),
            (self._crash, 5),
            (self._lose, 3),
            (self._vanish, 2),
            (self._person, 3),
            (self._pause, 2),
            (self._clock, 1),
            (self._feed, 3),
            (self._others, 2),
            *([(self._twins, 1)] if self._left else []),
            *(shared if self._workers else alone),
        ]
        self._chance.choices([tell for tell, _ in stories], [weight for _, weight in stories])[0]()

    def outage(self) -> None:
        """A platform is away."""
        at, place = self._time(), self._place()
        self._add(at, "articles")
        self._add(at + 1, "outage", place, self._chance.choice(("away", "down")), self._chance.randint(20, 500))

    def _lost(self) -> None:
        at, place = self._time(), self._place()
        self._add(at, "articles", count=self._chance.randint(1, 3))
        self._add(at, "fault", f"{place}.publish", self._chance.choice(LOST), self._chance.choice((1, 1, 1, 2, 4)))
        if self._chance.random() < 0.5:
            how = self._chance.choice(FAULTS["find"])
            self._add(at, "fault", f"{place}.find", how, self._chance.randint(1, 3))
        if self._chance.random() < 0.4:
            self._want(at, "decide", "drop")

    def _refused(self) -> None:
        at, place = self._time(), self._place()
        self._add(at, "articles", count=self._chance.randint(1, 2))
        self._add(at, "fault", f"{place}.publish", self._chance.choice(REFUSED), self._chance.choice((1, 1, 2, 3)))
        self._want(at, "retry")

    def _aside(self) -> None:
        at, place = self._time(), self._place()
        call = self._chance.choice(("stage", "stage", "verify", "confirm", "confirm", "alert"))
        if call == "alert":
            place = self._place(("tele", "tele2"))
            self._add(at, "fault", f"{self._place()}.publish", "reject")  # of which the operator is told
        self._add(at, "articles")
        self._add(at, "fault", f"{place}.{call}", self._chance.choice(FAULTS[call]), self._chance.randint(1, 3))

    def _crash(self) -> None:
        at, point = self._time(), self._chance.choice(POINTS)
        self._add(at, "articles")
        self._add(at + 1, "crash", self._process(), point, self._passes(point))

    def _stop(self) -> None:
        at = self._time()
        point = self._chance.choice(("step", "call", "sent", "answered"))
        self._add(at, "articles")
        self._add(at + 1, "stop", self._process(), point, self._passes("step") if point == "step" else 1)

    def _lose(self) -> None:
        at, point = self._time(), self._chance.choice(LOSSES)
        self._add(at, "articles")
        self._add(at + 1, "lose", self._process(), point, self._passes(point))

    def _vanish(self) -> None:
        at, place = self._time(), self._place((*LISTED, "tele"))
        self._add(at, "articles")
        if place == "masto" and self._chance.random() < 0.5:
            self._add(at, "fault", "masto.publish", "lie")
        else:
            self._add(at, "vanish", place)
        self._want(at, "revive")

    def _person(self) -> None:
        at = self._time()
        self._add(at, "articles")
        self._want(at, *PEOPLE)
        if self._chance.random() < 0.5:
            self._want(at, "drop")
            self._want(at, "retry-cancelled")

    def _pause(self) -> None:
        at = 90 + self._time()
        self._add(at, "pause", self._chance.choice((*self._places, "")), count=self._chance.randint(10, 200))
        self._add(at - self._chance.uniform(0, 90), "articles")
        self._add(at - 90, "fault", f"{self._place()}.stage", "slow", self._chance.randint(0, 3))
        self._add(at + 5, "articles")

    def _clock(self) -> None:
        self._add(self._time(), "clock", count=self._chance.choice((-7200, -600, -30, 30, 600, 7200)))

    def _feed(self) -> None:
        # What was restored and has moved at once is known by nothing: not by the ledger, nor by its new link.
        how = self._chance.choice(FEEDS if self._left else [each for each in FEEDS if each != "moved"])
        self._left *= how != "moved"
        self._add(self._time(), "feed", how=how, count=self._chance.randint(30, 200))

    def _twins(self) -> None:
        """A second source shows an article again under a link of its own, some dated ahead, so that they are held."""
        self._left = 0  # what is put back then is looked for under one of two links
        at = self._time()
        self._add(at, "articles")
        self._add(at + self._chance.choice((-1, 2, 30, 90)), "twin", how=self._chance.choice(("", "", "ahead")))
        self._want(at, "retry-cancelled", "drop")

    def _others(self) -> None:
        at = self._time()
        for _ in range(self._chance.randint(1, 4)):
            self._add(at + self._chance.uniform(0, 60), "other", self._place(("tele", "tele2", "blind")))

    def _restart(self) -> None:
        self._add(self._time(), "restart", self._process())

    def _restore(self) -> None:
        """Posts go out that the ledger which is put back knows nothing of, or knows only as still to be sent."""
        self._left = 0
        at = self._time() * 0.6
        self._add(at, "articles")
        if self._chance.random() < 0.7:
            self._add(at, "outage", self._place(), "away", self._chance.randint(60, 150))
        self._add(at + self._chance.uniform(5, 100), "backup")
        self._add(at + 110, "articles", count=self._chance.randint(1, 2))
        self._add(at + self._chance.uniform(120, 250), "restore")
        if self._chance.random() < 0.4:
            how = self._chance.choice(("refuse", "unsure"))
            self._add(at + 111, "fault", f"{self._place(LISTED)}.find", how, 4 * self._chance.randint(1, 3))
        if self._chance.random() < 0.3:
            self._add(at + 118, "feed", how="again", count=200)
        self._want(at + 260, "release", "reject", "held-sent")

    def _add(self, at: float, what: str, where: str = "", how: str = "", count: int = 1) -> None:
        self.events.append(Event(at, what, where, how, count))

    def _want(self, at: float, *hows: str) -> None:
        self._add(at + self._chance.uniform(1, 60), "person", how=self._chance.choice(hows))

    def _time(self) -> float:
        return self._chance.uniform(5, HORIZON)

    def _place(self, among: Sequence[str] = PLACES) -> str:
        return self._chance.choice([each for each in among if each in self._places] or self._places)

    def _process(self) -> str:
        return str(self._chance.randrange(max(1, self._workers)))

    def _passes(self, point: str) -> int:
        return self._chance.randint(1, {"step": 200, "statement": 60}.get(point, 8))
