"""A real ledger for each test, of the present version: in a file, and on a server."""

from collections.abc import Iterator
from inspect import signature
from pathlib import Path

import pytest

from bot.ledger.db import InlineLedger, open_engine


@pytest.fixture
def path(tmp_path: Path, migrated: bytes) -> Path:
    """The file of this test's ledger."""
    path = tmp_path / "handbill.db"
    path.write_bytes(migrated)
    return path


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test of a ledger runs once on each engine, unless it names one, or wants the file."""
    named = any("url" in mark.args[0] for mark in metafunc.definition.iter_markers("parametrize"))
    if "url" in metafunc.fixturenames and not named:
        wants_file = "path" in signature(metafunc.function).parameters
        metafunc.parametrize("url", ["sqlite"] if wants_file else ["sqlite", "postgresql"], indirect=True)


@pytest.fixture
def url(request: pytest.FixtureRequest) -> str:
    """The address of this test's ledger."""
    if request.param == "sqlite":
        return f"sqlite:///{request.getfixturevalue('path')}"
    return str(request.getfixturevalue("new_database"))


@pytest.fixture
def ledger(url: str) -> Iterator[InlineLedger]:
    """This test's ledger."""
    ledger = InlineLedger(open_engine(url))
    yield ledger
    ledger.close()
