"""What the tests of the core share: a world in virtual time, a silent log, properties that are not timed."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from hypothesis import settings

from bot.ledger.migrate import ensure_ledger
from tests.simulation.world import World

settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")  # on a busy machine a slow example is no finding


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """An empty ledger as the migrations make it, to be copied."""
    path = tmp_path_factory.mktemp("ledger") / "empty.db"
    ensure_ledger(f"sqlite:///{path}")
    return path.read_bytes()


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
