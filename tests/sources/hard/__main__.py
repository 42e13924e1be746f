"""`python -m tests.sources.hard`: how many of the hard cases each parser reads right, within the same limits.

fastfeedparser is none of our dependencies; `--with FOLDER` takes it from where it was installed
(`pip install --target FOLDER fastfeedparser`). `--wrong PARSER` names what it reads wrong.
"""

import argparse
import sys

from rich.console import Console
from rich.table import Table

from tests.sources.hard.case import Case
from tests.sources.hard.collection import CASES, CATEGORIES
from tests.sources.hard.readers import CPU_FOR, MEMORY, READERS, is_right, version_of


def main() -> int:
    """Read everything with everything, print the table; 1 where ours is not right throughout."""
    options = argparse.ArgumentParser(prog="python -m tests.sources.hard", description=__doc__)
    options.add_argument("--with", dest="folder", help="where fastfeedparser is installed")
    options.add_argument("--wrong", choices=READERS, help="name the cases that this parser reads wrong")
    asked = options.parse_args()
    if asked.folder:
        sys.path.append(asked.folder)
    versions = {name: version for name in READERS if (version := version_of(name))}
    right = {name: [case for case in CASES if is_right(name, case)] for name in versions}
    console = Console()
    console.print(_table(versions, right))
    for name in READERS.keys() - versions:
        console.print(f"{name} is not installed.")
    for case in CASES:
        if asked.wrong in right and case not in right[asked.wrong]:
            console.print(f"{case.category}: {case.name}: {case.why}")
    return 0 if len(right["Handbill"]) == len(CASES) else 1


def _table(versions: dict[str, str], right: dict[str, list[Case]]) -> Table:
    table = Table(title=f"Hard cases read right (at most {CPU_FOR} s of CPU and {MEMORY / 2**20:,.0f} MiB each)")
    table.add_column("category")
    table.add_column("cases", justify="right")
    for name, version in versions.items():
        table.add_column(f"{name}\n{version}", justify="right")
    for category in CATEGORIES:
        counts = [sum(case.category == category.name for case in right[name]) for name in versions]
        table.add_row(category.name, str(len(category.cases)), *map(str, counts))
    table.add_section()
    table.add_row("all", str(len(CASES)), *(str(len(right[name])) for name in versions))
    return table


if __name__ == "__main__":
    sys.exit(main())
