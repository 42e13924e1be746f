"""Installs Chromium and two fonts with apt-get: `python -m tests.real.screens.install`. Does nothing when it is there.

Where it cannot, it says so by name and ends with 3, so that whoever called can go on without.
"""

import os
import shutil
import subprocess
import sys

PACKAGES = ("chromium", "fonts-dejavu-core", "fonts-noto-color-emoji")
NAMES = ("chromium", "chromium-browser", "google-chrome")
CANNOT = 3
"""The exit code that says: this machine has no browser, and may not be given one."""


def find_browser() -> str | None:
    """The program, where there is one."""
    return next((found for name in NAMES if (found := shutil.which(name))), None)


def main() -> int:
    """Install if there is no browser yet; returns an exit code."""
    if find_browser():
        return 0
    apt_get = shutil.which("apt-get")
    if apt_get is None or os.geteuid() != 0:
        why = "apt-get is not on this machine" if apt_get is None else "only root may install it"
        sys.stderr.write(f"CANNOT RUN: the screens of the preview need Chromium, which is not here, and {why}.\n")
        return CANNOT
    sys.stdout.write("Installing Chromium …\n")
    sys.stdout.flush()
    quietly = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["update", "-qq"], ["install", "-qq", "-y", "--no-install-recommends", *PACKAGES]):
        done = subprocess.run([apt_get, *command], env=quietly, stdout=subprocess.DEVNULL, check=False)
        if done.returncode:
            sys.stderr.write(f"CANNOT RUN: the screens of the preview need Chromium: apt-get {command[0]} failed.\n")
            return CANNOT
    return 0 if find_browser() else CANNOT


if __name__ == "__main__":
    sys.exit(main())
