"""`python -m tests.sources.archive`: precision and recall of archive pages, for each layout."""

import sys

from tests.sources.archive.measure import SETS, table

for folder in SETS:
    sys.stdout.writelines(f"{line}\n" for line in (*table(folder), ""))
