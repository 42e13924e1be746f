"""Ledgers of earlier versions, as their own releases have left them."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection

from bot.ledger.migrate import SCRIPTS, migrate
from bot.ledger.version import KNOWN
from tests.real.postgres.server import RealPostgres

RECORDED = Path(__file__).parent / "release_before"


def scripts_until(version: str, folder: Path) -> Path:
    """The migrations as the release of this `version` had them, in a new folder below `folder`."""
    later = [f"v{each}_*.py" for each in KNOWN if each > version]
    return Path(
        shutil.copytree(SCRIPTS, folder / f"until-{version}", ignore=shutil.ignore_patterns("__pycache__", *later))
    )


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, tmp_path: Path, unused: str) -> Iterator[str]:
    """The address of a database with nothing in it."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'old.db'}"
        return
    postgres: RealPostgres = request.getfixturevalue("postgres")
    yield postgres.make_database(unused, template="template1")
    postgres.drop_database(unused)


@pytest.fixture
def unused(request: pytest.FixtureRequest) -> str:
    """A name of a database that no other test uses."""
    return f"old_{abs(hash(request.node.nodeid))}"


@pytest.fixture
def of_release_before(empty: str, tmp_path: Path) -> str:
    """The address of an empty ledger of the first version."""
    migrate(empty, scripts=scripts_until(KNOWN[0], tmp_path), head=KNOWN[0])
    return empty


Recorded = list[tuple[str, Any, Any]]
"""One transaction: each statement with its parameters and its answer."""


def recorded(engine: str) -> list[Recorded]:
    """What the release before said and heard."""
    found = json.loads((RECORDED / f"{engine}.json").read_text())
    texts = found["statements"]
    return [
        [(texts[number], _read(given), _in_order(texts[number], gives)) for number, given, gives in each]
        for each in found["transactions"]
    ]


def say_again(conn: Connection, transaction: Recorded) -> list[Any]:
    """Say it to the ledger of this connection; what comes back."""
    answers = []
    for text, given, _ in transaction:
        result = conn.exec_driver_sql(text, given)
        gives = [_write(row) for row in result] if result.returns_rows else result.rowcount
        answers.append(_in_order(text, gives))
    return answers


def _read(given: Any) -> Any:
    """Parameters as a driver takes them: names or places, or a list of either."""
    if isinstance(given, dict):
        return bytes.fromhex(given["hex"]) if given.keys() == {"hex"} else {n: _read(each) for n, each in given.items()}
    if isinstance(given, list):
        values = [_read(each) for each in given]
        return values if values and isinstance(values[0], dict | tuple) else tuple(values)
    return given


def _write(row: Any) -> list[Any]:
    return [{"hex": each.hex()} if isinstance(each, bytes) else each for each in row]


def _in_order(text: str, gives: Any) -> Any:
    """Where nobody asked for an order there is none to compare."""
    return sorted(gives, key=repr) if isinstance(gives, list) and "ORDER BY" not in text else gives
