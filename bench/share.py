"""Which share of what each platform allows a backlog uses, in leaping time against the sandbox's rules."""

import multiprocessing
import tempfile
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

from adapters.registry import PLATFORMS
from bench.quiet import log_errors_only
from bot.ledger.migrate import ensure_ledger
from tests.share import BACKLOG, Used, use_up

SHORT, FULL = 320, BACKLOG
"""Posts: more than Mastodon takes in a window, and Bluesky for the points that are left of it."""
GOAL = "at least 98 %, none refused"


def measure(full: bool) -> list[dict[str, Any]]:
    """One row for each platform, two at a time: what is measured is not the machine's time."""
    backlog = FULL if full else SHORT
    with ProcessPoolExecutor(2, multiprocessing.get_context("spawn"), log_errors_only) as pool:
        return list(pool.map(partial(_row, backlog=backlog), PLATFORMS))


def _row(platform: str, backlog: int) -> dict[str, Any]:
    used = _used(platform, backlog)
    if used.posts != backlog:
        raise SystemExit(f"{platform}: {used.posts} of {backlog} posts are out")
    row = {"platform": platform, "posts": backlog, "share": used.share}
    return row | {"took_s": used.took, "refused": used.refused}


def _used(platform: str, backlog: int) -> Used:
    with tempfile.TemporaryDirectory() as folder:
        empty, stage = Path(folder, "empty.db"), Path(folder, "stage")
        ensure_ledger(f"sqlite:///{empty}")
        stage.mkdir()
        return use_up(platform, stage, empty, backlog)
