"""The Makefile, `.ci/run`, the lock files and the changelog keep what they promise."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from bot import __version__
from tests.docs.pages import CHANGELOG, CONTRIBUTING, README, ROOT, Page

MAKEFILE = Page("Makefile")
CI = Page(".ci/run")
HOUSEKEEPING = {"bench-full", "help", "install", "check", "lock", "clean", "soak"}
"""Targets that prove nothing by themselves; `check` is some of the others, `soak` is `test-soak` for hours, and
`bench-full` is `bench` for longer."""

_RULE = re.compile(r"^([a-z][a-z-]*):([^#\n]*?)(?:## (.*))?$", re.MULTILINE)
_KINDS = {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}
"""https://keepachangelog.com/en/1.1.0/#how"""


def rules() -> dict[str, tuple[list[str], str]]:
    """The targets for people: name → what they need first, and the line of help."""
    return {name: (needs.split(), said or "") for name, needs, said in _RULE.findall(MAKEFILE.text)}


def called() -> list[str]:
    """The targets that `.ci/run` makes, in order."""
    return re.findall(r'^step "[^"]+" make ([a-z-]+)(?: [A-Z]+=\S+)*$', CI.text, re.MULTILINE)


@pytest.mark.parametrize("page", [README, CONTRIBUTING], ids=lambda page: page.name)
def test_targets_that_documents_name_exist(page: Page) -> None:
    """Every `make …` in a document is a target of the Makefile."""
    assert page.targets
    assert set() == page.targets - rules().keys()


def test_every_target_is_phony_and_explained() -> None:
    """No file of the same name can stand in the way of a target, and `make help` lists each with its line of help."""
    (phony,) = re.findall(r"^\.PHONY: (.*)$", MAKEFILE.text, re.MULTILINE)
    assert sorted(rules()) == sorted(phony.split())
    alone = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}  # not the one that tests
    shown = subprocess.run(["make", "help"], cwd=ROOT, env=alone, capture_output=True, text=True, check=True).stdout
    assert [(name, said) for name, (_, said) in rules().items()] == [
        tuple(line.split(maxsplit=1)) for line in shown.splitlines()
    ]


def test_ci_makes_every_target_that_proves_something() -> None:
    """`.ci/run` makes every target of the Makefile but those that only keep house, each once."""
    assert sorted(rules().keys() - HOUSEKEEPING) == sorted(called())
    needed, _ = rules()["check"]
    assert set() == set(needed) - set(called())


def test_ci_can_be_run() -> None:
    """`.ci/run` may be executed, and bash finds no mistake in how it is written."""
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    subprocess.run(["bash", "-n", script], check=True)


def test_ci_says_what_it_cannot_run(tmp_path: Path) -> None:
    """Where its tools are missing, `.ci/run` names each and what needs it, fails, and leaves nothing behind."""
    tools, scratch = tmp_path / "tools", tmp_path / "scratch"
    for folder in (tools, scratch):
        folder.mkdir()
    for name in ("bash", "dirname", "mktemp", "rm"):
        found = shutil.which(name)
        assert found is not None
        (tools / name).symlink_to(found)
    bare = {"PATH": str(tools), "TMPDIR": str(scratch), "PYTHON": "a-python-of-the-future"}
    done = subprocess.run([tools / "bash", CI.name], cwd=ROOT, env=bare, capture_output=True, text=True, check=False)
    assert 1 == done.returncode
    assert [
        "CANNOT RUN: everything needs a-python-of-the-future, which is not on this machine.",
        "CANNOT RUN: everything needs make, which is not on this machine.",
        "CANNOT RUN: the test against a real Bluesky PDS needs npm, which is not on this machine.",
    ] == done.stderr.splitlines()
    assert [] == list(scratch.iterdir())


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-dev.lock"])
def test_lock_files_are_hashed_and_name_no_host(name: str) -> None:
    """Every package of a lock file has one exact version and hashes, and nothing says where it comes from."""
    text = (ROOT / name).read_text("utf-8")
    assert "://" not in text
    packages = re.findall(r"^[a-z0-9].*?(?=^[a-z0-9]|\Z)", text, re.MULTILINE | re.DOTALL)
    assert [] == [each for each in packages if not re.match(r"[a-z0-9._-]+==\S+", each) or "--hash=sha256:" not in each]


def test_the_changelog_keeps_to_its_format() -> None:
    """The changelog has a section for each release, the newest first, of known kinds, in sentences."""
    assert "# Changelog" == CHANGELOG.lines[0]
    assert "https://keepachangelog.com/" in CHANGELOG.text
    releases = [line for line in CHANGELOG.lines if line.startswith("## ")]
    assert "## [Unreleased]" == releases[0]
    assert [] == [line for line in releases[1:] if not re.fullmatch(r"## \[\d+\.\d+\.\d+\] - \d{4}-\d\d-\d\d", line)]
    assert len(releases) == 1 or releases[1].startswith(f"## [{__version__}]")
    kinds = [line.removeprefix("### ") for line in CHANGELOG.lines if line.startswith("###")]
    assert set() == set(kinds) - _KINDS
    entries = [line for line in CHANGELOG.lines[3:] if line and not line.startswith("#")]
    assert entries
    assert [] == [line for line in entries if not re.fullmatch(r"- .*[.!]", line)]
