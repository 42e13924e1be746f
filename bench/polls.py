"""What polls cost one worker, and what very many sources take; the sites are in a process of their own."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.watch import AT_ONCE

SOURCES, POLLS = 200, 1000
CHANGED = (0.0, 0.1, 1.0)
MANY = (1_000, 10_000)
MORE = (*MANY, 100_000)

__all__ = ["AT_ONCE", "measure_memory", "measure_polls"]


@contextmanager
def _site() -> Iterator[str]:
    """Its port."""
    site = subprocess.Popen(
        [sys.executable, "-m", "bench.site"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert site.stdout is not None
    try:
        yield site.stdout.readline().strip()
    finally:
        site.terminate()
        site.wait()


def _watch(port: str, sources: int, polls: int, changed: float) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        database = f"sqlite:///{Path(folder) / 'bench.db'}"
        arguments = [port, str(sources), str(polls), str(changed), database]
        command = [sys.executable, "-m", "bench.watch", *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"bench.watch failed:\n{done.stderr}")
    found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return {"sources": sources, "changed": changed, **found}


def measure_polls(_full: bool) -> list[dict[str, Any]]:
    """One row for each share of feeds that have changed."""
    with _site() as port:
        return [_watch(port, SOURCES, POLLS, changed) for changed in CHANGED]


def measure_memory(full: bool) -> list[dict[str, Any]]:
    """One row for each number of sources."""
    rows = [_watch("9", count, 0, 0.0) for count in (MORE if full else MANY)]
    return [{**row, "each_kb": row["own_mb"] * 1024 / row["sources"]} for row in rows]
