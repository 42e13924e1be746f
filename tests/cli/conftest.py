"""The command line as an operator meets it: run in this process, over real ledgers and before real servers."""

import logging
import os
import shutil
import warnings
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import structlog

from bot.log import OWN_LOGGERS
from tests.cli.books import Book
from tests.cli.running import Handbill
from tests.stage import Stage


@pytest.fixture(autouse=True)
def _as_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Begin in an empty folder with no setting of the machine's own, and leave logging as it was found."""
    monkeypatch.chdir(tmp_path)
    for name in [*filter(lambda name: name.startswith("HANDBILL_"), os.environ), "COLUMNS", "NO_COLOR", "FORCE_COLOR"]:
        monkeypatch.delenv(name, raising=False)
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    levels = {name: logging.getLogger(name).level for name in OWN_LOGGERS}
    with warnings.catch_warnings():
        yield
        logging.captureWarnings(False)
    structlog.reset_defaults()
    root.handlers[:] = handlers
    root.setLevel(level)
    for name, old in levels.items():
        logging.getLogger(name).setLevel(old)


@pytest.fixture
def handbill(tmp_path: Path) -> Handbill:
    """Runs commands with the settings that every test here begins with: a ledger's place and nothing else."""
    return Handbill({"HANDBILL_DATABASE_URL": f"sqlite:///{tmp_path / 'handbill.db'}"})


@pytest.fixture
def book(tmp_path: Path, new_ledger: Path) -> Iterator[Book]:
    """A ledger of the present version, open for writing down what had happened before."""
    path = tmp_path / "handbill.db"
    shutil.copy(new_ledger, path)
    opened = Book(path)
    yield opened
    opened.close()


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    """The three platforms with an account each, and the publication."""
    async with Stage(tmp_path) as opened:
        yield opened
