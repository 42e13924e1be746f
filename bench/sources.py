"""What very many sources take, from a thousand to a hundred thousand; worker and sites are processes of their own."""

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from bench.many import CHANGED, EVERY
from bench.polls import open_site

MANY = (1_000,)
MORE = (*MANY, 10_000, 100_000)
SECONDS, LONGER = 8, 60
"""For which it is measured."""

__all__ = ["CHANGED", "EVERY", "measure"]


def measure(full: bool) -> list[dict[str, Any]]:
    """One row for each number of sources."""
    return [_many(count, LONGER if full else SECONDS) for count in (MORE if full else MANY)]


def _many(count: int, seconds: int) -> dict[str, Any]:
    with open_site() as port, tempfile.TemporaryDirectory() as folder:
        database = f"sqlite:///{Path(folder) / 'bench.db'}"
        command = [sys.executable, "-m", "bench.many", port, str(count), str(seconds), database]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"bench.many failed:\n{done.stderr}")
    found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return {"sources": count, **found}
