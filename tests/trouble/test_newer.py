"""The ledger is of a newer release: every command says so in one sentence and ends with 2, and nothing is touched."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from bot.ledger.version import HEAD
from tests.process import told
from tests.stage import Stage

COMMANDS = (
    ("run",),
    ("once",),
    ("status",),
    ("channels",),
    ("audit",),
    ("log",),
    ("log", "1"),
    ("resolve",),
    ("resolve", "1", "--drop"),
    ("retry",),
    ("retry", "1"),
    ("pause", "--all"),
    ("resume", "--all"),
    ("backup", "copy.db"),
    ("restore", "--only-mark"),
    ("prune", "--older-than", "30d"),
)


@pytest.fixture
def newer(tmp_path: Path, new_ledger: Path) -> Iterator[Path]:
    """A ledger as a later release leaves it."""
    path = tmp_path / "handbill.db"
    path.write_bytes(new_ledger.read_bytes())
    with closing(sqlite3.connect(path)) as conn, conn:
        conn.execute("UPDATE alembic_version SET version_num = '9999'")
    with closing(sqlite3.connect(path)) as conn:
        conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    yield path


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_refuses_it(newer: Path, command: tuple[str, ...]) -> None:
    """One sentence on stderr, exit code 2, the file as it was, and no file beside it."""
    before, there = newer.read_bytes(), sorted(each.name for each in newer.parent.iterdir())
