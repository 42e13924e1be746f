"""A real ledger file for each test, of the present version."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.ledger.db import InlineLedger, open_engine


@pytest.fixture(scope="session")
def migrated(new_ledger: Path) -> bytes:
    """An empty ledger as the migrations make it, to be copied."""
    return new_ledger.read_bytes()


@pytest.fixture
def path(tmp_path: Path, migrated: bytes) -> Path:
    """The file of this test's ledger."""
    path = tmp_path / "handbill.db"
    path.write_bytes(migrated)
    return path


@pytest.fixture
def ledger(path: Path) -> Iterator[InlineLedger]:
    """This test's ledger."""
    ledger = InlineLedger(open_engine(f"sqlite:///{path}"))
    yield ledger
    ledger.close()
