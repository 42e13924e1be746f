"""The ledger is of a newer release: every command says so in one sentence and ends with 2, and nothing is touched."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from bot.ledger.version import HEAD
from tests.cli.books import FACE
from tests.cli.conftest import _as_before  # noqa: F401 # the command line of these tests begins as there
from tests.cli.running import Handbill

ACCOUNT = {
    "HANDBILL_TELEGRAM__TOKEN": "123456:AAEhBP0av28hunter2hunter2hunter2",
    "HANDBILL_TELEGRAM__CHAT": "@herald",
}
LEFT = {"handbill.db.sender", "handbill.db.lock"}
"""What says who sends, or sent last."""

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
    ("restore", "--only-mark"),
    ("prune", "--older-than", "30d"),
)


@pytest.fixture
def newer(tmp_path: Path, new_ledger: Path) -> Path:
    """A ledger as a later release leaves it."""
    path = tmp_path / "handbill.db"
    path.write_bytes(new_ledger.read_bytes())
    with closing(sqlite3.connect(path)) as conn:
        conn.execute("UPDATE alembic_version SET version_num = '9999'")
        conn.commit()
        conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return path


def handbill_on(ledger: Path) -> Handbill:
    """The command line, with settings that are complete."""
    return Handbill({"HANDBILL_DATABASE_URL": f"sqlite:///{ledger}", **FACE, **ACCOUNT})


def refusal(ledger: Path) -> str:
    """What the operator reads."""
    return (
        f"The ledger sqlite:///{ledger} was written by a newer Handbill (version 9999; this one knows {HEAD}): "
        "use that release, or restore an older copy of the ledger."
    )


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_refuses_it(newer: Path, command: tuple[str, ...]) -> None:
    """One sentence on stderr, exit code 2, and the file as it was, with no copy beside it."""
    before = newer.read_bytes()
    answer = handbill_on(newer)(*command)
    assert (2, "", [refusal(newer)]) == (answer.code, answer.out, answer.err.splitlines())
    assert before == newer.read_bytes()
    assert {newer.name} == {each.name for each in newer.parent.iterdir() if each.stat().st_size} - LEFT


def test_a_copy_of_it_is_not_put_back(newer: Path, new_ledger: Path) -> None:
    """`backup` copies whatever is there. `restore` refuses a newer copy, and the ledger in place stays as it was."""
    handbill = handbill_on(newer)
    assert 0 == handbill("backup", "copy.db").code
    newer.write_bytes(new_ledger.read_bytes())
    before = newer.read_bytes()
    answer = handbill("restore", "copy.db")
    assert (2, "") == (answer.code, answer.out)
    [said] = answer.err.splitlines()
    assert "written by a newer Handbill (version 9999" in said
    assert before == newer.read_bytes()
