"""Where the ledgers of simulated lives are: in memory where there is such a folder, since no disk is in question."""

import atexit
import os
import shutil
import tempfile
from functools import cache
from pathlib import Path

from bot.ledger.migrate import ensure_ledger

_IN_MEMORY = Path("/dev/shm")


def scratch() -> Path | None:
    """A folder in memory; None: the usual one."""
    return _IN_MEMORY if _IN_MEMORY.is_dir() and os.access(_IN_MEMORY, os.W_OK) else None


@cache
def empty_ledger() -> Path:
    """An empty ledger of the present version, made once in a process."""
    folder = Path(tempfile.mkdtemp(dir=scratch()))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    path = folder / "empty.db"
    ensure_ledger(f"sqlite:///{path}")
    return path
