"""`make soak`: the full size, on both engines. Ends with 0 only when nothing is twice, lost or uncertain.

What is needed to understand a failure is printed, and what the daemons said is kept.
"""

import argparse
import asyncio
import math
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bot.ledger.migrate import ensure_ledger
from tests.real.postgres.server import RealPostgres
from tests.soak.performance import Tally, Wishes, soak

ENGINES = {"sqlite": (1, 2.0), "postgresql": (3, 3.0)}
"""Engine → daemons, and seconds between kills."""


def wishes_for(engine: str, articles: int, every: float | None = None) -> Wishes:
    """What an engine is put through."""
    daemons, usual = ENGINES[engine]
    return Wishes(articles, daemons, every or usual)


@contextmanager
def _ledger(engine: str, folder: Path) -> Iterator[str]:
    """The address of an empty ledger."""
    with ExitStack() as stack:
        if engine == "postgresql":
            yield stack.enter_context(RealPostgres()).make_database("soak")
        else:
            url = f"sqlite:///{folder / 'handbill.db'}"
            ensure_ledger(url)
            yield url


def main() -> int:
    """Run it; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--articles", type=int, default=2000)
    parser.add_argument("--engine", choices=[*ENGINES, "both"], default="both")
    parser.add_argument("--seed", default="1")
    parser.add_argument("--share", type=float, default=0.1, help="of posts and pictures that a fault strikes")
    parser.add_argument("--every", type=float, help="seconds between kills; more on a busy machine")
    parser.add_argument("--minutes", type=float, default=math.inf, help="after which no more articles come out")
    given = parser.parse_args()
    console = Console(width=None if sys.stdout.isatty() else 200, highlight=False)
    table = Table("engine", "channel", "articles", "once", "twice", "lost", "uncertain", "kills", "faults", "seconds")
    right = True
    for engine in ENGINES if given.engine == "both" else [given.engine]:
        more = {"seed": given.seed, "share": given.share, "within": given.minutes * 60}
        wishes = replace(wishes_for(engine, given.articles, given.every), **more)
        console.print(f"{engine}: {wishes}", markup=False)
        folder = Path(tempfile.mkdtemp(prefix=f"handbill-soak-{engine}-"))
        with _ledger(engine, folder) as url:
            tally = asyncio.run(soak(wishes, folder, url, lambda line: console.print(line, markup=False)))
        _add(table, engine, tally)
        for finding in (*tally.verdict.findings, *tally.deaths):
            console.print(finding, markup=False)
        right = right and tally.right
        if tally.right:
            shutil.rmtree(folder)
        else:
            console.print(f"What the daemons said, and the ledger where it is a file, are kept in {folder}.")
    console.print(table)
    return 0 if right else 1


def _add(table: Table, engine: str, tally: Tally) -> None:
    for score in tally.verdict.scores:
        figures = (score.once, score.twice, score.lost, score.uncertain, tally.kills, tally.faults.total())
        row = (engine, score.platform, str(tally.articles), *map(str, figures), f"{tally.took:.0f}")
        table.add_row(*row)


if __name__ == "__main__":
    sys.exit(main())
