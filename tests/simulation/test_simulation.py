"""Whole lives of one or several processes: every promise is kept, a life comes out the same again, and can be small."""

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.simulation import coverage, mutations, numbers
from tests.simulation.command import KEPT, main, promise_of, smaller
from tests.simulation.play import Report, play
from tests.simulation.script import load, scenario

LIVES = range(32)
"""Numbers that every run of the tests plays; `make simulate` plays thousands of new ones."""
WITHIN = 400
"""Lives within which each mistake is found; CI plays five times as many."""
FIRST = 5000
ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("first", LIVES[::8])
def test_every_promise_is_kept(first: int) -> None:
    """Nothing twice, nothing lost, nothing silent, in lives of every kind."""
    broken = [report for report in map(play, map(scenario, range(first, first + 8))) if report.broken]
    assert [] == [(report.scenario.seed, report.broken) for report in broken]


@pytest.mark.parametrize("path", sorted(KEPT.glob("*.json")), ids=lambda path: path.stem)
def test_what_once_broke_a_promise_breaks_it_no_more(path: Path) -> None:
    """Each life that has found a mistake of ours is lived again."""
    assert play(load(path.read_text())).broken is None


@pytest.mark.simulation
def test_a_life_comes_out_the_same_in_another_process() -> None:
    """The number alone decides: not the hash seed, not what was played before, not the machine's clock."""
    digests = [_digests(hash_seed) for hash_seed in ("1", "2")]
    assert digests[0] == digests[1]
    assert [play(scenario(seed)).digest for seed in (5, 3)] == digests[0]


def _digests(hash_seed: str) -> list[str]:
    code = (
        "from tests.simulation.play import play; from tests.simulation.script import scenario; "
        "print(*(play(scenario(seed)).digest for seed in (5, 3)))"
    )
    env = {**os.environ, "PYTHONHASHSEED": hash_seed}
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=env, check=True, capture_output=True, text=True)
    return done.stdout.split()


def test_the_lives_of_ci_are_new_with_every_change_of_the_code_and_the_same_for_the_same_code(tmp_path: Path) -> None:
    """A change meets lives that none before it met; who has the same checkout can play them again."""
    (tmp_path / "bot").mkdir()
    (tmp_path / "bot" / "deliver.py").write_text("1")
    before = numbers.of_code(tmp_path)
    (tmp_path / "README.md").write_text("Not played.")
    again = numbers.of_code(tmp_path)
    (tmp_path / "bot" / "deliver.py").write_text("2")
    assert before == again != numbers.of_code(tmp_path)
    assert numbers.of_code() == numbers.first("code")


def test_a_scenario_can_be_kept_and_read() -> None:
    """What is written down is what is played, with an event on each line."""
    whole = scenario(7)
    text = whole.dump()
    assert whole == load(text)
    assert len(whole.events) + 2 == len(text.splitlines())


SHOWN_BY = {"pause_overlooked": "pause", "settle_without_guard": "stop"}
"""Mistake → the event that brings it to light: the many lives without one need not be played to look for it."""


def found_by(name: str, *, within: int) -> Report | None:
    """The first life that shows a mistake."""
    for life in map(scenario, range(FIRST, FIRST + within)):
        if name in SHOWN_BY and SHOWN_BY[name] not in {event.what for event in life.events}:
            continue
        with mutations.ALL[name]():
            report = play(life)
        if report.broken is not None:
            return report
    return None


@pytest.mark.simulation
def test_a_mistake_is_found_and_made_small() -> None:
    """Who sends again without asking is convicted by a life of a handful of events."""
    report = found_by("blind_resend", within=60)
    assert report is not None
    with mutations.blind_resend():
        small = smaller(report)
    assert promise_of(str(small.broken)) == promise_of(str(report.broken)) == "twice"
    assert len(small.scenario.events) in range(1, 5)
    assert play(small.scenario).broken is None  # the program itself has no part in it


@pytest.mark.simulation
@pytest.mark.parametrize("name", mutations.ALL)
def test_each_mistake_is_found(name: str) -> None:
    """The simulation can fail: each of these mistakes is found well within what CI plays."""
    assert found_by(name, within=WITHIN) is not None


def test_what_never_happens_is_told() -> None:
    """A run in which an edge, an outcome, a fault or a crash never came up does not pass for a proof."""
    name = "edge sending lost"
    everything = Counter(dict.fromkeys(coverage.required(), 1000))
    assert [] == list(coverage.missing(everything, 1000))
    assert [f"{name}: in 0.00% of the lives, and has to be in 2.0%"] == list(
        coverage.missing(everything - Counter({name: 1000}), 1000)
    )


def test_the_command_plays_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A scenario in a file is played as it stands, and what it came to is said with its exit code."""
    path = tmp_path / "life.json"
    path.write_text(scenario(11).dump())
    assert main(["--scenario", str(path)]) == 0
    assert "Every promise was kept" in capsys.readouterr().out
    with mutations.cursor_before_articles():
        assert main(["--scenario", str(path)]) == 1
    assert "cursor" in capsys.readouterr().out
