"""Installing the real PDS: once for each lock file, and never passed over in silence. A script stands in for npm."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.real.pds.install import HERE


class Workshop:
    """A copy of the harness folder, and a PATH with nothing on it but what `npm` puts there."""

    def __init__(self, folder: Path) -> None:
        self.harness = folder / "harness"
        self.tools = folder / "tools"
        self.harness.mkdir()
        self.tools.mkdir()
        self.lock = self.harness / "package-lock.json"
        for name in ("install.py", "package.json", "package-lock.json"):
            shutil.copy(HERE / name, self.harness)

    def npm(self, code: int) -> None:
        """An npm that notes its arguments, makes the folder, and ends with `code`."""
        script = f'#!/bin/sh\necho "$@" >> calls\n{shutil.which("mkdir")} -p node_modules\nexit {code}\n'
        (self.tools / "npm").write_text(script)
        (self.tools / "npm").chmod(0o755)

    def run(self) -> "subprocess.CompletedProcess[str]":
        """Run the installer."""
        command = [sys.executable, str(self.harness / "install.py")]
        return subprocess.run(command, env={"PATH": str(self.tools)}, capture_output=True, text=True, check=False)

    def calls(self) -> list[str]:
        """What npm was called with."""
        noted = self.harness / "calls"
        return noted.read_text().splitlines() if noted.exists() else []


@pytest.fixture
def workshop(tmp_path: Path) -> Workshop:
    """A harness that was never installed."""
    return Workshop(tmp_path)


def test_it_installs_when_the_lock_file_changed_and_only_then(workshop: Workshop) -> None:
    """npm runs once, without install scripts, and again after a change of the lock file."""
    workshop.npm(0)
    assert [workshop.run().returncode for _ in range(2)] == [0, 0]
    assert len(workshop.calls()) == 1
    assert workshop.calls()[0].startswith("ci --ignore-scripts ")
    workshop.lock.write_text(workshop.lock.read_text() + "\n")
    assert workshop.run().returncode == 0
    assert len(workshop.calls()) == 2


def test_without_npm_it_says_so_and_fails(workshop: Workshop) -> None:
    """A machine without npm gets a sentence and an exit code, not a skipped test."""
    done = workshop.run()
    assert done.returncode == 1
    assert "needs npm" in done.stderr


def test_a_failed_install_is_not_taken_for_done(workshop: Workshop) -> None:
    """The exit code is npm's, and the next run tries again."""
    workshop.npm(7)
    assert [workshop.run().returncode for _ in range(2)] == [7, 7]
    assert len(workshop.calls()) == 2


def test_the_lock_file_names_no_host() -> None:
    """The lock file pins content, not where it comes from, so that any registry or mirror serves it."""
    lock = (HERE / "package-lock.json").read_text()
    assert '"integrity"' in lock
    assert '"resolved"' not in lock
