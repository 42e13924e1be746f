"""Which share of what each platform allows a backlog uses, in leaping time against the sandbox's rules."""

import tempfile
from pathlib import Path
from typing import Any

from adapters.registry import PLATFORMS
from bot.ledger.migrate import ensure_ledger
from tests.share import BACKLOG, use_up

GOAL = "at least 98 %, none refused"


def measure() -> list[dict[str, Any]]:
    """One row for each platform."""
    rows = []
    for platform in PLATFORMS:
        with tempfile.TemporaryDirectory() as folder:
            empty, stage = Path(folder, "empty.db"), Path(folder, "stage")
            ensure_ledger(f"sqlite:///{empty}")
            stage.mkdir()
            used = use_up(platform, stage, empty)
        rows.append({"platform": platform, "share": used.share, "took_s": used.took, "refused": used.refused})
        if used.posts != BACKLOG:
            raise SystemExit(f"{platform}: {used.posts} of {BACKLOG} posts are out")
    return rows
