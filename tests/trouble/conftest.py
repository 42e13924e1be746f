"""What the tests of trouble share: a world in virtual time, a silent log."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from tests.simulation.world import World


@pytest.fixture(scope="session")
def migrated(new_ledger: Path) -> bytes:
    """An empty ledger as the migrations make it, to be copied."""
    return new_ledger.read_bytes()


@pytest.fixture
def world(tmp_path: Path, migrated: bytes) -> World:
    """A world with an empty ledger and no platforms yet."""
    (tmp_path / "ledger.db").write_bytes(migrated)
    return World(tmp_path)


@pytest.fixture
def logged() -> Iterator[list[structlog.typing.EventDict]]:
    """What the program logs, instead of printing it."""
    with structlog.testing.capture_logs() as events:
        yield events
