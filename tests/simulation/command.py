"""`python -m tests.simulation`: many lives on all cores, each from a number; what broke is made small and shown.

Exit codes: 0 every promise was kept; 1 one was broken; 2 a mistake in the command; 3 too little has happened.
"""

import argparse
import gc
import os
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import islice
from multiprocessing import get_context
from pathlib import Path

from tests.simulation import coverage
from tests.simulation.numbers import first, of_now
from tests.simulation.play import Report, play
from tests.simulation.script import Scenario, load, scenario
from tests.simulation.shrink import shrink

KEPT = Path(__file__).parent / "kept"
"""Lives that once broke a promise; each is played again with the tests."""
CHUNK = 8
"""Lives that a process plays before it reports."""
SHOWN = 3
"""Broken lives that are made small and shown; more would say the same."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a chunk of lives."""

    played: int
    lives_with: Counter[str]
    posts: int
    lasted: float
    broken: tuple[tuple[int, str], ...]
    """(number, what was broken)."""


def play_many(seeds: Sequence[int]) -> Outcome:
    """Play these numbers, one after the other."""
    gc.disable()  # each life leaves a heap of cycles, which is cheaper to clear at once
    gc.freeze()  # and what there is without one need not be gone through each time
    reports = []
    for seed in seeds:
        reports.append(play(scenario(seed)))
        gc.collect()
    broken = tuple((report.scenario.seed, report.broken) for report in reports if report.broken is not None)
    lives_with = coverage.lives_with(report.happened for report in reports)
    posts, lasted = sum(report.posts for report in reports), sum(report.lasted for report in reports)
    return Outcome(len(reports), lives_with, posts, lasted, broken)


def promise_of(broken: str) -> str:
    """Which promise it is, without when and how."""
    return broken.split(": ")[1]


def smaller(report: Report) -> Report:
    """The same broken promise in as few events as were found to be enough."""
    assert report.broken is not None
    promise = promise_of(report.broken)

    def breaks(candidate: Scenario) -> bool:
        said = play(candidate).broken
        return said is not None and promise_of(said) == promise

    return play(shrink(report.scenario, breaks))


def main(arguments: Sequence[str] | None = None) -> int:
    """The command."""
    asked = _parser().parse_args(arguments)
    if asked.scenario is not None:
        return _one(load(asked.scenario.read_text()), keep=False)
    if asked.seed is not None:
        return _one(scenario(asked.seed), keep=asked.keep)
    return _many(asked.first, asked.seeds, asked.jobs, keep=asked.keep)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__.partition("\n")[0])
    parser.add_argument("--seeds", type=int, default=2000, help="how many lives (2000)")
    parser.add_argument("--first", type=first, default=of_now(), help="the first number, or `code` (a new one)")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="processes (one a core)")
    parser.add_argument("--seed", type=int, help="play this number alone")
    parser.add_argument("--scenario", type=Path, help="play this file alone")
    parser.add_argument("--keep", action="store_true", help="keep what broke, made small, among the tests")
    return parser


def _one(chosen: Scenario, *, keep: bool) -> int:
    report = play(chosen)
    if report.broken is None:
        _say(f"Every promise was kept: {report.posts} posts in {_long(report.lasted)} (digest {report.digest}).")
        return 0
    _show(report, keep=keep)
    return 1


def _many(begin: int, count: int, jobs: int, *, keep: bool) -> int:
    _say(f"{count} lives from number {begin} on, in {jobs} processes.")
    lives: Counter[str] = Counter()
    posts, lasted = 0, 0.0
    broken: list[tuple[int, str]] = []
    began = time.monotonic()
    progress = _Progress(count)
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        for outcome in pool.map(play_many, _chunks(range(begin, begin + count))):
            lives.update(outcome.lives_with)
            posts, lasted = posts + outcome.posts, lasted + outcome.lasted
            broken.extend(outcome.broken)
            progress.add(outcome.played, len(broken))
    _say(coverage.table(lives, count))
    _say(f"{count} lives, {posts} posts, {_long(lasted)} of simulated time, in {time.monotonic() - began:.0f} s.")
    for seed, said in broken:
        _say(f"BROKEN in {seed}: {said}")
    for seed, _ in broken[:SHOWN]:
        _show(play(scenario(seed)), keep=keep)
    short = coverage.missing(lives, count)
    for sentence in short:
        _say(f"TOO SELDOM {sentence}")
    return 1 if broken else 3 if short else 0


def _show(report: Report, *, keep: bool) -> None:
    """A broken life, made small."""
    _say(f"\nNumber {report.scenario.seed} breaks a promise at {report.broken}. Made small:")
    small = smaller(report)
    text = small.scenario.dump()
    _say(f"{text}which breaks it at {small.broken}")
    if keep:
        KEPT.mkdir(exist_ok=True)
        path = KEPT / f"{promise_of(str(small.broken))}-{report.scenario.seed}.json"
        path.write_text(text)
        _say(f"Kept as {path.relative_to(Path.cwd())}: it is played with the tests from now on.")


class _Progress:
    """One line that renews itself on a terminal, and one for each tenth elsewhere."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._done = 0
        self._alive = sys.stderr.isatty()

    def add(self, played: int, broken: int) -> None:
        before, self._done = self._done, self._done + played
        line = f"{self._done} of {self._count} lives, {broken} broken"
        if self._alive:
            sys.stderr.write(f"\r{line}" + ("\n" if self._done >= self._count else ""))
        elif self._done * 10 // self._count > before * 10 // self._count:
            sys.stderr.write(f"{line}\n")
        sys.stderr.flush()


def _chunks(seeds: Iterable[int]) -> Iterator[list[int]]:
    rest = iter(seeds)
    while chunk := list(islice(rest, CHUNK)):
        yield chunk


def _long(seconds: float) -> str:
    return f"{seconds / 86_400:.1f} days" if seconds > 86_400 else f"{seconds / 60:.0f} minutes"


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
