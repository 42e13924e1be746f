"""Whatever the code, its tests and its benches import comes with the lock files: nothing that happens to be there."""

import ast
import os
import re
import sys
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from tests.docs.pages import ROOT

OURS = {"adapters", "bench", "bot", "templates", "tests"}


def sources(folder: Path) -> Iterator[Path]:
    """The Python files of a folder, without looking through what npm has installed."""
    for here, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name not in ("node_modules", ".venv")]
        yield from (Path(here, name) for name in names if name.endswith(".py"))


def imported(folder: str) -> Iterator[tuple[str, Path]]:
    """The top-level modules that the files of a folder import, other than ours and those of Python itself."""
    for path in sources(ROOT / folder):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            match node:
                case ast.Import(names=names):
                    found = [each.name for each in names]
                case ast.ImportFrom(module=str(module), level=0):
                    found = [module]
                case _:
                    continue
            for name in {each.split(".")[0] for each in found} - OURS - sys.stdlib_module_names:
                yield name, path.relative_to(ROOT)


def locked(*names: str) -> set[str]:
    """The packages of lock files."""
    texts = [(ROOT / name).read_text("utf-8") for name in names]
    return {found for text in texts for found in re.findall(r"^([a-z0-9._-]+)==", text, re.MULTILINE)}


@pytest.mark.parametrize(
    ("folder", "locks"),
    [
        ("adapters", ["requirements.lock"]),
        ("bot", ["requirements.lock"]),
        ("bench", ["requirements.lock", "requirements-dev.lock"]),
        ("tests", ["requirements.lock", "requirements-dev.lock"]),
    ],
)
def test_what_is_imported_is_locked(folder: str, locks: list[str]) -> None:
    """Every package that is imported here is installed from a lock file on every machine, and not by chance on one."""
    owners, allowed = packages_distributions(), locked(*locks)
    stray = {
        f"{path}: {name}"
        for name, path in imported(folder)
        if not {re.sub(r"[-_.]+", "-", each).lower() for each in owners.get(name, [])} & allowed
    }
    assert set() == stray
