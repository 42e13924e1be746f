"""The command line as an operator meets it: run in this process, over real ledgers and before real servers."""

import logging
import os
import shutil
import warnings
from collections.abc import AsyncIterator, Iterator
from inspect import signature
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


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test that begins with a ledger runs once on each engine, unless it looks for the file."""
    if "book" in metafunc.fixturenames:
        wants_file = "tmp_path" in signature(metafunc.function).parameters
        metafunc.parametrize("ledger", ["sqlite"] if wants_file else ["sqlite", "postgresql"], indirect=True)


@pytest.fixture
def ledger(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of this test's ledger."""
    if getattr(request, "param", "sqlite") == "sqlite":
        return f"sqlite:///{tmp_path / 'handbill.db'}"
    return str(request.getfixturevalue("new_database"))


@pytest.fixture
def handbill(ledger: str) -> Handbill:
    """Runs commands with the settings that every test here begins with: a ledger's place and nothing else."""
    return Handbill({"HANDBILL_DATABASE_URL": ledger})


@pytest.fixture
def book(ledger: str, tmp_path: Path, new_ledger: Path) -> Iterator[Book]:
    """A ledger of the present version, open for writing down what had happened before."""
    if ledger.startswith("sqlite"):
        shutil.copy(new_ledger, tmp_path / "handbill.db")
    opened = Book(ledger)
    yield opened
    opened.close()


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    """The three platforms with an account each, and the publication."""
    async with Stage(tmp_path) as opened:
        yield opened
