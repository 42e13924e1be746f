"""What polls cost one worker; the sites are in a process of their own."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.watch import AT_ONCE

SOURCES, POLLS, MORE_POLLS = 200, 300, 1000
CHANGED = (0.0, 0.1, 1.0)

__all__ = ["AT_ONCE", "measure_polls"]


@contextmanager
def open_site() -> Iterator[str]:
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


def measure_polls(full: bool) -> list[dict[str, Any]]:
    """One row for each share of feeds that have changed."""
    with open_site() as port:
        return [_watch(port, SOURCES, MORE_POLLS if full else POLLS, changed) for changed in CHANGED]
