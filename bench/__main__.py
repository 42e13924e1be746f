"""`python -m bench [PART…]`: measures part by part, prints a table for each. No figure is asserted."""

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.table import Table

from bench import articles, daemon, ledger, polls, push, share, sources, takeover
from bench.quiet import log_errors_only
from bot.crew import BEAT_EVERY, HUNG_AFTER

Rows = list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Part:
    """One thing that is measured."""

    title: str
    measure: Callable[[bool], Rows]
    """Takes whether it is to be the long form."""
    columns: Mapping[str, tuple[str, str]]
    """Name in a row → heading, format."""


PARTS = {
    "costs": Part(
        f"CPU per delivered post, best of {daemon.ROUNDS} rounds of {daemon.POSTS} (in full: {daemon.FULL})",
        daemon.measure_costs,
        {
            "platform": ("platform", ""),
            "ms": ("Handbill, ms", ".2f"),
            "bare_ms": ("bare library, ms", ".2f"),
            "ratio": ("ratio (goal: at most 1.5)", ".2f"),
        },
    ),
    "idle": Part(
        f"The daemon with three channels, idle, best of {daemon.ROUNDS} starts (in full: {daemon.FULL})",
        daemon.measure_idle,
        {
            "first_poll_s": (
                "start to first poll, new ledger, s",
                ".2f",
            ),
            "times_the_imports": ("times importing the three libraries", ".1f"),
            "memory_mb": ("resident, MB (goal: at most 130)", ".0f"),
        },
    ),
    "articles": Part(
        f"CPU an article, best of {articles.ROUNDS} rounds of {articles.TIMES} (in full: {articles.FULL})",
        articles.measure,
        {
            "step": ("", ""),
            "ms": ("ms", ".3f"),
            "per_second": ("a second", ",.0f"),
            "ratio": ("times feedparser's entry", ".2f"),
        },
    ),
    "pictures": Part(
        f"CPU from a photo of 12 megapixels to a thumb, best of {articles.ROUNDS} rounds of {articles.PICTURE_TIMES} "
        f"(in full: {articles.FULL})",
        articles.measure_pictures,
        {
            "kind": ("", ""),
            "from_kb": ("from, kB", ",.0f"),
            "to_kb": ("to, kB", ",.0f"),
            "ms": ("ms", ".0f"),
            "per_second": ("a second", ".1f"),
            "ratio": ("times decoding it whole", ".2f"),
        },
    ),
    "ledger": Part(
        "Look, freeze, claim and settle one post (three commits), by all that the ledger remembers; medians",
        lambda full: ledger.measure(ledger.FULL if full else ledger.SIZES),
        {
            "engine": ("engine", ""),
            "deliveries": ("deliveries", ",d"),
            "ms": ("ms", ".2f"),
            "per_second": ("posts/s", ".0f"),
            "ratio": (f"times the smallest (goal: at most {ledger.GOAL})", ".2f"),
            "filled_in_s": ("filled in, s", ".1f"),
        },
    ),
    "polls": Part(
        "One worker over many sources (goal, 90 % unchanged: at most 4.5 ms CPU a poll)",
        polls.measure_polls,
        {
            "sources": ("sources", ",d"),
            "changed": ("of which changed", ".0%"),
            "cpu_ms": ("CPU a poll, ms", ".2f"),
            "per_second": ("polls/s", ".0f"),
            "median_ms": (f"a look, {polls.AT_ONCE} at once: median, ms", ".0f"),
            "slowest_ms": ("99 %, ms", ".0f"),
        },
    ),
    "sources": Part(
        f"The daemon over very many sources, each looked at every {sources.EVERY / 60:.0f} minutes, "
        f"{1 - sources.CHANGED:.0%} unchanged (goal, 100,000: at most 4.5 ms CPU a poll all in, less than 1 GB)",
        sources.measure,
        {
            "sources": ("sources", ",d"),
            "registered_s": ("first start, s", ".1f"),
            "started_s": ("start, s", ".1f"),
            "memory_mb": ("resident, MB", ".0f"),
            "per_second": ("polls/s", ".1f"),
            "cpu_ms": ("CPU a poll, ms", ".2f"),
            "load": ("of one core", ".0%"),
        },
    ),
    "push": Part(
        f"From a push to the post, loopback, {push.PUSHES} of each (in full: {push.FULL}; goal: under a second)",
        push.measure,
        {
            "way": ("pushed by", ""),
            "median_ms": ("median, ms", ".0f"),
            "slowest_ms": ("slowest, ms", ".0f"),
        },
    ),
    "share": Part(
        f"A backlog, simulated time (goal: {share.GOAL})",
        share.measure,
        {
            "platform": ("platform", ""),
            "posts": ("posts", "d"),
            "share": ("of what is allowed", ".1%"),
            "took_s": ("took, s", ".0f"),
            "refused": ("refused (429)", "d"),
        },
    ),
    "takeover": Part(
        f"A worker is lost, PostgreSQL; a beat is {BEAT_EVERY:.0f} s, hung is {HUNG_AFTER:.0f} s",
        lambda _: takeover.measure(),
        {
            "worker": ("the worker is", ""),
            "taken_s": ("all accounts taken after, s", ".1f"),
            "out_s": ("posts out after, s", ".1f"),
            "beats": ("in beats", ".1f"),
            "hung_after": ("in times of hung", ".1f"),
        },
    ),
}


def main() -> None:
    """Measure what was asked for, and print it."""
    listed = "\n".join(f"  {name:<10} {part.title}" for name, part in PARTS.items())
    parser = argparse.ArgumentParser(
        "python -m bench", epilog=f"parts:\n{listed}", formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("parts", nargs="*", metavar="PART", help="all of them, where none is named")
    parser.add_argument("--full", action="store_true", help="at length: up to ten million deliveries, 100,000 sources")
    parser.add_argument("--json", action="store_true", help="one object: part → rows")
    asked = parser.parse_args()
    if unknown := set(asked.parts) - set(PARTS):
        parser.error(f"there is no part {', '.join(sorted(unknown))}")
    log_errors_only()
    console, found = Console(stderr=asked.json), {}
    console.print(f"{os.cpu_count()} cores, Python {sys.version.split()[0]}")
    for name in asked.parts or PARTS:
        began = time.monotonic()
        with console.status(f"{name} …"):
            found[name] = PARTS[name].measure(asked.full)
        if not asked.json:
            console.print(_table(PARTS[name], found[name]), f"  took {time.monotonic() - began:.0f} s\n")
    if asked.json:
        print(json.dumps(found, indent=2))


def _table(part: Part, rows: Rows) -> Table:
    table = Table(title=part.title)
    for heading, form in part.columns.values():
        table.add_column(heading, justify="right" if form else "left")
    for row in rows:
        table.add_row(*(format(row[name], form) for name, (_, form) in part.columns.items()))
    return table


if __name__ == "__main__":
    main()
