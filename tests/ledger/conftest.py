"""A real ledger file for each test, of the present version."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from bot.ledger.db import InlineLedger, open_engine
from bot.ledger.migrate import ensure_ledger

settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")  # properties are not timed: on a busy machine a slow example is no finding


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """An empty ledger as the migrations make it, to be copied."""
    path = tmp_path_factory.mktemp("ledger") / "empty.db"
    ensure_ledger(f"sqlite:///{path}")
    return path.read_bytes()


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
